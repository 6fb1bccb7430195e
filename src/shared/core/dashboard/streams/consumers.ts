import type { ShardState } from "../../consumer-state.ts";
import type { ConsumerStatus } from "../consumer-status.ts";
import { isPolled } from "../consumer-status.ts";
import { formatDuration } from "../format.ts";
import type { ShardHistory, Trend } from "../history/history.ts";
import type { Shard } from "../ports.ts";
import type { Known } from "./known.ts";
import { isClosedShard } from "./shard-graph.ts";

export type ShardLag = {
  shardId: string;
  isDrained: boolean;
  millisBehind: Known<number>;
  trend: Known<Trend>;
  /** Worst of each step of the last minutes, oldest first. */
  lags: readonly (number | null)[];
  recordsPerSecond: Known<number>;
  /** Since the last batch whose effects are durable, milliseconds. */
  checkpointAgeMs: Known<number>;
  sequenceNumber: string | null;
  records: number | null;
  owner: string | null;
  lastPolledAt: string | null;
  error: ShardState["error"];
};

/** The history of each shard, and why a shard is not in it. */
export type LagHistory = { shards: readonly ShardHistory[]; reason: string };

const none = (reason: string): { value: null; reason: string } => ({ value: null, reason });

const lagOf = (
  state: ShardState,
  history: LagHistory,
  { now, freshMs }: { now: number; freshMs: number },
): ShardLag => {
  const { stream, shardId, millisBehindLatest: behind, lastPolledAt, lastBatchAt } = state;
  const age = lastPolledAt === null ? null : formatDuration(now - Date.parse(lastPolledAt));
  const isFresh = isPolled(state, now, freshMs);
  const unknown = state.drained
    ? "Closed, and read to its end."
    : age === null
      ? "Not polled yet."
      : `Not polled for ${age}${behind === null ? "" : `; it was ${formatDuration(behind)} behind then`}.`;
  const past = history.shards.find((entry) => entry.stream === stream && entry.shardId === shardId);
  const isKnown = isFresh && !state.drained;
  const known = <T>(value: T | null | undefined): Known<T> =>
    value === null || value === undefined ? none(history.reason) : { value, reason: null };
  return {
    shardId,
    isDrained: state.drained,
    millisBehind: isKnown && behind !== null ? { value: behind, reason: null } : none(unknown),
    trend: isKnown ? known(past?.trend) : none(unknown),
    lags: past?.lagMs ?? [],
    recordsPerSecond: isKnown ? known(past?.recordsPerSecond) : none(unknown),
    checkpointAgeMs:
      lastBatchAt === null
        ? none("No batch was stored yet.")
        : { value: Math.max(0, now - Date.parse(lastBatchAt)), reason: null },
    sequenceNumber: state.sequenceNumber,
    records: state.records,
    owner: state.owner ?? null,
    lastPolledAt,
    error: state.error,
  };
};

const unseen = (shardId: string, reason: string): ShardLag => ({
  shardId,
  isDrained: false,
  millisBehind: none(reason),
  trend: none(reason),
  lags: [],
  recordsPerSecond: none(reason),
  checkpointAgeMs: none(reason),
  sequenceNumber: null,
  records: null,
  owner: null,
  lastPolledAt: null,
  error: null,
});

/**
 * How far the consumer is in each shard of a stream: those with a recorded state, and open ones
 * nobody has read yet.
 */
export const lagsOf = (
  stream: string,
  shards: readonly Shard[],
  consumer: ConsumerStatus,
  history: LagHistory,
  clock: { now: number; freshMs: number },
): ShardLag[] => {
  const states = consumer.shards.filter((state) => state.stream === stream);
  const seen = new Set(states.map(({ shardId }) => shardId));
  const isOfShards = states.some(({ shardId }) =>
    shards.some((shard) => shard.shardId === shardId),
  );
  const isWhole = states.length > 0 && !isOfShards;
  return [
    ...states.map((state) => lagOf(state, history, clock)),
    // CloudWatch knows the stream as a whole only.
    ...shards
      .filter((shard) => !isWhole && !seen.has(shard.shardId) && !isClosedShard(shard))
      .map(({ shardId }) => unseen(shardId, "No consumer has recorded this shard yet.")),
  ];
};
