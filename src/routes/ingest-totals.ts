import type { ItemRefusal } from "../shared/core/ingest-body.ts";
import type { MetricFamily } from "../shared/core/prometheus.ts";
import type { EngineStats } from "../shared/core/put-records-engine.ts";
import type { StreamStatus } from "../shared/core/signal-door.ts";
import type { Signal } from "../shared/core/signals.ts";
import { createThroughput } from "../shared/core/throughput.ts";
import { totalStats } from "./engine-totals.ts";

export const THROUGHPUT_WINDOW_SECONDS = 10;

/** What this process has taken and refused since it started. */
export const createIngestTotals = (now: () => number) => {
  const logsRate = createThroughput(now, THROUGHPUT_WINDOW_SECONDS);
  const bytesRate = createThroughput(now, THROUGHPUT_WINDOW_SECONDS);
  const answers = new Map<number, number>();
  const rejected = new Map<string, number>();
  const acceptedBySignal = { logs: 0, metrics: 0, apm: 0 };
  const totals = { requests: 0, received: 0, accepted: 0, rejected: 0, bytes: 0 };
  return {
    /** A body in memory, unpacked. */
    addBody: (bytes: number): void => {
      totals.bytes += bytes;
      bytesRate.add(bytes);
    },
    addItems: (
      bySignal: Readonly<Record<Signal, number>>,
      refused: readonly ItemRefusal[],
    ): void => {
      const { logs, metrics, apm } = bySignal;
      const accepted = logs + metrics + apm;
      acceptedBySignal.logs += logs;
      acceptedBySignal.metrics += metrics;
      acceptedBySignal.apm += apm;
      totals.received += accepted + refused.length;
      totals.accepted += accepted;
      totals.rejected += refused.length;
      logsRate.add(accepted);
      for (const { code } of refused) rejected.set(code, (rejected.get(code) ?? 0) + 1);
    },
    addAnswer: (status: number): void => {
      totals.requests += 1;
      answers.set(status, (answers.get(status) ?? 0) + 1);
    },
    read: () => ({
      ...totals,
      acceptedBySignal: { ...acceptedBySignal },
      rejectedByCode: Object.fromEntries(rejected),
      answersByStatus: Object.fromEntries(answers),
      logsPerSecond: logsRate.perSecond(),
      bytesPerSecond: bytesRate.perSecond(),
    }),
  };
};

export type IngestTotals = ReturnType<ReturnType<typeof createIngestTotals>["read"]>;

const counter = (name: string, help: string, value: number): MetricFamily => ({
  name,
  help,
  type: "counter",
  samples: [{ value }],
});

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name,
  help,
  type: "gauge",
  samples: [{ value }],
});

const counterBy = (
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): MetricFamily => ({
  name,
  help,
  type: "counter",
  samples: Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value })),
});

const spoolFamilies = ({ spool, spooledLogs, drainedLogs }: EngineStats, now: number) =>
  spool === undefined
    ? []
    : [
        gauge("ingest_spool_logs", "Logs on the disk, waiting for Kinesis.", spool.logs),
        gauge("ingest_spool_bytes", "Bytes of the spool's files.", spool.bytes),
        gauge("ingest_spool_max_bytes", "Bound of the spool.", spool.maxBytes),
        gauge(
          "ingest_spool_oldest_age_seconds",
          "Age of the oldest log in the spool; 0 where it is empty.",
          spool.oldestAt === undefined ? 0 : (now - spool.oldestAt) / 1000,
        ),
        gauge(
          "ingest_spool_failing",
          "1 while the spool cannot be written.",
          spool.failure === undefined ? 0 : 1,
        ),
        counter("ingest_spooled_logs_total", "Logs accepted into the spool.", spooledLogs),
        counter("ingest_drained_logs_total", "Logs sent to Kinesis out of it.", drainedLogs),
      ];

/** The figures that differ between the streams; all others are of both together. */
const streamFamilies = (streams: readonly StreamStatus[]): MetricFamily[] => {
  const by = (
    type: MetricFamily["type"],
    name: string,
    help: string,
    of: (stats: EngineStats) => number | undefined,
  ): MetricFamily => ({
    name,
    help,
    type,
    samples: streams.flatMap(({ name: stream, stats }) => {
      const value = stats && of(stats);
      return value === undefined ? [] : [{ labels: { stream }, value }];
    }),
  });
  return [
    by(
      "gauge",
      "ingest_stream_queue_logs",
      "Logs waiting to be sent to a stream.",
      (s) => s.queueLogs,
    ),
    by(
      "gauge",
      "ingest_stream_queue_bytes",
      "Bytes waiting and in flight to a stream.",
      (s) => s.queueBytes,
    ),
    by(
      "gauge",
      "ingest_stream_spool_logs",
      "Logs on the disk, waiting for a stream.",
      (s) => s.spool?.logs,
    ),
    by(
      "gauge",
      "ingest_stream_spool_bytes",
      "Bytes of a stream's spool files.",
      (s) => s.spool?.bytes,
    ),
    by("gauge", "ingest_stream_is_down", "1 while a stream is known not to answer.", (s) =>
      s.isCircuitOpen ? 1 : 0,
    ),
    by(
      "counter",
      "ingest_stream_records_total",
      "Records with a sequence number of a stream.",
      (s) => s.records,
    ),
    by(
      "counter",
      "ingest_stream_failed_calls_total",
      "PutRecords calls to a stream that failed as a whole.",
      (s) => s.failedCalls,
    ),
  ];
};

/** The metric families of `/metrics`; those of Kinesis only where logs are sent there. */
export const ingestMetricFamilies = (
  totals: IngestTotals,
  streams: readonly StreamStatus[],
  now: number,
): MetricFamily[] => {
  const engine = totalStats(streams.flatMap(({ stats }) => stats ?? []));
  return [
    counterBy(
      "ingest_requests_total",
      "Requests to take logs, by status of the answer.",
      "status",
      totals.answersByStatus,
    ),
    counter("ingest_events_received_total", "Logs found in request bodies.", totals.received),
    counter("ingest_events_accepted_total", "Logs answered as accepted.", totals.accepted),
    counterBy(
      "ingest_signal_events_accepted_total",
      "Logs, metrics and APM answered as accepted.",
      "signal",
      totals.acceptedBySignal,
    ),
    counterBy(
      "ingest_events_rejected_total",
      "Logs answered as refused, by reason.",
      "code",
      totals.rejectedByCode,
    ),
    counter("ingest_bytes_received_total", "Request bodies, after decompression.", totals.bytes),
    ...(engine === undefined
      ? []
      : [
          counter("kinesis_put_records_calls_total", "PutRecords calls.", engine.calls),
          counter(
            "kinesis_put_records_failed_calls_total",
            "PutRecords calls that failed as a whole.",
            engine.failedCalls,
          ),
          counter(
            "kinesis_put_records_retries_total",
            "Records that were sent again.",
            engine.retriedRecords,
          ),
          counter(
            "kinesis_throttled_entries_total",
            "Records refused because a shard or the stream was at its limit.",
            engine.throttledRecords,
          ),
          counter("kinesis_records_total", "Records with a sequence number.", engine.records),
          counter("kinesis_record_bytes_total", "Data of those records.", engine.recordBytes),
          counter(
            "kinesis_late_logs_total",
            "Logs stored after their sender had been told they were not.",
            engine.lateLogs,
          ),
          gauge("kinesis_calls_in_flight", "PutRecords calls under way.", engine.callsInFlight),
          gauge("ingest_queue_logs", "Logs waiting to be sent.", engine.queueLogs),
          gauge(
            "ingest_queue_bytes",
            "Bytes waiting and in flight, bookkeeping included.",
            engine.queueBytes,
          ),
          gauge("ingest_queue_max_bytes", "Bound of the queue.", engine.maxQueueBytes),
          gauge(
            "kinesis_is_down",
            "1 while Kinesis is known not to answer.",
            engine.isCircuitOpen ? 1 : 0,
          ),
          counter(
            "kinesis_lookups_total",
            "Looks at the stream for records of calls that failed.",
            engine.lookups,
          ),
          counter(
            "kinesis_lookups_failed_total",
            "Looks that could not be made, and were made again.",
            engine.failedLookups,
          ),
          counter(
            "kinesis_found_records_total",
            "Records of failed calls that were found stored, and not sent again.",
            engine.foundRecords,
          ),
          ...spoolFamilies(engine, now),
          ...streamFamilies(streams),
        ]),
  ];
};
