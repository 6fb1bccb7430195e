import type { Shard } from "../ports.ts";
import type { ShardCursor, StreamCursor } from "./stream-cursor.ts";

export const isClosedShard = ({ endingSequenceNumber }: Shard): boolean =>
  endingSequenceNumber !== undefined;

export const parentsOf = ({ parentShardId, adjacentParentShardId }: Shard): string[] =>
  [parentShardId, adjacentParentShardId].filter((id) => id !== undefined);

/** The shards that came of this one by resharding, at any remove. */
export const descendantsOf = (shards: readonly Shard[], shardId: string): Set<string> => {
  const found = new Set<string>();
  const waiting = [shardId];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
    for (const shard of shards)
      if (parentsOf(shard).includes(id) && !found.has(shard.shardId)) {
        found.add(shard.shardId);
        waiting.push(shard.shardId);
      }
  return found;
};

/**
 * Where each shard is to be read from: a shard of the cursor goes on, its descendants are read from
 * their beginning, any other open shard from `at` (epoch milliseconds) on. Closed shards that
 * nobody was reading are left out, and so are places in shards that are no longer listed.
 */
export const placesOf = (
  shards: readonly Shard[],
  cursor: StreamCursor | undefined,
  at: number,
): Map<string, ShardCursor> => {
  const places = new Map<string, ShardCursor>();
  const inherited = new Set<string>();
  for (const shardId of Object.keys(cursor ?? {}))
    for (const id of descendantsOf(shards, shardId)) inherited.add(id);
  for (const shard of shards) {
    const { shardId } = shard;
    const own = cursor && Object.hasOwn(cursor, shardId) ? cursor[shardId] : undefined;
    if (own !== undefined) places.set(shardId, own);
    else if (inherited.has(shardId)) places.set(shardId, {});
    else if (!isClosedShard(shard)) places.set(shardId, { at });
  }
  return places;
};
