import { RECORD_MAX_BYTES } from "./limits.ts";
import type { RecordEntry } from "./ports.ts";
import { partitionKeyOf } from "./service.ts";

/** A log on its way out: one line of bytes. */
export type OutgoingLog = { readonly service: string; readonly bytes: Uint8Array };

/**
 * Consecutive logs of one service out of one request, as NDJSON without a last line break. The
 * smallest thing that is sent, refused or retried.
 */
export type Segment = {
  readonly service: string;
  readonly partitionKey: string;
  readonly keyBytes: number;
  readonly data: Uint8Array;
  /** Where its logs stood in the request, ascending. */
  readonly positions: readonly number[];
};

const LINE_FEED = 0x0a;

export const utf8Length = (text: string): number => {
  let length = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // The two units of a pair are four bytes together: two more, then none.
    if (unit >= 0xd800 && unit < 0xdc00) at += 1;
  }
  return length;
};

/**
 * The partition key a service travels under. Half a surrogate pair, which JSON can name but UTF-8
 * cannot carry, becomes U+FFFD: Kinesis would refuse the whole call.
 */
export const recordPartitionKey = (service: string): string =>
  partitionKeyOf(service).replace(/\p{Surrogate}/gu, "\ufffd");

/** Most data a record of this partition key may hold, `packBytes` where that is less. */
const recordCapacity = (keyBytes: number, packBytes: number): number =>
  Math.min(packBytes, RECORD_MAX_BYTES - keyBytes);

const joinLines = (lines: readonly Uint8Array[], size: number): Uint8Array => {
  const data = new Uint8Array(size);
  let at = 0;
  for (const line of lines) {
    if (at > 0) {
      data[at] = LINE_FEED;
      at += 1;
    }
    data.set(line, at);
    at += line.length;
  }
  return data;
};

type OpenSegment = Omit<Segment, "data" | "positions"> & {
  lines: Uint8Array[];
  positions: number[];
  size: number;
};

const closeSegment = ({ lines, size, ...rest }: OpenSegment): Segment => ({
  service: rest.service,
  partitionKey: rest.partitionKey,
  keyBytes: rest.keyBytes,
  positions: rest.positions,
  data: joinLines(lines, size),
});

/**
 * Packs the logs of a request by service into segments of at most `packBytes` of data (0: one log
 * each), and never more than a record with its partition key may have; a log larger than
 * `packBytes` is a segment of its own. Order within a service is kept. Copies the bytes. Every log
 * must fit a record by itself.
 */
export const packSegments = (logs: readonly OutgoingLog[], packBytes: number): Segment[] => {
  const segments: Segment[] = [];
  const open = new Map<string, OpenSegment>();
  for (const [position, { service, bytes }] of logs.entries()) {
    let segment = open.get(service);
    if (segment !== undefined) {
      const size = segment.size + 1 + bytes.length;
      if (size <= recordCapacity(segment.keyBytes, packBytes)) {
        segment.lines.push(bytes);
        segment.positions.push(position);
        segment.size = size;
        continue;
      }
      segments.push(closeSegment(segment));
    }
    const partitionKey = segment?.partitionKey ?? recordPartitionKey(service);
    segment = {
      service,
      partitionKey,
      keyBytes: segment?.keyBytes ?? utf8Length(partitionKey),
      lines: [bytes],
      positions: [position],
      size: bytes.length,
    };
    open.set(service, segment);
  }
  for (const segment of open.values()) segments.push(closeSegment(segment));
  return segments;
};

/** Running total of a record that segments are joined to. */
export type RecordSize = { readonly service: string; readonly data: number };

/** Size of the record with one more segment, or undefined where that needs a record of its own. */
export const growRecord = (
  record: RecordSize | undefined,
  { service, data, keyBytes }: Segment,
  packBytes: number,
): RecordSize | undefined => {
  if (record === undefined) return { service, data: data.length };
  if (record.service !== service) return undefined;
  const size = record.data + 1 + data.length;
  return size <= recordCapacity(keyBytes, packBytes) ? { service, data: size } : undefined;
};

/** One Kinesis record of consecutive segments of one service. */
export const toRecord = (segments: readonly [Segment, ...Segment[]]): RecordEntry => {
  const [first] = segments;
  if (segments.length === 1) return { data: first.data, partitionKey: first.partitionKey };
  const size = segments.reduce((sum, { data }) => sum + data.length, segments.length - 1);
  const lines = segments.map(({ data }) => data);
  return { data: joinLines(lines, size), partitionKey: first.partitionKey };
};
