import {
  type JsonText,
  jsonAttributes,
  jsonCount,
  jsonId,
  jsonObject,
  jsonString,
  jsonTime,
  jsonValue,
} from "./json-text.ts";
import type { Origin } from "./origin.ts";
import type { LogRecord } from "./schema.ts";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/** Four severities each, opentelemetry-proto logs.proto; else what the source calls it. */
const levelOf = ({ severityNumber: number = 0, severityText }: LogRecord): JsonText =>
  number >= 1 && number <= 4 * LEVELS.length
    ? jsonString(LEVELS[Math.floor((number - 1) / 4)])
    : jsonString(severityText);

export const logLine = (log: LogRecord, { service, resource, scope }: Origin): string => {
  const observed = jsonTime(log.observedTimeUnixNano);
  const text = log.body?.stringValue;
  return jsonObject([
    ["timestamp", jsonTime(log.timeUnixNano) ?? observed],
    ["observed_timestamp", observed],
    ["service", JSON.stringify(service)],
    ["level", levelOf(log)],
    ["severity_number", jsonCount(log.severityNumber)],
    ["severity_text", jsonString(log.severityText)],
    ["event_name", jsonString(log.eventName)],
    ["message", text === undefined ? undefined : JSON.stringify(text)],
    ["body", log.body === undefined || text !== undefined ? undefined : jsonValue(log.body)],
    ["trace_id", jsonId(log.traceId)],
    ["span_id", jsonId(log.spanId)],
    ["flags", jsonCount(log.flags)],
    ["attributes", jsonAttributes(log.attributes)],
    ["dropped_attributes_count", jsonCount(log.droppedAttributesCount)],
    ["resource", resource],
    ["scope", scope],
  ]);
};
