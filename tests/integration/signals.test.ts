import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { expect, onTestFinished, test, vi } from "vitest";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import {
  linesOf,
  type Pipeline,
  pipelineEnv,
  readObjects,
  runCommand,
  startPipeline,
  waitForLines,
} from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";

const BUCKETS = { logs: "md-raw-logs", metrics: "md-raw-metrics", apm: "md-raw-apm" } as const;
const STREAMS = ["stage01-logs-stream", "stage01-metrics-stream"] as const;
const SAMPLE = path.join(import.meta.dirname, "../../../shared/data/apm_metrics.jsonl");

type Kind = keyof typeof BUCKETS;
type Place = { bucket: string; folder: string };

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

/** A line that is told from every other one, and where it belongs. */
const lineOf = (kind: Kind, n: number, extra = ""): { line: string; folder: string } => {
  const service = `${kind}-đơn ${n % 3}`;
  const hour = String(n % 4).padStart(2, "0");
  return {
    line: `{"timestamp":"2025-11-14T${hour}:13:03.682499", "service":"${service}", "n":${n}.0${extra}}`,
    folder: `service=${encodeURIComponent(service)}/year=2025/month=11/day=14/hour=${hour}`,
  };
};

/** Every line of the three buckets, with the folder it is in. */
const stored = async ({ s3 }: Pipeline): Promise<Map<string, Place[]>> => {
  const places = new Map<string, Place[]>();
  for (const bucket of Object.values(BUCKETS))
    for (const [key, body] of await readObjects(s3, bucket))
      for (const line of body.split("\n").slice(0, -1))
        places.set(line, [
          ...(places.get(line) ?? []),
          { bucket, folder: key.slice(0, key.lastIndexOf("/")) },
        ]);
  return places;
};

type Balance = {
  stream: string;
  state: string;
  accepted: number;
  deduplicated: number;
  stored: number;
  quarantined: number;
  in_flight: number;
  unaccounted: number;
};

/** The ledgers of both streams once the dashboard calls them balanced. */
const balances = async ({ dashboardUrl }: Pipeline): Promise<Record<string, Balance>> =>
  poll(
    "both ledgers are balanced",
    async () => {
      const response = await fetch(`${dashboardUrl}/api/stats/summary`);
      const { ledger } = (await response.json()) as {
        ledger: { state: string; streams: Balance[] };
      };
      const found = Object.fromEntries(ledger.streams.map((each) => [each.stream, each]));
      return ledger.state === "balanced" && STREAMS.every((name) => found[name]) && found;
    },
    90_000,
  );

const killPart = async (pipeline: Pipeline, part: string): Promise<void> => {
  const pids = () =>
    [...pipeline.output().matchAll(/"child":"([a-z-]+)","pid":(\d+)/g)]
      .filter((match) => match[1] === part)
      .map((match) => Number(match[2]));
  const before = pids();
  process.kill(before.at(-1) ?? 0, "SIGKILL");
  await poll(`${part} is up again`, () => pids().length > before.length, 30_000);
};

const post = async (pipeline: Pipeline, to: string, body: string) => {
  const response = await fetch(`${pipeline.ingestUrl}/api/ingest/${to}`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
  });
  return { status: response.status, body: (await response.json()) as { accepted: number } };
};

test("logs, metrics and APM sent together land once each in their own buckets and partitions, over kills of ingest and consumer", async () => {
  const env = await pipelineEnv({ LOG_LEVEL: "debug" });
  const pipeline = await startPipeline(env);
  const wanted = new Map<string, Place>();
  const plan = (kind: Kind, count: number, extra?: string, from = 0): string[] =>
    Array.from({ length: count }, (_, at) => {
      const { line, folder } = lineOf(kind, from + at, extra);
      wanted.set(latin1(line), { bucket: BUCKETS[kind], folder });
      return line;
    });
  const sends = {
    // Every fourth says of itself that it is APM.
    logs: [...plan("logs", 900), ...plan("apm", 300, ',"log_type":"apm_trace"', 900)].sort(
      (a, b) => a.length - b.length || (a < b ? -1 : 1),
    ),
    metrics: plan("metrics", 900, ',"type":"apm_only_by_name"'),
    apm: plan("apm", 900),
  };
  const sending = Object.entries(sends).map(([to, lines]) =>
    runCommand(
      ["send", "-", "--to", to, "--rate", "150", "--batch", "30", "--timeout", "120"],
      env,
      Buffer.from(lines.join("\n")),
    ),
  );
  // A sender that was never answered gives up soon: it would be a wrong address.
  await poll("each of them was answered", async () => {
    const { totals } = (await (await fetch(`${pipeline.ingestUrl}/api/metrics`)).json()) as {
      totals: { accepted_by_signal: Record<string, number> };
    };
    return Object.values(totals.accepted_by_signal).every((count) => count > 0);
  });
  for (const part of ["ingest", "consumer"]) await killPart(pipeline, part);
  for (const run of await Promise.all(sending))
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("rejected 0") });

  const ledger = await balances(pipeline);
  const places = await stored(pipeline);
  expect([...places].filter(([, found]) => found.length !== 1)).toEqual([]);
  expect(new Map([...places].map(([line, [place]]) => [line, place]))).toEqual(wanted);

  const [logs, metrics] = STREAMS.map((name) => ledger[name]);
  for (const [balance, count] of [
    [logs, 900],
    [metrics, 900 + 900 + 300],
  ] as const) {
    expect(balance).toMatchObject({ stored: count, quarantined: 0, in_flight: 0, unaccounted: 0 });
    expect((balance?.accepted ?? 0) - (balance?.deduplicated ?? 0)).toBe(count);
  }
  const text = await (await fetch(`${pipeline.dashboardUrl}/metrics`)).text();
  expect(text).toContain('ledger_stored_total{stream="stage01-logs-stream"} 900');
  expect(text).toContain('ledger_stored_total{stream="stage01-metrics-stream"} 2100');
}, 300_000);

test("while Kinesis does not take metrics they wait in a spool of their own, also over a kill, and logs do not", async () => {
  const pipeline = await startPipeline(
    await pipelineEnv({
      LOG_LEVEL: "debug",
      REQUEST_DEADLINE_MS: "1500",
      RECORD_PACK_BYTES: "2000",
    }),
  );
  await fetch(`${pipeline.awsUrl}/_faults`, {
    method: "POST",
    body: JSON.stringify({
      service: "kinesis",
      operation: "PutRecords",
      resource: STREAMS[1],
      action: { code: "InternalFailure", status: 500 },
    }),
  });
  const lines = Array.from({ length: 300 }, (_, n) => lineOf("metrics", n).line);
  expect(await post(pipeline, "metrics", lines.slice(0, 150).join("\n"))).toMatchObject({
    status: 200,
    body: { accepted: 150 },
  });
  expect(await post(pipeline, "apm", lines.slice(150).join("\n"))).toMatchObject({ status: 200 });
  expect(await post(pipeline, "batch", lineOf("logs", 0).line)).toMatchObject({ status: 200 });
  const health = await (await fetch(`${pipeline.ingestUrl}/health`)).json();
  expect(health).toMatchObject({
    status: "degraded",
    reason: expect.stringContaining(STREAMS[1]),
    spool: { logs: 300 },
    streams: [
      { name: STREAMS[0], status: "ok", spool: { logs: 0 } },
      { name: STREAMS[1], status: "degraded", spool: { logs: 300 } },
    ],
  });
  await waitForLines(pipeline.s3, BUCKETS.logs, 1);
  await killPart(pipeline, "ingest");
  await poll("the spool is there again", async () => {
    const after = await (await fetch(`${pipeline.ingestUrl}/health`)).json();
    return (after as { spool: { logs: number } }).spool.logs === 300;
  });

  await fetch(`${pipeline.awsUrl}/_faults`, { method: "DELETE" });
  const metrics = await waitForLines(pipeline.s3, BUCKETS.metrics, 150, 60_000);
  const apm = await waitForLines(pipeline.s3, BUCKETS.apm, 150, 60_000);
  expect([...linesOf(metrics), ...linesOf(apm)].sort()).toEqual(lines.map(latin1).sort());
  const { [STREAMS[1]]: ledger } = await balances(pipeline);
  expect(ledger).toMatchObject({ accepted: 300, stored: 300, unaccounted: 0 });
}, 180_000);

test.skipIf(!existsSync(SAMPLE))(
  "the real file of APM samples lands line by line where --to says, with its Windows line ends off",
  async () => {
    const sent = readFileSync(SAMPLE, "latin1").split("\r\n").slice(0, -1);
    expect(sent).toHaveLength(1500);
    const pipeline = await startPipeline(await pipelineEnv());
    for (const to of ["apm", "metrics"] as const) {
      const run = await runCommand(["send", SAMPLE, "--to", to], pipeline.env);
      expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("accepted 1500") });
      const objects = await waitForLines(pipeline.s3, BUCKETS[to], 1500);
      expect(linesOf(objects)).toEqual([...sent].sort());
      const folders = new Set([...objects.keys()].map((key) => key.replace(/\/part-.*/, "")));
      expect([...folders].sort()).toEqual(
        ["auth", "inventory", "payment", "user"].map(
          (name) => `service=${name}-service/year=2025/month=11/day=14/hour=01`,
        ),
      );
    }
    expect(await readObjects(pipeline.s3, BUCKETS.logs)).toEqual(new Map());
  },
  120_000,
);

test("records that others put on the metrics stream are told apart by what they say, here and on Lambda", async () => {
  const pipeline = await startPipeline(await pipelineEnv());
  const kinesis = createKinesisClient({ region: "us-east-1", endpoint: pipeline.awsUrl });
  onTestFinished(() => kinesis.destroy());
  const apm = '{"service":"a","log_type":"apm_trace"}';
  const metric = '{"service":"a","name":"cpu","value":1.0}';
  await kinesis.send(
    new PutRecordsCommand({
      StreamName: STREAMS[1],
      Records: [`${apm}\n${metric}`, "no json"].map((text) => ({
        PartitionKey: "a",
        Data: Buffer.from(text),
      })),
    }),
  );
  expect(linesOf(await waitForLines(pipeline.s3, BUCKETS.apm, 1))).toEqual([apm]);
  expect(linesOf(await waitForLines(pipeline.s3, BUCKETS.metrics, 1))).toEqual([metric]);
  await poll("the quarantine of metrics has it", async () => {
    const kept = await readObjects(pipeline.s3, BUCKETS.metrics, "_quarantine/");
    return linesOf(kept).length === 1;
  });

  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL: pipeline.awsUrl,
    TARGET_BUCKET: BUCKETS.metrics,
    AUTH: "none",
    LOG_LEVEL: "error",
  }))
    vi.stubEnv(name, value);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { handler } = await import("../../src/handlers/consumer.ts");
  const event = JSON.parse(
    readFileSync(path.join(import.meta.dirname, "../../events/kinesis-metrics.json"), "utf8"),
  );
  const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const answer = await handler(event);
  stdout.mockRestore();
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(linesOf(await readObjects(pipeline.s3, BUCKETS.apm))).toHaveLength(1 + 2);
  expect(linesOf(await readObjects(pipeline.s3, BUCKETS.metrics))).toHaveLength(1 + 2);
}, 120_000);
