/** A line of the input, without its line end; `number` counts from 1. */
export type Line = { number: number; bytes: Buffer };

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Cuts a byte stream into its non-empty lines. The bytes of a line are never decoded. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let rest: Buffer[] = [];
  const take = (last: Buffer): Line | undefined => {
    number += 1;
    const whole = rest.length === 0 ? last : Buffer.concat([...rest, last]);
    rest = [];
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    return bytes.length === 0 ? undefined : { number, bytes };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      const line = take(chunk.subarray(start, end));
      if (line) yield line;
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
  if (rest.length === 0) return;
  const line = take(Buffer.alloc(0));
  if (line) yield line;
}

/** Groups lines into batches of at most `maxLines` and about `maxBytes`; a longer line goes alone. */
export async function* batchLines(
  lines: AsyncIterable<Line>,
  maxLines: number,
  maxBytes: number,
): AsyncGenerator<Line[]> {
  let batch: Line[] = [];
  let bytes = 0;
  for await (const line of lines) {
    if (batch.length > 0 && (batch.length === maxLines || bytes + line.bytes.length > maxBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(line);
    bytes += line.bytes.length + 1;
  }
  if (batch.length > 0) yield batch;
}
