import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { SourceError } from "../../shared/core/event-source/source.ts";
import type { EventSourceMapping } from "./mapping.ts";
import { createWorld, dataOf, shardIdOf } from "./world.testing.ts";

const KEYS = ["cart", "login", "pay"];
const ROUNDS = 25;

/** Mulberry32: the same seed gives the same run. */
const randomFrom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const runChaos = async (seed: number) => {
  const random = randomFrom(seed);
  const chance = (probability: number) => random() < probability;
  const world = createWorld({
    shardCount: 2,
    batchSize: 1 + Math.floor(random() * 20),
    batchWindowMs: chance(0.5) ? 0 : 2_000,
    random,
  });
  let isQuiet = false;
  const mappings: { mapping: EventSourceMapping; running: Promise<void> }[] = [];
  const start = () => {
    const mapping = world.start();
    mappings.push({ mapping, running: mapping.run() });
  };
  const disturb = () => {
    if (isQuiet) return;
    if (chance(0.03)) throw new Error("fault");
    if (chance(0.01)) world.kill();
  };
  world.onState = disturb;
  world.onObject = disturb;
  world.stream.fault = () =>
    !isQuiet && chance(0.05) ? new SourceError("UNAVAILABLE", "fault") : undefined;
  const handled = new Map<string, number[]>();
  world.afterBatch = (event) => {
    for (const data of dataOf(event)) {
      const [key = "", number] = data.split(":");
      const numbers = handled.get(key) ?? [];
      if (!numbers.includes(Number(number))) numbers.push(Number(number));
      handled.set(key, numbers);
    }
  };

  // Each key lives in one shard at a time, and moves to a child when its shard is closed.
  const home = new Map(KEYS.map((key, index) => [key, shardIdOf(index % 2)]));
  const sent: string[] = [];
  const put = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      const key = KEYS[Math.floor(random() * KEYS.length)] as string;
      const data = `${key}:${sent.length}`;
      sent.push(data);
      world.stream.put(home.get(key) as string, data, key);
    }
  };
  const reshard = () => {
    const parents = [...new Set(home.values())];
    const isMerge = parents.length > 1 && chance(0.5);
    const closing = isMerge ? parents : parents.slice(0, 1);
    for (const parent of closing) world.stream.close(parent);
    const children = isMerge
      ? [world.stream.open(...closing)]
      : [world.stream.open(...closing), world.stream.open(...closing)];
    for (const [key, shard] of home)
      if (closing.includes(shard))
        home.set(key, children[Math.floor(random() * children.length)] as string);
  };

  start();
  for (let round = 0; round < ROUNDS; round += 1) {
    put(Math.floor(random() * 30));
    if (chance(0.1)) reshard();
    await vi.advanceTimersByTimeAsync(random() * 3_000);
    if (chance(0.25)) {
      world.kill();
      void mappings.at(-1)?.mapping.close();
      start();
    }
  }
  isQuiet = true;
  world.kill();
  void mappings.at(-1)?.mapping.close();
  start();
  await vi.advanceTimersByTimeAsync(120_000);
  for (const { mapping } of mappings) void mapping.close();
  await vi.advanceTimersByTimeAsync(10_000);
  await Promise.all(mappings.map(({ running }) => running));
  return { stored: world.stored(), sent: sent.sort(), handled, events: world.events.length };
};

test("whatever fails, dies or is resharded, every record is stored exactly once, in order per key", async () => {
  vi.useFakeTimers({ now: 1_763_082_000_000 });
  try {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { stored, sent, handled } = await runChaos(seed);
        expect(stored).toEqual(sent);
        for (const numbers of handled.values())
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
  } finally {
    vi.useRealTimers();
  }
}, 60_000);
