import fc from "fast-check";
import { expect, test } from "vitest";
import { createRouter, hashPartitionKey, MAX_HASH_KEY, toSortableHash } from "./hash-key.ts";
import {
  areAdjacent,
  createShards,
  isOpen,
  mergeShards,
  openShards,
  scaleUniformly,
  splitShard,
} from "./resharding.ts";
import type { ShardMeta } from "./stream-meta.ts";

const context = { now: 1000, nextOrdinal: (shard: ShardMeta) => shard.startOrdinal + 7 };

const expectWholeCover = (shards: readonly ShardMeta[]) => {
  const open = openShards(shards);
  let next = 0n;
  for (const { startingHashKey, endingHashKey } of open) {
    expect(BigInt(startingHashKey)).toBe(next);
    next = BigInt(endingHashKey) + 1n;
  }
  expect(next).toBe(MAX_HASH_KEY + 1n);
};

const step = fc.oneof(
  fc.record({
    kind: fc.constant("split" as const),
    pick: fc.nat(),
    at: fc.bigInt(1n, MAX_HASH_KEY),
  }),
  fc.record({ kind: fc.constant("merge" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("scale" as const), target: fc.integer({ min: 1, max: 9 }) }),
);

test("whatever is split, merged and scaled, open shards cover every hash key once and children follow their parents", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { maxLength: 8 }),
      fc.string({ minLength: 1 }),
      (count, steps, key) => {
        let state = createShards(count, 0);
        for (const next of steps) {
          const open = openShards(state.shards);
          if (next.kind === "scale") {
            state = scaleUniformly(state, next.target, context);
          } else if (next.kind === "split") {
            const shard = open[next.pick % open.length] as ShardMeta;
            const start = BigInt(shard.startingHashKey);
            const width = BigInt(shard.endingHashKey) - start;
            if (width > 0n)
              state = splitShard(state, shard, start + 1n + (next.at % width), context);
          } else if (open.length > 1) {
            const i = next.pick % (open.length - 1);
            state = mergeShards(state, open[i] as ShardMeta, open[i + 1] as ShardMeta, context);
          }
        }
        expectWholeCover(state.shards);
        expect(state.shards.map(({ index }) => index)).toEqual(
          Array.from({ length: state.nextShardIndex }, (_, i) => i),
        );
        for (const child of state.shards)
          for (const parent of child.parents.map((index) => state.shards[index]))
            expect(child.startOrdinal).toBeGreaterThan(parent?.closed?.endOrdinal ?? Infinity);

        const router = createRouter(
          state.shards.filter(isOpen).map(({ index, endingHashKey }) => ({
            shardIndex: index,
            endingHashKey: BigInt(endingHashKey),
          })),
        );
        const hashed = BigInt(`0x${hashPartitionKey(key)}`);
        const owner = state.shards[router.byPartitionKey(key)] as ShardMeta;
        expect(isOpen(owner)).toBe(true);
        expect(
          BigInt(owner.startingHashKey) <= hashed && hashed <= BigInt(owner.endingHashKey),
        ).toBe(true);
        expect(router.byHashKey(hashed)).toBe(owner.index);
      },
    ),
    { numRuns: 200 },
  );
});

test("uniform scaling ends in equal ranges, also from uneven ones", () => {
  let state = createShards(2, 0);
  state = splitShard(state, state.shards[0] as ShardMeta, 5n, context);
  for (const target of [3, 6, 5, 3, 2, 1]) {
    state = scaleUniformly(state, target, context);
    const ranges = openShards(state.shards).map((s) => [s.startingHashKey, s.endingHashKey]);
    const wanted = createShards(target, 0).shards.map((s) => [s.startingHashKey, s.endingHashKey]);
    expect(ranges).toEqual(wanted);
  }
});

test("doubling splits every shard once and leaves no shard in between", () => {
  const state = scaleUniformly(createShards(2, 0), 4, context);
  expect(state.shards).toHaveLength(6);
  expect(openShards(state.shards)).toHaveLength(4);
});

test("a split outside the shard's range is refused", () => {
  const state = createShards(1, 0);
  const [shard] = state.shards as [ShardMeta];
  expect(() => splitShard(state, shard, 0n, context)).toThrow("NewStartingHashKey 0");
});

test("shards are adjacent from either side, and only when their ranges touch", () => {
  const [a, b, c] = createShards(3, 0).shards as [ShardMeta, ShardMeta, ShardMeta];
  expect([areAdjacent(a, b), areAdjacent(b, a), areAdjacent(a, c)]).toEqual([true, true, false]);
});

test("hash keys sort as text the way they sort as numbers", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, MAX_HASH_KEY), fc.bigInt(0n, MAX_HASH_KEY), (a, b) => {
      expect(toSortableHash(a) < toSortableHash(b)).toBe(a < b);
    }),
  );
});
