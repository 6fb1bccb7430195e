import { isJsonObject } from "../json.ts";

/** Worst first. */
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const isLogLevel = (value: unknown): value is LogLevel =>
  LOG_LEVELS.some((level) => level === value);

/** The fields a level is looked for in, first in a log and then in its `data`. */
export const LEVEL_FIELDS = [
  "level",
  "severity",
  "severityText",
  "severity_text",
  "log.level",
  "lvl",
] as const;

const NAMES: Readonly<Record<string, LogLevel>> = {
  fatal: "fatal",
  critical: "fatal",
  crit: "fatal",
  alert: "fatal",
  emerg: "fatal",
  emergency: "fatal",
  panic: "fatal",
  error: "error",
  err: "error",
  severe: "error",
  warn: "warn",
  warning: "warn",
  info: "info",
  information: "info",
  notice: "info",
  debug: "debug",
  fine: "debug",
  trace: "trace",
  verbose: "trace",
  finest: "trace",
};

const ofNumber = (value: number): LogLevel | undefined => {
  // pino and bunyan: 10, 20 … 60.
  if (value % 10 !== 0) return undefined;
  return ({ 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" } as const)[
    value as 10
  ];
};

/** The level that a field's value names; numbers as pino and bunyan count. */
export const levelOfValue = (value: unknown): LogLevel | undefined => {
  if (typeof value === "number") return ofNumber(value);
  if (typeof value !== "string") return undefined;
  const name = value.toLowerCase();
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
};

/** The level a parsed log states in the usual fields; undefined where it states none. */
export const levelOf = (log: unknown): LogLevel | undefined => {
  if (!isJsonObject(log)) return undefined;
  for (const holder of [log, log.data]) {
    if (!isJsonObject(holder)) continue;
    for (const name of LEVEL_FIELDS) {
      const level = Object.hasOwn(holder, name) ? levelOfValue(holder[name]) : undefined;
      if (level !== undefined) return level;
    }
  }
  return undefined;
};
