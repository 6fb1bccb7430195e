import type { EngineStats } from "../shared/core/put-records-engine.ts";
import { type IngestTotals, THROUGHPUT_WINDOW_SECONDS } from "./ingest-totals.ts";

const FAILED_CALLS_IN_A_ROW = 3;
/** A batch is taken whole, so that the last bytes go unused. */
const SPOOL_IS_FULL_AT = 0.98;
/** Without traffic no call can tell that Kinesis is back, so a failure is not held for ever. */
const FAILURE_COUNTS_MS = 15_000;

const round = (value: number): number => Math.round(value * 10) / 10;

const isoTime = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

const queueOf = (engine: EngineStats | undefined) => ({
  logs: engine?.queueLogs ?? 0,
  bytes: engine?.queueBytes ?? 0,
  max_bytes: engine?.maxQueueBytes ?? 0,
});

const lastFailureOf = (engine: EngineStats | undefined) => {
  const failure = engine?.lastFailure;
  return failure === undefined
    ? null
    : { code: failure.code, message: failure.message, at: isoTime(failure.at) };
};

/** What waits on the disk for Kinesis; null where there is no spool. */
const spoolOf = (engine: EngineStats | undefined, now: number) => {
  const spool = engine?.spool;
  if (engine === undefined || spool === undefined) return null;
  return {
    logs: spool.logs,
    bytes: spool.bytes,
    max_bytes: spool.maxBytes,
    oldest_age_seconds: spool.oldestAt === undefined ? 0 : round((now - spool.oldestAt) / 1000),
    spooled_logs: engine.spooledLogs,
    drained_logs: engine.drainedLogs,
    failure: spool.failure ?? null,
  };
};

/** Why what Kinesis does not take cannot be kept either; undefined where it can. */
const spoolObstacle = ({ spool }: EngineStats): string | undefined => {
  if (spool === undefined) return "Kinesis does not answer.";
  if (spool.failure !== undefined) return `Kinesis does not answer, and: ${spool.failure}`;
  return spool.bytes >= spool.maxBytes * SPOOL_IS_FULL_AT
    ? "Kinesis does not answer, and the spool is full."
    : undefined;
};

/** Why no logs can be taken now; undefined where they can. */
const obstacleOf = (engine: EngineStats, now: number): string | undefined => {
  if (engine.isClosing) return "Shutting down.";
  if (engine.queueBytes >= engine.maxQueueBytes * 0.95) return "The queue is full.";
  const failedAt = engine.lastFailure?.at ?? Number.NEGATIVE_INFINITY;
  const isFailing =
    engine.failedCallsInARow >= FAILED_CALLS_IN_A_ROW && now - failedAt < FAILURE_COUNTS_MS;
  return isFailing || engine.isCircuitOpen ? spoolObstacle(engine) : undefined;
};

/** `degraded` still takes logs, `unavailable` does not. */
export const healthOf = (engine: EngineStats | undefined, streamName: string, now: number) => {
  const obstacle = engine && obstacleOf(engine, now);
  const failedAt = engine?.lastFailure?.at ?? Number.NEGATIVE_INFINITY;
  const isSpooling = (engine?.spool?.entries ?? 0) > 0;
  const hasTrouble = engine === undefined || isSpooling || now - failedAt < FAILURE_COUNTS_MS;
  const status = obstacle !== undefined ? "unavailable" : hasTrouble ? "degraded" : "ok";
  const waiting = isSpooling ? "Logs wait in the spool for Kinesis." : undefined;
  const reason =
    engine === undefined ? "KINESIS_ENABLED is false: logs go nowhere." : (obstacle ?? waiting);
  return {
    canTakeLogs: obstacle === undefined,
    body: {
      status,
      service: "ingestion-interface",
      timestamp: isoTime(now),
      ...(reason === undefined ? {} : { reason }),
      stream: streamName,
      queue: queueOf(engine),
      spool: spoolOf(engine, now),
      kinesis: {
        enabled: engine !== undefined,
        last_success: isoTime(engine?.lastSuccessAt),
        last_failure: lastFailureOf(engine),
      },
    },
  };
};

/** Body of `GET /api/metrics`. */
export const metricsOf = (
  totals: IngestTotals,
  engine: EngineStats | undefined,
  startedAt: number,
  now: number,
) => ({
  service: "ingestion-interface",
  timestamp: isoTime(now),
  uptime_seconds: round((now - startedAt) / 1000),
  throughput: {
    logs_per_second: round(totals.logsPerSecond),
    bytes_per_second: round(totals.bytesPerSecond),
    window_seconds: THROUGHPUT_WINDOW_SECONDS,
  },
  totals: {
    requests: totals.requests,
    received: totals.received,
    accepted: totals.accepted,
    rejected: totals.rejected,
    rejected_by_code: totals.rejectedByCode,
    bytes: totals.bytes,
  },
  queue: queueOf(engine),
  spool: spoolOf(engine, now),
  kinesis: {
    enabled: engine !== undefined,
    is_down: engine?.isCircuitOpen ?? false,
    calls: engine?.calls ?? 0,
    calls_in_flight: engine?.callsInFlight ?? 0,
    failed_calls: engine?.failedCalls ?? 0,
    records: engine?.records ?? 0,
    record_bytes: engine?.recordBytes ?? 0,
    retried_records: engine?.retriedRecords ?? 0,
    throttled_records: engine?.throttledRecords ?? 0,
    late_logs: engine?.lateLogs ?? 0,
    lookups: engine?.lookups ?? 0,
    failed_lookups: engine?.failedLookups ?? 0,
    found_records: engine?.foundRecords ?? 0,
    last_success: isoTime(engine?.lastSuccessAt),
    last_failure: lastFailureOf(engine),
  },
});
