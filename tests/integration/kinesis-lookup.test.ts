import {
  CreateStreamCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { createKinesisLookup } from "../../src/shared/aws/kinesis-lookup.ts";
import type { RecordEntry } from "../../src/shared/core/ports.ts";
import type { Attempt } from "../../src/shared/core/record-lookup.ts";
import { type ContractEndpoint, contractEndpoint } from "../support/contract-endpoint.ts";
import { poll } from "../support/poll.ts";

let endpoint: ContractEndpoint;
let kinesis: KinesisClient;
let streamCount = 0;

beforeAll(async () => {
  endpoint = await contractEndpoint();
  kinesis = createKinesisClient({ region: "us-east-1", endpoint: endpoint.url, maxAttempts: 1 });
});

afterAll(async () => {
  kinesis.destroy();
  await endpoint.close();
});

const signal = AbortSignal.timeout(60_000);

const newStream = async (ShardCount: number): Promise<string> => {
  streamCount += 1;
  const StreamName = `lookup-${process.pid}-${streamCount}`;
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
  await poll("the stream has its shards", async () => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
    return Shards.length === ShardCount;
  });
  return StreamName;
};

const recordOf = (partitionKey: string, text: string): RecordEntry => ({
  partitionKey,
  data: new TextEncoder().encode(text),
});

/** Stores records and returns where. */
const put = async (StreamName: string, ...records: RecordEntry[]) => {
  const { Records = [] } = await kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: records.map(({ data, partitionKey }) => ({
        Data: data,
        PartitionKey: partitionKey,
      })),
    }),
  );
  return Records.map(({ ShardId = "", SequenceNumber = "" }) => ({
    shardId: ShardId,
    sequenceNumber: SequenceNumber,
  }));
};

const since = (startedAt: number, after: Attempt["after"] = {}): Attempt => ({ startedAt, after });
const none = () => false;

test("records are found by key and bytes on whatever shard they are, and nothing else is", async () => {
  const stream = await newStream(3);
  const lookup = createKinesisLookup(kinesis, stream);
  const stored = ["a", "b", "c", "d", "đơn"].map((key) => recordOf(key, `data of ${key}`));
  const startedAt = Date.now();
  const places = await put(stream, ...stored, recordOf("a", "something else"));
  const missing = [
    recordOf("a", "data of b"),
    recordOf("e", "data of a"),
    recordOf("a", "data of "),
  ];
  const result = await lookup.find(
    { records: [...stored, ...missing], attempt: since(startedAt), isKnown: none },
    signal,
  );
  expect(result.isComplete).toBe(true);
  expect(result.found).toEqual([...places.slice(0, 5), undefined, undefined, undefined]);
});

test("of two equal records one that is stored accounts for one, and a known one for none", async () => {
  const stream = await newStream(1);
  const lookup = createKinesisLookup(kinesis, stream);
  const twin = recordOf("a", "same");
  const startedAt = Date.now();
  const [first, second] = await put(stream, twin, twin);
  const find = (isKnown: (sequenceNumber: string) => boolean) =>
    lookup.find({ records: [twin, twin, twin], attempt: since(startedAt), isKnown }, signal);
  expect((await find(none)).found).toEqual([first, second, undefined]);
  const isKnown = (sequenceNumber: string) => sequenceNumber === first?.sequenceNumber;
  expect((await find(isKnown)).found).toEqual([second, undefined, undefined]);
});

test("a mark leaves out what came before it, whatever the clocks say", async () => {
  const stream = await newStream(1);
  const lookup = createKinesisLookup(kinesis, stream);
  const [before] = await put(stream, recordOf("a", "same"));
  if (before === undefined) throw new Error("Not stored.");
  const attempt = since(Date.now(), { [before.shardId]: before.sequenceNumber });
  const find = () =>
    lookup.find({ records: [recordOf("a", "same")], attempt, isKnown: none }, signal);
  expect((await find()).found).toEqual([undefined]);
  const [after] = await put(stream, recordOf("a", "same"));
  expect((await find()).found).toEqual([after]);
});

test("what was stored before a reshard is found in the shard that it closed", async () => {
  const stream = await newStream(1);
  const lookup = createKinesisLookup(kinesis, stream);
  const startedAt = Date.now();
  const [parent] = await put(stream, recordOf("a", "in the parent"));
  await kinesis.send(
    new SplitShardCommand({
      StreamName: stream,
      ShardToSplit: parent?.shardId,
      NewStartingHashKey: String(2n ** 127n),
    }),
  );
  const child = await poll("the reshard has ended", async () => {
    const [place] = await put(stream, recordOf("a", "in a child"));
    return place?.shardId !== parent?.shardId && place;
  });
  const records = [recordOf("a", "in the parent"), recordOf("a", "in a child")];
  const { found, isComplete } = await lookup.find(
    { records, attempt: since(startedAt), isKnown: none },
    signal,
  );
  expect(isComplete).toBe(true);
  expect(found[0]).toEqual(parent);
  expect(found[1]?.shardId).toBe(child.shardId);
});

test("a look that was cut short by its bound goes on where it ended", async () => {
  const stream = await newStream(1);
  const lookup = createKinesisLookup(kinesis, stream, { maxBytes: 1_000_000 });
  const startedAt = Date.now();
  const filler = "x".repeat(900_000);
  for (let at = 0; at < 25; at += 1) await put(stream, recordOf("other", `${at}${filler}`));
  const [last] = await put(stream, recordOf("a", "the last"));
  let attempt = since(startedAt);
  let looks = 0;
  for (;;) {
    looks += 1;
    const result = await lookup.find(
      { records: [recordOf("a", "the last")], attempt, isKnown: none },
      signal,
    );
    ({ attempt } = result);
    if (!result.isComplete) continue;
    expect(result.found).toEqual([last]);
    break;
  }
  expect(looks).toBeGreaterThan(1);
});

test("a stream that is not there, or an endpoint that is away, is an error and not an answer", async () => {
  const query = { records: [recordOf("a", "x")], attempt: since(Date.now()), isKnown: none };
  await expect(
    createKinesisLookup(kinesis, "no-such-stream").find(query, signal),
  ).rejects.toThrow();
  const away = createKinesisClient({
    region: "us-east-1",
    endpoint: "http://127.0.0.1:9",
    maxAttempts: 1,
  });
  await expect(createKinesisLookup(away, "any").find(query, signal)).rejects.toThrow();
  away.destroy();
});
