import { expect, test } from "vitest";
import type { EngineStats } from "../shared/core/put-records-engine.ts";
import type { StreamStatus } from "../shared/core/signal-door.ts";
import { healthOf, metricsOf } from "./ingest-reports.ts";
import { createIngestTotals } from "./ingest-totals.ts";

const NOW = 1_763_082_785_000;

const statsOf = (stats: Partial<EngineStats> = {}): EngineStats => ({
  queueLogs: 0,
  queueBytes: 0,
  maxQueueBytes: 1_000,
  callsInFlight: 0,
  calls: 0,
  failedCalls: 0,
  failedCallsInARow: 0,
  records: 0,
  recordBytes: 0,
  retriedRecords: 0,
  throttledRecords: 0,
  acknowledgedLogs: 0,
  spooledLogs: 0,
  lateLogs: 0,
  lastSuccessAt: undefined,
  lastFailure: undefined,
  isClosing: false,
  isCircuitOpen: false,
  lookups: 0,
  failedLookups: 0,
  foundRecords: 0,
  drainedLogs: 0,
  spool: undefined,
  ...stats,
});

const streamsOf = (
  logs: Partial<EngineStats> | undefined,
  metrics: Partial<EngineStats> | undefined,
): StreamStatus[] => [
  { kind: "logs", name: "the-logs", stats: logs && statsOf(logs) },
  { kind: "metrics", name: "the-metrics", stats: metrics && statsOf(metrics) },
];

const DOWN = { isCircuitOpen: true } as const;
const WAITING = {
  entries: 1,
  logs: 5,
  bytes: 10,
  maxBytes: 100,
  oldestAt: NOW - 3_000,
  failure: undefined,
};

test.each([
  ["both streams are well", {}, {}, "ok", true, undefined],
  ["logs cannot be taken", DOWN, {}, "unavailable", false, "Kinesis does not answer."],
  ["metrics cannot be taken", {}, DOWN, "degraded", true, "the-metrics: Kinesis does not answer."],
  ["metrics wait", {}, { spool: WAITING }, "degraded", true, "the-metrics: Logs wait in the spool"],
  ["both have trouble", { spool: WAITING }, DOWN, "degraded", true, "Logs wait in the spool"],
  ["nothing is sent at all", undefined, undefined, "degraded", true, "KINESIS_ENABLED is false"],
] as const)(
  "where %s, health says so of the whole",
  (_, logs, metrics, status, canTake, reason) => {
    const { canTakeLogs, body } = healthOf(streamsOf(logs, metrics), NOW);
    expect([body.status, canTakeLogs]).toEqual([status, canTake]);
    if (reason === undefined) expect(body).not.toHaveProperty("reason");
    else expect(body).toMatchObject({ reason: expect.stringContaining(reason) });
  },
);

test("figures without a stream's name are of both together, and each stream has its own", () => {
  const failure = { code: "A", message: "a", at: NOW - 9_000 };
  const streams = streamsOf(
    { queueLogs: 2, records: 10, spool: WAITING, lastFailure: failure, lastSuccessAt: NOW - 1_000 },
    {
      queueLogs: 3,
      records: 5,
      spool: { ...WAITING, logs: 7, oldestAt: NOW - 8_000, failure: "No space." },
      lastFailure: { ...failure, code: "B", at: NOW - 2_000 },
      lastSuccessAt: NOW - 4_000,
      isCircuitOpen: true,
    },
  );
  expect(metricsOf(createIngestTotals(() => NOW).read(), streams, NOW, NOW)).toMatchObject({
    queue: { logs: 5, max_bytes: 2_000 },
    spool: { logs: 12, max_bytes: 200, oldest_age_seconds: 8, failure: "No space." },
    kinesis: {
      is_down: true,
      records: 15,
      last_failure: { code: "B" },
      last_success: new Date(NOW - 1_000).toISOString(),
    },
    streams: [
      { name: "the-logs", signals: ["logs"], queue: { logs: 2 }, kinesis: { is_down: false } },
      {
        name: "the-metrics",
        signals: ["metrics", "apm"],
        spool: { logs: 7, failure: "No space." },
      },
    ],
  });
});
