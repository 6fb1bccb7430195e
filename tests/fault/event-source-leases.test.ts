import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import { CreateBucketCommand, GetObjectCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { parseShardState, shardStateKey } from "../../src/shared/core/consumer-state.ts";
import { linesOf, readObjects, temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import {
  type RecordedPut,
  type RecordingProxy,
  startRecordingProxy,
} from "../support/recording-proxy.ts";

const STREAM = "shared-logs";
const BUCKET = "shared-bucket";
const SERVICES = ["cart", "login", "pay", "search"];
const root = path.dirname(path.dirname(import.meta.dirname));
const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

/** A shard without a sign of life is somebody else's within this time: the promise. */
const TAKEOVER_MS = 30_000;
/** Shorter than a lease: nobody waited for one. */
const AT_ONCE_MS = 12_000;

type LogLine = { level: string; msg: string; shardId?: string };
type Consumer = { child: ChildProcess; pid: number; logs: LogLine[]; proxy: RecordingProxy };

const createWorld = async (shardCount: number) => {
  const aws = await startLocalAws({ directory: temporaryFolder(), port: 0 });
  const clientOptions = { region: "us-east-1", endpoint: aws.url };
  const kinesis = createKinesisClient(clientOptions);
  const s3 = createS3Client(clientOptions);
  onTestFinished(async () => {
    kinesis.destroy();
    s3.destroy();
    await aws.close();
  });
  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: shardCount }));
  await poll("the stream is ACTIVE", async () => {
    const { StreamDescriptionSummary: summary } = await kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: STREAM }),
    );
    return summary?.StreamStatus === "ACTIVE";
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  const sent: string[] = [];
  const put = async (count: number): Promise<void> => {
    const lines = Array.from({ length: count }, (_, index) => {
      const id = sent.length + index;
      const service = SERVICES[id % SERVICES.length];
      return JSON.stringify({ id, service, timestamp: "2025-11-14T01:02:03Z" });
    });
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({
        StreamName: STREAM,
        Records: lines.map((line, index) => ({
          PartitionKey: `${sent.length + index}`,
          Data: Buffer.from(line),
        })),
      }),
    );
    expect(FailedRecordCount).toBe(0);
    sent.push(...lines);
  };

  /** Each consumer has a way to AWS of its own, so that one can tell who wrote what. */
  const start = async (
    env: NodeJS.ProcessEnv = {},
    hold?: (put: RecordedPut) => Promise<void> | undefined,
  ): Promise<Consumer> => {
    const proxy = await startRecordingProxy(aws.url, hold);
    const child = spawn(process.execPath, [path.join(root, ".build", "consumer.js")], {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: proxy.url,
        KINESIS_STREAM_NAME: STREAM,
        TARGET_BUCKET: BUCKET,
        POLL_INTERVAL: "0.2",
        BATCH_SIZE: "20",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const logs: LogLine[] = [];
    let rest = "";
    child.stdout.on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) logs.push(JSON.parse(line));
    });
    onTestFinished(async () => {
      await end({ child }, "SIGKILL");
      await proxy.close();
    });
    return { child, pid: child.pid ?? 0, logs, proxy };
  };
  const end = async (
    { child }: Pick<Consumer, "child">,
    signal: NodeJS.Signals,
  ): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return code;
  };

  const state = async (index: number) => {
    const key = shardStateKey(STREAM, shardIdOf(index));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return parseShardState(key, (await Body?.transformToString()) ?? "");
  };
  const states = () => Promise.all(Array.from({ length: shardCount }, (_, index) => state(index)));
  /** The shards that this process has, by its id in the lease's owner. */
  const shardsOf = async ({ pid }: Consumer): Promise<string[]> =>
    (await states())
      .filter(({ owner }) => owner?.split("~")[2] === String(pid))
      .map(({ shardId }) => shardId);

  return {
    sent,
    put,
    start,
    end,
    states,
    shardsOf,
    slowWrites: (delayMs: number) =>
      fetch(`${aws.url}/_faults`, {
        method: "POST",
        body: JSON.stringify({
          service: "s3",
          operation: "PutObject",
          resource: "service=",
          action: { delayMs },
        }),
      }),
    /** Waits until the consumer has so many shards; returns how long that took. */
    untilHas: async (consumer: Consumer, count: number, deadlineMs: number): Promise<number> => {
      const startedAt = Date.now();
      await poll(
        `${consumer.pid} has ${count} shards`,
        async () => (await shardsOf(consumer)).length === count,
        deadlineMs,
      );
      return Date.now() - startedAt;
    },
    /** Waits until the states count every record, then compares every line. */
    expectExactlyOnce: async (deadlineMs = 60_000) => {
      await poll(
        `${sent.length} records counted`,
        async () => (await states()).reduce((sum, { records }) => sum + records, 0) === sent.length,
        deadlineMs,
      );
      expect(linesOf(await readObjects(s3, BUCKET))).toEqual([...sent].sort());
    },
  };
};

const SETTLE_MS = 60_000;

test("two consumers share four shards; when one is killed the other has all of them, exactly", async () => {
  const world = await createWorld(4);
  const first = await world.start();
  await world.put(100);
  await world.untilHas(first, 4, SETTLE_MS);
  const second = await world.start();
  await world.untilHas(second, 2, SETTLE_MS);
  await world.untilHas(first, 2, SETTLE_MS);
  await world.slowWrites(30);
  for (let round = 0; round < 3; round += 1) await world.put(200);
  await world.end(first, "SIGKILL");
  await world.put(200);
  const tookMs = await world.untilHas(second, 4, TAKEOVER_MS);
  console.log(`takeover after kill -9 took ${tookMs} ms`);
  await world.put(200);
  await world.expectExactlyOnce();
}, 240_000);

test("a consumer that was frozen for longer than its lease writes nothing more of its old shards", async () => {
  const world = await createWorld(4);
  const first = await world.start();
  const second = await world.start();
  await world.put(100);
  await world.untilHas(first, 2, SETTLE_MS);
  await world.untilHas(second, 2, SETTLE_MS);
  const lost = await world.shardsOf(first);
  await world.slowWrites(60);
  // The freeze hits it amid its batches.
  for (let round = 0; round < 5; round += 1) await world.put(200);
  const before = first.proxy.puts.length;
  await poll("it writes", () => first.proxy.puts.length > before + 3);
  process.kill(first.pid, "SIGSTOP");
  await world.put(200);
  const tookMs = await world.untilHas(second, 4, TAKEOVER_MS);
  console.log(`takeover of a frozen consumer's shards took ${tookMs} ms`);
  await world.expectExactlyOnce();

  const thawedAt = first.proxy.puts.length;
  process.kill(first.pid, "SIGCONT");
  for (let round = 0; round < 5; round += 1) await world.put(100);
  await poll(
    "it notices that its shards are gone",
    () => first.logs.filter(({ msg }) => msg.includes("taken over by another")).length === 2,
    SETTLE_MS,
  );
  await world.untilHas(first, 2, SETTLE_MS);
  await world.put(200);
  await world.expectExactlyOnce();

  const had = new Set<string>();
  for (const { path: key, shardId, status } of first.proxy.puts.slice(thawedAt)) {
    const taken = /_state\/[^/]+\/([^/]+)\.json$/.exec(key)?.[1];
    if (taken !== undefined && status === 200) had.add(taken);
    if (shardId !== undefined && lost.includes(shardId)) expect(had).toContain(shardId);
  }
}, 300_000);

test("after kill -9 the next process of the same machine does not wait for the lease", async () => {
  const world = await createWorld(2);
  const first = await world.start();
  await world.put(200);
  await world.expectExactlyOnce();
  await world.end(first, "SIGKILL");
  await world.put(200);
  const second = await world.start();
  const tookMs = await world.untilHas(second, 2, AT_ONCE_MS);
  console.log(`restart after kill -9 took ${tookMs} ms`);
  await world.expectExactlyOnce();
}, 120_000);

test("what was on its way when its writer was killed may land when the next one is long past it", async () => {
  const world = await createWorld(1);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = await world.start({}, ({ shardId }) =>
    shardId === undefined ? undefined : released,
  );
  const late = () => first.proxy.puts.filter(({ shardId }) => shardId !== undefined);
  await world.put(8);
  await poll("parts of every service are on their way", () => late().length === SERVICES.length);
  await world.end(first, "SIGKILL");
  // Without a memory of the batch these would come with the first ones, under the same names.
  await world.put(200);
  await world.start();
  await world.expectExactlyOnce();
  release();
  await poll("they have landed", () => late().every(({ status }) => status === 200));
  await world.expectExactlyOnce();
}, 120_000);

test("SIGTERM gives the shards up at once", async () => {
  const world = await createWorld(2);
  const first = await world.start();
  const second = await world.start();
  await world.put(200);
  await world.expectExactlyOnce();
  expect(await world.end(first, "SIGTERM")).toBe(0);
  await world.untilHas(second, 2, AT_ONCE_MS);
  await world.put(200);
  await world.expectExactlyOnce();
  expect(await world.end(second, "SIGTERM")).toBe(0);
  expect((await world.states()).map(({ owner }) => owner)).toEqual([null, null]);
}, 120_000);

test("with several batches of a shard at a time kill -9 and other factors change nothing", async () => {
  const world = await createWorld(2);
  await world.slowWrites(20);
  for (const factor of [4, 1, 3]) {
    const consumer = await world.start({ PARALLELIZATION_FACTOR: String(factor) });
    await world.put(300);
    const before = consumer.proxy.puts.length;
    await poll("it writes", () => consumer.proxy.puts.length > before + 5);
    await world.end(consumer, "SIGKILL");
  }
  await world.start({ PARALLELIZATION_FACTOR: "10" });
  await world.expectExactlyOnce();
}, 120_000);
