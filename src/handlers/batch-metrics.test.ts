import { expect, test } from "vitest";
import { createCodec } from "../shared/aws/codec.ts";
import { createConsumer } from "../shared/core/consume.ts";
import type { KinesisEvent } from "../shared/core/kinesis-event.ts";
import { silentLogger } from "../shared/core/logger.ts";
import { batchMetricsLine } from "./batch-metrics.ts";

const NOW = 1_763_082_785_000;
const OPTIONS = { namespace: "ns", stage: "dev" };

const eventOf = (...texts: string[]): KinesisEvent => ({
  Records: texts.map((text, at) => ({
    eventID: `shardId-000000000003:${100 + at}`,
    eventSource: "aws:kinesis",
    eventSourceARN: "arn:aws:kinesis:us-east-1:123456789012:stream/logs",
    eventName: "aws:kinesis:record",
    eventVersion: "1.0",
    invokeIdentityArn: "arn:aws:iam::123456789012:role/consumer",
    awsRegion: "us-east-1",
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "p",
      sequenceNumber: String(100 + at),
      data: Buffer.from(text).toString("base64"),
      approximateArrivalTimestamp: NOW / 1000,
    },
  })),
});

const consumeWith = (putPart: () => Promise<void>) =>
  createConsumer(
    { sink: { putPart }, codec: createCodec(), log: silentLogger },
    { compression: "none", maxFutureSkewMs: 0, bucket: "b" },
  );

test("a batch's line names each figure with its unit, and has a value for each", async () => {
  const event = eventOf('{"service":"a"}\n{"service":"b"}', "no json");
  const { summary } = await consumeWith(async () => {})(event);
  const line = JSON.parse(batchMetricsLine(event, summary, NOW, OPTIONS) ?? "");
  expect(line).toMatchObject({
    Stage: "dev",
    Stream: "logs",
    ShardId: "shardId-000000000003",
    FirstSequenceNumber: "100",
    Records: 2,
    Lines: 2,
    Bytes: 32,
    Parts: 2,
    Quarantined: 1,
    FailedBatches: 0,
  });
  const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
  expect(line._aws.Timestamp).toBe(NOW);
  expect(Namespace).toBe("ns");
  // Each further combination would be a metric to be paid.
  expect(Dimensions).toEqual([["Stage", "Stream"]]);
  for (const { Name, Unit } of Metrics) {
    expect(typeof line[Name], Name).toBe("number");
    expect(Unit).toBe(Name === "Bytes" ? "Bytes" : "Count");
  }
});

test("a batch that must come again counts as failed, and as nothing stored", async () => {
  const event = eventOf("{}");
  const { summary } = await consumeWith(() => Promise.reject(new Error("S3 is away")))(event);
  const line = JSON.parse(batchMetricsLine(event, summary, NOW, OPTIONS) ?? "");
  expect(line).toMatchObject({ FailedBatches: 1, Records: 0, Lines: 0, Bytes: 0, Stream: "logs" });
});

test("an event without records has no figures", () => {
  expect(batchMetricsLine({ Records: [] }, null, NOW, OPTIONS)).toBeUndefined();
});
