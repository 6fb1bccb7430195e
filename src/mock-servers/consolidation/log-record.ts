import { type LogLevel, levelOf } from "../../shared/core/dashboard/log-level.ts";
import { parseTime } from "../../shared/core/event-time.ts";
import { isJsonObject, type JsonObject } from "../../shared/core/json.ts";
import { serviceOf, UNKNOWN_SERVICE } from "../../shared/core/service.ts";

/**
 * An OpenTelemetry LogRecord with the field names of the original service. Times are RFC 3339 in
 * UTC; ids are lower-case hex, or null.
 */
export type LogRecord = {
  timestamp: string;
  observed_timestamp: string;
  severity_text: string;
  severity_number: number;
  body: unknown;
  attributes: Record<string, unknown>;
  resource: Record<string, unknown>;
  trace_id: string | null;
  span_id: string | null;
};

/** First number of each range, https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const SEVERITY_NUMBERS: Readonly<Record<LogLevel, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

const levelOfScore = (score: unknown): LogLevel => {
  if (typeof score !== "number") return "info";
  if (score > 90) return "fatal";
  if (score > 70) return "error";
  return score > 50 ? "warn" : "info";
};

/** All zeros is W3C Trace Context's way to say that there is none. */
const idOf = (value: unknown, length: 32 | 16): string | null => {
  if (typeof value !== "string") return null;
  const id = value.toLowerCase();
  return new RegExp(`^[0-9a-f]{${length}}$`).test(id) && !/^0+$/.test(id) ? id : null;
};

const CARRIED_ELSEWHERE = new Set([
  "timestamp",
  "service",
  "message",
  "trace_id",
  "span_id",
  "level",
  "host",
  "environment",
  "region",
]);

const RESOURCE_NAMES = {
  host: "host.name",
  environment: "deployment.environment.name",
  region: "cloud.region",
} as const;

/** UTC with the fraction it came with, so that microseconds survive. */
const timeOf = (value: unknown): string | undefined => {
  const ms = parseTime(value);
  if (ms === undefined) return undefined;
  const plain =
    typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{4,9}Z?$/.exec(value);
  return plain ? plain[0].replace(/Z?$/, "Z") : new Date(ms).toISOString();
};

/** The log as a LogRecord; a sentence where it cannot be one. */
export const toLogRecord = (raw: unknown, observedAtMs: number): LogRecord | string => {
  if (!isJsonObject(raw)) return "A log must be a JSON object.";
  if (raw.data !== undefined && raw.data !== null && !isJsonObject(raw.data))
    return "`data` must be a JSON object.";
  const data: JsonObject = raw.data ?? raw;
  const timestamp = timeOf(raw.timestamp) ?? timeOf(data.timestamp);
  if (raw.timestamp !== undefined && timestamp === undefined)
    return "`timestamp` is not a time, such as 2025-11-14T01:13:03.682499.";
  const level = levelOf(raw) ?? levelOfScore(data.anomaly_score);
  const service = serviceOf(data, serviceOf(raw));
  const attributes: Record<string, unknown> = {};
  if (typeof raw.log_type === "string") attributes["log.type"] = raw.log_type;
  if (typeof raw.source === "string") attributes["log.source"] = raw.source;
  for (const [name, value] of Object.entries(data)) {
    if (!CARRIED_ELSEWHERE.has(name)) attributes[name] = value;
  }
  if (isJsonObject(raw.metadata)) {
    for (const [name, value] of Object.entries(raw.metadata))
      attributes[`metadata.${name}`] = value;
  }
  const resource: Record<string, unknown> = {
    "service.name": service === UNKNOWN_SERVICE ? "unknown_service" : service,
  };
  for (const [field, name] of Object.entries(RESOURCE_NAMES)) {
    if (data[field] !== undefined) resource[name] = data[field];
  }
  const observed = new Date(observedAtMs).toISOString();
  return {
    timestamp: timestamp ?? observed,
    observed_timestamp: observed,
    severity_text: level.toUpperCase(),
    severity_number: SEVERITY_NUMBERS[level],
    body: data.message ?? data,
    attributes,
    resource,
    trace_id: idOf(data.trace_id ?? raw.trace_id, 32),
    span_id: idOf(data.span_id ?? raw.span_id, 16),
  };
};
