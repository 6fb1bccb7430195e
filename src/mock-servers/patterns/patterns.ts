import type { Random } from "../../shared/core/random.ts";

/** A course over time: `at` 0 is the beginning, 1 the end; the value is 0 (nothing) to 1 (the most). */
export type Pattern = (at: number) => number;

const WALK_STEPS = 64;

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

const bell = (at: number, middle: number, width: number): number =>
  Math.exp(-((at - middle) ** 2) / (2 * width ** 2));

const exponential = (at: number): number => Math.expm1(4 * at) / Math.expm1(4);

/** Reflected at the edges, so that it never sticks to one. */
const walk = (random: Random): Pattern => {
  const steps = [0.3];
  for (let step = 1; step <= WALK_STEPS; step += 1) {
    const next = (steps[step - 1] ?? 0) + random.between(-0.18, 0.18);
    steps.push(next < 0 ? -next : next > 1 ? 2 - next : next);
  }
  return (at) => {
    const place = clamp(at) * WALK_STEPS;
    const step = Math.min(Math.floor(place), WALK_STEPS - 1);
    const from = steps[step] ?? 0;
    return from + ((steps[step + 1] ?? from) - from) * (place - step);
  };
};

const FORMS = {
  gaussian_spike: () => (at) => bell(at, 0.5, 0.12),
  step_function: () => (at) => (at >= 0.3 && at < 0.8 ? 1 : 0.1),
  exponential_growth: () => exponential,
  exponential_decay: () => (at) => Math.exp(-4 * at),
  linear_ramp: () => (at) => at,
  oscillation: () => (at) => 0.5 - 0.5 * Math.cos(at * 8 * Math.PI),
  sawtooth: () => (at) => (at * 4) % 1,
  plateau: () => (at) => Math.min(1, at / 0.2, (1 - at) / 0.2),
  double_spike: () => (at) => Math.max(bell(at, 0.28, 0.07), 0.8 * bell(at, 0.72, 0.07)),
  burst: (random) => {
    const middles = Array.from({ length: 5 }, () => random.between(0.08, 0.92));
    return (at) => Math.max(...middles.map((middle) => bell(at, middle, 0.025)));
  },
  random_walk: walk,
} satisfies Record<string, (random: Random) => Pattern>;

export type PatternType = keyof typeof FORMS;

export const PATTERN_TYPES = Object.keys(FORMS) as readonly PatternType[];

const OTHER_NAMES: Readonly<Record<string, PatternType>> = {
  gaussian: "gaussian_spike",
  spike: "gaussian_spike",
  step: "step_function",
  exponential: "exponential_growth",
  growth: "exponential_growth",
  decay: "exponential_decay",
  linear: "linear_ramp",
  ramp: "linear_ramp",
  gradual_increase: "linear_ramp",
  sine: "oscillation",
  sine_wave: "oscillation",
  oscillating: "oscillation",
  walk: "random_walk",
};

/** The pattern that a name stands for, however it is written; undefined where there is none. */
export const patternTypeOf = (name: string): PatternType | undefined => {
  const plain = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, "_");
  if (Object.hasOwn(FORMS, plain)) return plain as PatternType;
  return Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
};

/** A pattern as a pure function of time. Chance, where it has any, is all drawn here. */
export const createPattern = (type: PatternType, random: Random): Pattern => {
  const form = FORMS[type](random);
  return (at) => clamp(form(clamp(at)));
};

const RISE = 0.05;
const FALL = 0.1;

/** The same course, but from 0 and back to 0: an anomaly comes and goes. */
export const withRiseAndFall =
  (pattern: Pattern): Pattern =>
  (at) =>
    at <= 0 || at >= 1 ? 0 : pattern(at) * Math.min(1, at / RISE, (1 - at) / FALL);

/** `count` values over the whole course, both ends included; at one value, its middle. */
export const sample = (pattern: Pattern, count: number): number[] =>
  Array.from({ length: count }, (_, index) => pattern(count === 1 ? 0.5 : index / (count - 1)));
