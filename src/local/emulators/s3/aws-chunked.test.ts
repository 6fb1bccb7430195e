import fc from "fast-check";
import { expect, test } from "vitest";
import { createAwsChunkedDecoder } from "./aws-chunked.ts";

const frame = (chunks: readonly Uint8Array[], extension: string, trailers: string[]): Buffer =>
  Buffer.concat([
    ...chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
      chunk,
      Buffer.from("\r\n"),
    ]),
    Buffer.from(`0${extension}\r\n${trailers.map((line) => `${line}\r\n`).join("")}\r\n`),
  ]);

const decode = (pieces: readonly Buffer[]) => {
  const decoder = createAwsChunkedDecoder();
  const payload = Buffer.concat(pieces.flatMap((piece) => decoder.push(piece)));
  return { payload, trailers: decoder.end() };
};

const cutAt = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end));
};

test("whatever way the bytes arrive, the payload and trailers are the same", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 5 }),
      fc.constantFrom("", `;chunk-signature=${"a".repeat(64)}`),
      fc.array(fc.nat(), { maxLength: 12 }),
      (chunks, extension, cuts) => {
        const body = frame(chunks, extension, ["x-amz-checksum-crc32:AAAAAA=="]);
        const { payload, trailers } = decode(cutAt(body, cuts));
        expect(payload.equals(Buffer.concat(chunks))).toBe(true);
        expect(trailers).toEqual({ "x-amz-checksum-crc32": "AAAAAA==" });
      },
    ),
  );
});

test("a body cut off anywhere before its last line is refused", () => {
  const whole = frame([Buffer.from("hello")], "", []);
  // The last CRLF only ends the (empty) trailer; S3's clients may leave it out.
  for (let end = 0; end < whole.length - 4; end += 1)
    expect(() => decode([whole.subarray(0, end)])).toThrow("terminated unexpectedly");
});

test.each([
  "zz\r\nabc\r\n0\r\n\r\n",
  "-1\r\n\r\n",
  "\r\n",
  "3\r\nabcd\r\n0\r\n\r\n",
  "1".repeat(20_000),
])("what is not this format is refused", (text) => {
  expect(() => decode([Buffer.from(text)])).toThrow();
});
