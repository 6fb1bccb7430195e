import { promisify } from "node:util";
import zlib from "node:zlib";
import type { BodyDecoder, DecodedBody } from "../core/ports.ts";

type Unpack = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const gunzip: Unpack = promisify(zlib.gunzip);
const inflate: Unpack = promisify(zlib.inflate);
const inflateRaw: Unpack = promisify(zlib.inflateRaw);

/** HTTP's `deflate` has a zlib header, but clients that send the bare stream have always existed. */
const hasZlibHeader = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;

const deflate: Unpack = (body, options) =>
  hasZlibHeader(body) ? inflate(body, options) : inflateRaw(body, options);

/** Node has zstd from 22.15 on. */
const zstd = (): Unpack | undefined => {
  const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.gunzip };
  return zstdDecompress && promisify(zstdDecompress);
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

/** gzip, deflate and, where this Node has it, zstd. Stops unpacking at the given size. */
export const createBodyDecoder = (): BodyDecoder => {
  const unpackers = new Map<string, Unpack>([
    ["gzip", gunzip],
    ["x-gzip", gunzip],
    ["deflate", deflate],
  ]);
  const unpackZstd = zstd();
  if (unpackZstd !== undefined) unpackers.set("zstd", unpackZstd);
  return {
    encodings: [...unpackers.keys()],
    decode: async (encoding, body, maxBytes): Promise<DecodedBody> => {
      try {
        const unpack = unpackers.get(encoding);
        if (unpack === undefined) return { ok: false, reason: "CORRUPT" };
        return { ok: true, body: await unpack(body, { maxOutputLength: maxBytes }) };
      } catch (error) {
        const isTooLarge = codeOf(error) === "ERR_BUFFER_TOO_LARGE";
        return { ok: false, reason: isTooLarge ? "TOO_LARGE" : "CORRUPT" };
      }
    },
  };
};
