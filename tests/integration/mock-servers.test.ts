import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { LOG_TYPES } from "../../src/shared/core/log-types.ts";
import {
  linesOf,
  type Pipeline,
  pipelineEnv,
  readObjects,
  runCommand,
  startPipeline,
} from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";

const BUCKETS = ["md-raw-logs", "md-raw-metrics", "md-raw-apm"];
const OFFSETS = [0, 1, 2, 3, 5];

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** A first port whose neighbours are free as well. */
const freePortBase = (): Promise<number> =>
  poll("five free ports", async () => {
    const [base = 0] = await freePorts(1);
    const free = await Promise.all(OFFSETS.map((offset) => isFree(base + offset)));
    return free.every(Boolean) && base;
  });

type Stats = {
  enabled: boolean;
  normal_logs_generated: number;
  anomalous_logs_generated: number;
  delivery: {
    acknowledged: number;
    refused: number;
    unconfirmed: number;
    requests: number;
    in_flight: number;
    last_problem: string | null;
  };
};

const startWithMockServers = async (extra: NodeJS.ProcessEnv = {}) => {
  const base = await freePortBase();
  const env = await pipelineEnv({ MOCK_PORT_BASE: String(base), ...extra });
  const pipeline = await startPipeline(env, ["--with-mock-servers"]);
  const call = async <T>(
    offset: number,
    method: string,
    path: string,
    body?: object,
  ): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${base + offset}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  };
  const stats = () => call<Stats>(0, "GET", "/api/continuous/stats");
  return {
    pipeline,
    call,
    stats,
    /** Sends until so many are acknowledged, then stops and waits until nothing is under way. */
    send: async (rate: number, atLeast: number, during?: () => Promise<void>): Promise<Stats> => {
      await call(0, "POST", "/api/continuous/start", { normal_log_rate: rate });
      await during?.();
      await poll(
        `${atLeast} logs acknowledged`,
        async () => (await stats()).delivery.acknowledged >= atLeast,
        90_000,
      );
      await call(0, "POST", "/api/continuous/stop");
      return await poll(
        "every batch is settled",
        async () => {
          const now = await stats();
          return now.delivery.in_flight === 0 && now;
        },
        70_000,
      );
    },
  };
};

type Line = {
  timestamp: string;
  log_type: string;
  data: { service: string; trace_id: string; span_id: string };
};

type Stored = { bucket: string; key: string; line: Line };

const readStored = async ({ s3 }: Pipeline): Promise<Stored[]> => {
  const perBucket = await Promise.all(
    BUCKETS.map(async (bucket) =>
      [...(await readObjects(s3, bucket))].flatMap(([key, body]) =>
        linesOf(new Map([[key, body]])).map((line) => ({
          bucket,
          key,
          line: JSON.parse(Buffer.from(line, "latin1").toString()) as Line,
        })),
      ),
    ),
  );
  return perBucket.flat();
};

const waitForStored = (pipeline: Pipeline, count: number): Promise<Stored[]> =>
  poll(
    `${count} logs in S3`,
    async () => {
      const stored = await readStored(pipeline);
      return stored.length >= count && stored;
    },
    90_000,
  );

/** Where a log belongs: by its service and the hour in its time, which names no zone and is UTC. */
const prefixOf = ({ timestamp, data }: Line): string => {
  const [year, month, day, hour] = timestamp.split(/[-T:]/);
  return `service=${data.service}/year=${year}/month=${month}/day=${day}/hour=${hour}/`;
};

const expectOnceAndInPlace = (stored: readonly Stored[], acknowledged: number): void => {
  const spans = new Set(stored.map(({ line }) => `${line.data.trace_id}/${line.data.span_id}`));
  expect(spans.size).toBe(stored.length);
  expect(stored).toHaveLength(acknowledged);
  const misplaced = stored.filter(
    ({ bucket, key, line }) =>
      !key.startsWith(prefixOf(line)) ||
      (bucket === "md-raw-apm") !== line.log_type.startsWith("apm_"),
  );
  expect(misplaced).toEqual([]);
};

test("every log that the simulator counts as acknowledged is in S3 once, in its place, of all 59 types", async () => {
  const { pipeline, call, send } = await startWithMockServers({ TZ: "Asia/Ho_Chi_Minh" });
  const sent = await send(1_000, 6_000);
  const { delivery } = sent;
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  expect(delivery.acknowledged).toBe(sent.normal_logs_generated + sent.anomalous_logs_generated);

  const made = await call<Line[]>(2, "POST", "/api/synthesize", { log_type: "loan", count: 25 });
  const count = delivery.acknowledged + made.length;
  const stored = await waitForStored(pipeline, count);
  expectOnceAndInPlace(stored, count);
  expect(new Set(stored.map(({ line }) => line.log_type))).toEqual(new Set(LOG_TYPES));
  expect(stored.filter(({ key }) => key.startsWith("service=unknown/"))).toEqual([]);
}, 240_000);

test("with Kinesis at 500 ms a call no request runs into the client's 5 seconds, and nothing is lost", async () => {
  const { pipeline, send } = await startWithMockServers();
  await fetch(`${pipeline.awsUrl}/_faults`, {
    method: "POST",
    body: JSON.stringify({
      service: "kinesis",
      operation: "PutRecords",
      action: { delayMs: 500 },
    }),
  });
  const { delivery } = await send(1_000, 8_000);
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  expect(delivery.last_problem ?? "").not.toMatch(/timeout|abort/i);
  await fetch(`${pipeline.awsUrl}/_faults`, { method: "DELETE" });
  expectOnceAndInPlace(await waitForStored(pipeline, delivery.acknowledged), delivery.acknowledged);
}, 240_000);

test("an ingestion interface that is killed under way costs nothing and doubles nothing", async () => {
  const { pipeline, send, stats } = await startWithMockServers({ LOG_LEVEL: "debug" });
  const ingestPids = () =>
    [...pipeline.output().matchAll(/"child":"ingest","pid":(\d+)/g)].map(([, pid]) => Number(pid));
  const { delivery } = await send(600, 6_000, async () => {
    await poll("traffic", async () => (await stats()).delivery.acknowledged > 1_000, 60_000);
    process.kill(ingestPids().at(-1) ?? 0, "SIGKILL");
    await poll("ingest is up again", () => ingestPids().length > 1, 60_000);
  });
  expect(delivery.last_problem).not.toBeNull();
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  expectOnceAndInPlace(await waitForStored(pipeline, delivery.acknowledged), delivery.acknowledged);
}, 240_000);

test("a taken port of theirs is named, with the variable to set, and nothing is left running", async () => {
  const base = await freePortBase();
  const stranger = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => stranger.listen(base + 3, "127.0.0.1", resolve));
  onTestFinished(() => {
    stranger.close();
  });
  const env = await pipelineEnv({ MOCK_PORT_BASE: String(base) });
  const run = await runCommand(["start", "--with-mock-servers"], env);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`Port ${base + 3} for state-manager is taken`);
  expect(run.stderr).toContain("MOCK_PORT_BASE=");
});
