/**
 * Compares two strings as S3 orders keys, by their UTF-8 bytes, without encoding them. UTF-16 code
 * units sort alike except that surrogates (U+10000 and above) come before U+E000 to U+FFFF.
 */
export const compareUtf8 = (a: string, b: string): number => {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

const rank = (unit: number): number => {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
};
