import { showInvisible } from "../format.ts";

const BYTES_PER_ROW = 16;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

export type HexRow = { readonly offset: string; readonly hex: string; readonly ascii: string };

/** Sixteen bytes a row; what is no printable ASCII is a dot. */
export const hexRows = (bytes: Uint8Array): HexRow[] =>
  Array.from({ length: Math.ceil(bytes.length / BYTES_PER_ROW) }, (_, row) => {
    const at = row * BYTES_PER_ROW;
    const part = bytes.subarray(at, at + BYTES_PER_ROW);
    const digits = Array.from(part, (byte) => byte.toString(16).padStart(2, "0"));
    return {
      offset: at.toString(16).padStart(6, "0"),
      hex: `${digits.slice(0, 8).join(" ").padEnd(23)}  ${digits.slice(8).join(" ").padEnd(23)}`,
      ascii: Array.from(part, (byte) =>
        byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
      ).join(""),
    };
  });

export type DecodedText = {
  /** Line breaks kept; whatever else would not be seen is written out. */
  readonly text: string;
  readonly encoding: "utf-8" | "utf-8 with errors" | "gzip" | "gzip, cut short or damaged";
};

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** As much as comes out of gzip before it breaks, at most `maxBytes`. */
const gunzipSoFar = async (bytes: Uint8Array, maxBytes: number) => {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  // In small pieces: what they hold comes out before the one that is broken is met.
  const writing = (async () => {
    for (let at = 0; at < bytes.length; at += 512)
      await writer.write(bytes.slice(at, at + 512) as Uint8Array<ArrayBuffer>);
    await writer.close();
  })().catch(() => undefined);
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  try {
    while (length < maxBytes) {
      const { done, value } = await reader.read();
      if (done) {
        isWhole = true;
        break;
      }
      chunks.push(value);
      length += value.length;
    }
  } catch {
    // What came out before is what there is.
  }
  await reader.cancel().catch(() => undefined);
  await writing;
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return { bytes: out.subarray(0, maxBytes), isWhole: isWhole || length >= maxBytes };
};

/** Text that does nothing to a reader but be read; line breaks stay. */
const inert = (text: string): string =>
  text
    .split("\n")
    .map((line) => showInvisible(line))
    .join("\n");

/** What the bytes say as text, as far as `maxBytes`: gzip unpacked, malformed UTF-8 as U+FFFD. */
export const decodeBytes = async (bytes: Uint8Array, maxBytes: number): Promise<DecodedText> => {
  if (isGzip(bytes)) {
    const { bytes: plain, isWhole } = await gunzipSoFar(bytes, maxBytes);
    const encoding = isWhole ? "gzip" : "gzip, cut short or damaged";
    return { text: inert(lenient.decode(plain)), encoding };
  }
  const shown = bytes.subarray(0, maxBytes);
  try {
    strict.decode(bytes);
    return { text: inert(lenient.decode(shown)), encoding: "utf-8" };
  } catch {
    return { text: inert(lenient.decode(shown)), encoding: "utf-8 with errors" };
  }
};
