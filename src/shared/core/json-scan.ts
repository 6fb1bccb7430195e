/**
 * Finds where JSON values begin and end in UTF-8 bytes. It checks the structure it walks over and
 * nothing below: whether a found value is JSON is for JSON.parse to say. All structural bytes are
 * ASCII, and no ASCII byte occurs inside a multi-byte character.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;

/** Byte range `[start, end)`. */
export type ByteRange = { readonly start: number; readonly end: number };

export const isOpenBracket = (byte: number | undefined): boolean => byte === OPEN_BRACKET;
export const isOpenBrace = (byte: number | undefined): boolean => byte === OPEN_BRACE;

/** JSON's white space: space, tab, line feed, carriage return. */
export const isJsonSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x09 || byte === LINE_FEED || byte === CARRIAGE_RETURN;

export const skipSpace = (bytes: Uint8Array, start: number): number => {
  let at = start;
  while (isJsonSpace(bytes[at])) at += 1;
  return at;
};

/** From an opening quote to behind the closing one; undefined where there is none. */
const skipString = (bytes: Uint8Array, start: number): number | undefined => {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) return at + 1;
  }
  return undefined;
};

const skipContainer = (bytes: Uint8Array, start: number): number | undefined => {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = skipString(bytes, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
};

/** Behind the value that begins at `start`; undefined where none does or it has no end. */
export const skipValue = (bytes: Uint8Array, start: number): number | undefined => {
  const first = bytes[start];
  if (first === QUOTE) return skipString(bytes, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipContainer(bytes, start);
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isJsonSpace(byte))
      break;
    at += 1;
  }
  return at === start ? undefined : at;
};

export type ArrayScan =
  | { readonly ok: true; readonly items: ByteRange[]; readonly end: number }
  | { readonly ok: false; readonly reason: "MALFORMED"; readonly at: number }
  | { readonly ok: false; readonly reason: "TOO_MANY" };

/** The items of the array whose bracket is at `start`. */
export const scanArray = (bytes: Uint8Array, start: number, maxItems: number): ArrayScan => {
  const items: ByteRange[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) return { ok: true, items, end: at + 1 };
  for (;;) {
    const end = skipValue(bytes, at);
    if (end === undefined) return { ok: false, reason: "MALFORMED", at };
    if (items.length === maxItems) return { ok: false, reason: "TOO_MANY" };
    items.push({ start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_BRACKET) return { ok: true, items, end: at + 1 };
    if (bytes[at] !== COMMA) return { ok: false, reason: "MALFORMED", at };
    at = skipSpace(bytes, at + 1);
  }
};

export type Member = { readonly key: ByteRange; readonly value: ByteRange };

export type ObjectScan =
  | { readonly ok: true; readonly end: number }
  | { readonly ok: false; readonly at: number };

/** Visits the members of the object whose brace is at `start`; a key's range includes its quotes. */
export const scanObject = (
  bytes: Uint8Array,
  start: number,
  visit: (member: Member) => void,
): ObjectScan => {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) return { ok: true, end: at + 1 };
  for (;;) {
    const keyEnd = bytes[at] === QUOTE ? skipString(bytes, at) : undefined;
    if (keyEnd === undefined) return { ok: false, at };
    const key = { start: at, end: keyEnd };
    at = skipSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) return { ok: false, at };
    at = skipSpace(bytes, at + 1);
    const end = skipValue(bytes, at);
    if (end === undefined) return { ok: false, at };
    visit({ key, value: { start: at, end } });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_BRACE) return { ok: true, end: at + 1 };
    if (bytes[at] !== COMMA) return { ok: false, at };
    at = skipSpace(bytes, at + 1);
  }
};

const countOver = (text: string, character: string, max: number): number => {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1 && count <= max; count += 1)
    at = text.indexOf(character, at + 1);
  return count;
};

/** Whether more than `max` objects and arrays are open inside one another. */
export const isDeeperThan = (text: string, max: number): boolean => {
  // Nearly every text is settled by how many brackets it has at all.
  if (countOver(text, "{", max) + countOver(text, "[", max) <= max) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > max) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return false;
};
