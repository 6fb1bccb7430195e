import fc from "fast-check";
import { expect, test } from "vitest";
import { createSampleHistory, pointsOf, type Sample, trendOf } from "./history.ts";

const sample = (at: number, accepted: number | null, lagMs: number | null = 0): Sample => ({
  at,
  counters: {
    accepted,
    rejected: null,
    requests: null,
    throttled: null,
    landed: accepted,
    landedBytes: null,
    quarantined: null,
  },
  lagMs,
  spooledLogs: null,
  shards: [],
});

const acceptedOf = (samples: readonly Sample[], until: number) =>
  pointsOf(samples, { from: 0, until, stepMs: 60_000 }).map(({ accepted }) => accepted);

test("a step counts what was added within it", () => {
  const samples = [sample(1_000, 100), sample(31_000, 110), sample(61_000, 150)];
  expect(acceptedOf(samples, 119_999)).toEqual([10, 40]);
});

test("before the first sample, and where nobody said, it is not known", () => {
  const samples = [sample(61_000, 5), sample(71_000, null), sample(121_000, 9)];
  expect(acceptedOf(samples, 179_999)).toEqual([null, null, null]);
});

test("a counter that starts again at 0 counts from there", () => {
  expect(acceptedOf([sample(0, 1_000), sample(10_000, 30)], 59_999)).toEqual([30]);
});

test("steps add up to what the counter grew by, however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ gap: fc.integer({ min: 1, max: 50_000 }), more: fc.nat(1_000) }), {
        minLength: 1,
      }),
      fc.integer({ min: 1_000, max: 120_000 }),
      (growths, stepMs) => {
        let at = 0;
        let count = 0;
        const samples = [
          sample(0, 0),
          ...growths.map(({ gap, more }) => {
            at += gap;
            count += more;
            return sample(at, count);
          }),
        ];
        const points = pointsOf(samples, { from: 0, until: at, stepMs });
        expect(points.reduce((sum, { accepted }) => sum + (accepted ?? 0), 0)).toBe(count);
      },
    ),
  );
});

test("the lag of a step is its worst", () => {
  const samples = [sample(0, 0, 10), sample(1, 0, 500), sample(2, 0, null)];
  expect(pointsOf(samples, { from: 0, until: 10, stepMs: 60_000 })[0]?.lagMs).toBe(500);
});

test("a trend needs samples, and a change beyond the noise of polling", () => {
  expect(trendOf([1, 2])).toBeNull();
  expect(trendOf([0, 900, 100, 800])).toBe("steady");
  expect(trendOf([0, 2_000, 9_000])).toBe("rising");
  expect(trendOf([9_000, null, 3_000, 0])).toBe("falling");
});

test("only so many samples are kept", async () => {
  const history = createSampleHistory(3, () => 100_000);
  for (let at = 0; at < 10; at += 1) history.add(sample(at * 10_000, at));
  expect((await history.read({ minutes: 5, stepMs: 60_000 })).since).toBe(70_000);
});

test("the lag of a shard stands beside the points, step by step", async () => {
  const history = createSampleHistory(100, () => 239_000);
  const shard = (lagMs: number) => ({ stream: "s", shardId: "0", lagMs, records: 0 });
  for (const [at, lag] of [
    [125_000, 7],
    [130_000, 900],
    [185_000, 3],
  ] as const)
    history.add({ ...sample(at, 0), shards: [shard(lag)] });
  const { points, shards } = await history.read({ minutes: 3, stepMs: 60_000 });
  expect(points.map(({ at }) => at)).toEqual([0, 60_000, 120_000, 180_000]);
  expect(shards[0]?.lagMs).toEqual([null, null, 900, 3]);
});
