import { createHash } from "node:crypto";
import {
  DescribeStreamSummaryCommand,
  PutRecordCommand,
  UpdateMaxRecordSizeCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { entry, MIB, refusal, setUpKinesis, text } from "./support.ts";

const kinesis = setUpKinesis();

test("a record comes back with its bytes, key, sequence number and arrival time", async () => {
  const StreamName = await kinesis.createStream();
  const Data = Uint8Array.from({ length: 256 }, (_, i) => i);
  const before = Date.now();
  const answer = await kinesis.client.send(
    new PutRecordCommand({ StreamName, Data, PartitionKey: "khoá 🗝" }),
  );
  expect(answer.ShardId).toBe("shardId-000000000000");
  const [record] = await kinesis.readShard(StreamName, 1);
  expect(Buffer.from(record?.Data ?? [])).toEqual(Buffer.from(Data));
  expect(record?.PartitionKey).toBe("khoá 🗝");
  expect(record?.SequenceNumber).toBe(answer.SequenceNumber);
  const arrival = Number(record?.ApproximateArrivalTimestamp?.getTime());
  expect(arrival).toBeGreaterThanOrEqual(before - 1000);
  expect(arrival).toBeLessThanOrEqual(Date.now() + 1000);
});

test("sequence numbers are decimal numbers that grow along a shard", async () => {
  const StreamName = await kinesis.createStream();
  const numbers: bigint[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { Records } = await kinesis.put(StreamName, [entry(`a${i}`), entry(`b${i}`)]);
    for (const { SequenceNumber } of Records ?? []) {
      expect(SequenceNumber).toMatch(/^[1-9]\d{0,128}$/);
      numbers.push(BigInt(SequenceNumber ?? 0));
    }
  }
  for (let i = 1; i < numbers.length; i += 1)
    expect(numbers[i]).toBeGreaterThan(numbers[i - 1] as bigint);
});

test("the records of one PutRecords keep their order in a shard", async () => {
  const StreamName = await kinesis.createStream();
  const entries = Array.from({ length: 300 }, (_, i) => entry(`line ${i}`));
  const answer = await kinesis.put(StreamName, entries);
  expect(answer.FailedRecordCount).toBe(0);
  const records = await kinesis.readShard(StreamName, 300);
  expect(records.map(text)).toEqual(entries.map((_, i) => `line ${i}`));
  expect(records.map(({ SequenceNumber }) => SequenceNumber)).toEqual(
    answer.Records?.map(({ SequenceNumber }) => SequenceNumber),
  );
});

test("a record goes to the shard that owns the MD5 of its key", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 4 });
  const keys = Array.from({ length: 40 }, (_, i) => `khoá-${i}`);
  const { Records } = await kinesis.put(
    StreamName,
    keys.map((key) => entry("x", key)),
  );
  const shards = await kinesis.shardsOf(StreamName);
  keys.forEach((key, i) => {
    const hash = BigInt(`0x${createHash("md5").update(key).digest("hex")}`);
    const owner = shards.find(
      ({ HashKeyRange: range }) =>
        BigInt(range?.StartingHashKey ?? 0) <= hash && hash <= BigInt(range?.EndingHashKey ?? 0),
    );
    expect(Records?.[i]?.ShardId).toBe(owner?.ShardId);
  });
});

test("an explicit hash key overrides the partition key's, at both ends of the range", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 2 });
  const last = String((1n << 128n) - 1n);
  const { Records } = await kinesis.put(StreamName, [
    entry("low", "same", { ExplicitHashKey: "0" }),
    entry("high", "same", { ExplicitHashKey: last }),
  ]);
  expect(Records?.map(({ ShardId }) => ShardId)).toEqual([
    "shardId-000000000000",
    "shardId-000000000001",
  ]);
});

test("an explicit hash key of 2^128 is refused with InvalidArgument", async () => {
  const StreamName = await kinesis.createStream();
  const call = kinesis.put(StreamName, [entry("x", "k", { ExplicitHashKey: String(1n << 128n) })]);
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("an explicit hash key that is no number is refused with ValidationException", async () => {
  const StreamName = await kinesis.createStream();
  const call = kinesis.put(StreamName, [entry("x", "k", { ExplicitHashKey: "0x1" })]);
  expect((await refusal(call)).code).toBe("ValidationException");
});

test("PutRecords takes 500 entries and refuses 501", async () => {
  const StreamName = await kinesis.createStream();
  const entries = Array.from({ length: 501 }, (_, i) => entry(`${i}`));
  const { FailedRecordCount } = await kinesis.put(StreamName, entries.slice(1));
  expect(FailedRecordCount).toBe(0);
  const { code, message } = await refusal(kinesis.put(StreamName, entries));
  expect(code).toBe("ValidationException");
  expect(message).toContain("records");
  expect(await kinesis.readShard(StreamName, 500)).toHaveLength(500);
});

test("PutRecords without entries is refused with ValidationException", async () => {
  const StreamName = await kinesis.createStream();
  expect((await refusal(kinesis.put(StreamName, []))).code).toBe("ValidationException");
});

test("PutRecords takes 10 MiB of data and keys together and refuses one byte more", async () => {
  const StreamName = await kinesis.createStream();
  const megabyte = new Uint8Array(MIB - 1);
  const entries = Array.from({ length: 10 }, () => entry(megabyte, "k"));
  const { FailedRecordCount } = await kinesis.put(StreamName, entries);
  expect(FailedRecordCount).toBe(0);
  const call = kinesis.put(StreamName, [
    ...entries.slice(1),
    entry(megabyte.subarray(1), "k"),
    entry("x", "k"),
  ]);
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("a record of 1 MiB with its key is taken, one byte more is refused and nothing is stored", async () => {
  const StreamName = await kinesis.createStream();
  const { FailedRecordCount } = await kinesis.put(StreamName, [
    entry(new Uint8Array(MIB - 3), "key"),
  ]);
  expect(FailedRecordCount).toBe(0);
  const call = kinesis.put(StreamName, [entry("small"), entry(new Uint8Array(MIB - 2), "key")]);
  expect((await refusal(call)).code).toBe("ValidationException");
  expect(await kinesis.readShard(StreamName, 1)).toHaveLength(1);
});

test("a PutRecord of more than 1 MiB is refused with ValidationException", async () => {
  const StreamName = await kinesis.createStream();
  const call = kinesis.client.send(
    new PutRecordCommand({ StreamName, PartitionKey: "k", Data: new Uint8Array(MIB + 1) }),
  );
  expect((await refusal(call)).code).toBe("ValidationException");
});

test("a raised record size lets a larger record through, whole", async () => {
  const StreamName = await kinesis.createStream();
  const { StreamDescriptionSummary } = await kinesis.client.send(
    new DescribeStreamSummaryCommand({ StreamName }),
  );
  const StreamARN = StreamDescriptionSummary?.StreamARN;
  await kinesis.client.send(
    new UpdateMaxRecordSizeCommand({ StreamARN, MaxRecordSizeInKiB: 10_240 }),
  );
  await kinesis.waitActive(StreamName);
  const Data = new Uint8Array(10 * MIB - 1).map((_, i) => i % 251);
  await kinesis.client.send(new PutRecordCommand({ StreamName, PartitionKey: "k", Data }));
  const [record] = await kinesis.readShard(StreamName, 1);
  expect(Buffer.from(record?.Data ?? []).equals(Data)).toBe(true);
});

test("a partition key has 1 to 256 characters, whatever their bytes", async () => {
  const StreamName = await kinesis.createStream();
  const longest = "đ".repeat(256);
  await kinesis.put(StreamName, [entry("x", longest)]);
  expect((await kinesis.readShard(StreamName, 1))[0]?.PartitionKey).toBe(longest);
  for (const key of ["", "x".repeat(257)]) {
    const { code, message } = await refusal(kinesis.put(StreamName, [entry("x", key)]));
    expect(code).toBe("ValidationException");
    expect(message).toContain("partitionKey");
  }
});

test("empty data is a record", async () => {
  const StreamName = await kinesis.createStream();
  await kinesis.put(StreamName, [entry("")]);
  const [record] = await kinesis.readShard(StreamName, 1);
  expect(record?.Data).toHaveLength(0);
});

test("putting to a stream that does not exist is ResourceNotFound", async () => {
  const { code } = await refusal(kinesis.put("no-such-stream", [entry("x")]));
  expect(code).toBe("ResourceNotFoundException");
});

test("PutRecord says which shard took the record under which number, by ARN too", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 2 });
  const { StreamDescriptionSummary } = await kinesis.client.send(
    new DescribeStreamSummaryCommand({ StreamName }),
  );
  const { ShardId, SequenceNumber } = await kinesis.client.send(
    new PutRecordCommand({
      StreamARN: StreamDescriptionSummary?.StreamARN,
      Data: Buffer.from("x"),
      PartitionKey: "k",
      ExplicitHashKey: String(1n << 127n),
    }),
  );
  expect(ShardId).toBe("shardId-000000000001");
  const [record] = await kinesis.readShard(StreamName, 1, { ShardId });
  expect(record?.SequenceNumber).toBe(SequenceNumber);
});

test("records put at the same time from many calls are all there, once each", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 2 });
  await Promise.all(
    Array.from({ length: 20 }, (_, call) =>
      kinesis.put(
        StreamName,
        Array.from({ length: 50 }, (_, i) => entry(`${call}-${i}`, `key-${i}`)),
      ),
    ),
  );
  const found: string[] = [];
  for (const { ShardId } of await kinesis.shardsOf(StreamName)) {
    let next: string | undefined = await kinesis.iterator(StreamName, { ShardId });
    for (let isEmpty = false; !isEmpty && next; ) {
      const answer: Awaited<ReturnType<typeof kinesis.get>> = await kinesis.get(next);
      found.push(...(answer.Records ?? []).map(text));
      next = answer.NextShardIterator;
      isEmpty = answer.Records?.length === 0;
    }
  }
  expect(found).toHaveLength(1000);
  expect(new Set(found).size).toBe(1000);
});
