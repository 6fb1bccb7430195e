import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MUTANTS } from "./mutants/mutants.ts";
import { HEALTHY, runScenario, type Seams } from "./mutants/scenario.ts";

const START = Date.UTC(2025, 10, 14, 1, 20, 0);
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const runAll = async (seams: Partial<Seams>) => {
  const outcomes = [];
  for (const seed of SEEDS) outcomes.push(await runScenario(seed, { ...HEALTHY, ...seams }));
  return outcomes;
};

test("the code as it is stores every record once under every seed, and counts them right", async () => {
  for (const { sent, lost, doubled, counted } of await runAll({})) {
    expect({ lost, doubled }).toEqual({ lost: [], doubled: [] });
    expect(counted.stored + counted.quarantined).toBe(sent);
  }
}, 120_000);

test.each(MUTANTS)(
  "the same faults find $name",
  async ({ seams, symptom }) => {
    const outcomes = await runAll(seams);
    const red = outcomes.filter((outcome) => outcome[symptom].length > 0);
    // Most seeds, not a lucky one.
    expect(red.length).toBeGreaterThan(SEEDS.length / 2);
  },
  120_000,
);
