import { v5 as uuidv5 } from "uuid";
import type { KinesisEvent } from "../kinesis-event.ts";
import type { StreamRecord } from "./source.ts";

/** Why records were given up. */
export type DiscardCondition = "RetryAttemptsExhausted" | "RecordAgeExceeded";

/** Records that were given up, in the order of the shard; never empty. */
export type Discard = {
  readonly condition: DiscardCondition;
  readonly records: readonly [StreamRecord, ...StreamRecord[]];
  readonly event: KinesisEvent;
  /** How often the handler was called with the first of them. */
  readonly invokeCount: number;
  /** `Unhandled` when the handler threw, null when it answered. */
  readonly functionError: "Unhandled" | null;
};

/** Keeps what was given up; resolves once it is durable. */
export type OnFailureDestination = {
  put(key: string, body: string): Promise<void>;
};

const MAPPING_NAMESPACE = "5c1c2d05-28d8-5a0c-9a3e-2f4c6f3b7d11";

/** The UUID Lambda would give the mapping: here always the same for a stream. */
export const mappingIdOf = (streamArn: string): string => uuidv5(streamArn, MAPPING_NAMESPACE);

/** `2025-11-14T01:02:03.456Z` to `2025/11/14/2025-11-14T01.02.03` */
const keyTimeOf = (iso: string): string =>
  `${iso.slice(0, 10).replaceAll("-", "/")}/${iso.slice(0, 19).replaceAll(":", ".")}`;

const functionArnOf = (streamArn: string): string => {
  const [, partition = "aws", , region = "", account = ""] = streamArn.split(":");
  return `arn:${partition}:lambda:${region}:${account}:function:consumer`;
};

/**
 * Key and body of the object Lambda writes for records it gives up: the invocation record with the
 * whole event as `payload`.
 * https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
 */
export const invocationRecord = (
  { streamArn, shardId }: { streamArn: string; shardId: string },
  { condition, records, event, invokeCount, functionError }: Discard,
  nowMs: number,
  newId: () => string,
): { key: string; body: string } => {
  const timestamp = new Date(nowMs).toISOString();
  const first = records[0];
  const last = records.at(-1) ?? first;
  const record = {
    requestContext: {
      requestId: newId(),
      functionArn: functionArnOf(streamArn),
      condition,
      approximateInvokeCount: invokeCount,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError },
    version: "1.0",
    timestamp,
    KinesisBatchInfo: {
      shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first.arrivedAtMs).toISOString(),
      approximateArrivalOfLastRecord: new Date(last.arrivedAtMs).toISOString(),
      batchSize: records.length,
      streamArn,
    },
    payload: JSON.stringify(event),
  };
  return {
    key: `aws/lambda/${mappingIdOf(streamArn)}/${shardId}/${keyTimeOf(timestamp)}-${newId()}`,
    body: JSON.stringify(record),
  };
};
