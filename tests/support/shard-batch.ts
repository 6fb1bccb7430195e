import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";
import type { PartObject, PartSink } from "../../src/shared/core/ports.ts";

export const STREAM_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/stage01-logs-stream";
export const SHARD_ID = "shardId-000000000000";

const FIRST_SEQUENCE_NUMBER =
  49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

export const sequenceNumberAt = (position: number): string =>
  String(FIRST_SEQUENCE_NUMBER + BigInt(position));

export type ShardRecord = {
  data: string | Uint8Array;
  sequenceNumber?: string;
  arrivedAtMs?: number;
  shardId?: string;
  partitionKey?: string;
};

export const ARRIVED_AT_MS = Date.UTC(2025, 10, 14, 1, 20, 30, 125);

/** A Lambda event of records of one shard, numbered from the start of the shard unless they say. */
export const toEvent = (
  records: readonly ShardRecord[],
  streamArn: string = STREAM_ARN,
): KinesisEvent => ({
  Records: records.map((record, position) => {
    const sequenceNumber = record.sequenceNumber ?? sequenceNumberAt(position);
    return {
      eventID: `${record.shardId ?? SHARD_ID}:${sequenceNumber}`,
      eventSource: "aws:kinesis",
      eventSourceARN: streamArn,
      eventName: "aws:kinesis:record",
      eventVersion: "1.0",
      invokeIdentityArn: "arn:aws:iam::000000000000:role/consumer",
      awsRegion: "us-east-1",
      kinesis: {
        kinesisSchemaVersion: "1.0",
        partitionKey: record.partitionKey ?? "key",
        sequenceNumber,
        data: Buffer.from(record.data as string).toString("base64"),
        approximateArrivalTimestamp: (record.arrivedAtMs ?? ARRIVED_AT_MS) / 1000,
      },
    };
  }),
});

/** A bucket in memory: the same key replaces. */
export const createMemoryBucket = () => {
  const objects = new Map<string, PartObject>();
  const sink: PartSink = {
    putPart: async (part) => {
      objects.set(part.key, part);
    },
  };
  return { objects, sink };
};

export const textOf = (object: PartObject | undefined): string =>
  Buffer.from(object?.body ?? []).toString("utf8");
