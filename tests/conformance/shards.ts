import { expect } from "vitest";
import { shardIdOf } from "../../src/local/event-source-mapping/world.testing.ts";
import { SourceError } from "../../src/shared/core/event-source/source.ts";
import { callsOf, pass, putMany, rule, SHARD, START, startIn, worldOf } from "./rule.ts";

const RESHARDING = "kinesis-using-sdk-java-after-resharding";
const POSITIONS = "services-kinesis-parameters";

rule(
  RESHARDING,
  "after a split the parent is processed to its end before its children",
  async () => {
    const world = worldOf({ batchSize: 2 });
    putMany(world, 5);
    world.stream.close(SHARD);
    const children = [world.stream.open(SHARD), world.stream.open(SHARD)];
    for (const [index, child] of children.entries()) putMany(world, 2, child, 10 + index * 10);
    let isFailing = true;
    world.beforeBatch = () => {
      if (isFailing) throw new Error("no");
    };
    startIn(world);
    await pass(60_000);
    expect(new Set(callsOf(world).map(String))).toEqual(new Set(["0,1"]));
    isFailing = false;
    await pass(60_000);
    const order = callsOf(world).slice(-5).map(String);
    expect(order.slice(0, 3)).toEqual(["0,1", "2,3", "4"]);
    expect(order.slice(3).sort()).toEqual(["10,11", "20,21"]);
  },
);
rule(
  RESHARDING,
  "after a merge both parents are processed to their ends before the child",
  async () => {
    const world = worldOf({ shardCount: 2 });
    putMany(world, 2, shardIdOf(0));
    putMany(world, 2, shardIdOf(1), 10);
    for (const index of [0, 1]) world.stream.close(shardIdOf(index));
    putMany(world, 2, world.stream.open(shardIdOf(0), shardIdOf(1)), 20);
    startIn(world);
    await pass(10_000);
    expect(callsOf(world).at(-1)).toEqual(["20", "21"]);
    expect(world.stored()).toHaveLength(6);
  },
);
rule("API_GetRecords", "a closed shard ends with the page that has no next iterator", async () => {
  const world = worldOf({});
  putMany(world, 2);
  world.stream.close(SHARD);
  startIn(world);
  await pass(5_000);
  expect(world.state(SHARD)).toMatchObject({ drained: true, records: 2 });
  const reads = world.stream.calls.length;
  await pass(20_000);
  expect(world.stream.calls.slice(reads).filter((call) => call.startsWith("getRecords"))).toEqual(
    [],
  );
});
rule(POSITIONS, "TRIM_HORIZON starts with the oldest record in the shard", async () => {
  const world = worldOf({});
  putMany(world, 4);
  world.stream.trim(SHARD, 1);
  startIn(world);
  await pass(5_000);
  expect(callsOf(world)).toEqual([["1", "2", "3"]]);
});
rule(POSITIONS, "LATEST starts with the records that come after the mapping", async () => {
  const world = worldOf({});
  putMany(world, 4);
  await pass(1_000);
  startIn(world, { startingPosition: { type: "LATEST" } });
  await pass(5_000);
  putMany(world, 2, SHARD, 10);
  await pass(5_000);
  expect(callsOf(world)).toEqual([["10", "11"]]);
});
rule(
  POSITIONS,
  "AT_TIMESTAMP starts with the first record that arrived then or later",
  async () => {
    const world = worldOf({});
    for (let index = 0; index < 4; index += 1) {
      putMany(world, 1, SHARD, index);
      await pass(1_000);
    }
    const timestamp = new Date(START + 2_000).toISOString();
    startIn(world, { startingPosition: { type: "AT_TIMESTAMP", timestamp } });
    await pass(5_000);
    expect(callsOf(world)).toEqual([["2", "3"]]);
  },
);
rule(
  POSITIONS,
  "with LATEST the shards of a later reshard are read from their first record",
  async () => {
    const world = worldOf({});
    startIn(world, { startingPosition: { type: "LATEST" } });
    await pass(5_000);
    const child = world.stream.open(SHARD);
    putMany(world, 3, child, 10);
    world.stream.close(SHARD);
    await pass(60_000);
    expect(callsOf(world)).toEqual([["10", "11", "12"]]);
  },
);
rule(
  POSITIONS,
  "the starting position is where a mapping starts, not where it goes on",
  async () => {
    const world = worldOf({});
    putMany(world, 2);
    const first = startIn(world);
    await pass(2_000);
    await first.close();
    putMany(world, 2, SHARD, 2);
    startIn(world, { startingPosition: { type: "LATEST" } });
    await pass(2_000);
    expect(callsOf(world)).toEqual([
      ["0", "1"],
      ["2", "3"],
    ]);
  },
);
rule(
  "API_GetShardIterator",
  "an iterator that expired after five minutes is made anew where it was",
  async () => {
    const world = worldOf({ batchSize: 2 });
    putMany(world, 4);
    let isFirst = true;
    world.beforeBatch = async () => {
      if (!isFirst) return;
      isFirst = false;
      await new Promise((resolve) => setTimeout(resolve, 6 * 60_000));
    };
    startIn(world);
    await pass(400_000);
    putMany(world, 1, SHARD, 4);
    await pass(5_000);
    expect(callsOf(world)).toEqual([["0", "1"], ["2", "3"], ["4"]]);
  },
);
rule("service-sizes-and-limits", "a shard is read at most five times a second", async () => {
  const world = worldOf({ batchWindowMs: 0 });
  putMany(world, 50_000);
  startIn(world);
  await pass(10_000);
  const reads = world.stream.calls.filter((call) => call.startsWith("getRecords")).length;
  expect(reads).toBeLessThanOrEqual(51);
});
rule(
  "API_GetRecords",
  "a read that is throttled is tried again, and nothing is skipped",
  async () => {
    const world = worldOf({});
    putMany(world, 3);
    let refusals = 4;
    world.stream.fault = (operation) =>
      operation === "getRecords" && refusals-- > 0
        ? new SourceError("THROTTLED", "slow down")
        : undefined;
    startIn(world);
    await pass(30_000);
    expect(callsOf(world)).toEqual([["0", "1", "2"]]);
  },
);
rule("with-kinesis", "a failing shard does not hold the others up", async () => {
  const world = worldOf({ shardCount: 3 });
  for (const index of [0, 1, 2]) putMany(world, 2, shardIdOf(index), index * 10);
  world.beforeBatch = ({ Records }) => {
    if (Records[0]?.eventID.startsWith(shardIdOf(1))) throw new Error("no");
  };
  startIn(world);
  await pass(10_000);
  expect(world.stored()).toEqual(["0", "1", "20", "21"]);
});
rule(
  "invocation-eventsourcemapping",
  "a batch that was not finished is handed over again: at least once",
  async () => {
    const world = worldOf({});
    putMany(world, 3);
    world.beforeBatch = () => new Promise(() => {});
    startIn(world);
    await pass(5_000);
    world.kill();
    world.beforeBatch = () => undefined;
    startIn(world);
    await pass(20_000);
    expect(callsOf(world)).toEqual([
      ["0", "1", "2"],
      ["0", "1", "2"],
    ]);
  },
);
