import type { Logger } from "../../shared/core/logger.ts";

/** Why something does not move, as the shard state shows it. */
export type TroubleError = { code: string; message: string; since: string };

export type Trouble = {
  /** Logs a new code at once, the same one again each minute. Returns what to show. */
  report(code: string, message: string, options?: { needsPerson?: boolean }): TroubleError;
  /** Says once that all is well again, if it was not; with codes, only if it was one of these. */
  clear(...codes: string[]): void;
};

const REPEAT_MS = 60_000;

/**
 * Turns many failures into few log lines. A trouble is a warning at first, since nothing is lost,
 * and an error once it has lasted a minute or when only a person can end it.
 */
export const createTrouble = (
  { log, now }: { log: Logger; now: () => number },
  subject: string,
  fields: object,
): Trouble => {
  let error: TroubleError | null = null;
  let sinceMs = 0;
  let loggedAtMs = 0;
  return {
    report: (code, message, { needsPerson = false } = {}) => {
      const nowMs = now();
      const isNew = error?.code !== code;
      if (isNew) sinceMs = nowMs;
      error = { code, message, since: new Date(sinceMs).toISOString() };
      if (isNew || nowMs - loggedAtMs >= REPEAT_MS) {
        loggedAtMs = nowMs;
        const level = needsPerson || nowMs - sinceMs >= REPEAT_MS ? "error" : "warn";
        log[level]({ ...fields, code, since: error.since }, `${subject}: ${message}`);
      }
      return error;
    },
    clear: (...codes) => {
      if (error === null || (codes.length > 0 && !codes.includes(error.code))) return;
      log.info({ ...fields, code: error.code }, `${subject} goes on (was: ${error.code}).`);
      error = null;
    },
  };
};
