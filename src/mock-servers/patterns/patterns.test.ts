import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../shared/core/random.ts";
import {
  createPattern,
  PATTERN_TYPES,
  patternTypeOf,
  sample,
  withRiseAndFall,
} from "./patterns.ts";

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyTime = fc.double({ min: -2, max: 3, noNaN: true });

describe.each(PATTERN_TYPES)("%s", (type) => {
  test("stays between 0 and 1 at any time, and is a pure function of it", () => {
    fc.assert(
      fc.property(seed, anyTime, (chances, at) => {
        const pattern = createPattern(type, createRandom(chances));
        const value = pattern(at);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(pattern(at)).toBe(value);
        expect(createPattern(type, createRandom(chances))(at)).toBe(value);
      }),
    );
  });

  test("as an anomaly comes from nothing, rises, and goes back to nothing", () => {
    const scores = sample(withRiseAndFall(createPattern(type, createRandom(7))), 400);
    expect(scores[0]).toBe(0);
    expect(scores.at(-1)).toBe(0);
    expect(Math.max(...scores)).toBeGreaterThan(0.3);
  });
});

test("the patterns have the courses that their names say", () => {
  const at = (type: Parameters<typeof createPattern>[0], ...times: number[]) => {
    const pattern = createPattern(type, createRandom(1));
    return times.map(pattern);
  };
  const [before = 0, peak = 0, after = 0] = at("gaussian_spike", 0.2, 0.5, 0.8);
  expect(peak).toBe(1);
  expect(before).toBeLessThan(0.1);
  expect(after).toBeCloseTo(before, 10);
  const [half = 0, full = 0] = at("exponential_growth", 0.5, 1);
  expect(half).toBeLessThan(0.2);
  expect(full).toBe(1);
  expect(at("step_function", 0.29, 0.31, 0.79, 0.81)).toEqual([0.1, 1, 1, 0.1]);
  const waves = sample(createPattern("oscillation", createRandom(1)), 801);
  const isPeak = (value: number, index: number) =>
    value > (waves[index - 1] ?? 1) && value > (waves[index + 1] ?? 1);
  expect(waves.filter(isPeak)).toHaveLength(4);
});

test("patterns are found however they are written; unknown ones are not", () => {
  expect(patternTypeOf("Gaussian Spike")).toBe("gaussian_spike");
  expect(patternTypeOf("exponential-growth")).toBe("exponential_growth");
  expect(patternTypeOf("random walk")).toBe("random_walk");
  for (const name of ["", "spikey", "constructor"]) expect(patternTypeOf(name)).toBeUndefined();
});
