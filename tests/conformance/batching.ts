import { expect } from "vitest";
import { shardIdOf, type World } from "../../src/local/event-source-mapping/world.testing.ts";
import { laneOf } from "../../src/shared/core/event-source/lanes.ts";
import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";
import { callsOf, pass, putMany, rule, SHARD, START, startIn, worldOf } from "./rule.ts";

const MIB = 1024 * 1024;
const sizesOf = (world: World) => world.events.map(({ Records }) => Records.length);

rule("with-kinesis", "a batch that reached the batch size is handed over at once", async () => {
  const world = worldOf({ batchSize: 10, batchWindowMs: 300_000 });
  putMany(world, 25);
  startIn(world);
  await pass(1_000);
  expect(sizesOf(world)).toEqual([10, 10]);
});
rule("with-kinesis", "a batch that is not full is handed over when its window ends", async () => {
  const world = worldOf({ batchSize: 10, batchWindowMs: 60_000 });
  putMany(world, 3);
  startIn(world);
  await pass(59_000);
  expect(sizesOf(world)).toEqual([]);
  await pass(2_000);
  expect(sizesOf(world)).toEqual([3]);
});
rule(
  "with-kinesis",
  "without a window the handler is called as soon as there are records",
  async () => {
    const world = worldOf({ batchSize: 10_000, batchWindowMs: 0 });
    startIn(world);
    await pass(10_000);
    putMany(world, 1);
    await pass(1_000);
    expect(sizesOf(world)).toEqual([1]);
  },
);
rule(
  "gettingstarted-limits",
  "a batch is handed over before its payload exceeds 6 MB",
  async () => {
    const world = worldOf({ batchSize: 10_000, batchWindowMs: 300_000 });
    for (let index = 0; index < 9; index += 1) world.stream.put(SHARD, new Uint8Array(MIB - 100));
    startIn(world);
    await pass(1_000);
    // In base64 a record of 1 MiB takes 1.33 MiB of the event.
    expect(sizesOf(world)).toEqual([4, 4]);
    for (const event of world.events)
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(6 * MIB);
  },
);
rule("with-kinesis", "the handler is not called without records", async () => {
  const world = worldOf({});
  startIn(world);
  await pass(60_000);
  expect(world.events).toEqual([]);
});
rule(
  "with-kinesis",
  "while more records wait, batches follow until the stream is caught up with",
  async () => {
    const world = worldOf({ batchSize: 100 });
    putMany(world, 12_000);
    startIn(world);
    await pass(2_000);
    expect(world.stored()).toHaveLength(12_000);
  },
);
rule("with-kinesis", "a batch holds records of a single shard", async () => {
  const world = worldOf({ shardCount: 3 });
  for (const index of [0, 1, 2]) putMany(world, 20, shardIdOf(index), index * 100);
  startIn(world);
  await pass(2_000);
  const shardsOf = ({ Records }: KinesisEvent) =>
    new Set(Records.map(({ eventID }) => eventID.split(":")[0])).size;
  expect(world.events.map(shardsOf)).toEqual([1, 1, 1]);
});
rule("with-kinesis", "records of a shard come in their order", async () => {
  const world = worldOf({ batchSize: 7 });
  putMany(world, 100);
  startIn(world);
  await pass(2_000);
  expect(callsOf(world).flat()).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
});
rule(
  "with-kinesis",
  "each shard's batches are handled one at a time, the shards side by side",
  async () => {
    const world = worldOf({ shardCount: 2, batchSize: 2 });
    for (const index of [0, 1]) putMany(world, 6, shardIdOf(index), index * 100);
    const running = new Map<string, number>();
    let mostOfShard = 0;
    let mostOfAll = 0;
    world.beforeBatch = async ({ Records }) => {
      const shardId = Records[0]?.eventID.split(":")[0] ?? "";
      running.set(shardId, (running.get(shardId) ?? 0) + 1);
      mostOfShard = Math.max(mostOfShard, ...running.values());
      mostOfAll = Math.max(
        mostOfAll,
        [...running.values()].reduce((sum, each) => sum + each, 0),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      running.set(shardId, (running.get(shardId) ?? 0) - 1);
    };
    startIn(world);
    await pass(10_000);
    expect([mostOfShard, mostOfAll]).toEqual([1, 2]);
    expect(world.stored()).toHaveLength(12);
  },
);
rule("with-kinesis", "the event has Lambda's fields", async () => {
  const world = worldOf({});
  const [number] = putMany(world, 1);
  startIn(world);
  await pass(1_000);
  expect(world.events[0]?.Records[0]).toEqual({
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "key",
      sequenceNumber: number,
      data: "MA==",
      approximateArrivalTimestamp: START / 1000,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: `${SHARD}:${number}`,
    eventName: "aws:kinesis:record",
    invokeIdentityArn: expect.stringMatching(/^arn:aws:iam::\d{12}:role\//),
    awsRegion: "us-east-1",
    eventSourceARN: "arn:aws:kinesis:us-east-1:000000000000:stream/logs",
  });
});
rule("monitoring-metrics-types", "IteratorAge is the age of a batch's last record", async () => {
  const world = worldOf({ batchWindowMs: 60_000 });
  startIn(world);
  await pass(1_000);
  putMany(world, 1);
  await pass(20_000);
  putMany(world, 1);
  await pass(43_000);
  const age = world.state(SHARD).iteratorAgeMs ?? 0;
  expect(Math.round(age / 10_000)).toBe(4);
});

/** As many partition keys as lanes, each in a lane of its own. */
const keysOf = (factor: number): string[] => {
  const keys = new Map<number, string>();
  for (let index = 0; keys.size < factor; index += 1) {
    const lane = laneOf(`key-${index}`, factor);
    if (!keys.has(lane)) keys.set(lane, `key-${index}`);
  }
  return [...keys.values()];
};
const putKeys = (world: World, keys: readonly string[], each: number): void => {
  for (let index = 0; index < each; index += 1)
    for (const key of keys) world.stream.put(SHARD, `${key}:${index}`, key);
};

rule(
  "with-kinesis",
  "with a ParallelizationFactor as many batches of a shard are handled at once",
  async () => {
    const world = worldOf({ batchSize: 2 });
    putKeys(world, keysOf(4), 10);
    let running = 0;
    const most: number[] = [];
    world.beforeBatch = async () => {
      running += 1;
      most.push(running);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      running -= 1;
    };
    startIn(world, { parallelizationFactor: 4 });
    await pass(20_000);
    expect(Math.max(...most)).toBe(4);
    expect(world.stored()).toHaveLength(40);
  },
);
rule(
  "with-kinesis",
  "with a ParallelizationFactor records of one partition key stay in order",
  async () => {
    const world = worldOf({ batchSize: 3, random: () => 0.5 });
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
    putKeys(world, keys, 20);
    const seen = new Map<string, number[]>();
    world.afterBatch = ({ Records }) => {
      for (const { kinesis } of Records) {
        const [key = "", number] = Buffer.from(kinesis.data, "base64").toString().split(":");
        seen.set(key, [...(seen.get(key) ?? []), Number(number)]);
      }
    };
    let calls = 0;
    world.beforeBatch = () => new Promise((resolve) => setTimeout(resolve, (calls++ * 7919) % 900));
    startIn(world, { parallelizationFactor: 5 });
    await pass(60_000);
    const inOrder = Array.from({ length: 20 }, (_, index) => index);
    for (const key of keys) expect(seen.get(key)).toEqual(inOrder);
  },
);
rule(
  "with-kinesis",
  "with a ParallelizationFactor a failing batch does not hold the others up",
  async () => {
    const world = worldOf({ batchSize: 5 });
    const [bad = "", ...good] = keysOf(3);
    putKeys(world, [bad, ...good], 10);
    world.beforeBatch = ({ Records }) => {
      if (Records.some(({ kinesis }) => kinesis.partitionKey === bad)) throw new Error("no");
    };
    startIn(world, { parallelizationFactor: 3 });
    await pass(10_000);
    expect(world.stored()).toHaveLength(20);
    expect(world.state(SHARD).sequenceNumber).toBeNull();
  },
);
