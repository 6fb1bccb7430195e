const encoder = new TextEncoder();

/** ASCII capitals as small letters; every other byte as it is. */
const FOLD = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte,
);

/** Where the text begins in `[from, to)`, or -1. */
export type FindText = (bytes: Uint8Array, from: number, to: number) => number;

/**
 * Finds a text in UTF-8 bytes without decoding them (Horspool's skips). ASCII letters match in
 * either case, all else as it is.
 */
export const createTextFinder = (text: string): FindText => {
  const needle = encoder.encode(text).map((byte) => FOLD[byte] as number);
  const last = needle.length - 1;
  if (last < 0) return (_bytes, from, to) => (from <= to ? from : -1);
  const skips = new Int32Array(256).fill(needle.length);
  for (let at = 0; at < last; at += 1) {
    const byte = needle[at] as number;
    skips[byte] = last - at;
    if (byte >= 0x61 && byte <= 0x7a) skips[byte & 0xdf] = last - at;
  }
  const lastByte = needle[last] as number;
  return (bytes, from, to) => {
    let end = from + last;
    while (end < to) {
      const byte = bytes[end] as number;
      if (FOLD[byte] === lastByte) {
        const start = end - last;
        let at = last - 1;
        while (at >= 0 && FOLD[bytes[start + at] as number] === needle[at]) at -= 1;
        if (at < 0) return start;
      }
      end += skips[byte] as number;
    }
    return -1;
  };
};
