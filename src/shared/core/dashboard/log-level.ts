import { isJsonObject } from "../json.ts";

export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace";

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

const ofValue = (value: unknown): LogLevel | undefined => {
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
    for (const name of ["level", "severity", "severityText", "severity_text", "log.level", "lvl"]) {
      const level = Object.hasOwn(holder, name) ? ofValue(holder[name]) : undefined;
      if (level !== undefined) return level;
    }
  }
  return undefined;
};
