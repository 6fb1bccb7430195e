/**
 * Aggregated records of the Kinesis Producer Library: four magic bytes, a protobuf message, and the
 * MD5 of that message. Of the message only the user records' data is read: its partition and hash
 * keys say where a record went in the stream, and every record is taken whatever they say.
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 */
export const KPL_MAGIC = [0xf3, 0x89, 0x9a, 0xc2] as const;

const CHECKSUM_BYTES = 16;

/** `AggregatedRecord.records` and `Record.data`. */
const RECORDS_FIELD = 3;
const DATA_FIELD = 3;

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

const MAX_VARINT_BYTES = 10;

/** A field's payload is `[start, end)`. */
type VisitField = (field: number, wireType: number, start: number, end: number) => void;

/** The end of the varint at `at`, and its value; undefined where it has no end within `end`. */
const readVarint = (
  bytes: Uint8Array,
  at: number,
  end: number,
): { value: number; next: number } | undefined => {
  let value = 0;
  let scale = 1;
  for (let next = at; next < end && next < at + MAX_VARINT_BYTES; next += 1, scale *= 128) {
    const byte = bytes[next] ?? 0;
    // Past 2^53 it is inexact, and past every length: that is all it is compared with.
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return undefined;
};

/** Where the payload of a field starts and ends; undefined for what no message of today holds. */
const payloadOf = (
  bytes: Uint8Array,
  wireType: number,
  at: number,
  end: number,
): { start: number; next: number } | undefined => {
  if (wireType === WIRE_FIXED64) return { start: at, next: at + 8 };
  if (wireType === WIRE_FIXED32) return { start: at, next: at + 4 };
  if (wireType !== WIRE_VARINT && wireType !== WIRE_BYTES) return undefined;
  const varint = readVarint(bytes, at, end);
  if (varint === undefined) return undefined;
  if (wireType === WIRE_VARINT) return { start: at, next: varint.next };
  return { start: varint.next, next: varint.next + varint.value };
};

/** Visits the fields of the message `[start, end)`. False where the bytes are no message. */
const walkMessage = (bytes: Uint8Array, start: number, end: number, visit: VisitField): boolean => {
  for (let at = start; at < end; ) {
    const tag = readVarint(bytes, at, end);
    if (tag === undefined || tag.value < 8 || tag.value > 0xffff_ffff) return false;
    const wireType = tag.value % 8;
    const payload = payloadOf(bytes, wireType, tag.next, end);
    if (payload === undefined || payload.next > end) return false;
    visit(Math.floor(tag.value / 8), wireType, payload.start, payload.next);
    at = payload.next;
  }
  return true;
};

/** The data of one user record; undefined where the message is none. */
const dataOf = (bytes: Uint8Array, start: number, end: number): Uint8Array | undefined => {
  let data: Uint8Array | undefined;
  const isWhole = walkMessage(bytes, start, end, (field, wireType, from, to) => {
    if (field === DATA_FIELD && wireType === WIRE_BYTES) data = bytes.subarray(from, to);
  });
  return isWhole ? data : undefined;
};

/** Visits the user records up to the first that is malformed. False where there is one. */
const walkUserRecords = (message: Uint8Array, visit: (data: Uint8Array) => void): boolean => {
  let isWhole = true;
  const isMessage = walkMessage(message, 0, message.length, (field, wireType, start, end) => {
    if (field !== RECORDS_FIELD || !isWhole) return;
    const data = wireType === WIRE_BYTES ? dataOf(message, start, end) : undefined;
    if (data === undefined) isWhole = false;
    else visit(data);
  });
  return isMessage && isWhole;
};

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/**
 * Visits the data of every user record in order, or of none: the whole frame is checked first.
 * Answers what is wrong with it in one sentence, or undefined. Never throws, and allocates nothing
 * that grows with the frame.
 */
export const readUserRecords = (
  frame: Uint8Array,
  md5: (bytes: Uint8Array) => Uint8Array,
  visit: (data: Uint8Array) => void,
): string | undefined => {
  const end = frame.length - CHECKSUM_BYTES;
  if (end < KPL_MAGIC.length) return "The KPL aggregate is cut off.";
  const message = frame.subarray(KPL_MAGIC.length, end);
  if (!isEqual(md5(message), frame.subarray(end)))
    return "The checksum of the KPL aggregate does not fit its content.";
  let count = 0;
  const countOne = () => {
    count += 1;
  };
  if (!walkUserRecords(message, countOne)) return "The KPL aggregate is not well-formed.";
  if (count === 0) return "The KPL aggregate holds no records.";
  walkUserRecords(message, visit);
  return undefined;
};
