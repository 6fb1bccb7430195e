const NEWLINE = 0x0a;

/** One line's bytes, valid until the next is asked for. */
export type LineSlice = {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** From 0, of what was read. */
  index: number;
  /** Where it begins, in bytes of what was read. */
  firstByte: number;
  /** Longer than a line may be: this is its beginning. */
  isCut: boolean;
};

export type LinesSeen = { lines: number; bytes: number; stoppedBy: "end" | "bytes" | "visitor" };

/**
 * Hands over the lines of a stream, one after the other, without decoding them; stops where `visit`
 * answers false. Memory is bounded by the longest line, and that by `maxLineBytes`: what goes beyond
 * is passed over. The stream is cancelled unless it ended by itself; what it throws is thrown.
 */
export const eachLine = async (
  stream: ReadableStream<Uint8Array>,
  { maxLineBytes, maxBytes }: { maxLineBytes: number; maxBytes: number },
  visit: (line: LineSlice) => boolean,
): Promise<LinesSeen> => {
  const reader = stream.getReader();
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  let lineBytes = 0;
  let index = 0;
  let bytes = 0;
  let lineStart = 0;

  const keep = (part: Uint8Array): void => {
    lineBytes += part.byteLength;
    const room = maxLineBytes - keptBytes;
    if (room <= 0 || part.byteLength === 0) return;
    const piece = part.byteLength > room ? part.subarray(0, room) : part;
    kept.push(piece);
    keptBytes += piece.byteLength;
  };

  const finishKept = (): boolean => {
    const whole = new Uint8Array(keptBytes);
    let at = 0;
    for (const piece of kept) {
      whole.set(piece, at);
      at += piece.byteLength;
    }
    const isCut = lineBytes > keptBytes;
    kept = [];
    keptBytes = 0;
    lineBytes = 0;
    index += 1;
    return visit({
      bytes: whole,
      start: 0,
      end: at,
      index: index - 1,
      firstByte: lineStart,
      isCut,
    });
  };

  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        if (lineBytes > 0) finishKept();
        return { lines: index, bytes, stoppedBy: "end" };
      }
      const isLast = bytes + value.byteLength > maxBytes;
      const chunk = isLast ? value.subarray(0, maxBytes - bytes) : value;
      let start = 0;
      for (;;) {
        const end = chunk.indexOf(NEWLINE, start);
        if (end < 0) break;
        let goesOn: boolean;
        if (lineBytes === 0 && end - start <= maxLineBytes) {
          index += 1;
          const at = { index: index - 1, firstByte: lineStart };
          goesOn = visit({ bytes: chunk, start, end, ...at, isCut: false });
        } else {
          keep(chunk.subarray(start, end));
          goesOn = finishKept();
        }
        start = end + 1;
        lineStart = bytes + start;
        if (!goesOn) return { lines: index, bytes: lineStart, stoppedBy: "visitor" };
      }
      if (start < chunk.byteLength) keep(chunk.subarray(start));
      bytes += chunk.byteLength;
      if (isLast) return { lines: index, bytes: lineStart, stoppedBy: "bytes" };
    }
  } finally {
    // Ends the transfer; a stream that is already done or broken has nothing left to say.
    await reader.cancel().catch(() => {});
  }
};
