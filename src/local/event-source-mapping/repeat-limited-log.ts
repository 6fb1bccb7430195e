import type { Logger } from "../../shared/core/logger.ts";

const REPEAT_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/** A logger that gives the same warning about the same shard once a minute, not once a retry. */
export const createRepeatLimitedLog = (log: Logger, now: () => number): Logger => {
  const loggedAtMs = new Map<string, number>();
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => {
      const subject = `${(fields as { shardId?: string }).shardId} ${message}`;
      const last = loggedAtMs.get(subject);
      if (last !== undefined && now() - last < REPEAT_MS) return log.debug(fields, message);
      if (loggedAtMs.size >= MAX_REMEMBERED) loggedAtMs.clear();
      loggedAtMs.set(subject, now());
      log.warn(fields, message);
    },
    error: (fields, message) => log.error(fields, message),
  };
};
