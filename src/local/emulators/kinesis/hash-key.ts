import { hash } from "node:crypto";

/** Hash keys are 128-bit numbers; this is the largest. */
export const MAX_HASH_KEY = (1n << 128n) - 1n;

/** Keys whose shard is remembered; past it the memory starts anew. */
const CACHED_KEYS = 10_000;

/** Fixed-width hexadecimal: compares as text the way the numbers compare. */
export const toSortableHash = (key: bigint): string => key.toString(16).padStart(32, "0");

/** MD5 of the key's UTF-8 bytes, in the sortable form. */
export const hashPartitionKey = (partitionKey: string): string => hash("md5", partitionKey, "hex");

export type HashRange = { shardIndex: number; endingHashKey: bigint };

/** Finds the open shard of a record. The ranges together cover every hash key. */
export const createRouter = (ranges: readonly HashRange[]) => {
  const ends = ranges
    .map(({ shardIndex, endingHashKey }) => ({ shardIndex, end: toSortableHash(endingHashKey) }))
    .sort((a, b) => (a.end < b.end ? -1 : 1));
  const cache = new Map<string, number>();

  const find = (hashed: string): number => {
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.end ?? "") < hashed) low = middle + 1;
      else high = middle;
    }
    return ends[low]?.shardIndex ?? 0;
  };

  return {
    byHashKey: (key: bigint): number => find(toSortableHash(key)),
    byPartitionKey: (partitionKey: string): number => {
      const known = cache.get(partitionKey);
      if (known !== undefined) return known;
      const shardIndex = find(hashPartitionKey(partitionKey));
      if (cache.size >= CACHED_KEYS) cache.clear();
      cache.set(partitionKey, shardIndex);
      return shardIndex;
    },
  };
};

export type Router = ReturnType<typeof createRouter>;
