import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shardStateKey } from "../../shared/core/consumer-state.ts";
import { failurePolicy } from "../../shared/core/event-source/failure-policy.ts";
import { createWorld, dataOf, STREAM, shardIdOf, type World } from "./world.testing.ts";

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2025-11-14T01:00:00Z") });
});

const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of running.splice(0)) await close();
  vi.useRealTimers();
});

const startIn = (world: World, ...args: Parameters<World["start"]>) => {
  const mapping = world.start(...args);
  void mapping.run();
  running.push(async () => {
    mapping.thaw();
    const closed = mapping.close();
    await pass(10_000);
    await closed;
  });
  return mapping;
};

const ownersOf = (world: World): (string | null | undefined)[] =>
  [...world.states.keys()]
    .filter((key) => key.startsWith(`_state/${STREAM}/`))
    .sort()
    .map((key) => JSON.parse(world.states.get(key) ?? "{}").owner);
const countOf = (world: World, id: string) =>
  ownersOf(world).filter((owner) => owner === id).length;
const putAll = (world: World, shardCount: number, from: number): void => {
  for (let index = 0; index < shardCount; index += 1)
    world.stream.put(shardIdOf(index), `${from + index}`, `key-${index}`);
};

test("an instance alone has every shard at once", async () => {
  const world = createWorld({ shardCount: 8 });
  const only = startIn(world);
  await pass(100);
  expect(countOf(world, only.id)).toBe(8);
});

test("a second instance gets half of the shards, one after the other, and nothing is handled twice", async () => {
  const world = createWorld({ shardCount: 4 });
  const first = startIn(world);
  await pass(1_000);
  const second = startIn(world);
  for (let round = 0; round < 40; round += 1) {
    putAll(world, 4, round * 4);
    await pass(1_000);
  }
  expect([countOf(world, first.id), countOf(world, second.id)]).toEqual([2, 2]);
  expect(world.stored()).toHaveLength(160);
  expect(world.events.flatMap(dataOf)).toHaveLength(160);
  expect(world.writes.every(({ wasOwner }) => wasOwner)).toBe(true);
  // And so it stays.
  const owners = ownersOf(world);
  await pass(300_000);
  expect(ownersOf(world)).toEqual(owners);
});

test("three instances on four shards: each has at least one", async () => {
  const world = createWorld({ shardCount: 4 });
  const all = [startIn(world), startIn(world), startIn(world)];
  await pass(120_000);
  const counts = all.map(({ id }) => countOf(world, id));
  expect(counts.sort()).toEqual([1, 1, 2]);
});

test("an instance that vanished elsewhere keeps its shards for a lease, and not for 30 s", async () => {
  const world = createWorld({ shardCount: 2, knowsEnds: false });
  const first = startIn(world);
  await pass(10_000);
  const second = startIn(world);
  await pass(60_000);
  expect([countOf(world, first.id), countOf(world, second.id)]).toEqual([1, 1]);
  first.kill();
  await pass(10_000);
  expect(countOf(world, first.id)).toBe(1);
  await pass(15_000);
  expect(countOf(world, second.id)).toBe(2);
});

test("an instance that ended on this machine is followed at once", async () => {
  const world = createWorld({ shardCount: 4 });
  startIn(world);
  await pass(10_000);
  world.kill();
  const next = startIn(world);
  await pass(1_000);
  expect(countOf(world, next.id)).toBe(4);
  expect([...world.states.keys()].filter((key) => key.includes("~instances"))).toHaveLength(1);
});

test("close gives the shards up, and leaves no sign of life behind", async () => {
  const world = createWorld({ shardCount: 2, knowsEnds: false });
  const first = startIn(world);
  await pass(10_000);
  await first.close();
  expect(ownersOf(world)).toEqual([null, null]);
  expect([...world.states.keys()].filter((key) => key.includes("~instances"))).toEqual([]);
});

test("an instance alone that slept for an hour goes on where it was", async () => {
  const world = createWorld({ knowsEnds: false });
  const only = startIn(world);
  putAll(world, 1, 0);
  await pass(5_000);
  only.freeze();
  putAll(world, 1, 1);
  await pass(3_600_000);
  only.thaw();
  await pass(10_000);
  expect(world.stored()).toEqual(["0", "1"]);
  expect(countOf(world, only.id)).toBe(1);
  expect(world.events).toHaveLength(2);
});

test("the batch that a frozen instance was writing is handed over again as it was, however much came since", async () => {
  const world = createWorld({ knowsEnds: false, batchSize: 100 });
  const first = startIn(world);
  await pass(1_000);
  world.encodeMs = () => 500;
  for (let index = 0; index < 3; index += 1) putAll(world, 1, index);
  await pass(300);
  first.freeze();
  for (let index = 3; index < 9; index += 1) putAll(world, 1, index);
  startIn(world);
  await pass(40_000);
  first.thaw();
  await pass(20_000);
  expect(world.events.map(dataOf)).toEqual([
    ["0", "1", "2"],
    ["0", "1", "2"],
    ["3", "4", "5", "6", "7", "8"],
  ]);
  expect(world.stored()).toHaveLength(9);
  expect(world.writes.every(({ wasOwner }) => wasOwner)).toBe(true);
});

test("while the on-failure destination does not take a batch the shard waits, and nothing is given up", async () => {
  const world = createWorld({ batchSize: 2, destinationFault: () => new Error("NoSuchBucket") });
  for (let index = 0; index < 4; index += 1) putAll(world, 1, index);
  world.beforeBatch = () => {
    throw new Error("no");
  };
  startIn(world, { failurePolicy: failurePolicy(1, -1, false) });
  await pass(60_000);
  expect(world.state(shardIdOf(0))).toMatchObject({
    sequenceNumber: null,
    error: { code: "ON_FAILURE_NOT_WRITTEN", message: expect.stringContaining("NoSuchBucket") },
  });
  expect(new Set(world.events.map((event) => dataOf(event).join()))).toEqual(new Set(["0,1"]));
});

test("what was given up is counted apart", async () => {
  const world = createWorld({ batchSize: 2 });
  for (let index = 0; index < 4; index += 1) putAll(world, 1, index);
  world.beforeBatch = (event) => {
    if (dataOf(event).includes("0")) throw new Error("no");
  };
  startIn(world, { failurePolicy: failurePolicy(1, -1, false) });
  await pass(30_000);
  expect(world.state(shardIdOf(0))).toMatchObject({
    records: 4,
    lines: 2,
    discarded: 2,
    error: null,
  });
});

test("a policy that gives records up is refused without a place to keep them", () => {
  const world = createWorld({ destinationFault: null });
  expect(() => world.start({ failurePolicy: failurePolicy(1, -1, false) })).toThrow("on-failure");
});

test("with LATEST a crash before the first checkpoint skips nothing", async () => {
  const world = createWorld({});
  putAll(world, 1, 0);
  await pass(1_000);
  startIn(world, { startingPosition: { type: "LATEST" } });
  await pass(1_000);
  world.beforeBatch = () => new Promise(() => {});
  putAll(world, 1, 1);
  await pass(2_000);
  world.kill();
  world.beforeBatch = () => undefined;
  startIn(world, { startingPosition: { type: "LATEST" } });
  await pass(10_000);
  expect(world.stored()).toEqual(["1"]);
  expect(world.states.get(shardStateKey(STREAM, shardIdOf(0)))).toContain("startTimestamp");
});
