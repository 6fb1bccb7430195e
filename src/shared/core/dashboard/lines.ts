/** One line of an object, as it is stored. */
export type Line = {
  /** Malformed UTF-8 shows as U+FFFD; `isUtf8` is false then. */
  text: string;
  isUtf8: boolean;
  /** Cut by the byte bound: the rest of the line was not read. */
  isCut: boolean;
};

export type LinesRead = {
  lines: Line[];
  /** Bytes taken from the (decompressed) stream. */
  bytesRead: number;
  /** Why reading stopped. `broken` is a stream that ended in an error, such as damaged gzip. */
  stoppedBy: "end" | "lines" | "bytes" | "broken";
  /** What broke the stream. */
  cause?: unknown;
};

const NEWLINE = 0x0a;

const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
};

const toLine = (bytes: Uint8Array, isCut: boolean): Line => {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, isUtf8: true, isCut };
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    // A cut may fall inside a character, which is no fault of the line's.
    return { text, isUtf8: isCut, isCut };
  }
};

/**
 * The first lines of a stream, at most `maxLines` and `maxBytes`; the stream is cancelled as soon
 * as there are enough. A last line without a line break counts; nothing after a last break does.
 */
export const readLines = async (
  stream: ReadableStream<Uint8Array>,
  { maxLines, maxBytes }: { maxLines: number; maxBytes: number },
): Promise<LinesRead> => {
  const reader = stream.getReader();
  const lines: Line[] = [];
  let pending: Uint8Array[] = [];
  let bytesRead = 0;
  const flush = (isCut: boolean): void => {
    if (pending.length > 0) lines.push(toLine(concat(pending), isCut));
    pending = [];
  };
  const finish = (stoppedBy: LinesRead["stoppedBy"]): LinesRead => ({
    lines,
    bytesRead,
    stoppedBy,
  });
  try {
    for (;;) {
      let next: Awaited<ReturnType<typeof reader.read>>;
      try {
        next = await reader.read();
      } catch (cause) {
        flush(true);
        return { ...finish("broken"), cause };
      }
      if (next.done) {
        flush(false);
        return finish("end");
      }
      const isLast = bytesRead + next.value.byteLength > maxBytes;
      const chunk = isLast ? next.value.subarray(0, maxBytes - bytesRead) : next.value;
      bytesRead += chunk.byteLength;
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(NEWLINE, start);
        if (end < 0) break;
        pending.push(chunk.subarray(start, end));
        flush(false);
        start = end + 1;
        if (lines.length === maxLines) return finish("lines");
      }
      if (start < chunk.byteLength) pending.push(chunk.subarray(start));
      if (isLast) {
        flush(true);
        return finish("bytes");
      }
    }
  } finally {
    // Ends the transfer; a stream that is already done or broken has nothing left to say.
    await reader.cancel().catch(() => {});
  }
};

/** True where the text is one JSON value. */
export const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/**
 * A line as a JSON value: its own bytes where they are one, so that 64-bit integers, key order and
 * escapes survive; else `{"raw": …}`.
 */
export const lineToJson = ({ text, isUtf8, isCut }: Line): string => {
  if (isUtf8 && !isCut && isJson(text)) return text;
  return JSON.stringify({
    raw: text,
    ...(isUtf8 ? {} : { invalid_utf8: true }),
    ...(isCut ? { truncated: true } : {}),
  });
};
