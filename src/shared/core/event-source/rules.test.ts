import fc from "fast-check";
import { expect, test } from "vitest";
import { backOffMs } from "./back-off.ts";
import { idlePollMs } from "./polling.ts";
import { advanceShardState, initialShardState, restoreShardState } from "./shard-state.ts";
import { readableShards } from "./shards.ts";

const shard = (shardId: string, ...parentShardIds: string[]) => ({ shardId, parentShardIds });
const readable = (shards: ReturnType<typeof shard>[], ...drained: string[]) =>
  readableShards(shards, (id) => drained.includes(id)).map(({ shardId }) => shardId);

test("a child waits until its parent is drained", () => {
  const shards = [shard("a"), shard("b", "a"), shard("c", "a"), shard("d", "b")];
  expect(readable(shards)).toEqual(["a"]);
  expect(readable(shards, "a")).toEqual(["a", "b", "c"]);
});

test("the child of a merge waits for both parents", () => {
  const shards = [shard("a"), shard("b"), shard("c", "a", "b")];
  expect(readable(shards, "a")).toEqual(["a", "b"]);
  expect(readable(shards, "a", "b")).toEqual(["a", "b", "c"]);
});

test("a parent that is no longer listed counts as drained", () => {
  expect(readable([shard("c", "a", "b")])).toEqual(["c"]);
});

test("back-off grows, stays within 30 s and is never nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, chance) => {
        const ms = backOffMs(failures, () => chance);
        expect(ms).toBeGreaterThanOrEqual(100);
        expect(ms).toBeLessThanOrEqual(30_000);
      },
    ),
  );
  expect(backOffMs(3, () => 1)).toBe(800);
});

test("an idle shard is polled at most five times a second and at least once", () => {
  expect([0, 300, 1_000, 5_000, 300_000].map(idlePollMs)).toEqual([200, 200, 500, 1_000, 1_000]);
});

const CREATED = "2025-11-14T01:00:00.000Z";
const state = initialShardState("logs", CREATED, shard("a"));
const restore = (text: string | undefined, createdAt = CREATED) =>
  restoreShardState(text, "logs", createdAt, shard("a"));

test("a shard without a checkpoint starts anew", () => {
  expect(restore(undefined)).toEqual({ kind: "new", state });
});

test("a checkpoint brings back its counters, and not the error of the last run", () => {
  const stored = advanceShardState(
    { ...state, error: { code: "X", message: "x", since: CREATED } },
    { sequenceNumber: "7", pendingUntil: "9", lanes: undefined },
    3,
    { lines: 30, bytes: 900, parts: [1, 2], quarantined: 1 },
    CREATED,
  );
  expect(restore(JSON.stringify(stored))).toEqual({
    kind: "resumed",
    state: {
      ...state,
      sequenceNumber: "7",
      pendingUntil: "9",
      records: 3,
      lines: 30,
      bytes: 900,
      parts: 2,
      quarantined: 1,
      lastBatchAt: CREATED,
      lastBatchRecords: 3,
    },
  });
});

test("the checkpoint of a deleted stream of the same name is set aside", () => {
  const text = JSON.stringify({ ...state, sequenceNumber: "7" });
  expect(restore(text, "2025-11-15T01:00:00.000Z")).toMatchObject({
    kind: "replaced",
    state: { sequenceNumber: null, streamCreatedAt: "2025-11-15T01:00:00.000Z" },
    old: { sequenceNumber: "7" },
  });
});

test.each([
  ["no JSON", "{"],
  ["empty", ""],
  ["of another form", JSON.stringify({ ...state, version: 2 })],
  ["of another shard", JSON.stringify({ ...state, shardId: "b" })],
  ["of another stream", JSON.stringify({ ...state, stream: "metrics" })],
  ["with a sequence number that is none", JSON.stringify({ ...state, sequenceNumber: "LATEST" })],
  ["with an unreadable batch", JSON.stringify({ ...state, pendingUntil: "-1" })],
])("a checkpoint that is %s is an error that names it", (_name, text) => {
  expect(() => restore(text)).toThrow("_state/logs/a.json");
});
