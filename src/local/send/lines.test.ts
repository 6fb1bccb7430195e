import fc from "fast-check";
import { expect, test } from "vitest";
import { batchLines, type Line, readLines } from "./lines.ts";

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const cut of [
    ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ]) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

const lineBytes = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte))));

test("every non-empty line comes out byte for byte, however the input was cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(lineBytes, fc.constantFrom("\n", "\r\n"))),
      fc.array(fc.nat()),
      fc.boolean(),
      async (lines, cuts, endsOpen) => {
        const body = Buffer.concat(lines.flatMap(([bytes, end]) => [bytes, Buffer.from(end)]));
        const open = endsOpen ? Buffer.concat([body, Buffer.from("last")]) : body;
        const read = await collect(readLines(chunksOf(open, cuts)));
        const expected = lines
          .map(([bytes], index) => ({ number: index + 1, bytes }))
          .filter(({ bytes }) => bytes.length > 0);
        if (endsOpen) expected.push({ number: lines.length + 1, bytes: Buffer.from("last") });
        expect(read.map(({ number, bytes }) => [number, bytes.toString("hex")])).toEqual(
          expected.map(({ number, bytes }) => [number, bytes.toString("hex")]),
        );
      },
    ),
  );
});

test("batches keep every line in order and stay within both limits", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lineBytes),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 100 }),
      async (all, maxLines, maxBytes) => {
        const lines: Line[] = all.map((bytes, index) => ({ number: index + 1, bytes }));
        async function* source() {
          yield* lines;
        }
        const batches = await collect(batchLines(source(), maxLines, maxBytes));
        expect(batches.flat()).toEqual(lines);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(maxLines);
          const bytes = batch.reduce((sum, line) => sum + line.bytes.length, 0);
          expect(batch.length === 1 || bytes <= maxBytes).toBe(true);
        }
      },
    ),
  );
});
