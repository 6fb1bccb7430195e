import fc from "fast-check";
import { expect, test } from "vitest";
import type { DayCell } from "../partition-walk.ts";
import { findGaps, gapsBetween, MAX_GAP_HOURS } from "./gaps.ts";
import { HOUR_MS } from "./layout.ts";

const START = Date.UTC(2026, 10, 1);

test("hours that are there and hours of gaps are together every hour from first to last", () => {
  const hours = fc.uniqueArray(fc.integer({ min: 0, max: MAX_GAP_HOURS }), { minLength: 1 });
  fc.assert(
    fc.property(hours, (there) => {
      const gaps = gapsBetween(there.map((hour) => START + hour * HOUR_MS));
      const missing = gaps.flatMap(({ from, to, hours: count }) => {
        expect((to - from) / HOUR_MS).toBe(count);
        return Array.from({ length: count }, (_, index) => (from - START) / HOUR_MS + index);
      });
      const first = Math.min(...there);
      const all = Array.from({ length: Math.max(...there) - first + 1 }, (_, i) => first + i);
      expect([...there, ...missing].sort((a, b) => a - b)).toEqual(all);
    }),
  );
});

test("a silence of more than a week is none", () => {
  const gap = (hours: number) => gapsBetween([START, START + (hours + 1) * HOUR_MS]);
  expect(gap(MAX_GAP_HOURS)).toHaveLength(1);
  expect(gap(MAX_GAP_HOURS + 1)).toEqual([]);
});

const day = (date: string, hours: number[], isComplete = true): DayCell => ({
  service: "a",
  date,
  prefix: date,
  tally: {
    objects: hours.length,
    bytes: 1,
    newest: undefined,
    isComplete,
    hours: new Map(
      hours.map((hour) => [
        hour,
        { objects: 1, bytes: 1, smallObjects: 1, newest: undefined, sampleKey: undefined },
      ]),
    ),
  },
});

test("what is older than the first day that was not counted to its end is not judged", () => {
  const newest = day("2026-11-03", [1, 3]);
  expect(findGaps([newest, day("2026-11-02", [23]), day("2026-11-01", [1])])).toMatchObject([
    { hours: 45 },
    { hours: 1 },
    { hours: 1 },
  ]);
  expect(findGaps([newest, { ...day("2026-11-02", []), tally: null }])).toMatchObject([
    { from: Date.UTC(2026, 10, 3, 2), hours: 1 },
  ]);
  expect(findGaps([newest, day("2026-11-02", [23], false), day("2026-11-01", [1])])).toHaveLength(
    1,
  );
});
