import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ListShardsCommand,
  type ListShardsCommandInput,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { entry, refusal, setUpKinesis, text } from "./support.ts";

const kinesis = setUpKinesis();

const ALL = (1n << 128n) - 1n;
const FIRST = "shardId-000000000000";
const SECOND = "shardId-000000000001";

const openOf = (shards: readonly Shard[]) =>
  shards
    .filter(({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined)
    .sort((a, b) => (startOf(a) < startOf(b) ? -1 : 1));
const startOf = ({ HashKeyRange: range }: Shard) => BigInt(range?.StartingHashKey ?? -1);
const endOf = ({ HashKeyRange: range }: Shard) => BigInt(range?.EndingHashKey ?? -1);

const expectWholeCover = (shards: readonly Shard[]) => {
  let next = 0n;
  for (const shard of openOf(shards)) {
    expect(startOf(shard)).toBe(next);
    next = endOf(shard) + 1n;
  }
  expect(next).toBe(ALL + 1n);
};

const split = async (StreamName: string, ShardToSplit = FIRST, at = 1n << 127n) => {
  await kinesis.client.send(
    new SplitShardCommand({ StreamName, ShardToSplit, NewStartingHashKey: String(at) }),
  );
  await kinesis.waitActive(StreamName);
};

const scale = async (StreamName: string, TargetShardCount: number) => {
  const answer = await kinesis.client.send(
    new UpdateShardCountCommand({ StreamName, TargetShardCount, ScalingType: "UNIFORM_SCALING" }),
  );
  await kinesis.waitActive(StreamName);
  return answer;
};

test("the shards of a new stream share all hash keys evenly", async () => {
  const shards = await kinesis.shardsOf(await kinesis.createStream({ ShardCount: 3 }));
  expectWholeCover(shards);
  const widths = shards.map((shard) => endOf(shard) - startOf(shard));
  for (const width of widths) expect(width - (widths[0] ?? 0n) < 3n).toBe(true);
});

test("a split closes the shard and leaves two children with its range", async () => {
  const name = await kinesis.createStream();
  await split(name);
  const shards = await kinesis.shardsOf(name);
  expectWholeCover(shards);
  expect(shards.map(({ ParentShardId }) => ParentShardId)).toEqual([undefined, FIRST, FIRST]);
  expect(shards[0]?.SequenceNumberRange?.EndingSequenceNumber).toMatch(/^\d+$/);
  expect(openOf(shards).map(startOf)).toEqual([0n, 1n << 127n]);
});

test("sequence numbers grow from parent to child", async () => {
  const name = await kinesis.createStream();
  const { Records } = await kinesis.put(name, [entry("before")]);
  await split(name);
  const after = await kinesis.put(name, [entry("after")]);
  const [low, high] = [Records, after.Records].map((r) => BigInt(r?.[0]?.SequenceNumber ?? 0));
  expect(high).toBeGreaterThan(low as bigint);
});

test("records put after a split go to the children, the parent keeps what it has", async () => {
  const name = await kinesis.createStream();
  await kinesis.put(name, [entry("before")]);
  await split(name);
  const { Records } = await kinesis.put(name, [
    entry("low", "k", { ExplicitHashKey: "0" }),
    entry("high", "k", { ExplicitHashKey: String(ALL) }),
  ]);
  expect(Records?.map(({ ShardId }) => ShardId)).toEqual([SECOND, "shardId-000000000002"]);
  expect((await kinesis.readShard(name, 1)).map(text)).toEqual(["before"]);
});

test("the end of a closed shard has no next iterator and names the children", async () => {
  const name = await kinesis.createStream();
  await kinesis.put(name, [entry("last")]);
  await split(name);
  let answer = await kinesis.get(await kinesis.iterator(name));
  expect(answer.Records?.map(text)).toEqual(["last"]);
  if (answer.NextShardIterator) answer = await kinesis.get(answer.NextShardIterator);
  expect(answer.NextShardIterator).toBeUndefined();
  expect(answer.ChildShards).toEqual([
    {
      ShardId: SECOND,
      ParentShards: [FIRST],
      HashKeyRange: { StartingHashKey: "0", EndingHashKey: String((1n << 127n) - 1n) },
    },
    {
      ShardId: "shardId-000000000002",
      ParentShards: [FIRST],
      HashKeyRange: { StartingHashKey: String(1n << 127n), EndingHashKey: String(ALL) },
    },
  ]);
});

test("a merge leaves one child of two parents", async () => {
  const name = await kinesis.createStream({ ShardCount: 2 });
  await kinesis.client.send(
    new MergeShardsCommand({ StreamName: name, ShardToMerge: FIRST, AdjacentShardToMerge: SECOND }),
  );
  await kinesis.waitActive(name);
  const shards = await kinesis.shardsOf(name);
  expectWholeCover(shards);
  expect(shards[2]).toMatchObject({ ParentShardId: FIRST, AdjacentParentShardId: SECOND });
  const end = await kinesis.get(await kinesis.iterator(name, { ShardId: SECOND }));
  expect(end.ChildShards?.map(({ ParentShards }) => ParentShards)).toEqual([[FIRST, SECOND]]);
});

test("shards that do not touch cannot be merged", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 3 });
  const call = kinesis.client.send(
    new MergeShardsCommand({
      StreamName,
      ShardToMerge: FIRST,
      AdjacentShardToMerge: "shardId-000000000002",
    }),
  );
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test.each([
  ["0", "its own first key"],
  [String(1n << 128n), "a key past the range"],
])("a split at %s is refused with InvalidArgument: %s", async (NewStartingHashKey) => {
  const StreamName = await kinesis.createStream();
  const call = kinesis.client.send(
    new SplitShardCommand({ StreamName, ShardToSplit: FIRST, NewStartingHashKey }),
  );
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("a closed shard cannot be split again", async () => {
  const name = await kinesis.createStream();
  await split(name);
  expect((await refusal(split(name))).code).toBe("InvalidArgumentException");
});

test("a shard that does not exist cannot be split", async () => {
  const name = await kinesis.createStream();
  expect((await refusal(split(name, "shardId-000000000007"))).code).toBe(
    "ResourceNotFoundException",
  );
});

test("UpdateShardCount doubles and halves into even shards", async () => {
  const name = await kinesis.createStream({ ShardCount: 2 });
  expect(await scale(name, 4)).toMatchObject({
    StreamName: name,
    CurrentShardCount: 2,
    TargetShardCount: 4,
  });
  let shards = await kinesis.shardsOf(name);
  expect(openOf(shards).map(startOf)).toEqual([0n, 1n << 126n, 1n << 127n, 3n << 126n]);
  await scale(name, 2);
  shards = await kinesis.shardsOf(name);
  expectWholeCover(shards);
  expect(openOf(shards).map(startOf)).toEqual([0n, 1n << 127n]);
});

test("UpdateShardCount to a number in between ends in even shards too", async () => {
  const name = await kinesis.createStream({ ShardCount: 2 });
  await scale(name, 3);
  const shards = await kinesis.shardsOf(name);
  expectWholeCover(shards);
  const widths = openOf(shards).map((shard) => endOf(shard) - startOf(shard));
  expect(widths).toHaveLength(3);
  for (const width of widths) expect(width - (widths[0] ?? 0n) < 3n).toBe(true);
});

test.each([
  ["more than double", 2, 5],
  ["less than half", 5, 2],
])("UpdateShardCount refuses %s with InvalidArgument", async (_name, ShardCount, target) => {
  const name = await kinesis.createStream({ ShardCount });
  expect((await refusal(scale(name, target))).code).toBe("InvalidArgumentException");
});

test("an on-demand stream's shards cannot be counted by hand", async () => {
  const name = await kinesis.createStream({ StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  expect((await refusal(scale(name, 5))).code).toBe("ValidationException");
});

const list = async (input: ListShardsCommandInput) => {
  const answer = await kinesis.client.send(new ListShardsCommand(input));
  return { ids: answer.Shards?.map(({ ShardId }) => ShardId) ?? [], next: answer.NextToken };
};

test("ListShards pages by MaxResults and NextToken", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 5 });
  const first = await list({ StreamName, MaxResults: 2 });
  const second = await list({ NextToken: first.next, MaxResults: 2 });
  const third = await list({ NextToken: second.next });
  expect([first, second, third].map(({ ids }) => ids.length)).toEqual([2, 2, 1]);
  expect(new Set([...first.ids, ...second.ids, ...third.ids]).size).toBe(5);
  expect(third.next).toBeUndefined();
});

test("ListShards refuses a name and a token together, neither, and a token nobody made", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 2 });
  const { next } = await list({ StreamName, MaxResults: 1 });
  for (const input of [{ StreamName, NextToken: next }, {}, { NextToken: "made-up" }])
    expect((await refusal(list(input))).code).toBe("InvalidArgumentException");
});

test("ListShards starts after ExclusiveStartShardId", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 3 });
  const { ids } = await list({ StreamName, ExclusiveStartShardId: FIRST });
  expect(ids).toEqual([SECOND, "shardId-000000000002"]);
});

test.each([
  ["AT_LATEST", [1, 2]],
  ["AT_TRIM_HORIZON", [0]],
  ["FROM_TRIM_HORIZON", [0, 1, 2]],
] as const)("the shard filter %s of a split stream gives shards %j", async (Type, wanted) => {
  const StreamName = await kinesis.createStream();
  await kinesis.put(StreamName, [entry("x")]);
  await split(StreamName);
  const { ids } = await list({ StreamName, ShardFilter: { Type } });
  expect(ids).toEqual(wanted.map((index) => `shardId-00000000000${index}`));
});

test("the shard filter AFTER_SHARD_ID gives later shards", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 3 });
  const { ids } = await list({
    StreamName,
    ShardFilter: { Type: "AFTER_SHARD_ID", ShardId: FIRST },
  });
  expect(ids).toEqual([SECOND, "shardId-000000000002"]);
});

test("the shard filters by time tell what was open then and what is there since", async () => {
  const StreamName = await kinesis.createStream();
  await kinesis.put(StreamName, [entry("x")]);
  const Timestamp = new Date();
  await sleep(1100);
  await split(StreamName);
  const at = await list({ StreamName, ShardFilter: { Type: "AT_TIMESTAMP", Timestamp } });
  expect(at.ids).toEqual([FIRST]);
  const from = await list({ StreamName, ShardFilter: { Type: "FROM_TIMESTAMP", Timestamp } });
  expect(from.ids).toHaveLength(3);
});

test("listing the shards of a stream that does not exist is ResourceNotFound", async () => {
  const { code } = await refusal(list({ StreamName: `contract-${randomUUID()}` }));
  expect(code).toBe("ResourceNotFoundException");
});
