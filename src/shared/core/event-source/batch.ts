import {
  EVENT_SOURCE_MAX_BATCH_RECORDS,
  EVENT_SOURCE_MAX_WINDOW_SECONDS,
  LAMBDA_PAYLOAD_MAX_BYTES,
} from "../limits.ts";
import { EVENT_ENVELOPE_BYTES } from "./event.ts";
import type { StreamRecord } from "./source.ts";

export type BatchLimits = {
  readonly maxRecords: number;
  /** Of the event as JSON, data in base64. */
  readonly maxPayloadBytes: number;
  readonly windowMs: number;
};

/** A record that was read and waits for its batch. */
export type WaitingRecord = {
  readonly record: StreamRecord;
  /** Its share of the event as JSON. */
  readonly payloadBytes: number;
  /** No record arrived before this moment without having been read, epoch milliseconds. */
  readonly waitingSinceMs: number;
};

/** Lambda's limits with the given batch size and window. Throws what Lambda would refuse. */
export const batchLimits = (maxRecords: number, windowMs: number): BatchLimits => {
  if (
    !Number.isInteger(maxRecords) ||
    maxRecords < 1 ||
    maxRecords > EVENT_SOURCE_MAX_BATCH_RECORDS
  )
    throw new RangeError(
      `The batch size is ${maxRecords}; it must be 1 to ${EVENT_SOURCE_MAX_BATCH_RECORDS} records.`,
    );
  if (!(windowMs >= 0 && windowMs <= EVENT_SOURCE_MAX_WINDOW_SECONDS * 1000))
    throw new RangeError(
      `The batch window is ${windowMs} ms; it must be 0 to ${EVENT_SOURCE_MAX_WINDOW_SECONDS} s.`,
    );
  return { maxRecords, maxPayloadBytes: LAMBDA_PAYLOAD_MAX_BYTES, windowMs };
};

/**
 * How many of the waiting records make the batch that is due now; 0 when it is better to wait. A
 * batch is due when it is full by count or payload, when its first record has waited for the
 * window, or when nothing more can come. A record larger than the payload limit goes alone.
 */
export const countDue = (
  waiting: readonly WaitingRecord[],
  limits: BatchLimits,
  nowMs: number,
  isAtEnd: boolean,
): number => {
  const first = waiting[0];
  if (first === undefined) return 0;
  let count = 0;
  let payloadBytes = EVENT_ENVELOPE_BYTES;
  for (const { payloadBytes: bytes } of waiting) {
    payloadBytes += bytes + (count === 0 ? 0 : 1);
    if (count > 0 && payloadBytes > limits.maxPayloadBytes) return count;
    count += 1;
    if (count === limits.maxRecords || payloadBytes >= limits.maxPayloadBytes) return count;
  }
  return isAtEnd || nowMs >= first.waitingSinceMs + limits.windowMs ? count : 0;
};
