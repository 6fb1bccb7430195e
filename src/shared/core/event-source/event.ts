import type { KinesisEvent, KinesisEventRecord } from "../kinesis-event.ts";
import type { StreamRecord } from "./source.ts";

/** The shard a batch is read from. */
export type EventOrigin = { readonly streamArn: string; readonly shardId: string };

/** `{"Records":[]}`; the records' own bytes and a comma between two come on top. */
export const EVENT_ENVELOPE_BYTES = '{"Records":[]}'.length;

const utf8 = new TextEncoder();

const toEventRecord = (
  { streamArn, shardId }: EventOrigin,
  record: StreamRecord,
  data: string,
): KinesisEventRecord => {
  const [, partition = "aws", , region = "", account = ""] = streamArn.split(":");
  return {
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: record.partitionKey,
      sequenceNumber: record.sequenceNumber,
      data,
      approximateArrivalTimestamp: record.arrivedAtMs / 1000,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: `${shardId}:${record.sequenceNumber}`,
    eventName: "aws:kinesis:record",
    invokeIdentityArn: `arn:${partition}:iam::${account}:role/local-event-source-mapping`,
    awsRegion: region,
    eventSourceARN: streamArn,
  };
};

/** The event Lambda would build of these records of one shard. */
export const toKinesisEvent = (
  origin: EventOrigin,
  records: readonly StreamRecord[],
  encodeBase64: (bytes: Uint8Array) => string,
): KinesisEvent => ({
  Records: records.map((record) => toEventRecord(origin, record, encodeBase64(record.data))),
});

/** Measures records of one shard: bytes of each in the event as JSON, without encoding its data. */
export const createPayloadMeter = (origin: EventOrigin): ((record: StreamRecord) => number) => {
  const empty = { sequenceNumber: "", partitionKey: "", data: new Uint8Array(), arrivedAtMs: 0 };
  const skeleton = utf8.encode(JSON.stringify(toEventRecord(origin, empty, ""))).length;
  const fixedBytes = skeleton - '""'.length - "0".length;
  return ({ sequenceNumber, partitionKey, data, arrivedAtMs }) =>
    fixedBytes +
    2 * sequenceNumber.length +
    utf8.encode(JSON.stringify(partitionKey)).length +
    4 * Math.ceil(data.length / 3) +
    String(arrivedAtMs / 1000).length;
};
