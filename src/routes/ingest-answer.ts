import type { ItemRefusal } from "../shared/core/ingest-body.ts";

export type IngestStatus = 200 | 207 | 400 | 413 | 429 | 503;

const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 409: "1", 429: "1", 503: "2" };

/** The `Retry-After` that goes with a status; none where waiting does not help. */
export const retryAfterOf = (status: number): Record<string, string> => {
  const seconds = RETRY_AFTER_SECONDS[status];
  return seconds === undefined ? {} : { "retry-after": seconds };
};

/** Where nothing was accepted: what the sender should do decides, retrying before mending. */
const statusOfRefusal = (errors: readonly ItemRefusal[]): IngestStatus => {
  if (errors.some(({ code }) => code === "QUEUE_FULL")) return 429;
  if (errors.some(({ retryable }) => retryable)) return 503;
  return errors.every(({ code }) => code === "TOO_LARGE" || code === "BATCH_TOO_LARGE") ? 413 : 400;
};

/** The status of a batch by what became of its items. */
export const statusOf = (accepted: number, errors: readonly ItemRefusal[]): IngestStatus => {
  if (errors.length === 0) return 200;
  return accepted > 0 ? 207 : statusOfRefusal(errors);
};
