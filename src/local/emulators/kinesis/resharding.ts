import { invalidArgument } from "./errors.ts";
import { MAX_HASH_KEY } from "./hash-key.ts";
import type { ShardMeta, StreamMeta } from "./stream-meta.ts";

type Shards = Pick<StreamMeta, "shards" | "nextShardIndex">;

export type ReshardContext = {
  now: number;
  /** The ordinal after the last one a shard has given out. */
  nextOrdinal: (shard: ShardMeta) => number;
};

export const isOpen = (shard: ShardMeta): boolean => shard.closed === undefined;

const byHashKey = (a: ShardMeta, b: ShardMeta): number =>
  BigInt(a.startingHashKey) < BigInt(b.startingHashKey) ? -1 : 1;

/** Open shards in the order of their hash keys. */
export const openShards = (shards: readonly ShardMeta[]): ShardMeta[] =>
  shards.filter(isOpen).sort(byHashKey);

/** `count` shards of equal hash key ranges, as CreateStream makes them. */
export const createShards = (count: number, now: number): Shards => {
  const width = (MAX_HASH_KEY + 1n) / BigInt(count);
  const shards = Array.from({ length: count }, (_, index): ShardMeta => {
    const end = index === count - 1 ? MAX_HASH_KEY : width * BigInt(index + 1) - 1n;
    return {
      index,
      startingHashKey: String(width * BigInt(index)),
      endingHashKey: String(end),
      parents: [],
      createdAt: now,
      startOrdinal: 0,
    };
  });
  return { shards, nextShardIndex: count };
};

/** Closes the parents and adds children that cover their ranges. */
const replace = (
  state: Shards,
  parents: readonly ShardMeta[],
  ranges: readonly (readonly [bigint, bigint])[],
  { now, nextOrdinal }: ReshardContext,
): Shards => {
  const ends = new Map(parents.map((parent) => [parent.index, nextOrdinal(parent)]));
  // Sequence numbers grow from parent to child.
  const startOrdinal = Math.max(...ends.values()) + 1;
  const closed = state.shards.map((shard): ShardMeta => {
    const endOrdinal = ends.get(shard.index);
    return endOrdinal === undefined ? shard : { ...shard, closed: { endOrdinal, at: now } };
  });
  const children = ranges.map(
    ([start, end], i): ShardMeta => ({
      index: state.nextShardIndex + i,
      startingHashKey: String(start),
      endingHashKey: String(end),
      parents: parents.map(({ index }) => index),
      createdAt: now,
      startOrdinal,
    }),
  );
  return {
    shards: [...closed, ...children],
    nextShardIndex: state.nextShardIndex + children.length,
  };
};

/** Splits a shard in two at `newStartingHashKey`, which must leave both children a key. */
export const splitShard = (
  state: Shards,
  shard: ShardMeta,
  newStartingHashKey: bigint,
  context: ReshardContext,
): Shards => {
  const start = BigInt(shard.startingHashKey);
  const end = BigInt(shard.endingHashKey);
  if (newStartingHashKey <= start || newStartingHashKey > end)
    throw invalidArgument(
      `NewStartingHashKey ${newStartingHashKey} is not in the hash key range of the shard to split: it must be greater than ${start} and not greater than ${end}.`,
    );
  return replace(
    state,
    [shard],
    [
      [start, newStartingHashKey - 1n],
      [newStartingHashKey, end],
    ],
    context,
  );
};

export const areAdjacent = (a: ShardMeta, b: ShardMeta): boolean =>
  BigInt(a.endingHashKey) + 1n === BigInt(b.startingHashKey) ||
  BigInt(b.endingHashKey) + 1n === BigInt(a.startingHashKey);

/** Merges two adjacent shards; the first named one becomes the child's parent. */
export const mergeShards = (
  state: Shards,
  shard: ShardMeta,
  adjacent: ShardMeta,
  context: ReshardContext,
): Shards => {
  const [low, high] = [shard, adjacent].sort(byHashKey) as [ShardMeta, ShardMeta];
  const range = [BigInt(low.startingHashKey), BigInt(high.endingHashKey)] as const;
  return replace(state, [shard, adjacent], [range], context);
};

/**
 * Splits and merges until the open shards are `target` equal ranges, as UpdateShardCount does:
 * every open shard is cut at the new borders, then the pieces of one new range are merged.
 */
export const scaleUniformly = (state: Shards, target: number, context: ReshardContext): Shards => {
  const starts = createShards(target, 0).shards.map(({ startingHashKey }) =>
    BigInt(startingHashKey),
  );
  const opened = new Set<number>();
  const inFold: ReshardContext = {
    ...context,
    nextOrdinal: (shard) =>
      opened.has(shard.index) ? shard.startOrdinal + 1 : context.nextOrdinal(shard),
  };
  const step = (next: Shards): Shards => {
    for (let index = state.nextShardIndex; index < next.nextShardIndex; index += 1)
      opened.add(index);
    return next;
  };

  let current = state;
  for (const start of starts) {
    const shard = openShards(current.shards).find(
      ({ startingHashKey, endingHashKey }) =>
        BigInt(startingHashKey) < start && start <= BigInt(endingHashKey),
    );
    if (shard !== undefined) current = step(splitShard(current, shard, start, inFold));
  }
  const borders = new Set(starts.map(String));
  for (;;) {
    const open = openShards(current.shards);
    const i = open.findIndex(({ startingHashKey }) => !borders.has(startingHashKey));
    const [low, high] = [open[i - 1], open[i]];
    if (low === undefined || high === undefined) return current;
    current = step(mergeShards(current, low, high, inFold));
  }
};
