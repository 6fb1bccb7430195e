/**
 * A JSON checker over the bytes of one line (RFC 8259) that says where names and values lie. It
 * makes no strings and no objects: 20 MB take a fraction of what JSON.parse needs, and no number
 * ever becomes a double.
 */

export const STRING = 1;
export const NUMBER = 2;
/** true, false, null */
export const LITERAL = 3;
export const OBJECT = 4;
export const ARRAY = 5;
export type ValueKind =
  | typeof STRING
  | typeof NUMBER
  | typeof LITERAL
  | typeof OBJECT
  | typeof ARRAY;

/** The node of the line's own object, and what to answer for a value whose inside is of no interest. */
export const ROOT = 0;
export const SKIP = -1;

/**
 * Called for each member of an object that is walked: its object's node, and the bytes of name and
 * value, both with their quotes. An object is told before its inside is read, its end still
 * unknown; the answer is its node, or SKIP.
 */
export type VisitMember = (
  node: number,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
  kind: ValueKind,
) => number;

/** Deeper lines count as broken. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39;

const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

const ESCAPES = new Set([...'"\\/bfnrt'].map((character) => character.charCodeAt(0)));
const asciiOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const LITERALS = new Map([...["true", "false", "null"]].map((t) => [t.charCodeAt(0), asciiOf(t)]));

/** Whether the bytes `[start, end)` are one JSON value; members are told on the way. */
export type ScanLine = (bytes: Uint8Array, start: number, end: number) => boolean;

export const createLineScanner = (visit: VisitMember): ScanLine => {
  let bytes: Uint8Array = new Uint8Array();
  let end = 0;
  let at = 0;

  const skipSpace = (): void => {
    while (at < end) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return;
      at += 1;
    }
  };

  const scanString = (): boolean => {
    at += 1;
    while (at < end) {
      const byte = bytes[at] as number;
      at += 1;
      if (byte === QUOTE) return true;
      if (byte < 0x20) return false;
      if (byte !== BACKSLASH) continue;
      const escaped = bytes[at] as number;
      at += 1;
      if (escaped === LOWER_U) {
        for (let count = 0; count < 4; count += 1, at += 1)
          if (at >= end || !isHex(bytes[at])) return false;
      } else if (at > end || !ESCAPES.has(escaped)) return false;
    }
    return false;
  };

  const scanDigits = (): boolean => {
    const start = at;
    while (at < end && isDigit(bytes[at])) at += 1;
    return at > start;
  };

  const scanNumber = (): boolean => {
    if (bytes[at] === 0x2d) at += 1;
    if (at < end && bytes[at] === 0x30) at += 1;
    else if (!scanDigits()) return false;
    if (at < end && bytes[at] === 0x2e) {
      at += 1;
      if (!scanDigits()) return false;
    }
    if (at < end && ((bytes[at] as number) | 0x20) === 0x65) {
      at += 1;
      if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at += 1;
      if (!scanDigits()) return false;
    }
    return true;
  };

  const scanLiteral = (word: Uint8Array): boolean => {
    for (const byte of word) {
      if (at >= end || bytes[at] !== byte) return false;
      at += 1;
    }
    return true;
  };

  const scanMembers = (node: number, depth: number): boolean => {
    at += 1;
    skipSpace();
    if (at < end && bytes[at] === 0x7d) {
      at += 1;
      return true;
    }
    while (at < end) {
      const nameStart = at;
      if (bytes[at] !== QUOTE || !scanString()) return false;
      const nameEnd = at;
      skipSpace();
      if (at >= end || bytes[at] !== 0x3a) return false;
      at += 1;
      skipSpace();
      if (!scanValue(node, nameStart, nameEnd, depth)) return false;
      skipSpace();
      if (at >= end) return false;
      const byte = bytes[at];
      at += 1;
      if (byte === 0x7d) return true;
      if (byte !== 0x2c) return false;
      skipSpace();
    }
    return false;
  };

  const scanItems = (depth: number): boolean => {
    at += 1;
    skipSpace();
    if (at < end && bytes[at] === 0x5d) {
      at += 1;
      return true;
    }
    while (at < end) {
      if (!scanValue(SKIP, 0, 0, depth)) return false;
      skipSpace();
      if (at >= end) return false;
      const byte = bytes[at];
      at += 1;
      if (byte === 0x5d) return true;
      if (byte !== 0x2c) return false;
      skipSpace();
    }
    return false;
  };

  const scanValue = (node: number, nameStart: number, nameEnd: number, depth: number): boolean => {
    if (at >= end || depth > MAX_DEPTH) return false;
    const start = at;
    const first = bytes[at] as number;
    if (first === 0x7b) {
      const inner = node === SKIP ? SKIP : visit(node, nameStart, nameEnd, start, start, OBJECT);
      return scanMembers(inner, depth + 1);
    }
    let kind: ValueKind;
    if (first === QUOTE) {
      if (!scanString()) return false;
      kind = STRING;
    } else if (first === 0x5b) {
      if (!scanItems(depth + 1)) return false;
      kind = ARRAY;
    } else if (first === 0x2d || isDigit(first)) {
      if (!scanNumber()) return false;
      kind = NUMBER;
    } else {
      const word = LITERALS.get(first);
      if (word === undefined || !scanLiteral(word)) return false;
      kind = LITERAL;
    }
    if (node !== SKIP) visit(node, nameStart, nameEnd, start, at, kind);
    return true;
  };

  return (line, lineStart, lineEnd) => {
    bytes = line;
    at = lineStart;
    end = lineEnd;
    skipSpace();
    const isValue =
      at < end && bytes[at] === 0x7b ? scanMembers(ROOT, 1) : scanValue(SKIP, 0, 0, 0);
    if (!isValue) return false;
    skipSpace();
    return at === end;
  };
};
