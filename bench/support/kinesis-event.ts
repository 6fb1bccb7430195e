import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";

const STREAM_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/stage01-logs-stream";
const SHARD_ID = "shardId-000000000000";
const FIRST_SEQUENCE_NUMBER =
  49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

/** The event that Lambda would hand over for these payloads, one record each. */
export const toKinesisEvent = (payloads: readonly string[], arrivedAtMs: number): KinesisEvent => ({
  Records: payloads.map((payload, at) => {
    const sequenceNumber = String(FIRST_SEQUENCE_NUMBER + BigInt(at));
    return {
      eventID: `${SHARD_ID}:${sequenceNumber}`,
      eventSource: "aws:kinesis",
      eventSourceARN: STREAM_ARN,
      eventName: "aws:kinesis:record",
      eventVersion: "1.0",
      invokeIdentityArn: "arn:aws:iam::000000000000:role/consumer",
      awsRegion: "us-east-1",
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: "payment-service",
        sequenceNumber,
        data: Buffer.from(payload).toString("base64"),
        approximateArrivalTimestamp: arrivedAtMs / 1000,
      },
    };
  }),
});
