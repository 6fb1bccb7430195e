import type { EngineStats } from "../shared/core/put-records-engine.ts";
import type { StreamStatus } from "../shared/core/signal-door.ts";
import { totalStats } from "./engine-totals.ts";
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

const totalOf = (streams: readonly StreamStatus[]): EngineStats | undefined =>
  totalStats(streams.flatMap(({ stats }) => stats ?? []));

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

const SIGNALS: Readonly<Record<StreamStatus["kind"], readonly string[]>> = {
  logs: ["logs"],
  metrics: ["metrics", "apm"],
};

type Health = { readonly status: "ok" | "degraded" | "unavailable"; readonly reason?: string };

/** `degraded` still takes what is sent, `unavailable` does not. */
const healthOfStream = (engine: EngineStats | undefined, now: number): Health => {
  if (engine === undefined)
    return { status: "degraded", reason: "KINESIS_ENABLED is false: logs go nowhere." };
  const obstacle = obstacleOf(engine, now);
  if (obstacle !== undefined) return { status: "unavailable", reason: obstacle };
  if ((engine.spool?.entries ?? 0) > 0)
    return { status: "degraded", reason: "Logs wait in the spool for Kinesis." };
  const failedAt = engine.lastFailure?.at ?? Number.NEGATIVE_INFINITY;
  return { status: now - failedAt < FAILURE_COUNTS_MS ? "degraded" : "ok" };
};

/** Trouble of the metrics stream degrades the whole, and keeps no logs away. */
const overallHealth = (streams: readonly (StreamStatus & { health: Health })[]): Health => {
  const logs = streams.find(({ kind }) => kind === "logs");
  if (logs !== undefined && (logs.health.status !== "ok" || logs.stats === undefined))
    return logs.health;
  const troubled = streams.find(({ health }) => health.status !== "ok");
  if (troubled === undefined) return { status: "ok" };
  const { reason } = troubled.health;
  return {
    status: "degraded",
    ...(reason === undefined ? {} : { reason: `${troubled.name}: ${reason}` }),
  };
};

/** Body of `GET /health`: figures are of all streams together, and by stream under `streams`. */
export const healthOf = (statuses: readonly StreamStatus[], now: number) => {
  const streams = statuses.map((stream) => ({
    ...stream,
    health: healthOfStream(stream.stats, now),
  }));
  const engine = totalOf(streams);
  const { status, reason } = overallHealth(streams);
  const kinesisOf = (stats: EngineStats | undefined) => ({
    enabled: stats !== undefined,
    last_success: isoTime(stats?.lastSuccessAt),
    last_failure: lastFailureOf(stats),
  });
  return {
    canTakeLogs: status !== "unavailable",
    body: {
      status,
      service: "ingestion-interface",
      timestamp: isoTime(now),
      ...(reason === undefined ? {} : { reason }),
      stream: streams.find(({ kind }) => kind === "logs")?.name,
      queue: queueOf(engine),
      spool: spoolOf(engine, now),
      kinesis: kinesisOf(engine),
      streams: streams.map(({ kind, name, stats, health }) => ({
        name,
        signals: SIGNALS[kind],
        ...health,
        queue: queueOf(stats),
        spool: spoolOf(stats, now),
        kinesis: kinesisOf(stats),
      })),
    },
  };
};

const callsOf = (engine: EngineStats | undefined) => ({
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
});

/** Body of `GET /api/metrics`: figures are of all streams together, and by stream under `streams`. */
export const metricsOf = (
  totals: IngestTotals,
  streams: readonly StreamStatus[],
  startedAt: number,
  now: number,
) => {
  const engine = totalOf(streams);
  return {
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
      accepted_by_signal: totals.acceptedBySignal,
      rejected: totals.rejected,
      rejected_by_code: totals.rejectedByCode,
      bytes: totals.bytes,
    },
    queue: queueOf(engine),
    spool: spoolOf(engine, now),
    kinesis: callsOf(engine),
    streams: streams.map(({ kind, name, stats }) => ({
      name,
      signals: SIGNALS[kind],
      queue: queueOf(stats),
      spool: spoolOf(stats, now),
      kinesis: callsOf(stats),
    })),
  };
};
