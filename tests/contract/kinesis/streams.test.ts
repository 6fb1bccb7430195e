import { randomUUID } from "node:crypto";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeLimitsCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListStreamsCommand,
  ListTagsForResourceCommand,
  ListTagsForStreamCommand,
  RemoveTagsFromStreamCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateMaxRecordSizeCommand,
  UpdateStreamModeCommand,
} from "@aws-sdk/client-kinesis";
import { expect, test } from "vitest";
import { poll } from "../../support/poll.ts";
import { refusal, setUpKinesis } from "./support.ts";

const kinesis = setUpKinesis();

const summaryOf = async (StreamName: string) => {
  const answer = await kinesis.client.send(new DescribeStreamSummaryCommand({ StreamName }));
  return answer.StreamDescriptionSummary;
};

test("a new stream is CREATING or ACTIVE at once and ACTIVE soon", async () => {
  const StreamName = `contract-${randomUUID()}`;
  await kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  expect(["CREATING", "ACTIVE"]).toContain(await kinesis.status(StreamName));
  await kinesis.waitActive(StreamName);
});

test("a stream's summary has AWS's defaults", async () => {
  const name = await kinesis.createStream({ ShardCount: 3 });
  const summary = await summaryOf(name);
  expect(summary).toMatchObject({
    StreamName: name,
    StreamStatus: "ACTIVE",
    OpenShardCount: 3,
    RetentionPeriodHours: 24,
    EncryptionType: "NONE",
    StreamModeDetails: { StreamMode: "PROVISIONED" },
    ConsumerCount: 0,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
  });
  expect(summary?.StreamARN).toMatch(
    new RegExp(`^arn:aws:kinesis:us-east-1:\\d{12}:stream/${name}$`),
  );
  const ageMs = Date.now() - Number(summary?.StreamCreationTimestamp?.getTime());
  expect(Math.abs(ageMs)).toBeLessThan(60_000);
});

test("a stream's summary tells its largest record size, 1 MiB unless changed", async () => {
  expect(await summaryOf(await kinesis.createStream())).toMatchObject({ MaxRecordSizeInKiB: 1024 });
});

test("a stream is found by its ARN as by its name", async () => {
  const name = await kinesis.createStream();
  const StreamARN = (await summaryOf(name))?.StreamARN;
  const answer = await kinesis.client.send(new DescribeStreamSummaryCommand({ StreamARN }));
  expect(answer.StreamDescriptionSummary?.StreamName).toBe(name);
});

test("a name that is taken is refused with ResourceInUse", async () => {
  const StreamName = await kinesis.createStream();
  const { code, message } = await refusal(
    kinesis.client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 })),
  );
  expect(code).toBe("ResourceInUseException");
  expect(message).toContain(StreamName);
});

test("a name with a space is refused with a ValidationException that names the member", async () => {
  const call = kinesis.client.send(
    new CreateStreamCommand({ StreamName: "not valid", ShardCount: 1 }),
  );
  const { code, message, status } = await refusal(call);
  expect({ code, status }).toEqual({ code: "ValidationException", status: 400 });
  expect(message).toContain("streamName");
});

test("a name of 129 characters is refused with ValidationException", async () => {
  const call = kinesis.client.send(
    new CreateStreamCommand({ StreamName: "x".repeat(129), ShardCount: 1 }),
  );
  expect((await refusal(call)).code).toBe("ValidationException");
});

test("a shard count of 0 is refused with ValidationException", async () => {
  const call = kinesis.client.send(
    new CreateStreamCommand({ StreamName: `contract-${randomUUID()}`, ShardCount: 0 }),
  );
  expect((await refusal(call)).code).toBe("ValidationException");
});

test("an on-demand stream begins with four open shards", async () => {
  const name = await kinesis.createStream({ StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  expect(await summaryOf(name)).toMatchObject({
    OpenShardCount: 4,
    StreamModeDetails: { StreamMode: "ON_DEMAND" },
  });
});

test("a stream that does not exist is ResourceNotFound", async () => {
  const StreamName = `contract-${randomUUID()}`;
  const { code, message } = await refusal(
    kinesis.client.send(new DescribeStreamSummaryCommand({ StreamName })),
  );
  expect(code).toBe("ResourceNotFoundException");
  expect(message).toContain(StreamName);
});

test("a deleted stream is gone soon, and its name can be used again", async () => {
  const StreamName = await kinesis.createStream();
  await kinesis.client.send(new DeleteStreamCommand({ StreamName }));
  await poll("the stream is gone", async () => {
    const found = await kinesis.status(StreamName).catch((error: Error) => error.name);
    return found === "ResourceNotFoundException";
  });
  await kinesis.createStream({ StreamName });
  expect(await kinesis.readShard(StreamName, 0)).toEqual([]);
});

test("deleting a stream that does not exist is ResourceNotFound", async () => {
  const StreamName = `contract-${randomUUID()}`;
  const { code } = await refusal(kinesis.client.send(new DeleteStreamCommand({ StreamName })));
  expect(code).toBe("ResourceNotFoundException");
});

test("DescribeStream pages through its shards by Limit and ExclusiveStartShardId", async () => {
  const StreamName = await kinesis.createStream({ ShardCount: 5 });
  const seen: (string | undefined)[] = [];
  const sizes: number[] = [];
  for (let hasMore = true; hasMore && sizes.length < 5; ) {
    const { StreamDescription: page } = await kinesis.client.send(
      new DescribeStreamCommand({
        StreamName,
        Limit: 2,
        ...(seen.length > 0 && { ExclusiveStartShardId: seen.at(-1) }),
      }),
    );
    seen.push(...(page?.Shards ?? []).map(({ ShardId }) => ShardId));
    sizes.push(page?.Shards?.length ?? 0);
    hasMore = page?.HasMoreShards ?? false;
  }
  expect(sizes).toEqual([2, 2, 1]);
  expect(new Set(seen).size).toBe(5);
});

test("ListStreams pages in the order of names, with a summary of each stream", async () => {
  const prefix = `list-${randomUUID()}`;
  const names: string[] = [];
  for (const suffix of ["c", "a", "b"])
    names.push(await kinesis.createStream({ StreamName: `${prefix}-${suffix}` }));
  const first = await kinesis.client.send(
    new ListStreamsCommand({ Limit: 2, ExclusiveStartStreamName: prefix }),
  );
  expect(first.StreamNames).toEqual([`${prefix}-a`, `${prefix}-b`]);
  expect(first.HasMoreStreams).toBe(true);
  const second = await kinesis.client.send(
    new ListStreamsCommand({ Limit: 1, NextToken: first.NextToken }),
  );
  expect(second.StreamNames).toEqual([`${prefix}-c`]);
  expect(second.StreamSummaries?.[0]).toMatchObject({
    StreamName: `${prefix}-c`,
    StreamStatus: "ACTIVE",
    StreamModeDetails: { StreamMode: "PROVISIONED" },
  });
});

test("the retention period grows and shrinks between 24 and 8760 hours", async () => {
  const StreamName = await kinesis.createStream();
  await kinesis.client.send(
    new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }),
  );
  await kinesis.waitActive(StreamName);
  expect(await summaryOf(StreamName)).toMatchObject({ RetentionPeriodHours: 48 });
  await kinesis.client.send(
    new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }),
  );
  await kinesis.waitActive(StreamName);
  expect(await summaryOf(StreamName)).toMatchObject({ RetentionPeriodHours: 24 });
});

test.each([
  ["too short", IncreaseStreamRetentionPeriodCommand, 23],
  ["too long", IncreaseStreamRetentionPeriodCommand, 8761],
  ["an increase that would be a decrease", IncreaseStreamRetentionPeriodCommand, 30],
  ["a decrease that would be an increase", DecreaseStreamRetentionPeriodCommand, 50],
])("a retention period is refused with InvalidArgument: %s", async (_name, Command, hours) => {
  const StreamName = await kinesis.createStream();
  await kinesis.client.send(
    new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 40 }),
  );
  await kinesis.waitActive(StreamName);
  const call = kinesis.client.send(new Command({ StreamName, RetentionPeriodHours: hours }));
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("tags are added, replaced, listed in pages and removed", async () => {
  const StreamName = await kinesis.createStream();
  const { client } = kinesis;
  await client.send(
    new AddTagsToStreamCommand({ StreamName, Tags: { b: "2", a: "1", team: "đội một" } }),
  );
  await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { a: "one" } }));
  const page = await client.send(new ListTagsForStreamCommand({ StreamName, Limit: 2 }));
  expect(page.Tags).toEqual([
    { Key: "a", Value: "one" },
    { Key: "b", Value: "2" },
  ]);
  expect(page.HasMoreTags).toBe(true);
  const rest = await client.send(
    new ListTagsForStreamCommand({ StreamName, ExclusiveStartTagKey: "b" }),
  );
  expect(rest).toMatchObject({ Tags: [{ Key: "team", Value: "đội một" }], HasMoreTags: false });
  await client.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["a", "b"] }));
  const left = await client.send(new ListTagsForStreamCommand({ StreamName }));
  expect(left.Tags?.map(({ Key }) => Key)).toEqual(["team"]);
});

test("a stream takes 50 tags and refuses the 51st with InvalidArgument", async () => {
  const StreamName = await kinesis.createStream();
  const numbered = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`tag-${from + i}`, "x"]));
  for (let from = 0; from < 50; from += 10)
    await kinesis.client.send(new AddTagsToStreamCommand({ StreamName, Tags: numbered(from, 10) }));
  const call = kinesis.client.send(
    new AddTagsToStreamCommand({ StreamName, Tags: numbered(50, 1) }),
  );
  expect((await refusal(call)).code).toBe("InvalidArgumentException");
});

test("tags given at creation are there", async () => {
  const StreamName = await kinesis.createStream({ Tags: { stage: "test" } });
  const { Tags } = await kinesis.client.send(new ListTagsForStreamCommand({ StreamName }));
  expect(Tags).toEqual([{ Key: "stage", Value: "test" }]);
});

test("a stream can be tagged as a resource by its ARN", async () => {
  const ResourceARN = (await summaryOf(await kinesis.createStream()))?.StreamARN;
  await kinesis.client.send(new TagResourceCommand({ ResourceARN, Tags: { a: "1", b: "2" } }));
  await kinesis.client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["a"] }));
  const { Tags } = await kinesis.client.send(new ListTagsForResourceCommand({ ResourceARN }));
  expect(Tags).toEqual([{ Key: "b", Value: "2" }]);
});

test("the stream mode can be changed", async () => {
  const name = await kinesis.createStream({ ShardCount: 1 });
  const StreamARN = (await summaryOf(name))?.StreamARN;
  const StreamModeDetails = { StreamMode: "ON_DEMAND" as const };
  await kinesis.client.send(new UpdateStreamModeCommand({ StreamARN, StreamModeDetails }));
  await kinesis.waitActive(name);
  expect(await summaryOf(name)).toMatchObject({ StreamModeDetails });
});

test.each([1023, 10_241])(
  "a largest record size of %i KiB is refused with ValidationException",
  async (size) => {
    const StreamARN = (await summaryOf(await kinesis.createStream()))?.StreamARN;
    const call = kinesis.client.send(
      new UpdateMaxRecordSizeCommand({ StreamARN, MaxRecordSizeInKiB: size }),
    );
    expect((await refusal(call)).code).toBe("ValidationException");
  },
);

test("DescribeLimits counts the open shards", async () => {
  await kinesis.createStream({ ShardCount: 2 });
  const limits = await kinesis.client.send(new DescribeLimitsCommand({}));
  expect(limits.OpenShardCount).toBeGreaterThanOrEqual(2);
  expect(limits.ShardLimit).toBeGreaterThanOrEqual(limits.OpenShardCount ?? 0);
  expect(limits.OnDemandStreamCountLimit).toBeGreaterThan(0);
});
