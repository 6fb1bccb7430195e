import { closeSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { GET_RECORDS_MAX_BYTES } from "../../../shared/core/limits.ts";
import { type FrameHead, readFrameHead } from "./frames.ts";

/** Bytes between two entries of a segment's sparse index. */
const INDEX_STRIDE_BYTES = 16_384;
const READ_CHUNK_BYTES = 262_144;
/** The largest record that UpdateMaxRecordSize allows, with its frame's own fields. */
const MAX_BODY_BYTES = GET_RECORDS_MAX_BYTES + 4096;

/** Where to start reading: the frame at `offset` is the first one at or after these values. */
type IndexEntry = { ordinal: number; arrivedAt: number; offset: number };

/** One append-only file of a shard's log. */
export type Segment = {
  readonly file: string;
  readonly firstOrdinal: number;
  readonly firstArrivedAt: number;
  /** Bytes that hold whole frames; what may follow them in the file counts for nothing. */
  bytes: number;
  /** Built on the first read where the segment was not written by this process. */
  index: IndexEntry[] | undefined;
};

const FILE_NAME = /^(\d{16})-(\d{13,15})\.log$/;

/** `<first ordinal>-<its arrival>.log`, so that opening a shard need not read its segments. */
export const segmentFile = (directory: string, ordinal: number, arrivedAt: number): string =>
  path.join(
    directory,
    `${String(ordinal).padStart(16, "0")}-${String(arrivedAt).padStart(13, "0")}.log`,
  );

/** The first ordinal and arrival time that a file name tells, or undefined for another file. */
export const parseSegmentFile = (
  name: string,
): { firstOrdinal: number; firstArrivedAt: number } | undefined => {
  const match = FILE_NAME.exec(name);
  return match ? { firstOrdinal: Number(match[1]), firstArrivedAt: Number(match[2]) } : undefined;
};

/** Adds a frame to the index where the last entry is a stride away. Frames come in file order. */
export const indexFrame = (
  index: IndexEntry[],
  ordinal: number,
  arrivedAt: number,
  offset: number,
): void => {
  const last = index.at(-1);
  if (last === undefined || offset - last.offset >= INDEX_STRIDE_BYTES)
    index.push({ ordinal, arrivedAt, offset });
};

/**
 * Reads whole frames from `offset` on, until `visit` answers false, the segment ends, or bytes
 * come that are no frame. Returns the offset after the last whole frame, and whether what follows
 * is damaged.
 */
export const readSegment = (
  segment: Segment,
  offset: number,
  visit: (buffer: Buffer, start: number, head: FrameHead, offset: number) => boolean,
): { end: number; isDamaged: boolean } => {
  const file = openSync(segment.file, "r");
  try {
    let wanted = READ_CHUNK_BYTES;
    while (offset < segment.bytes) {
      const remaining = segment.bytes - offset;
      // A buffer of its own for every chunk: records handed out are views into it.
      const buffer = Buffer.allocUnsafe(Math.min(wanted, remaining));
      const available = readSync(file, buffer, 0, buffer.length, offset);
      let start = 0;
      wanted = READ_CHUNK_BYTES;
      while (start < available) {
        const head = readFrameHead(buffer, start, available, MAX_BODY_BYTES);
        if (head === "corrupt") return { end: offset + start, isDamaged: true };
        if ("incomplete" in head) {
          if (head.incomplete > remaining - start) return { end: offset + start, isDamaged: true };
          wanted = Math.max(READ_CHUNK_BYTES, head.incomplete);
          break;
        }
        if (!visit(buffer, start, head, offset + start))
          return { end: offset + head.end, isDamaged: false };
        start = head.end;
      }
      const isShorterThanKnown = available < buffer.length;
      if (isShorterThanKnown) return { end: offset + start, isDamaged: true };
      offset += start;
    }
    return { end: offset, isDamaged: false };
  } finally {
    closeSync(file);
  }
};

/** The segment's sparse index, built by one pass where it is missing. */
export const indexOf = (segment: Segment): IndexEntry[] => {
  if (segment.index === undefined) {
    const index: IndexEntry[] = [];
    readSegment(segment, 0, (_buffer, _start, head, offset) => {
      indexFrame(index, head.ordinal, head.arrivedAt, offset);
      return true;
    });
    segment.index = index;
  }
  return segment.index;
};

/** The last entry for which `isBefore` holds, by binary search; -1 where it holds for none. */
export const findLast = <T>(sorted: readonly T[], isBefore: (item: T) => boolean): number => {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
