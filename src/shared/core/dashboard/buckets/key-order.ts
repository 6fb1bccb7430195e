/** Sorts after every key that begins with what it is appended to, in S3's order of bytes. */
const LAST = "\u{10ffff}";

/** Where a listing goes on behind everything that begins with `prefix`. */
export const behind = (prefix: string): string => `${prefix}${LAST}`;

const toPoint = (unit: number): number =>
  // Surrogates stand for characters behind all others; as code units they would sort before some.
  unit >= 0xd800 && unit <= 0xdfff ? unit + 0x2000 : unit >= 0xe000 ? unit - 0x800 : unit;

/** Order of two keys as S3 lists them: by their UTF-8 bytes. Negative where `a` comes first. */
export const compareKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return toPoint(left) - toPoint(right);
  }
  return a.length - b.length;
};
