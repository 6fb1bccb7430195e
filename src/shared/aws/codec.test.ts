import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createCodec } from "./codec.ts";

const codec = createCodec();

test("base64 of any length is decoded, and nothing of the record before it remains", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect([...codec.decodeBase64(codec.encodeBase64(bytes))]).toEqual([...bytes]);
    }),
  );
  const large = new Uint8Array(1_000_000).fill(7);
  expect(Buffer.compare(codec.decodeBase64(codec.encodeBase64(large)), large)).toBe(0);
  expect([...codec.decodeBase64("AQI=")]).toEqual([1, 2]);
});

test("a view into a larger buffer is read as the view alone", () => {
  const view = new Uint8Array([0x61, 0x62, 0x63, 0x64]).subarray(1, 3);
  expect(codec.decodeUtf8(view)).toBe("bc");
  expect(codec.encodeBase64(view)).toBe("YmM=");
});

test("malformed UTF-8 becomes U+FFFD", () => {
  expect(codec.decodeUtf8(new Uint8Array([0x61, 0xff]))).toBe("a\ufffd");
});

test("gzip gives the same bytes every time and comes back whole", async () => {
  const bytes = Buffer.from("log line\n".repeat(1000));
  const packed = await codec.gzip(bytes);
  expect(await codec.gzip(bytes)).toEqual(packed);
  expect([...packed.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
  expect(codec.gunzip(packed, bytes.length)).toEqual(bytes);
});

test("gunzip tells what is too large from what is not gzip", () => {
  expect(() => codec.gunzip(gzipSync("four"), 3)).toThrow(RangeError);
  for (const broken of [gzipSync("four").subarray(0, -1), Buffer.from("plain")]) {
    expect(() => codec.gunzip(broken, 1000)).toThrow(Error);
    expect(() => codec.gunzip(broken, 1000)).not.toThrow(RangeError);
  }
});
