import fs from "node:fs";
import path from "node:path";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListShardsCommand,
  ListTagsForStreamCommand,
  PutRecordCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { afterEach, expect, test } from "vitest";
import type { KinesisServiceOptions } from "../../../src/local/emulators/kinesis/service.ts";
import { type OwnKinesis, startOwnKinesis } from "./ours-support.ts";
import { entry, isOurs, KIB, MIB, rawCall, refusal, text } from "./support.ts";

const started: OwnKinesis[] = [];
const start = async (options?: Partial<KinesisServiceOptions>): Promise<OwnKinesis> => {
  const own = await startOwnKinesis(options);
  started.push(own);
  return own;
};
afterEach(async () => {
  for (const own of started.splice(0)) await own.close();
});

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const START = Date.parse("2026-01-02T03:04:05Z");
const throttled = "ProvisionedThroughputExceededException";

const ours = test.runIf(isOurs);

ours("an injected error answers instead of the work", async () => {
  const own = await start();
  const name = await own.createStream();
  own.faults.add({
    service: "kinesis",
    operation: "PutRecords",
    resource: name,
    times: 1,
    action: { code: throttled },
  });
  expect(await refusal(own.put(name, [entry("x")]))).toMatchObject({
    code: throttled,
    status: 400,
  });
  await own.put(name, [entry("y")]);
  expect((await own.readShard(name, 1)).map(text)).toEqual(["y"]);
});

ours("an injected reset stores nothing, a dropped reply stores everything", async () => {
  const own = await start();
  const name = await own.createStream();
  const inject = (action: object) =>
    own.faults.add({ service: "kinesis", operation: "PutRecords", times: 1, action });
  inject({ reset: true });
  await expect(own.put(name, [entry("reset")])).rejects.toThrow(/socket hang up|ECONNRESET/);
  inject({ dropReply: true });
  await expect(own.put(name, [entry("dropped")])).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect((await own.readShard(name, 1)).map(text)).toEqual(["dropped"]);
});

ours("an injected delay comes before the work", async () => {
  const own = await start();
  const name = await own.createStream();
  own.faults.add({ service: "kinesis", operation: "PutRecords", action: { delayMs: 200 } });
  const before = Date.now();
  await own.put(name, [entry("x")]);
  expect(Date.now() - before).toBeGreaterThanOrEqual(195);
});

ours("faults of a stream's reads are found by the iterator", async () => {
  const own = await start();
  const name = await own.createStream({ StreamName: "one" });
  const other = await own.createStream({ StreamName: "other" });
  own.faults.add({
    service: "kinesis",
    operation: "GetRecords",
    resource: "other",
    action: { code: "InternalFailure", status: 500 },
  });
  await own.get(await own.iterator(name));
  expect(await refusal(own.get(await own.iterator(other)))).toMatchObject({
    code: "InternalFailure",
    status: 500,
  });
});

ours("single entries fail, the others are stored, and the answer says which", async () => {
  const own = await start();
  const name = await own.createStream();
  own.faults.add({
    service: "kinesis",
    operation: "PutRecords.entry",
    skip: 1,
    times: 2,
    action: { code: throttled },
  });
  const answer = await own.put(
    name,
    ["a", "b", "c", "d"].map((line) => entry(line)),
  );
  expect(answer.FailedRecordCount).toBe(2);
  expect(answer.Records?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    throttled,
    throttled,
    undefined,
  ]);
  expect(answer.Records?.[1]?.ErrorMessage).toContain("Rate exceeded for shard");
  expect((await own.readShard(name, 2)).map(text)).toEqual(["a", "d"]);
});

ours(
  "throttling fails the entries above 1,000 records a second, and takes them later",
  async () => {
    let now = START;
    const own = await start({ throttle: "aws", now: () => now });
    const name = await own.createStream();
    const entries = Array.from({ length: 400 }, (_, i) => entry(`${i}`));
    const failed = [];
    for (let i = 0; i < 3; i += 1) {
      const answer = await own.put(name, entries);
      failed.push(answer.FailedRecordCount);
      for (const result of answer.Records ?? [])
        if (result.ErrorCode) expect(result.ErrorCode).toBe(throttled);
    }
    expect(failed).toEqual([0, 0, 200]);
    now += 500;
    expect((await own.put(name, entries)).FailedRecordCount).toBe(0);
  },
);

ours("throttling holds a shard to 1 MiB a second, each shard on its own", async () => {
  const own = await start({ throttle: "aws", now: () => START });
  const name = await own.createStream({ ShardCount: 2 });
  const half = new Uint8Array(512 * KIB - 1);
  const to = (ExplicitHashKey: string) => entry(half, "k", { ExplicitHashKey });
  const high = String((1n << 128n) - 1n);
  const answer = await own.put(name, [to("0"), to("0"), to("0"), to(high), to(high)]);
  expect(answer.Records?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    undefined,
    throttled,
    undefined,
    undefined,
  ]);
  const call = own.client.send(
    new PutRecordCommand({ StreamName: name, PartitionKey: "k", Data: half, ExplicitHashKey: "0" }),
  );
  expect((await refusal(call)).code).toBe(throttled);
});

ours("throttling answers five reads a second and shard", async () => {
  const own = await start({ throttle: "aws", now: () => START });
  const name = await own.createStream();
  const iterator = await own.iterator(name);
  for (let i = 0; i < 5; i += 1) await own.get(iterator);
  expect((await refusal(own.get(iterator))).code).toBe(throttled);
});

ours("an iterator expires after five minutes, in AWS's words", async () => {
  let now = START;
  const own = await start({ now: () => now });
  const iterator = await own.iterator(await own.createStream());
  now += 5 * MINUTE_MS;
  await own.get(iterator);
  now += 1;
  const { code, message } = await refusal(own.get(iterator));
  expect(code).toBe("ExpiredIteratorException");
  expect(message).toBe(
    "Iterator expired. The iterator was created at time Fri Jan 02 03:04:05 UTC 2026 while right now it is Fri Jan 02 03:09:05 UTC 2026 which is further in the future than the tolerated delay of 300000 milliseconds.",
  );
});

ours("a ListShards token expires after five minutes", async () => {
  let now = START;
  const own = await start({ now: () => now });
  const StreamName = await own.createStream({ ShardCount: 2 });
  const { NextToken } = await own.client.send(new ListShardsCommand({ StreamName, MaxResults: 1 }));
  now += 5 * MINUTE_MS + 1;
  const call = own.client.send(new ListShardsCommand({ NextToken }));
  expect((await refusal(call)).code).toBe("ExpiredNextTokenException");
});

ours("records are unreadable as soon as they are older than the retention period", async () => {
  let now = START;
  const own = await start({ now: () => now });
  const name = await own.createStream();
  await own.put(name, [entry("old")]);
  now += HOUR_MS;
  await own.put(name, [entry("young")]);
  now = START + 24 * HOUR_MS;
  expect((await own.readShard(name, 2)).map(text)).toEqual(["old", "young"]);
  now += 1;
  expect((await own.readShard(name, 1)).map(text)).toEqual(["young"]);
});

ours("records that expired stay gone when the retention period is raised again", async () => {
  let now = START;
  const own = await start({ now: () => now });
  const StreamName = await own.createStream();
  const increase = (RetentionPeriodHours: number) =>
    own.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
  await increase(72);
  await own.put(StreamName, [entry("old")]);
  now += 30 * HOUR_MS;
  await own.put(StreamName, [entry("young")]);
  expect((await own.readShard(StreamName, 2)).map(text)).toEqual(["old", "young"]);
  await own.client.send(
    new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }),
  );
  expect((await own.readShard(StreamName, 1)).map(text)).toEqual(["young"]);
  await increase(72);
  await own.restart();
  expect((await own.readShard(StreamName, 1)).map(text)).toEqual(["young"]);
});

ours("a closed shard leaves the list when its last record has expired", async () => {
  let now = START;
  const own = await start({ now: () => now });
  const StreamName = await own.createStream();
  await own.put(StreamName, [entry("old")]);
  await own.client.send(
    new SplitShardCommand({
      StreamName,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: "1",
    }),
  );
  now += 24 * HOUR_MS + 1;
  // Trimming runs with the clock on the wall; changing the retention period does it at once.
  await own.client.send(
    new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }),
  );
  const ids = (await own.shardsOf(StreamName)).map(({ ShardId }) => ShardId);
  expect(ids).toEqual(["shardId-000000000001", "shardId-000000000002"]);
  expect((await refusal(own.iterator(StreamName))).code).toBe("ResourceNotFoundException");
});

ours("a stream keeps to its size limit by dropping its oldest records", async () => {
  const warnings: string[] = [];
  const own = await start({
    maxStreamBytes: 2 * MIB,
    log: {
      debug() {},
      info() {},
      warn: (_fields, message) => warnings.push(message),
      error() {},
    },
  });
  const name = await own.createStream({ ShardCount: 2 });
  const block = new Uint8Array(50 * KIB);
  for (let i = 0; i < 120; i += 1)
    await own.put(name, [entry(Buffer.concat([Buffer.from(`${i} `), block]), `key-${i}`)]);
  const kept: number[] = [];
  for (const { ShardId } of await own.shardsOf(name)) {
    const { Records } = await own.get(await own.iterator(name, { ShardId }));
    kept.push(...(Records ?? []).map((record) => Number.parseInt(text(record), 10)));
  }
  kept.sort((a, b) => a - b);
  expect(kept.at(-1)).toBe(119);
  expect(kept[0]).toBeGreaterThan(60);
  expect(kept.length).toBeGreaterThan(10);
  const files = fs
    .readdirSync(own.directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".log"));
  const bytes = files.reduce(
    (sum, file) => sum + fs.statSync(path.join(own.directory, file)).size,
    0,
  );
  expect(bytes).toBeLessThanOrEqual(2 * MIB);
  expect(warnings[0]).toContain("oldest records were dropped");
});

ours("a full disk is an InternalFailure, stores nothing, and is got over", async () => {
  let room = Number.POSITIVE_INFINITY;
  const own = await start({
    disk: {
      writeSync: ((file: number, data: Buffer, from: number, size: number, at: number) => {
        if (room <= 0) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
        const written = fs.writeSync(file, data, from, Math.min(size, room), at);
        room -= written;
        return written;
      }) as typeof fs.writeSync,
    },
  });
  const name = await own.createStream();
  await own.put(name, [entry("before")]);
  room = 1000;
  const lines = Array.from({ length: 50 }, (_, i) => entry(`lost ${i} ${"x".repeat(100)}`));
  expect(await refusal(own.put(name, lines))).toMatchObject({
    code: "InternalFailure",
    status: 500,
  });
  const single = own.client.send(
    new PutRecordCommand({ StreamName: name, PartitionKey: "k", Data: Buffer.from("lost") }),
  );
  expect(await refusal(single)).toMatchObject({ code: "InternalFailure", status: 500 });
  room = Number.POSITIVE_INFINITY;
  await own.put(name, [entry("after")]);
  expect((await own.readShard(name, 2)).map(text)).toEqual(["before", "after"]);
  await own.restart();
  expect((await own.readShard(name, 2)).map(text)).toEqual(["before", "after"]);
});

ours("a disk that is full for one shard fails that shard's entries only", async () => {
  let isFull = false;
  let calls = 0;
  const own = await start({
    disk: {
      writeSync: ((...args: Parameters<typeof fs.writeSync>) => {
        calls += 1;
        if (isFull && calls === 1) throw new Error("ENOSPC: no space left");
        return fs.writeSync(...args);
      }) as typeof fs.writeSync,
    },
  });
  const name = await own.createStream({ ShardCount: 2 });
  isFull = true;
  calls = 0;
  const { FailedRecordCount, Records } = await own.put(name, [
    entry("low", "k", { ExplicitHashKey: "0" }),
    entry("high", "k", { ExplicitHashKey: String((1n << 128n) - 1n) }),
  ]);
  expect(FailedRecordCount).toBe(1);
  expect(Records?.map(({ ErrorCode }) => ErrorCode)).toEqual(["InternalFailure", undefined]);
});

ours(
  "a stream is CREATING, UPDATING and DELETING for a while, and refuses what AWS refuses then",
  async () => {
    let now = START;
    const own = await start({ now: () => now, stateChangeMs: 1000 });
    const StreamName = "slow";
    await own.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    expect(await own.status(StreamName)).toBe("CREATING");
    expect((await refusal(own.put(StreamName, [entry("x")]))).code).toBe(
      "ResourceNotFoundException",
    );
    expect((await refusal(own.shardsOf(StreamName))).code).toBe("ResourceInUseException");
    now += 1000;
    expect(await own.status(StreamName)).toBe("ACTIVE");
    const split = () =>
      own.client.send(
        new SplitShardCommand({
          StreamName,
          ShardToSplit: "shardId-000000000000",
          NewStartingHashKey: "1",
        }),
      );
    await split();
    expect(await own.status(StreamName)).toBe("UPDATING");
    await own.put(StreamName, [entry("x")]);
    const { code, message } = await refusal(split());
    expect(code).toBe("ResourceInUseException");
    expect(message).toContain("not ACTIVE, instead in state UPDATING");
  },
);

ours("more shards than the account may have are refused with LimitExceeded", async () => {
  const own = await start();
  const call = own.client.send(new CreateStreamCommand({ StreamName: "big", ShardCount: 1001 }));
  expect((await refusal(call)).code).toBe("LimitExceededException");
  expect((await refusal(own.status("big"))).code).toBe("ResourceNotFoundException");
});

ours("what AWS has and the emulator leaves out is answered so", async () => {
  const own = await start();
  const { status, code, message } = await rawCall(own.url, "RegisterStreamConsumer", "{}");
  expect({ status, code }).toEqual({ status: 400, code: "UnknownOperationException" });
  expect(message).toContain("not in the local emulator");
});

ours("CBOR is refused with what to set", async () => {
  const own = await start();
  const { status, message } = await rawCall(own.url, "ListStreams", "x", {
    "content-type": "application/x-amz-cbor-1.1",
  });
  expect(status).toBe(400);
  expect(message).toContain("AWS_CBOR_DISABLE");
});

ours("names that differ only in case, or look like paths, are streams of their own", async () => {
  const own = await start();
  for (const StreamName of ["logs", "LOGS", "..", "."]) {
    await own.createStream({ StreamName });
    await own.put(StreamName, [entry(StreamName)]);
  }
  await own.restart();
  for (const StreamName of ["logs", "LOGS", "..", "."])
    expect((await own.readShard(StreamName, 1)).map(text)).toEqual([StreamName]);
  expect(fs.readdirSync(own.directory)).toHaveLength(5);
});

ours.each(["never", "interval", "always"] as const)(
  "with fsync %s everything is there after a restart",
  async (fsync) => {
    const own = await start({ fsync });
    const StreamName = await own.createStream({ ShardCount: 2 });
    await own.client.send(new AddTagsToStreamCommand({ StreamName, Tags: { a: "1" } }));
    const { Records } = await own.put(StreamName, [entry("before", "k", { ExplicitHashKey: "0" })]);
    const iterator = await own.iterator(StreamName, {
      ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
      StartingSequenceNumber: Records?.[0]?.SequenceNumber,
    });
    await own.restart();
    const after = await own.put(StreamName, [entry("after", "k", { ExplicitHashKey: "0" })]);
    expect((await own.get(iterator)).Records?.map(text)).toEqual(["after"]);
    expect((await own.readShard(StreamName, 2)).map(text)).toEqual(["before", "after"]);
    const [low, high] = [Records, after.Records].map((r) => BigInt(r?.[0]?.SequenceNumber ?? 0));
    expect(high).toBeGreaterThan(low as bigint);
    const { Tags } = await own.client.send(new ListTagsForStreamCommand({ StreamName }));
    expect(Tags).toEqual([{ Key: "a", Value: "1" }]);
  },
);

ours("the service's own default for the largest record can be set", async () => {
  const own = await start({ maxRecordBytes: 2 * MIB });
  const StreamName = await own.createStream();
  const { StreamDescriptionSummary } = await own.client.send(
    new DescribeStreamSummaryCommand({ StreamName }),
  );
  expect(StreamDescriptionSummary?.MaxRecordSizeInKiB).toBe(2048);
  const { FailedRecordCount } = await own.put(StreamName, [entry(new Uint8Array(2 * MIB - 3))]);
  expect(FailedRecordCount).toBe(0);
});
