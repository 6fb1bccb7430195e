import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lineToJson, readLines } from "./lines.ts";

const streamOf = (
  chunks: readonly Uint8Array[],
  onCancel = () => {},
): ReadableStream<Uint8Array> => {
  let next = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[next];
        next += 1;
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
};

const bytes = (text: string) => new TextEncoder().encode(text);
const unlimited = { maxLines: 1_000_000, maxBytes: 1_000_000 };

test("lines come out as they went in, however the bytes are cut into chunks", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme" }).filter((line) => !line.includes("\n"))),
      fc.array(fc.nat({ max: 200 })),
      async (lines, cuts) => {
        const whole = bytes(lines.map((line) => `${line}\n`).join(""));
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
          (a, b) => a - b,
        );
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        const read = await readLines(streamOf(chunks), unlimited);
        expect(read.lines.map(({ text }) => text)).toEqual(lines);
        expect(read.stoppedBy).toBe("end");
      },
    ),
  );
});

test("reading stops, and the transfer with it, as soon as there are enough lines", async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes("a\nb\n")),
    cancel: () => {
      isCancelled = true;
    },
  });
  const read = await readLines(endless, { maxLines: 3, maxBytes: 1_000_000 });
  expect(read.lines).toHaveLength(3);
  expect(read.stoppedBy).toBe("lines");
  expect(isCancelled).toBe(true);
});

test("one endless line is cut at the byte bound, and marked", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(0x61)),
  });
  const read = await readLines(endless, { maxLines: 3, maxBytes: 2_500 });
  expect(read).toMatchObject({ bytesRead: 2_500, stoppedBy: "bytes" });
  expect(read.lines).toEqual([{ text: "a".repeat(2_500), isUtf8: true, isCut: true }]);
  expect(JSON.parse(lineToJson(read.lines[0] ?? { text: "", isUtf8: true, isCut: false }))).toEqual(
    {
      raw: "a".repeat(2_500),
      truncated: true,
    },
  );
});

test("a small file that unpacks to a huge one costs no more than the bound", async () => {
  const bomb = gzipSync(new Uint8Array(50_000_000));
  const unpacked = new Blob([bomb]).stream().pipeThrough(new DecompressionStream("gzip"));
  const read = await readLines(unpacked as ReadableStream<Uint8Array>, {
    maxLines: 10,
    maxBytes: 100_000,
  });
  expect(read).toMatchObject({ bytesRead: 100_000, stoppedBy: "bytes" });
});

test("a damaged stream gives what came before the damage, and its cause", async () => {
  const cause = new Error("reset");
  let pulls = 0;
  const broken = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1;
        if (pulls === 1) controller.enqueue(bytes("whole\nhal"));
        else controller.error(cause);
      },
    },
    { highWaterMark: 0 },
  );
  const read = await readLines(broken, unlimited);
  expect(read).toMatchObject({ stoppedBy: "broken", cause });
  expect(read.lines.map(({ text, isCut }) => [text, isCut])).toEqual([
    ["whole", false],
    ["hal", true],
  ]);
});

test("a line that is JSON is passed on verbatim, any other as raw text", async () => {
  const stored = [
    '{"id":9007199254740993,"a":1.0,"e":1e3,"k":1,"k":2,"u":"\\u00e9"}',
    " [1, 2] ",
    "not json",
    "",
    '{"a":1}\r',
  ];
  const { lines } = await readLines(streamOf([bytes(stored.join("\n"))]), unlimited);
  expect(lines.map(lineToJson)).toEqual([
    stored[0],
    stored[1],
    '{"raw":"not json"}',
    '{"raw":""}',
    stored[4],
  ]);
});

test("bytes that are no UTF-8 are marked, never taken for JSON", async () => {
  const { lines } = await readLines(streamOf([Uint8Array.of(0x22, 0xff, 0x22)]), unlimited);
  expect(lines.map(lineToJson)).toEqual(['{"raw":"\\"\ufffd\\"","invalid_utf8":true}']);
});

test("an answer made of any lines is itself JSON", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string())), async (stored) => {
      const { lines } = await readLines(streamOf([bytes(stored.join("\n"))]), unlimited);
      expect(JSON.parse(`[${lines.map(lineToJson).join(",")}]`)).toHaveLength(lines.length);
    }),
  );
});
