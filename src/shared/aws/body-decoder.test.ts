import zlib from "node:zlib";
import { expect, test } from "vitest";
import { createBodyDecoder } from "./body-decoder.ts";

const decoder = createBodyDecoder();
const plain = new TextEncoder().encode('{"a":"é"}'.repeat(100));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const decode = async (encoding: string, body: Uint8Array, maxBytes = 10_000) => {
  const result = await decoder.decode(encoding, body, maxBytes);
  return result.ok ? text(result.body) : result.reason;
};

test("gzip and both kinds of deflate unpack to what was packed", async () => {
  expect(await decode("gzip", zlib.gzipSync(plain))).toBe(text(plain));
  expect(await decode("deflate", zlib.deflateSync(plain))).toBe(text(plain));
  expect(await decode("deflate", zlib.deflateRawSync(plain))).toBe(text(plain));
});

test("zstd is offered exactly where this Node has it", async () => {
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };
  expect(decoder.encodings.includes("zstd")).toBe(zstdCompressSync !== undefined);
  if (zstdCompressSync !== undefined)
    expect(await decode("zstd", zstdCompressSync(plain))).toBe(text(plain));
});

test("unpacking stops at the limit, at the byte", async () => {
  expect(await decode("gzip", zlib.gzipSync(plain), plain.length)).toBe(text(plain));
  expect(await decode("gzip", zlib.gzipSync(plain), plain.length - 1)).toBe("TOO_LARGE");
});

test("broken or cut-off input is told, not thrown", async () => {
  expect(await decode("gzip", plain)).toBe("CORRUPT");
  expect(await decode("gzip", zlib.gzipSync(plain).subarray(0, 30))).toBe("CORRUPT");
  expect(await decode("deflate", new Uint8Array())).toBe("CORRUPT");
  expect(await decode("br", zlib.brotliCompressSync(plain))).toBe("CORRUPT");
});
