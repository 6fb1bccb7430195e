import {
  ExpiredIteratorException,
  InvalidArgumentException,
  type KinesisClient,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { createKinesisSource } from "./kinesis-source.ts";

const signal = new AbortController().signal;
const exception = { message: "told so", $metadata: {} };

const sourceOf = (answer: (input: object) => object) =>
  createKinesisSource({
    send: async (command: { input: object }) => answer(command.input),
  } as unknown as KinesisClient);

const failing = (error: Error) =>
  sourceOf(() => {
    throw error;
  });

test("lists the shards of every page, with both parents of a merge", async () => {
  const inputs: object[] = [];
  const pages = [
    { Shards: [{ ShardId: "a" }, { ShardId: "b", ParentShardId: "a" }], NextToken: "more" },
    { Shards: [{ ShardId: "c", ParentShardId: "a", AdjacentParentShardId: "b" }] },
  ];
  const source = sourceOf((input) => {
    inputs.push(input);
    return pages[inputs.length - 1] ?? {};
  });
  expect(await source.listShards("logs", signal)).toEqual([
    { shardId: "a", parentShardIds: [] },
    { shardId: "b", parentShardIds: ["a"] },
    { shardId: "c", parentShardIds: ["a", "b"] },
  ]);
  // Kinesis refuses a call that has both.
  expect(inputs).toEqual([{ StreamName: "logs" }, { NextToken: "more" }]);
});

test("no next iterator means the end of the shard", async () => {
  const source = sourceOf(() => ({ Records: [], MillisBehindLatest: 0 }));
  expect(await source.getRecords("iterator", 10, signal)).toEqual({
    records: [],
    nextIterator: undefined,
    millisBehindLatest: 0,
  });
});

test.each([
  ["NOT_FOUND", new ResourceNotFoundException(exception)],
  ["THROTTLED", new ProvisionedThroughputExceededException(exception)],
  ["ITERATOR_UNUSABLE", new ExpiredIteratorException(exception)],
  ["ITERATOR_UNUSABLE", new InvalidArgumentException(exception)],
  ["UNAVAILABLE", new Error("ECONNRESET")],
])("a failed GetRecords is %s after %s", async (code, error) => {
  await expect(failing(error).getRecords("iterator", 10, signal)).rejects.toMatchObject({
    name: "SourceError",
    code,
    cause: error,
    message: expect.stringContaining(error.message),
  });
});

test("a sequence number that is refused is told from a refused call", async () => {
  const source = failing(new InvalidArgumentException(exception));
  const at = { type: "AT_SEQUENCE_NUMBER", sequenceNumber: "1" } as const;
  await expect(source.getIterator("logs", "a", at, signal)).rejects.toMatchObject({
    code: "POSITION_REFUSED",
  });
  const horizon = { type: "TRIM_HORIZON" } as const;
  await expect(source.getIterator("logs", "a", horizon, signal)).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
});

test("a position by time is asked for as such, and one in the future is waited for", async () => {
  const at = { type: "AT_TIMESTAMP", timestamp: "2025-11-14T01:00:00.000Z" } as const;
  const source = sourceOf((input) => {
    expect(input).toEqual({
      StreamName: "logs",
      ShardId: "a",
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: new Date("2025-11-14T01:00:00Z"),
    });
    return { ShardIterator: "iterator" };
  });
  expect(await source.getIterator("logs", "a", at, signal)).toBe("iterator");
  const refusing = failing(new InvalidArgumentException(exception));
  await expect(refusing.getIterator("logs", "a", at, signal)).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
});
