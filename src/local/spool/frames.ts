import { crc32 } from "node:zlib";

/**
 * One frame in a file of the spool, numbers big-endian:
 *
 *     u32 bytes of the body | u32 CRC-32 of the body
 *     body: u32 bytes of the head | head, JSON in UTF-8 | data
 */
const HEADER_BYTES = 8;
const HEAD_LENGTH_BYTES = 4;
/** A record, and what is said about it at its very longest. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export type Frame = {
  readonly head: unknown;
  /** A view into the buffer that was scanned. */
  readonly data: Buffer;
  readonly start: number;
  readonly end: number;
};

export const encodeFrame = (head: object, data: Uint8Array = new Uint8Array()): Buffer => {
  const text = Buffer.from(JSON.stringify(head));
  const bodyBytes = HEAD_LENGTH_BYTES + text.length + data.length;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bodyBytes);
  frame.writeUInt32BE(bodyBytes, 0);
  frame.writeUInt32BE(text.length, HEADER_BYTES);
  text.copy(frame, HEADER_BYTES + HEAD_LENGTH_BYTES);
  frame.set(data, HEADER_BYTES + HEAD_LENGTH_BYTES + text.length);
  frame.writeUInt32BE(crc32(frame.subarray(HEADER_BYTES)), 4);
  return frame;
};

export type FrameScan = {
  readonly frames: readonly Frame[];
  /** Where the last whole frame ends. */
  readonly end: number;
  /** What comes next is no frame, rather than one whose end is not in the buffer. */
  readonly isDamaged: boolean;
  /** Bytes the next frame needs in all, as far as that can be told. */
  readonly needed: number;
};

/** Reads whole frames up to the first one that is torn, damaged or not there. */
export const scanFrames = (buffer: Buffer): FrameScan => {
  const frames: Frame[] = [];
  let at = 0;
  const stop = (isDamaged: boolean, needed = 0): FrameScan => ({
    frames,
    end: at,
    isDamaged,
    needed,
  });
  for (;;) {
    if (buffer.length - at < HEADER_BYTES) return stop(false, HEADER_BYTES);
    const bodyBytes = buffer.readUInt32BE(at);
    if (bodyBytes < HEAD_LENGTH_BYTES || bodyBytes > MAX_BODY_BYTES) return stop(true);
    const bodyStart = at + HEADER_BYTES;
    const end = bodyStart + bodyBytes;
    if (end > buffer.length) return stop(false, HEADER_BYTES + bodyBytes);
    const body = buffer.subarray(bodyStart, end);
    if (crc32(body) !== buffer.readUInt32BE(at + 4)) return stop(true);
    const headBytes = body.readUInt32BE(0);
    if (headBytes > bodyBytes - HEAD_LENGTH_BYTES) return stop(true);
    const dataStart = HEAD_LENGTH_BYTES + headBytes;
    try {
      const head: unknown = JSON.parse(body.toString("utf8", HEAD_LENGTH_BYTES, dataStart));
      frames.push({ head, data: body.subarray(dataStart), start: at, end });
    } catch {
      return stop(true);
    }
    at = end;
  }
};
