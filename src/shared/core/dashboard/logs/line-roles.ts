import { parseTime } from "../../event-time.ts";
import { LEVEL_FIELDS, levelOfValue } from "../log-level.ts";
import { LEVEL_NAMES } from "./log-filter.ts";
import { NUMBER, STRING, type ValueKind } from "./scan-line.ts";

/** What a field is used for; where a line has several of one role, the lowest rank counts. */
export type Role = "level" | "time" | "service" | "message" | "trace";

const TIME_FIELDS = ["timestamp", "@timestamp", "time", "ts", "timeUnixNano", "data.timestamp"];
const SERVICE_FIELDS = [
  "service",
  "service.name",
  "resource.service.name",
  "resource.attributes.service.name",
  "data.service",
  "source",
];
const MESSAGE_FIELDS = ["message", "msg", "body", "event", "data.message", "log", "error.message"];
const TRACE_FIELDS = ["trace_id", "traceId", "trace.id", "data.trace_id"];

const ROLES = new Map<string, { role: Role; rank: number }>(
  (
    [
      ["level", [...LEVEL_FIELDS, ...LEVEL_FIELDS.map((name) => `data.${name}`)]],
      ["time", TIME_FIELDS],
      ["service", SERVICE_FIELDS],
      ["message", MESSAGE_FIELDS],
      ["trace", TRACE_FIELDS],
    ] as const
  ).flatMap(([role, paths]) =>
    paths.map((path, rank) => [path, { role, rank }] as [string, { role: Role; rank: number }]),
  ),
);

export const roleOf = (path: string): { role: Role; rank: number } | undefined => ROLES.get(path);

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const decodeBytes = (bytes: Uint8Array, start: number, end: number): string =>
  decoder.decode(bytes.subarray(start, end));

const BACKSLASH = 0x5c;

/** A value as text: a string's characters, anything else as it is written, digit for digit. */
export const valueText = (
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: ValueKind,
): string => {
  if (kind !== STRING) return decodeBytes(bytes, start, end);
  for (let at = start; at < end; at += 1)
    if (bytes[at] === BACKSLASH) return String(JSON.parse(decodeBytes(bytes, start, end)));
  return decodeBytes(bytes, start + 1, end - 1);
};

/** Position in LEVEL_NAMES; undefined where the value names no level. */
export const levelIndexOf = (text: string, kind: ValueKind): number | undefined => {
  const level = levelOfValue(kind === STRING ? text : kind === NUMBER ? Number(text) : undefined);
  return level && LEVEL_NAMES.indexOf(level);
};

export const NO_LEVEL = LEVEL_NAMES.indexOf("none");

/** Epoch milliseconds of a time field's value, by the rule that also finds a log's partition. */
export const timeOf = (path: string, text: string, kind: ValueKind): number | undefined => {
  // OpenTelemetry's way to say "not known".
  if (path === "timeUnixNano" && text === "0") return undefined;
  if (kind === STRING) return parseTime(text);
  return kind === NUMBER ? parseTime(Number(text)) : undefined;
};
