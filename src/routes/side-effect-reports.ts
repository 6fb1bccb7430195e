import type { MetricFamily } from "../shared/core/prometheus.ts";
import type { ForwarderStats, LogFilesStats, SideEffects } from "../shared/core/side-effects.ts";

export type SideEffectReports = Pick<SideEffects, "logFiles" | "consolidation">;

const logFilesJson = (stats: LogFilesStats) => ({
  log_dir: stats.folder,
  total_files: stats.files,
  total_bytes: stats.bytes,
  max_bytes: stats.maxBytes,
  categories: stats.categories,
  written_logs: stats.writtenLogs,
  dropped_logs: stats.droppedLogs,
  deleted_files: stats.deletedFiles,
  queued_bytes: stats.queuedBytes,
  failure: stats.failure ?? null,
});

const consolidationJson = (stats: ForwarderStats) => ({
  url: stats.url,
  forwarded_logs: stats.forwardedLogs,
  dropped_logs: stats.droppedLogs,
  queued_logs: stats.queuedLogs,
  queued_bytes: stats.queuedBytes,
  failure: stats.failure ?? null,
});

/** Body of `GET /api/logs/stats`: the local files, by category. */
export const logStatsOf = (effects: SideEffectReports | undefined) => {
  const stats = effects?.logFiles?.stats();
  return stats === undefined
    ? { enabled: false, reason: "LOG_DIR is not set.", total_files: 0, categories: {} }
    : { enabled: true, ...logFilesJson(stats) };
};

/** What side effects add to `GET /api/metrics`; null where one is not set. */
export const sideEffectMetricsOf = (effects: SideEffectReports | undefined) => {
  const logFiles = effects?.logFiles?.stats();
  const consolidation = effects?.consolidation?.stats();
  return {
    log_files: logFiles === undefined ? null : logFilesJson(logFiles),
    consolidation: consolidation === undefined ? null : consolidationJson(consolidation),
  };
};

type Row = readonly [name: string, help: string, type: "counter" | "gauge", value: number];

const toFamily = ([name, help, type, value]: Row): MetricFamily => ({
  name,
  help,
  type,
  samples: [{ value }],
});

const logFileRows = (stats: LogFilesStats): Row[] => [
  ["ingest_log_files", "Files in LOG_DIR.", "gauge", stats.files],
  ["ingest_log_files_bytes", "Bytes of those files.", "gauge", stats.bytes],
  ["ingest_log_files_max_bytes", "Bound of LOG_DIR.", "gauge", stats.maxBytes],
  ["ingest_log_files_written_logs_total", "Lines written.", "counter", stats.writtenLogs],
  [
    "ingest_log_files_dropped_logs_total",
    "Accepted logs that are in no local file.",
    "counter",
    stats.droppedLogs,
  ],
  [
    "ingest_log_files_deleted_total",
    "Files deleted to keep the bound.",
    "counter",
    stats.deletedFiles,
  ],
  [
    "ingest_log_files_failing",
    "1 while LOG_DIR cannot be written.",
    "gauge",
    stats.failure === undefined ? 0 : 1,
  ],
];

const consolidationRows = (stats: ForwarderStats): Row[] => [
  [
    "ingest_consolidation_forwarded_logs_total",
    "Logs that the consolidation has taken.",
    "counter",
    stats.forwardedLogs,
  ],
  [
    "ingest_consolidation_dropped_logs_total",
    "Accepted logs that were not forwarded.",
    "counter",
    stats.droppedLogs,
  ],
  ["ingest_consolidation_queue_logs", "Logs waiting for it.", "gauge", stats.queuedLogs],
  [
    "ingest_consolidation_failing",
    "1 while the consolidation does not take logs.",
    "gauge",
    stats.failure === undefined ? 0 : 1,
  ],
];

/** The metric families of side effects that are set. */
export const sideEffectFamilies = (effects: SideEffectReports | undefined): MetricFamily[] => {
  const logFiles = effects?.logFiles?.stats();
  const consolidation = effects?.consolidation?.stats();
  return [
    ...(logFiles === undefined ? [] : logFileRows(logFiles)),
    ...(consolidation === undefined ? [] : consolidationRows(consolidation)),
  ].map(toFamily);
};
