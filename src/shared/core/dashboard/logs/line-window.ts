import { eachLine } from "./each-line.ts";

/** Consecutive lines of an object, with their bytes as they are stored. */
export type LineWindow = {
  bytes: Uint8Array<ArrayBuffer>;
  /** Number of its first line, from 1. */
  firstLine: number;
  lineCount: number;
  /** Where its first line begins, in bytes of the unpacked object. */
  firstByte: number;
  /** Where the next window begins; undefined where the object ended. */
  next: { line: number; byte: number } | undefined;
};

export type WindowRequest = { fromLine: number; maxLines: number; maxBytes: number };

/**
 * The lines from `fromLine` on, read from a stream whose first line is `streamLine` and begins at
 * `streamByte`. At least one line, whole up to `maxLineBytes`, whatever `maxBytes` says.
 */
export const readWindow = async (
  stream: ReadableStream<Uint8Array>,
  { fromLine, maxLines, maxBytes }: WindowRequest,
  at: { line: number; byte: number } = { line: 1, byte: 0 },
): Promise<LineWindow> => {
  const parts: Uint8Array[] = [];
  let size = 0;
  let lineCount = 0;
  let firstByte: number | undefined;
  let next: LineWindow["next"];
  await eachLine(stream, { maxLineBytes: maxBytes, maxBytes: Number.MAX_SAFE_INTEGER }, (line) => {
    const number = at.line + line.index;
    if (number < fromLine) return true;
    const length = line.end - line.start + 1;
    if (lineCount === maxLines || (lineCount > 0 && size + length > maxBytes)) {
      next = { line: number, byte: at.byte + line.firstByte };
      return false;
    }
    firstByte ??= at.byte + line.firstByte;
    const part = new Uint8Array(length);
    part.set(line.bytes.subarray(line.start, line.end));
    part[length - 1] = 0x0a;
    parts.push(part);
    size += length;
    lineCount += 1;
    return true;
  });
  const bytes = new Uint8Array(size);
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.byteLength;
  }
  return { bytes, firstLine: fromLine, lineCount, firstByte: firstByte ?? 0, next };
};
