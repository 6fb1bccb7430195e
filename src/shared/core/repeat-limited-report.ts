import type { Logger } from "./logger.ts";

const EVERY_MS = 10_000;

export type Report = (
  level: "warn" | "error",
  failure: { readonly code: string; readonly message: string },
  message: string,
) => void;

/** Logs failures, each code once in ten seconds at the most. */
export const createReport = (log: Logger, now: () => number): Report => {
  const loggedAt = new Map<string, number>();
  return (level, failure, message) => {
    const last = loggedAt.get(failure.code);
    if (last !== undefined && now() - last < EVERY_MS) return;
    loggedAt.set(failure.code, now());
    log[level]({ code: failure.code, reason: failure.message }, message);
  };
};
