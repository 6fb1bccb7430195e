import type { LogType } from "../../shared/core/log-types.ts";

/** What every log carries, besides the fields of its type. */
export type LogData = {
  /** UTC with microseconds and `Z`. */
  timestamp: string;
  service: string;
  level: "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";
  message: string;
  /** 0 to 100; above 70 it is an anomaly. */
  anomaly_score: number;
  is_anomaly: boolean;
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  [field: string]: unknown;
};

/** A log as the original services send it: nested, and with a time that names no zone. */
export type UpstreamLog = {
  timestamp: string;
  log_type: LogType;
  data: LogData;
  metadata: { source: "log-synthesis"; category: string; scenario_id: string | null };
};

/** Scores above this are anomalies. */
export const ANOMALY_ABOVE = 70;
