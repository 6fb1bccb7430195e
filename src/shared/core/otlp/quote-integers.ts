const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** A double holds every integer of up to 15 digits. */
const SAFE_DIGITS = 15;
const MAYBE_LARGE = /[:,[\s-]\d{16}/;

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** Behind the closing quote of the string that opens at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
};

/**
 * Puts integers that a double may not hold into quotes, where JSON.parse leaves them alone and
 * proto3's JSON mapping reads them all the same. Fractions and exponents stay as they are.
 */
export const quoteLargeIntegers = (json: string): string => {
  if (!MAYBE_LARGE.test(json)) return json;
  let quoted = "";
  let copied = 0;
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
      continue;
    }
    if (!isDigit(code) && code !== MINUS) {
      at += 1;
      continue;
    }
    const start = at;
    at += 1;
    while (isDigit(json.charCodeAt(at))) at += 1;
    const integerEnd = at;
    while (/[\d.eE+-]/.test(json.charAt(at))) at += 1;
    const digits = integerEnd - start - (code === MINUS ? 1 : 0);
    if (at !== integerEnd || digits <= SAFE_DIGITS) continue;
    quoted += `${json.slice(copied, start)}"${json.slice(start, integerEnd)}"`;
    copied = integerEnd;
  }
  return quoted + json.slice(copied);
};
