import type { ShardState } from "../consumer-state.ts";
import type { ConsumerStates } from "./ports.ts";

/**
 * `running`: every open shard was polled just now. `failing`: a shard names an error. `stale`: some
 * shards are polled, others are not. `stopped`: none is. `unknown`: nothing is recorded.
 */
export type ConsumerStatusName = "running" | "failing" | "stale" | "stopped" | "unknown";

export type ConsumerStatus = {
  status: ConsumerStatusName;
  /** One sentence for people; null while all is well. */
  reason: string | null;
  /** Since when it is so; null where that is not known. */
  since: string | null;
  lastPoll: string | null;
  /** Worst of the shards that are being polled, milliseconds. Null where none is. */
  millisBehindLatest: number | null;
  /** Null where nothing is recorded: unknown is not 0. */
  totals: {
    records: number;
    lines: number;
    bytes: number;
    parts: number;
    quarantined: number;
    failedBatches: number;
  } | null;
  lastBatch: string | null;
  shards: ShardState[];
  /** What is left of those of deleted streams that had the same names. */
  earlierShards: ShardState[];
  unreadable: ConsumerStates["unreadable"];
  isComplete: boolean;
};

const newest = (times: readonly (string | null)[]): string | null =>
  times.reduce(
    (latest, time) => (time !== null && (latest === null || time > latest) ? time : latest),
    null,
  );

const oldest = (times: readonly (string | null)[]): string | null =>
  times.reduce(
    (first, time) => (time !== null && (first === null || time < first) ? time : first),
    null,
  );

const sum = (states: readonly ShardState[], of: (state: ShardState) => number): number =>
  states.reduce((total, state) => total + of(state), 0);

/** True where the shard was polled within `freshMs`. A clock that runs ahead counts as fresh. */
export const isPolled = (state: ShardState, now: number, freshMs: number): boolean =>
  state.lastPolledAt !== null && now - Date.parse(state.lastPolledAt) <= freshMs;

const judge = (
  open: readonly ShardState[],
  isFresh: (state: ShardState) => boolean,
): Pick<ConsumerStatus, "status" | "reason" | "since"> => {
  const failing = open.filter((state) => state.error !== null);
  const first = failing[0];
  if (first?.error) {
    const others = failing.length > 1 ? `, and ${failing.length - 1} more` : "";
    return {
      status: "failing",
      reason: `${first.stream}/${first.shardId}${others}: ${first.error.code}: ${first.error.message}`,
      since: oldest(failing.map(({ error }) => error?.since ?? null)),
    };
  }
  const unpolled = open.filter((state) => !isFresh(state));
  if (unpolled.length === 0) return { status: "running", reason: null, since: null };
  if (unpolled.length < open.length)
    return {
      status: "stale",
      reason: `${unpolled.length} of ${open.length} shards are not being polled.`,
      since: oldest(unpolled.map(({ lastPolledAt }) => lastPolledAt)),
    };
  return {
    status: "stopped",
    reason: "No shard is being polled. Start the consumer.",
    since: newest(open.map(({ lastPolledAt }) => lastPolledAt)),
  };
};

/** What the recorded state says of the consumer at `now` (epoch ms). Never guesses. */
export const deriveConsumerStatus = (
  { states, earlier = [], unreadable, isComplete }: ConsumerStates,
  { now, freshMs }: { now: number; freshMs: number },
): ConsumerStatus => {
  const rest = {
    lastPoll: newest(states.map(({ lastPolledAt }) => lastPolledAt)),
    lastBatch: newest(states.map(({ lastBatchAt }) => lastBatchAt)),
    shards: states,
    earlierShards: earlier,
    unreadable,
    isComplete,
  };
  const unreadableReason = unreadable[0] && `${unreadable[0].key}: ${unreadable[0].reason}`;
  if (states.length === 0)
    return {
      status: unreadableReason ? "failing" : "unknown",
      reason: unreadableReason ?? "No consumer has recorded any state yet.",
      since: null,
      millisBehindLatest: null,
      totals: null,
      ...rest,
    };
  const isFresh = (state: ShardState) => isPolled(state, now, freshMs);
  // A drained shard is read to its end and never polled again.
  const open = states.filter((state) => !state.drained);
  const lags = open.filter(isFresh).map(({ millisBehindLatest }) => millisBehindLatest);
  const known = lags.filter((lag) => lag !== null);
  return {
    ...(unreadableReason
      ? { status: "failing", reason: unreadableReason, since: null }
      : judge(open.length > 0 ? open : states, isFresh)),
    millisBehindLatest: known.length > 0 ? Math.max(...known) : null,
    totals: {
      records: sum(states, ({ records }) => records),
      lines: sum(states, ({ lines }) => lines),
      bytes: sum(states, ({ bytes }) => bytes),
      parts: sum(states, ({ parts }) => parts),
      quarantined: sum(states, ({ quarantined }) => quarantined),
      failedBatches: sum(states, ({ failedBatches }) => failedBatches),
    },
    ...rest,
  };
};
