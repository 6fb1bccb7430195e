import fc from "fast-check";
import { expect, test } from "vitest";
import type { ShardState } from "../consumer-state.ts";
import { createLaneTracker, freshLanes, laneOf, resumeLanes, storedLanes } from "./lanes.ts";
import { initialShardState } from "./shard-state.ts";

const STATE: ShardState = initialShardState("logs", "2025-11-14T01:00:00.000Z", {
  shardId: "a",
  parentShardIds: [],
});

test("a partition key has one lane, and few keys spread over all of them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 10 }), (key, count) => {
      const lane = laneOf(key, count);
      expect(lane).toBe(laneOf(key, count));
      expect(lane).toBeGreaterThanOrEqual(0);
      expect(lane).toBeLessThan(count);
    }),
  );
  for (const count of [2, 5, 10]) {
    const hit = Array.from({ length: count * 20 }, (_, index) => laneOf(`service-${index}`, count));
    const sizes = Array.from({ length: count }, (_, lane) => hit.filter((l) => l === lane).length);
    expect(Math.min(...sizes)).toBeGreaterThan(5);
  }
});

test("the checkpoint is the last record before which none is open, in whatever order lanes finish", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 9 }))),
      (laneOfRecord, finishes) => {
        const tracker = createLaneTracker(null, freshLanes(4, null));
        const open = new Map<number, number[]>();
        for (const [index, lane] of laneOfRecord.entries()) {
          tracker.add(lane, String(index + 1));
          open.set(lane, [...(open.get(lane) ?? []), index + 1]);
        }
        for (const [lane, count] of finishes) {
          tracker.finish(lane, count);
          open.get(lane)?.splice(0, count);
          const firstOpen = Math.min(...[...open.values()].flat());
          const expected = Math.min(firstOpen - 1, laneOfRecord.length);
          const { sequenceNumber } = tracker.progress();
          expect(Number(sequenceNumber ?? 0)).toBe(expected);
        }
      },
    ),
  );
});

test("after a restart a lane skips exactly what it has done", () => {
  const first = createLaneTracker(null, freshLanes(2, null));
  for (const [lane, number] of [
    [0, "1"],
    [1, "2"],
    [1, "3"],
    [0, "4"],
    [1, "5"],
  ] as const)
    first.add(lane, number);
  first.finish(1, 2);
  first.begin(0, "4");
  const state = { ...STATE, ...first.progress() };
  expect(state).toMatchObject({ sequenceNumber: null, pendingUntil: null });

  const { lanes, until } = resumeLanes(state, 2);
  expect(until).toBeNull();
  expect(lanes.map(({ pendingUntil }) => pendingUntil)).toEqual(["4", null]);
  const second = createLaneTracker(state.sequenceNumber, lanes);
  const isDone = ["1", "2", "3", "4", "5"].map((number, index) =>
    second.isDone([0, 1, 1, 0, 1][index] ?? 0, number),
  );
  expect(isDone).toEqual([false, true, true, false, false]);
});

test("another number of lanes begins only where none of the old ones is ahead", () => {
  const lane = (sequenceNumber: string | null, pendingUntil: string | null = null) => ({
    sequenceNumber,
    pendingUntil,
  });
  const even = { ...STATE, sequenceNumber: "9", lanes: [lane("9"), lane("4")] };
  expect(resumeLanes(even, 1)).toEqual({ lanes: [lane("9")], until: null });
  const ahead = { ...STATE, sequenceNumber: "9", lanes: [lane("9"), lane("12", "20")] };
  expect(resumeLanes(ahead, 3)).toEqual({ lanes: storedLanes(ahead), until: "20" });
  const single = { ...STATE, sequenceNumber: "9", pendingUntil: "11" };
  expect(resumeLanes(single, 4)).toEqual({ lanes: [lane("9", "11")], until: "11" });
  expect(resumeLanes(STATE, 3)).toEqual({ lanes: freshLanes(3, null), until: null });
});
