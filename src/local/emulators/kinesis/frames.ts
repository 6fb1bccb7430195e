import { crc32 } from "node:zlib";

/**
 * One record on disk, all numbers big-endian:
 *
 *     u32 bytes of the body | u32 CRC-32 of the body
 *     body: u48 ordinal | u48 arrival, epoch ms | u16 bytes of the key | key, UTF-8 | data
 */
const HEADER_BYTES = 8;
const FIXED_BODY_BYTES = 14;
export const FRAME_OVERHEAD_BYTES = HEADER_BYTES + FIXED_BODY_BYTES;

/** A record on its way into a log. `data` is base64 of exactly `dataBytes` bytes. */
export type IncomingRecord = {
  readonly partitionKey: string;
  readonly keyBytes: number;
  readonly data: string;
  readonly dataBytes: number;
};

export type StoredRecord = {
  readonly ordinal: number;
  readonly arrivedAt: number;
  readonly partitionKey: string;
  readonly keyBytes: number;
  readonly data: Buffer;
};

export const frameBytes = (record: IncomingRecord): number =>
  FRAME_OVERHEAD_BYTES + record.keyBytes + record.dataBytes;

/** Writes one frame and returns where it ends, or undefined where the data is not base64. */
export const writeFrame = (
  buffer: Buffer,
  start: number,
  record: IncomingRecord,
  ordinal: number,
  arrivedAt: number,
): number | undefined => {
  const bodyStart = start + HEADER_BYTES;
  const end = start + frameBytes(record);
  buffer.writeUInt32BE(end - bodyStart, start);
  buffer.writeUIntBE(ordinal, bodyStart, 6);
  buffer.writeUIntBE(arrivedAt, bodyStart + 6, 6);
  buffer.writeUInt16BE(record.keyBytes, bodyStart + 12);
  const keyStart = bodyStart + FIXED_BODY_BYTES;
  buffer.write(record.partitionKey, keyStart, record.keyBytes, "utf8");
  const dataStart = keyStart + record.keyBytes;
  // Node skips what is not base64, so a bad character shows as a missing byte.
  if (buffer.write(record.data, dataStart, record.dataBytes, "base64") !== record.dataBytes)
    return undefined;
  buffer.writeUInt32BE(crc32(buffer.subarray(bodyStart, end)), start + 4);
  return end;
};

export type FrameHead = { end: number; ordinal: number; arrivedAt: number };

/**
 * The frame at `start`. `incomplete` carries the bytes it needs in all, as far as they are known;
 * `corrupt` means that these bytes were never written as a frame.
 */
export const readFrameHead = (
  buffer: Buffer,
  start: number,
  available: number,
  maxBodyBytes: number,
): FrameHead | { incomplete: number } | "corrupt" => {
  if (available - start < HEADER_BYTES) return { incomplete: FRAME_OVERHEAD_BYTES };
  const bodyBytes = buffer.readUInt32BE(start);
  if (bodyBytes < FIXED_BODY_BYTES || bodyBytes > maxBodyBytes) return "corrupt";
  const bodyStart = start + HEADER_BYTES;
  const end = bodyStart + bodyBytes;
  if (end > available) return { incomplete: HEADER_BYTES + bodyBytes };
  const isWhole = crc32(buffer.subarray(bodyStart, end)) === buffer.readUInt32BE(start + 4);
  if (!isWhole || buffer.readUInt16BE(bodyStart + 12) > bodyBytes - FIXED_BODY_BYTES)
    return "corrupt";
  return {
    end,
    ordinal: buffer.readUIntBE(bodyStart, 6),
    arrivedAt: buffer.readUIntBE(bodyStart + 6, 6),
  };
};

/** The record of a frame that `readFrameHead` found whole. `data` is a view, not a copy. */
export const readFrameRecord = (buffer: Buffer, start: number, head: FrameHead): StoredRecord => {
  const bodyStart = start + HEADER_BYTES;
  const keyBytes = buffer.readUInt16BE(bodyStart + 12);
  const keyStart = bodyStart + FIXED_BODY_BYTES;
  return {
    ordinal: head.ordinal,
    arrivedAt: head.arrivedAt,
    partitionKey: buffer.toString("utf8", keyStart, keyStart + keyBytes),
    keyBytes,
    data: buffer.subarray(keyStart + keyBytes, head.end),
  };
};
