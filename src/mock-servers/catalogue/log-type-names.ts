import { baseLogType, LOG_TYPES, type LogType } from "../../shared/core/log-types.ts";

/** Short names that clients of the original services use. */
const SHORT_NAMES: Readonly<Record<string, LogType>> = {
  server: "server_metrics",
  database: "database_query",
  auth: "authentication",
  redis: "redis_cache",
  fraud: "fraud_detection",
  aml: "aml_screening",
  audit: "audit_trail",
  webserver: "web_server",
  etl: "etl_pipeline",
  iot: "iot_device",
};

const KNOWN: ReadonlySet<string> = new Set(LOG_TYPES);

/** The log type that a name stands for, with or without `_log`; undefined where there is none. */
export const logTypeOf = (name: string): LogType | undefined => {
  const base = baseLogType(name.trim().toLowerCase().replaceAll("-", "_"));
  if (KNOWN.has(base)) return base as LogType;
  const short = base.replace(/_log$/, "");
  return Object.hasOwn(SHORT_NAMES, short) ? SHORT_NAMES[short] : undefined;
};
