import { beforeEach, expect, test } from "vitest";
import { initialShardState } from "../../shared/core/event-source/shard-state.ts";
import type { StateStore } from "../../shared/core/ports.ts";
import { FENCE_MS, LEASE_MS, RENEW_MS, type ShardLease, takeLease } from "./shard-lease.ts";

const STATE = initialShardState("logs", "2025-11-14T01:00:00.000Z", {
  shardId: "shardId-000000000000",
  parentShardIds: [],
});
const NEW = { version: null, revision: 0 };

let stored: string | undefined;
let clock = { wall: 0, monotonic: 0 };
let loseAnswers = 0;
let writes = 0;

const store: StateStore = {
  read: async () => (stored === undefined ? undefined : { text: stored, version: stored }),
  write: async (_key, text, version) => {
    writes += 1;
    if ((stored ?? null) !== version) return undefined;
    stored = text;
    if (loseAnswers-- > 0) throw new Error("ECONNRESET");
    return text;
  },
  list: async () => [],
  remove: async () => {},
};
const deps = (id: string) => ({
  store,
  instance: { id, isGone: () => false },
  now: () => clock.wall,
  monotonicNow: () => clock.monotonic,
});
const pass = (ms: number) => {
  clock = { wall: clock.wall + ms, monotonic: clock.monotonic + ms };
};
const take = async (id: string): Promise<ShardLease> => {
  const before =
    stored === undefined ? NEW : { version: stored, revision: JSON.parse(stored).revision };
  const lease = await takeLease(deps(id), STATE, before);
  if (lease === undefined) throw new Error("not taken");
  return lease;
};

beforeEach(() => {
  stored = undefined;
  clock = { wall: 1_763_082_000_000, monotonic: 0 };
  loseAnswers = 0;
  writes = 0;
});

test("an owner stops well before anybody else may begin, and renews twice before that", () => {
  expect(FENCE_MS).toBeLessThan(LEASE_MS - 3_000);
  expect(2 * RENEW_MS).toBeLessThan(FENCE_MS);
});

test("of two that take a shard at once one has it", async () => {
  const both = await Promise.all([
    takeLease(deps("a"), STATE, NEW),
    takeLease(deps("b"), STATE, NEW),
  ]);
  expect(both.filter((lease) => lease !== undefined)).toHaveLength(1);
});

test("an owner whose shard was taken cannot write its checkpoint any more", async () => {
  const old = await take("a");
  const fence = old.fence();
  await take("b");
  const checkpoint = { ...STATE, sequenceNumber: "7" };
  expect(await old.write(checkpoint)).toBe(false);
  expect(old.lost.aborted).toBe(true);
  expect(fence.signal.aborted).toBe(true);
  expect(JSON.parse(stored ?? "")).toMatchObject({ owner: "b", sequenceNumber: null });
});

test.each(["wall", "monotonic"] as const)(
  "without a renewal nothing may be written after 10 s by the %s clock alone",
  async (name) => {
    const lease = await take("a");
    const fence = lease.fence();
    clock = { ...clock, [name]: clock[name] + FENCE_MS - 1 };
    fence.assertHeld();
    clock = { ...clock, [name]: clock[name] + 1 };
    expect(() => fence.assertHeld()).toThrow("ran out");
    expect(lease.isHeld()).toBe(false);
    expect(fence.signal.aborted).toBe(true);
  },
);

test("a lease that ran out and that nobody took is held again after a renewal, but not for old calls", async () => {
  const lease = await take("a");
  const old = lease.fence();
  pass(60_000);
  expect(await lease.write(STATE)).toBe(true);
  expect(lease.isHeld()).toBe(true);
  lease.fence().assertHeld();
  expect(() => old.assertHeld()).toThrow("ran out");
});

test("an own write of which the answer was lost is not taken for somebody else's", async () => {
  const lease = await take("a");
  loseAnswers = 1;
  await expect(lease.write({ ...STATE, sequenceNumber: "1" })).rejects.toThrow("ECONNRESET");
  expect(await lease.write({ ...STATE, sequenceNumber: "2" })).toBe(true);
  expect(JSON.parse(stored ?? "")).toMatchObject({ owner: "a", sequenceNumber: "2" });
});

test("what a person repaired is not overwritten", async () => {
  const lease = await take("a");
  stored = JSON.stringify({ ...JSON.parse(stored ?? ""), sequenceNumber: "5" });
  expect(await lease.write(STATE)).toBe(false);
  expect(JSON.parse(stored).sequenceNumber).toBe("5");
});

test("a state that was removed is not written again", async () => {
  const lease = await take("a");
  stored = undefined;
  expect(await lease.write(STATE)).toBe(false);
  expect(stored).toBeUndefined();
});

test("a shard that was given up has no owner, and every write differs from all before", async () => {
  const lease = await take("a");
  const seen = new Set([stored]);
  for (let index = 0; index < 3; index += 1) {
    await lease.write(STATE);
    seen.add(stored);
  }
  lease.giveUp();
  await lease.write(STATE);
  expect(JSON.parse(stored ?? "")).toMatchObject({ owner: null, leaseExpiresAt: null });
  expect(seen.size).toBe(4);
  expect(writes).toBe(5);
});
