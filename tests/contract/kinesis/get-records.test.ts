import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { poll } from "../../support/poll.ts";
import { entry, MIB, refusal, setUpKinesis, text } from "./support.ts";

const kinesis = setUpKinesis();

/** A stream with one shard holding these lines, and the sequence number of each. */
const filled = async (...lines: string[]) => {
  const name = await kinesis.createStream();
  const numbers: string[] = [];
  for (const line of lines) {
    const { Records } = await kinesis.put(name, [entry(line)]);
    numbers.push(Records?.[0]?.SequenceNumber ?? "");
  }
  return { name, numbers };
};

const read = async (iterator: string, limit?: number): Promise<string[]> =>
  ((await kinesis.get(iterator, limit)).Records ?? []).map(text);

test("AT_SEQUENCE_NUMBER starts with that record, AFTER_SEQUENCE_NUMBER with the next", async () => {
  const { name, numbers } = await filled("a", "b", "c");
  const StartingSequenceNumber = numbers[1];
  const from = (ShardIteratorType: "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER") =>
    kinesis.iterator(name, { ShardIteratorType, StartingSequenceNumber });
  expect(await read(await from("AT_SEQUENCE_NUMBER"))).toEqual(["b", "c"]);
  expect(await read(await from("AFTER_SEQUENCE_NUMBER"))).toEqual(["c"]);
});

test("a LATEST iterator sees what is put after it was made, not after it is used", async () => {
  const { name } = await filled("before");
  const latest = await kinesis.iterator(name, { ShardIteratorType: "LATEST" });
  await kinesis.put(name, [entry("after")]);
  expect(await read(latest)).toEqual(["after"]);
});

test("an iterator can be used twice and reads the same records", async () => {
  const { name } = await filled("a", "b");
  const iterator = await kinesis.iterator(name);
  expect(await read(iterator)).toEqual(["a", "b"]);
  expect(await read(iterator)).toEqual(["a", "b"]);
});

test("NextShardIterator goes on where the records ended, also at the tip", async () => {
  const { name } = await filled("a", "b", "c");
  const first = await kinesis.get(await kinesis.iterator(name), 2);
  expect(first.Records?.map(text)).toEqual(["a", "b"]);
  const second = await kinesis.get(first.NextShardIterator ?? "");
  expect(second.Records?.map(text)).toEqual(["c"]);
  const tip = await kinesis.get(second.NextShardIterator ?? "");
  expect(tip.Records).toEqual([]);
  await kinesis.put(name, [entry("d")]);
  expect(await read(tip.NextShardIterator ?? "")).toEqual(["d"]);
});

test("AT_TIMESTAMP starts with the first record that arrived then or later", async () => {
  const { name } = await filled("old");
  await sleep(1100);
  const Timestamp = new Date();
  await sleep(1100);
  await kinesis.put(name, [entry("new")]);
  const at = await kinesis.iterator(name, { ShardIteratorType: "AT_TIMESTAMP", Timestamp });
  expect(await read(at)).toEqual(["new"]);
  const past = new Date(Date.now() - 3_600_000);
  const all = await kinesis.iterator(name, { ShardIteratorType: "AT_TIMESTAMP", Timestamp: past });
  expect(await read(all)).toEqual(["old", "new"]);
});

test("AT_TIMESTAMP later than every record waits for the next one", async () => {
  const { name } = await filled("old");
  await sleep(20);
  const Timestamp = new Date();
  const at = await kinesis.iterator(name, { ShardIteratorType: "AT_TIMESTAMP", Timestamp });
  expect(await read(at)).toEqual([]);
});

test("a timestamp in the future is refused with InvalidArgument", async () => {
  const { name } = await filled();
  const Timestamp = new Date(Date.now() + 3_600_000);
  const call = kinesis.iterator(name, { ShardIteratorType: "AT_TIMESTAMP", Timestamp });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("AT_TIMESTAMP without a timestamp is refused with InvalidArgument", async () => {
  const { name } = await filled();
  const call = kinesis.iterator(name, { ShardIteratorType: "AT_TIMESTAMP" });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("a sequence number iterator without a sequence number is refused with InvalidArgument", async () => {
  const { name } = await filled("a");
  const call = kinesis.iterator(name, { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("TRIM_HORIZON with a sequence number is refused with InvalidArgument", async () => {
  const { name, numbers } = await filled("a");
  const call = kinesis.iterator(name, { StartingSequenceNumber: numbers[0] });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("a sequence number that is no number is refused with ValidationException", async () => {
  const { name } = await filled("a");
  const call = kinesis.iterator(name, {
    ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
    StartingSequenceNumber: "LATEST",
  });
  expect((await refusal(call)).code).toBe("ValidationException");
});

test("a sequence number of another shard is refused with InvalidArgument", async () => {
  const name = await kinesis.createStream({ ShardCount: 2 });
  const { Records } = await kinesis.put(name, [entry("x", "k", { ExplicitHashKey: "0" })]);
  const call = kinesis.iterator(name, {
    ShardId: "shardId-000000000001",
    ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
    StartingSequenceNumber: Records?.[0]?.SequenceNumber,
  });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("a checkpoint of a stream that was deleted and made again is refused with InvalidArgument", async () => {
  const { name, numbers } = await filled("old");
  const oldIterator = await kinesis.iterator(name);
  await kinesis.client.send(new DeleteStreamCommand({ StreamName: name }));
  await poll("the stream is gone", async () => {
    const found = await kinesis.status(name).catch((error: Error) => error.name);
    return found === "ResourceNotFoundException";
  });
  await kinesis.createStream({ StreamName: name });
  await kinesis.put(name, [entry("new")]);
  const call = kinesis.iterator(name, {
    ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
    StartingSequenceNumber: numbers[0],
  });
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
  expect((await refusal(kinesis.get(oldIterator))).code).toMatch(
    /InvalidArgumentException|ResourceNotFoundException/,
  );
});

test("a shard that does not exist is ResourceNotFound", async () => {
  const { name } = await filled();
  const call = kinesis.iterator(name, { ShardId: "shardId-000000000009" });
  expect((await refusal(call)).code).toBe("ResourceNotFoundException");
});

test("an iterator that nobody made is refused with InvalidArgument", async () => {
  const { name } = await filled("a");
  const real = await kinesis.iterator(name);
  const forged = `${real.slice(0, 30)}${real[30] === "A" ? "B" : "A"}${real.slice(31)}`;
  for (const iterator of ["nonsense", forged])
    expect((await refusal(kinesis.get(iterator))).code).toBe("InvalidArgumentException");
});

test.each([0, 10_001])("a GetRecords limit of %i is refused", async (Limit) => {
  const { name } = await filled("a");
  const ShardIterator = await kinesis.iterator(name);
  const call = kinesis.client.send(new GetRecordsCommand({ ShardIterator, Limit }));
  expect((await refusal(call)).code).toMatch(/^(ValidationException|InvalidArgumentException)$/);
});

test("one GetRecords returns at most 10,000 records", async () => {
  const name = await kinesis.createStream();
  for (let call = 0; call < 21; call += 1)
    await kinesis.put(
      name,
      Array.from({ length: 500 }, (_, i) => entry(String(call * 500 + i))),
    );
  const first = await kinesis.get(await kinesis.iterator(name));
  expect(first.Records).toHaveLength(10_000);
  expect(first.MillisBehindLatest).toBeGreaterThan(0);
  const rest = await kinesis.get(first.NextShardIterator ?? "");
  expect(rest.Records?.map(text)).toEqual(Array.from({ length: 500 }, (_, i) => `${10_000 + i}`));
});

test("one GetRecords returns at most 10 MiB", async () => {
  const name = await kinesis.createStream();
  const data = new Uint8Array(MIB - 3);
  for (let call = 0; call < 3; call += 1)
    await kinesis.put(
      name,
      Array.from({ length: 4 }, () => entry(data)),
    );
  const first = await kinesis.get(await kinesis.iterator(name));
  expect(first.Records).toHaveLength(10);
  expect(await read(first.NextShardIterator ?? "")).toHaveLength(2);
});

test("MillisBehindLatest is the age of the last record read while more are waiting, and 0 at the tip", async () => {
  const { name } = await filled("a", "b");
  await sleep(300);
  const behind = await kinesis.get(await kinesis.iterator(name), 1);
  expect(behind.MillisBehindLatest).toBeGreaterThanOrEqual(250);
  expect(behind.MillisBehindLatest).toBeLessThan(60_000);
  const tip = await kinesis.get(behind.NextShardIterator ?? "");
  expect(tip).toMatchObject({ Records: [{}], MillisBehindLatest: 0 });
});

test("iterators and reads work by ARN, and an ARN of another stream is refused", async () => {
  const { name } = await filled("a");
  const arnOf = async (StreamName: string) => {
    const answer = await kinesis.client.send(new DescribeStreamSummaryCommand({ StreamName }));
    return answer.StreamDescriptionSummary?.StreamARN;
  };
  const StreamARN = await arnOf(name);
  const { ShardIterator } = await kinesis.client.send(
    new GetShardIteratorCommand({
      StreamARN,
      ShardId: "shardId-000000000000",
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  const answer = await kinesis.client.send(new GetRecordsCommand({ StreamARN, ShardIterator }));
  expect(answer.Records?.map(text)).toEqual(["a"]);
  const other = await arnOf(await kinesis.createStream());
  const call = kinesis.client.send(new GetRecordsCommand({ StreamARN: other, ShardIterator }));
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});
