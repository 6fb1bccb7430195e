import type { ShardDescription } from "./source.ts";

/**
 * Shards that may be read now: every parent is drained or no longer listed (its records are past
 * the retention). Reading a child earlier would break the order of each partition key.
 */
export const readableShards = (
  shards: readonly ShardDescription[],
  isDrained: (shardId: string) => boolean,
): ShardDescription[] => {
  const listed = new Set(shards.map(({ shardId }) => shardId));
  return shards.filter(({ parentShardIds }) =>
    parentShardIds.every((parent) => !listed.has(parent) || isDrained(parent)),
  );
};
