import { hexRows } from "../../shared/core/dashboard/quarantine/byte-view.ts";

/** How bytes that nobody vouches for are shown on a terminal. */

/** More control characters than this among text are a sign of something else. */
const MAX_CONTROL_SHARE = 0.1;
/** What logs are full of: line breaks, tabs, colours. */
const ORDINARY = new Set(["\t", "\r", "\n", "\u001b"]);

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Everything that moves the cursor, changes colours, turns the direction of text or is not seen. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu;

const escapeCharacter = (character: string): string => {
  if (character === "\t") return "\\t";
  if (character === "\r") return "\\r";
  if (character === "\n") return "\\n";
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x100) return `\\x${point.toString(16).padStart(2, "0")}`;
  if (point < 0x10000) return `\\u${point.toString(16).padStart(4, "0")}`;
  return `\\u{${point.toString(16)}}`;
};

/** Text without a character that could do something to a terminal. */
export const escapeControls = (text: string): string => text.replace(UNSAFE, escapeCharacter);

const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff00-\uff60]/u;
const ZERO_WIDTH = /\p{M}/u;

const widthOf = (character: string): number =>
  ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

/** Cuts a line without line breaks into pieces of at most `width` columns. */
export const wrap = (line: string, width: number): string[] => {
  const rows: string[] = [];
  let row = "";
  let used = 0;
  for (const character of line) {
    const columns = widthOf(character);
    if (used + columns > width) {
      rows.push(row);
      row = "";
      used = 0;
    }
    row += character;
    used += columns;
  }
  rows.push(row);
  return rows;
};

/** The same at spaces where there are any, for sentences. */
export const wrapWords = (text: string, width: number): string[] => {
  const rows: string[] = [];
  for (const word of text.split(" ")) {
    const [first = "", ...others] = wrap(word, width);
    const joined = `${rows.at(-1)} ${first}`;
    if (rows.length > 0 && wrap(joined, width).length === 1) rows[rows.length - 1] = joined;
    else rows.push(first);
    rows.push(...others);
  }
  return rows;
};

/** The bytes as text, where they are UTF-8 and mostly printable; undefined where they are not. */
const asText = (bytes: Uint8Array): string | undefined => {
  let text: string;
  try {
    text = strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
  const controls = text.match(/\p{Cc}/gu)?.filter((control) => !ORDINARY.has(control)).length ?? 0;
  return text.includes("\0") || controls > text.length * MAX_CONTROL_SHARE ? undefined : text;
};

/** Hex and text side by side, 16 bytes a row, 75 columns. */
export const hexDump = (bytes: Uint8Array): string[] =>
  hexRows(bytes).map(({ offset, hex, ascii }) => `${offset}  ${hex}  ${ascii}`);

/** Ends between two characters of UTF-8, up to three bytes short of `length`. */
const cut = (bytes: Uint8Array, length: number): Uint8Array => {
  if (bytes.length <= length) return bytes;
  let end = length;
  while (end > length - 4 && end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
};

/** At most `maxBytes` of the bytes in rows of at most `width` columns (75 at least), safe to print. */
export const showBytes = (
  bytes: Uint8Array,
  { width, maxBytes }: { width: number; maxBytes: number },
): string[] => {
  const shown = cut(bytes, maxBytes);
  const text = asText(shown);
  const rows =
    text === undefined
      ? hexDump(bytes.subarray(0, maxBytes))
      : text.split("\n").flatMap((line) => wrap(escapeControls(line), width));
  const hidden =
    bytes.length - (text === undefined ? Math.min(maxBytes, bytes.length) : shown.length);
  return hidden > 0 ? [...rows, `… ${hidden.toLocaleString("en-US")} more bytes`] : rows;
};
