import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzipSync, gzip } from "node:zlib";
import type { Codec } from "../core/ports.ts";

const gzipAsync = promisify(gzip);

const INITIAL_SCRATCH_BYTES = 64 * 1024;

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Node's own primitives. The same bytes always give the same gzip: Node writes no time into it. */
export const createCodec = (): Codec => {
  let scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);
  return {
    decodeUtf8: (bytes) => asBuffer(bytes).toString("utf8"),
    decodeBase64: (text) => {
      const most = Math.ceil((text.length * 3) / 4);
      if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * most);
      return scratch.subarray(0, scratch.write(text, "base64"));
    },
    encodeBase64: (bytes) => asBuffer(bytes).toString("base64"),
    gzip: (bytes) => gzipAsync(bytes),
    md5: (bytes) => createHash("md5").update(bytes).digest(),
    gunzip: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: maxBytes }),
  };
};
