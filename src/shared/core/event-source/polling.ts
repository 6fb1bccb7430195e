/** GetRecords is limited to five calls per second and shard. */
export const MIN_POLL_MS = 200;
const MAX_IDLE_POLL_MS = 1_000;

/** How often an idle shard is asked, so that a record is seen well within the batch window. */
export const idlePollMs = (windowMs: number): number =>
  Math.min(MAX_IDLE_POLL_MS, Math.max(MIN_POLL_MS, windowMs / 2));
