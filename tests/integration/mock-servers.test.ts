import { createServer } from "node:http";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
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

const ends: (() => unknown)[] = [];
let pipeline: Pipeline;
let base: number;

/** One for all tests: what is stored adds up, what the simulator counts begins anew at each start. */
beforeAll(async () => {
  const onEnd = (end: () => unknown) => ends.unshift(end);
  base = await freePortBase();
  const env = await pipelineEnv(
    { MOCK_PORT_BASE: String(base), TZ: "Asia/Ho_Chi_Minh", LOG_LEVEL: "debug" },
    onEnd,
  );
  pipeline = await startPipeline(env, ["--with-mock-servers"], onEnd);
});

afterAll(async () => {
  for (const end of ends) await end();
});

const call = async <T>(offset: number, method: string, path: string, body?: object): Promise<T> => {
  const response = await fetch(`http://127.0.0.1:${base + offset}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};

const stats = () => call<Stats>(0, "GET", "/api/continuous/stats");

const waitForAcknowledged = (count: number): Promise<boolean> =>
  poll(
    `${count} logs acknowledged`,
    async () => (await stats()).delivery.acknowledged >= count,
    90_000,
  );

/** Sends 1,000 a second until so many are acknowledged, and stops; every batch is settled then. */
const send = async (count: number, during?: () => Promise<void>): Promise<Stats> => {
  await call(0, "POST", "/api/continuous/start", { normal_log_rate: 1_000 });
  await during?.();
  await waitForAcknowledged(count);
  await call(0, "POST", "/api/continuous/stop");
  return await poll(
    "every batch is settled",
    async () => {
      const now = await stats();
      return now.delivery.in_flight === 0 && now;
    },
    70_000,
  );
};

type Line = {
  timestamp: string;
  log_type: string;
  data: { service: string; trace_id: string; span_id: string };
};

type Stored = { bucket: string; key: string; line: Line };

const readStored = async (): Promise<Stored[]> => {
  const perBucket = await Promise.all(
    BUCKETS.map(async (bucket) =>
      [...(await readObjects(pipeline.s3, bucket))].flatMap(([key, body]) =>
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

/** Asks the consumer how much it has stored: reading it all is for once. */
const waitForStored = async (count: number): Promise<Stored[]> => {
  await poll(
    `${count} logs in S3`,
    async () => {
      const response = await fetch(`${pipeline.dashboardUrl}/api/consumer`);
      return ((await response.json()) as { lines_stored: number }).lines_stored >= count;
    },
    90_000,
  );
  return await readStored();
};

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

/** Of all tests up to now. */
let acknowledged = 0;

test("every log that the simulator counts as acknowledged is in S3 once, in its place, of all 59 types", async () => {
  const sent = await send(4_000);
  const { delivery } = sent;
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  expect(delivery.acknowledged).toBe(sent.normal_logs_generated + sent.anomalous_logs_generated);

  const made = await call<Line[]>(2, "POST", "/api/synthesize", { log_type: "loan", count: 25 });
  acknowledged = delivery.acknowledged + made.length;
  const stored = await waitForStored(acknowledged);
  expectOnceAndInPlace(stored, acknowledged);
  expect(new Set(stored.map(({ line }) => line.log_type))).toEqual(new Set(LOG_TYPES));
  expect(stored.filter(({ key }) => key.startsWith("service=unknown/"))).toEqual([]);
}, 240_000);

test("with Kinesis at 500 ms a call no request runs into the client's 5 seconds, and nothing is lost", async () => {
  await fetch(`${pipeline.awsUrl}/_faults`, {
    method: "POST",
    body: JSON.stringify({
      service: "kinesis",
      operation: "PutRecords",
      action: { delayMs: 500 },
    }),
  });
  const { delivery } = await send(5_000);
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  expect(delivery.last_problem ?? "").not.toMatch(/timeout|abort/i);
  await fetch(`${pipeline.awsUrl}/_faults`, { method: "DELETE" });
  acknowledged += delivery.acknowledged;
  expectOnceAndInPlace(await waitForStored(acknowledged), acknowledged);
}, 240_000);

test("an ingestion interface that is killed under way costs nothing and doubles nothing", async () => {
  const ingestPids = () =>
    [...pipeline.output().matchAll(/"child":"ingest","pid":(\d+)/g)].map(([, pid]) => Number(pid));
  const { delivery } = await send(3_000, async () => {
    await waitForAcknowledged(500);
    process.kill(ingestPids().at(-1) ?? 0, "SIGKILL");
    await poll("ingest is up again", () => ingestPids().length > 1, 60_000);
  });
  expect(delivery.last_problem).not.toBeNull();
  expect(delivery).toMatchObject({ refused: 0, unconfirmed: 0 });
  acknowledged += delivery.acknowledged;
  expectOnceAndInPlace(await waitForStored(acknowledged), acknowledged);
}, 240_000);

test("a taken port of theirs is named, with the variable to set, and nothing is left running", async () => {
  const taken = await freePortBase();
  const stranger = createServer((_request, response) => response.end());
  await new Promise<void>((resolve) => stranger.listen(taken + 3, "127.0.0.1", resolve));
  onTestFinished(() => {
    stranger.close();
  });
  const env = await pipelineEnv({ MOCK_PORT_BASE: String(taken) });
  const run = await runCommand(["start", "--with-mock-servers"], env);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`Port ${taken + 3} for state-manager is taken`);
  expect(run.stderr).toContain("MOCK_PORT_BASE=");
});
