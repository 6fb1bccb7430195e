import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UpdateShardCountCommand } from "@aws-sdk/client-kinesis";
import { expect, onTestFinished, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import { createSender } from "../../src/local/send/sender.ts";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { type PartProcess, runOnce, startPart } from "../support/part-process.ts";
import { temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { linesInStream } from "../support/stream-lines.ts";

const STREAM = "stage01-logs-stream";
const SERVICES = ["auth", "billing", "cart"];

type IngestMetrics = {
  spool: { logs: number; spooled_logs: number };
  kinesis: { found_records: number; failed_calls: number };
};

const setUp = async (extra: NodeJS.ProcessEnv = {}) => {
  const [awsPort, ingestPort] = await freePorts(2);
  const folder = temporaryFolder();
  const aws: LocalAws = await startLocalAws({
    directory: path.join(folder, "aws"),
    port: awsPort ?? 0,
  });
  onTestFinished(() => aws.close());
  const env = {
    AWS_ENDPOINT_URL: aws.url,
    INGEST_PORT: String(ingestPort),
    SPOOL_DIR: path.join(folder, "spool"),
    SHARD_COUNT: "2",
    LOG_LEVEL: "error",
    ...extra,
  };
  await runOnce("setup", env);
  const kinesis = createKinesisClient({ region: "us-east-1", endpoint: aws.url });
  onTestFinished(() => kinesis.destroy());
  const url = `http://127.0.0.1:${ingestPort}`;
  return { aws, env, kinesis, url, start: () => startPart("ingest", env) };
};

type World = Awaited<ReturnType<typeof setUp>>;

const metricsOf = async (url: string): Promise<IngestMetrics> =>
  (await (await fetch(`${url}/api/metrics`)).json()) as IngestMetrics;

const emptySpool = (url: string): Promise<IngestMetrics> =>
  poll(
    "the spool is empty",
    async () => {
      const metrics = await metricsOf(url);
      return metrics.spool.logs === 0 && metrics;
    },
    60_000,
  );

const line = (service: string, id: number): string => `{"service":"${service}","id":${id},"n":1.0}`;

const post = async (url: string, lines: readonly string[]) => {
  const response = await fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: lines.join("\n"),
  });
  const body = (await response.json()) as { errors: { index: number; code: string }[] };
  const failed = new Map(body.errors.map(({ index, code }) => [index, code]));
  return { status: response.status, failed };
};

/** How often each line is stored, where that is not once. */
const notOnce = (stored: readonly string[], expected: Iterable<string>): string[] => {
  const counts = new Map<string, number>();
  for (const text of stored) counts.set(text, (counts.get(text) ?? 0) + 1);
  const wrong: string[] = [];
  for (const text of expected) {
    const count = counts.get(text) ?? 0;
    if (count !== 1) wrong.push(`${count} x ${text}`);
    counts.delete(text);
  }
  return [...wrong, ...[...counts].map(([text, count]) => `${count} x unexpected ${text}`)];
};

const addFaults = ({ aws }: Pick<World, "aws">, probability: number): void => {
  const actions = [
    { dropReply: true },
    { reset: true },
    { code: "InternalFailure", status: 500 },
    { code: "ProvisionedThroughputExceededException" },
    { dropReply: true, delayMs: 20 },
  ];
  for (const action of actions)
    aws.faults.add({
      service: "kinesis",
      operation: "PutRecords",
      resource: STREAM,
      probability,
      action,
    });
  aws.faults.add({
    service: "kinesis",
    operation: "PutRecords.entry",
    resource: STREAM,
    probability: probability * 2,
    action: { code: "ProvisionedThroughputExceededException" },
  });
  for (const operation of ["GetRecords", "GetShardIterator", "ListShards"])
    aws.faults.add({
      service: "kinesis",
      operation,
      resource: STREAM,
      probability: probability * 2,
      action: { reset: true },
    });
};

test("calls that stored their records and lost the answer are not sent again, also across a reshard", async () => {
  const world = await setUp();
  await world.start();
  // Two for certain, whatever the dice say.
  world.aws.faults.add({
    service: "kinesis",
    operation: "PutRecords",
    skip: 3,
    times: 2,
    action: { dropReply: true },
  });
  addFaults(world, 0.1);
  const accepted: string[] = [];
  let id = 0;
  const sender = async (service: string): Promise<void> => {
    for (let batch = 0; batch < 40; batch += 1) {
      const lines = Array.from({ length: 10 }, () => line(service, id++));
      const { failed } = await post(world.url, lines);
      expect([...failed.values()]).toEqual([]);
      accepted.push(...lines);
    }
  };
  const senders = Promise.all([...SERVICES, ...SERVICES].map(sender));
  await sleep(300);
  for (const TargetShardCount of [4, 2]) {
    const reshard = new UpdateShardCountCommand({
      StreamName: STREAM,
      TargetShardCount,
      ScalingType: "UNIFORM_SCALING",
    });
    await poll("a reshard begins", () => world.kinesis.send(reshard), 30_000);
  }
  await senders;
  world.aws.faults.clear();
  const metrics = await emptySpool(world.url);
  expect(notOnce(await linesInStream(world.kinesis, STREAM), accepted)).toEqual([]);
  expect(metrics.kinesis.found_records).toBeGreaterThan(0);
});

/** Past the time after which ingest gives a call up, and within its grace. */
const LATE_MS = 3_500;

/** The next call is carried out late, and its answer is lost; resolves when it must have been. */
const delayNextPut = ({ aws }: Pick<World, "aws">): (() => Promise<void>) => {
  aws.faults.add({
    service: "kinesis",
    operation: "PutRecords",
    times: 1,
    action: { delayMs: LATE_MS, dropReply: true },
  });
  return async () => {
    await poll("the call has begun", async () => aws.faults.list()[0]?.hits === 1);
    await sleep(LATE_MS + 500);
  };
};

test("a call that Kinesis carries out after it was given up is stored once, and holds up no other service", async () => {
  const world = await setUp();
  await world.start();
  const isCarriedOut = delayNextPut(world);
  const late = ["auth", "billing"].flatMap((service) => [line(service, 1), line(service, 2)]);
  const answer = post(world.url, late);
  const carriedOut = isCarriedOut();
  expect((await answer).status).toBe(200);
  const { spool } = await metricsOf(world.url);
  expect(spool.spooled_logs).toBe(4);
  const behind = [line("auth", 3)];
  const others = [line("cart", 1), line("cart", 2)];
  for (const lines of [behind, others]) expect((await post(world.url, lines)).status).toBe(200);
  const stored = await linesInStream(world.kinesis, STREAM);
  expect(stored.filter((text) => text.includes('"cart"'))).toEqual(others);
  await carriedOut;
  const metrics = await emptySpool(world.url);
  const all = await linesInStream(world.kinesis, STREAM);
  expect(notOnce(all, [...late, ...behind, ...others])).toEqual([]);
  expect(all.filter((text) => text.includes('"auth"'))).toEqual([
    line("auth", 1),
    line("auth", 2),
    line("auth", 3),
  ]);
  expect(metrics.kinesis.found_records).toBe(2);
});

test("so it is when ingest was killed before, and the batch comes again under its key", async () => {
  const world = await setUp();
  const part = await world.start();
  const isCarriedOut = delayNextPut(world);
  const lines = SERVICES.map((service) => line(service, 1));
  const send = () =>
    fetch(`${world.url}/api/ingest/batch`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson", "idempotency-key": "late" },
      body: lines.join("\n"),
    });
  const unanswered = send().catch(() => undefined);
  await poll("the call has begun", async () => world.aws.faults.list()[0]?.hits === 1);
  const carriedOut = isCarriedOut();
  await part.kill("SIGKILL");
  await unanswered;
  await world.start();
  expect((await send()).status).toBe(200);
  await carriedOut;
  await emptySpool(world.url);
  expect(notOnce(await linesInStream(world.kinesis, STREAM), lines)).toEqual([]);
});

test("killed while it sends and drains: whatever was accepted is stored once, whoever sent it", async () => {
  const world = await setUp({ REQUEST_DEADLINE_MS: "2000" });
  let part: PartProcess = await world.start();
  addFaults(world, 0.15);
  const accepted = new Set<string>();
  /** Of requests that got no answer: at most once. */
  const unknown = new Set<string>();
  let id = 0;
  let isOver = false;
  const sender = async (service: string): Promise<void> => {
    while (!isOver) {
      const lines = Array.from({ length: 20 }, () => line(service, id++));
      try {
        const { failed } = await post(world.url, lines);
        for (const [index, text] of lines.entries()) {
          const code = failed.get(index);
          if (code === undefined) accepted.add(text);
          else if (code === "UNCONFIRMED") unknown.add(text);
        }
      } catch {
        for (const text of lines) unknown.add(text);
        await sleep(50);
      }
      await sleep(5);
    }
  };
  const senders = SERVICES.map(sender);
  for (let kill = 0; kill < 4; kill += 1) {
    // Every other time Kinesis is away before, so that there is something to drain.
    const outage = {
      service: "kinesis" as const,
      operation: "PutRecords",
      action: { reset: true },
    };
    if (kill % 2 === 0) world.aws.faults.add({ ...outage, times: 40 });
    await sleep(500 + 130 * kill);
    await part.kill("SIGKILL");
    part = await world.start();
  }
  isOver = true;
  await Promise.all(senders);
  world.aws.faults.clear();
  await emptySpool(world.url);
  const stored = await linesInStream(world.kinesis, STREAM);
  const storedUnknown = stored.filter((text) => unknown.has(text));
  expect(notOnce(stored, [...accepted, ...new Set(storedUnknown)])).toEqual([]);
  expect(accepted.size).toBeGreaterThan(0);
}, 120_000);

test("with its key a batch is stored once, whatever was killed while it was sent", async () => {
  const world = await setUp({ REQUEST_DEADLINE_MS: "2000" });
  let part: PartProcess = await world.start();
  addFaults(world, 0.1);
  const sender = createSender({
    url: world.url,
    giveUpAfterMs: 60_000,
    giveUpConnectingAfterMs: 60_000,
    requestTimeoutMs: 10_000,
  });
  onTestFinished(() => {
    sender.close();
  });
  const sent: string[] = [];
  let isOver = false;
  const worker = async (service: string): Promise<void> => {
    while (!isOver) {
      const lines = Array.from({ length: 20 }, (_, index) => ({
        number: index + 1,
        bytes: Buffer.from(line(service, sent.length * 100 + index)),
      }));
      sent.push(...lines.map(({ bytes }) => bytes.toString()));
      await sender.send(lines);
    }
  };
  const workers = [...SERVICES, ...SERVICES].map(worker);
  for (let kill = 0; kill < 4; kill += 1) {
    const outage = {
      service: "kinesis" as const,
      operation: "PutRecords",
      action: { reset: true },
    };
    if (kill % 2 === 0) world.aws.faults.add({ ...outage, times: 30 });
    await sleep(500 + 90 * kill);
    await part.kill("SIGKILL");
    part = await world.start();
  }
  isOver = true;
  await Promise.all(workers);
  world.aws.faults.clear();
  await emptySpool(world.url);
  expect(sender.totals).toMatchObject({ sent: sent.length, accepted: sent.length, unknown: 0 });
  expect(notOnce(await linesInStream(world.kinesis, STREAM), sent)).toEqual([]);
  // At least one batch of each; how many more is up to the machine.
  expect(sent.length).toBeGreaterThanOrEqual(workers.length * 20);
}, 120_000);
