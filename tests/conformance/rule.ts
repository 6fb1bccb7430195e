import { afterAll, afterEach, beforeEach, test, vi } from "vitest";
import {
  createWorld,
  dataOf,
  shardIdOf,
  type World,
  type WorldMapping,
} from "../../src/local/event-source-mapping/world.testing.ts";

/** Where a rule is written down: pages of https://docs.aws.amazon.com, by their names. */
export type Page =
  /** lambda/latest/dg/ */
  | "with-kinesis"
  | "services-kinesis-parameters"
  | "services-kinesis-batchfailurereporting"
  | "kinesis-on-failure-destination"
  | "invocation-eventsourcemapping"
  | "gettingstarted-limits"
  | "monitoring-metrics-types"
  /** lambda/latest/api/ */
  | "API_CreateEventSourceMapping"
  /** kinesis/latest/APIReference/ */
  | "API_GetRecords"
  | "API_GetShardIterator"
  /** streams/latest/dev/ */
  | "kinesis-using-sdk-java-after-resharding"
  | "service-sizes-and-limits";

export const SHARD = shardIdOf(0);
export const START = Date.parse("2025-11-14T01:00:00Z");

const counts = { passed: 0, failed: 0 };
let mappings: WorldMapping[] = [];
let worlds: World[] = [];

/** Lets simulated time go by. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A stream, a store and a handler in memory, in simulated time. */
export const worldOf = (options: Parameters<typeof createWorld>[0] = {}): World => {
  const world = createWorld(options);
  worlds.push(world);
  return world;
};

export const startIn = (world: World, ...args: Parameters<World["start"]>): WorldMapping => {
  const mapping = world.start(...args);
  mappings.push(mapping);
  void mapping.run();
  return mapping;
};

/** Puts records whose data are their numbers; returns their sequence numbers. */
export const putMany = (world: World, count: number, shardId = SHARD, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => world.stream.put(shardId, `${from + index}`));

/** What was handed over, call by call. */
export const callsOf = (world: World): string[][] => world.events.map(dataOf);

/** One conformance case: what Lambda does, and the page that says so. */
export const rule = (page: Page, text: string, check: () => Promise<void> | void): void => {
  test(`${text} [${page}]`, async () => {
    counts.failed += 1;
    await check();
    counts.failed -= 1;
    counts.passed += 1;
  });
};

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});

afterEach(async () => {
  for (const world of worlds) world.beforeBatch = () => undefined;
  const closing = mappings.map((mapping) => mapping.close());
  await pass(10_000);
  await Promise.all(closing);
  mappings = [];
  worlds = [];
  vi.useRealTimers();
});

afterAll(() => {
  const { passed, failed } = counts;
  console.log(
    `event source mapping: ${passed} of ${passed + failed} conformance cases hold, each named by its rule and AWS's page`,
  );
});
