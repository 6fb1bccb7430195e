import { pino } from "pino";
import type { Logger } from "../shared/core/logger.ts";

/** JSON lines on stdout: time, level, part, fields, msg. */
export const createLogger = (part: string, level: string): Logger =>
  pino({
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
