import fc from "fast-check";
import { expect, test } from "vitest";
import { type BatchLimits, batchLimits, countDue, type WaitingRecord } from "./batch.ts";
import { createPayloadMeter, EVENT_ENVELOPE_BYTES, toKinesisEvent } from "./event.ts";

const record = { sequenceNumber: "1", partitionKey: "k", data: new Uint8Array(), arrivedAtMs: 0 };
const waitingOf = (sizes: readonly number[], waitingSinceMs = 0): WaitingRecord[] =>
  sizes.map((payloadBytes) => ({ record, payloadBytes, waitingSinceMs }));
const limits: BatchLimits = { maxRecords: 3, maxPayloadBytes: 1_000, windowMs: 5_000 };
const room = limits.maxPayloadBytes - EVENT_ENVELOPE_BYTES;

test("nothing is due while nothing waits", () => {
  expect(countDue([], limits, 1e9, true)).toBe(0);
});

test("a full batch goes at once, and no record more", () => {
  expect(countDue(waitingOf([1, 1, 1, 1]), limits, 0, false)).toBe(3);
});

test("a batch that is not full waits for its window, counted from its first record", () => {
  const waiting = [...waitingOf([1], 1_000), ...waitingOf([1], 4_000)];
  expect(countDue(waiting, limits, 5_999, false)).toBe(0);
  expect(countDue(waiting, limits, 6_000, false)).toBe(2);
});

test("the last records of a closed shard do not wait", () => {
  expect(countDue(waitingOf([1, 1]), limits, 0, true)).toBe(2);
});

test("a window of 0 waits for nothing", () => {
  expect(countDue(waitingOf([1]), { ...limits, windowMs: 0 }, 0, false)).toBe(1);
});

test("a batch closes before the record that would take it over the payload limit, to the byte", () => {
  expect(countDue(waitingOf([room - 11, 10, 1]), limits, 0, false)).toBe(2);
  expect(countDue(waitingOf([room - 10, 10, 1]), limits, 0, false)).toBe(1);
});

test("a record over the payload limit goes alone", () => {
  expect(countDue(waitingOf([5_000, 1]), limits, 0, false)).toBe(1);
  expect(countDue(waitingOf([1, 5_000]), limits, 0, false)).toBe(1);
});

test("batches take every record once, in order, each within the limits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_200 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (sizes, maxRecords) => {
        let left = waitingOf(sizes);
        while (left.length > 0) {
          const count = countDue(left, { ...limits, maxRecords }, 0, true);
          expect(count).toBeGreaterThan(0);
          expect(count).toBeLessThanOrEqual(maxRecords);
          const bytes = left
            .slice(0, count)
            .reduce((sum, { payloadBytes }) => sum + payloadBytes + 1, EVENT_ENVELOPE_BYTES - 1);
          if (count > 1) expect(bytes).toBeLessThanOrEqual(limits.maxPayloadBytes);
          left = left.slice(count);
        }
      },
    ),
  );
});

test("batch size and window are refused outside Lambda's limits", () => {
  expect(() => batchLimits(0, 0)).toThrow("batch size");
  expect(() => batchLimits(10_001, 0)).toThrow("10000");
  expect(() => batchLimits(100, Number.NaN)).toThrow("window");
});

test("the payload is measured to the byte of the event as JSON", () => {
  const origin = {
    streamArn: "arn:aws:kinesis:eu-west-1:123456789012:stream/logs",
    shardId: "shardId-000000000007",
  };
  const measure = createPayloadMeter(origin);
  const records = fc.array(
    fc.record({
      sequenceNumber: fc.bigInt({ min: 0n, max: 2n ** 186n }).map(String),
      partitionKey: fc.string({ unit: "binary", minLength: 1, maxLength: 256 }),
      data: fc.uint8Array({ maxLength: 50 }),
      arrivedAtMs: fc.integer({ min: 0, max: 4e12 }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(records, (batch) => {
      const event = toKinesisEvent(origin, batch, (data) => Buffer.from(data).toString("base64"));
      const measured = batch.reduce(
        (sum, each) => sum + measure(each),
        EVENT_ENVELOPE_BYTES + batch.length - 1,
      );
      expect(measured).toBe(Buffer.byteLength(JSON.stringify(event)));
    }),
  );
});

test("an event has the fields and forms of Lambda's own", () => {
  const event = toKinesisEvent(
    {
      streamArn: "arn:aws:kinesis:eu-west-1:123456789012:stream/logs",
      shardId: "shardId-000000000006",
    },
    [
      {
        sequenceNumber: "49590338271490256608559692538361571095921575989136588898",
        partitionKey: "1",
        data: new TextEncoder().encode("Hello, this is a test."),
        arrivedAtMs: 1_545_084_650_987,
      },
    ],
    (data) => Buffer.from(data).toString("base64"),
  );
  // The example of Lambda's guide, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
  expect(event.Records[0]).toEqual({
    kinesis: {
      kinesisSchemaVersion: "1.0",
      partitionKey: "1",
      sequenceNumber: "49590338271490256608559692538361571095921575989136588898",
      data: "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
      approximateArrivalTimestamp: 1545084650.987,
    },
    eventSource: "aws:kinesis",
    eventVersion: "1.0",
    eventID: "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
    eventName: "aws:kinesis:record",
    invokeIdentityArn: "arn:aws:iam::123456789012:role/local-event-source-mapping",
    awsRegion: "eu-west-1",
    eventSourceARN: "arn:aws:kinesis:eu-west-1:123456789012:stream/logs",
  });
});
