import { unpackLogEvents } from "./cloudwatch-logs.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { CARRIAGE_RETURN, isJsonSpace, LINE_FEED, scanArray } from "./json-scan.ts";
import { KPL_MAGIC, readUserRecords } from "./kpl.ts";
import { RECORD_MAX_DECODED_BYTES } from "./limits.ts";
import type { Codec } from "./ports.ts";
import type { QuarantineReason } from "./quarantine.ts";

/** What is known of a log from around it, for where the log itself does not say. */
export type LogEnvelope = { readonly service: string | undefined; readonly timeMs: number };

/** Takes the pieces of a record in their order. The bytes are its to read during the call only. */
export type RecordVisitor = {
  /** One log and the producer's bytes of it, on one line, without a line break at the end. */
  log(line: Uint8Array, log: JsonObject, envelope?: LogEnvelope): void;
  /** A piece that is no log, with its raw bytes. */
  reject(reason: QuarantineReason, detail: string, data: Uint8Array): void;
  /** A message that holds no logs by design. */
  skip(): void;
};

type Failure = { readonly ok: false; readonly reason: QuarantineReason; readonly detail: string };
type Parsed = { readonly ok: true; readonly value: unknown; readonly text: string };

/** One way to carry logs in a record. Answers a failure where the record as a whole is unusable. */
type RecordForm = {
  readonly name: string;
  matches(data: Uint8Array): boolean;
  read(data: Uint8Array, visitor: RecordVisitor, codec: Codec): Failure | undefined;
};

const SPACE = 0x20;

const trim = (bytes: Uint8Array): Uint8Array => {
  let start = 0;
  let end = bytes.length;
  while (start < end && isJsonSpace(bytes[start])) start += 1;
  while (end > start && isJsonSpace(bytes[end - 1])) end -= 1;
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
};

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  bytes[0] === magic[0] && magic.every((byte, at) => bytes[at] === byte);

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** U+FFFD stands for malformed bytes, or for itself. */
const isMalformed = (text: string, bytes: Uint8Array): boolean => {
  if (!text.includes("\ufffd")) return false;
  try {
    strictDecoder.decode(bytes);
    return false;
  } catch {
    return true;
  }
};

const failure = (reason: QuarantineReason, detail: string): Failure => ({
  ok: false,
  reason,
  detail,
});

const NOT_AN_OBJECT = failure("not_an_object", "A log must be a JSON object.");

const parse = (bytes: Uint8Array, codec: Codec): Parsed | Failure => {
  const text = codec.decodeUtf8(bytes);
  if (isMalformed(text, bytes)) return failure("invalid_utf8", "The bytes are not UTF-8.");
  try {
    return { ok: true, value: JSON.parse(text), text };
  } catch (error) {
    return failure("not_json", error instanceof Error ? error.message : String(error));
  }
};

/** Line breaks in valid JSON stand between tokens only; spaces mean the same. */
const onOneLine = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(bytes, (byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte));

const visitLog = (
  bytes: Uint8Array,
  text: string,
  log: JsonObject,
  visitor: RecordVisitor,
): void => {
  const hasBreaks = text.includes("\n") || text.includes("\r");
  visitor.log(hasBreaks ? onOneLine(bytes) : bytes, log);
};

/** The items as they were sent, of bytes that JSON.parse has found to be an array of `logs`. */
const readArray = (
  bytes: Uint8Array,
  logs: readonly unknown[],
  visitor: RecordVisitor,
  codec: Codec,
): Failure | undefined => {
  if (logs.length === 0) return failure("empty", "The record is an array without items.");
  const scan = scanArray(bytes, 0, logs.length);
  if (!scan.ok || scan.items.length !== logs.length)
    return failure("not_json", "The items of the array could not be told apart.");
  for (const [at, { start, end }] of scan.items.entries()) {
    const item = bytes.subarray(start, end);
    const log = logs[at];
    if (isJsonObject(log)) visitLog(item, codec.decodeUtf8(item), log, visitor);
    else visitor.reject(NOT_AN_OBJECT.reason, NOT_AN_OBJECT.detail, item);
  }
  return undefined;
};

const readValue = (
  bytes: Uint8Array,
  parsed: Parsed,
  visitor: RecordVisitor,
  codec: Codec,
): Failure | undefined => {
  const { value, text } = parsed;
  if (Array.isArray(value)) return readArray(bytes, value, visitor, codec);
  if (!isJsonObject(value)) return NOT_AN_OBJECT;
  visitLog(bytes, text, value, visitor);
  return undefined;
};

/** Lines that are not blank, without their line breaks. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const at = bytes.indexOf(LINE_FEED, start);
    const end = at === -1 ? bytes.length : at;
    const line = trim(bytes.subarray(start, end));
    if (line.length > 0) yield line;
    start = end + 1;
  }
}

const isLog = (bytes: Uint8Array, codec: Codec): boolean => {
  const parsed = parse(bytes, codec);
  return parsed.ok && isJsonObject(parsed.value);
};

const hasLog = (lines: Iterable<Uint8Array>, codec: Codec): boolean => {
  for (const line of lines) if (isLog(line, codec)) return true;
  return false;
};

const readLines = (bytes: Uint8Array, visitor: RecordVisitor, codec: Codec): undefined => {
  for (const line of linesOf(bytes)) {
    const parsed = parse(line, codec);
    if (parsed.ok && isJsonObject(parsed.value)) visitLog(line, parsed.text, parsed.value, visitor);
    else {
      const { reason, detail } = parsed.ok ? NOT_AN_OBJECT : parsed;
      visitor.reject(reason, detail, line);
    }
  }
};

/** Where no line is a log the record fails whole: the lines of a stack trace belong together. */
const readText = (data: Uint8Array, visitor: RecordVisitor, codec: Codec): Failure | undefined => {
  const bytes = trim(startsWith(data, BYTE_ORDER_MARK) ? data.subarray(3) : data);
  if (bytes.length === 0) return failure("empty", "The record holds nothing.");
  const firstBreak = bytes.indexOf(LINE_FEED);
  // A pretty-printed log is no log yet after its first line.
  if (firstBreak !== -1 && isLog(bytes.subarray(0, firstBreak), codec))
    return readLines(bytes, visitor, codec);
  const parsed = parse(bytes, codec);
  if (parsed.ok) return readValue(bytes, parsed, visitor, codec);
  if (firstBreak === -1 || !hasLog(linesOf(bytes), codec)) return parsed;
  return readLines(bytes, visitor, codec);
};

const unpackGzip = (data: Uint8Array, codec: Codec): Uint8Array | Failure => {
  try {
    return codec.gunzip(data, RECORD_MAX_DECODED_BYTES);
  } catch (error) {
    if (error instanceof RangeError)
      return failure("too_large", `Unpacks to more than ${RECORD_MAX_DECODED_BYTES} bytes.`);
    return failure("bad_gzip", error instanceof Error ? error.message : String(error));
  }
};

/** Reads with the first form that matches; what none could use is rejected whole. */
const readAs = (
  forms: readonly RecordForm[],
  data: Uint8Array,
  visitor: RecordVisitor,
  codec: Codec,
): void => {
  const failed = forms.find(({ matches }) => matches(data))?.read(data, visitor, codec);
  if (failed !== undefined) visitor.reject(failed.reason, failed.detail, data);
};

/** One record unpacks to `RECORD_MAX_DECODED_BYTES`, of however many gzips it is made. */
const withUnpackBudget = (codec: Codec): Codec => {
  let leftBytes = RECORD_MAX_DECODED_BYTES;
  return {
    ...codec,
    gunzip(bytes, maxBytes) {
      const unpacked = codec.gunzip(bytes, Math.min(maxBytes, leftBytes));
      leftBytes -= unpacked.length;
      return unpacked;
    },
  };
};

/** What a user record of an aggregate can be: no producer puts an aggregate into another. */
const SIMPLE_FORMS: readonly RecordForm[] = [
  {
    name: "gzip",
    matches: (data) => startsWith(data, [0x1f, 0x8b]),
    read: (data, visitor, codec) => {
      const text = unpackGzip(data, codec);
      return text instanceof Uint8Array ? readText(text, unpackLogEvents(visitor), codec) : text;
    },
  },
  { name: "text", matches: () => true, read: readText },
];

/** The first form that matches reads the record. */
const FORMS: readonly RecordForm[] = [
  {
    name: "KPL aggregate",
    matches: (data) => startsWith(data, KPL_MAGIC),
    read: (data, visitor, codec) => {
      const budgeted = withUnpackBudget(codec);
      const problem = readUserRecords(data, codec.md5, (userRecord) =>
        startsWith(userRecord, KPL_MAGIC)
          ? visitor.reject("bad_kpl", "A KPL aggregate inside another one.", userRecord)
          : readAs(SIMPLE_FORMS, userRecord, visitor, budgeted),
      );
      return problem === undefined ? undefined : failure("bad_kpl", problem);
    },
  },
  ...SIMPLE_FORMS,
];

/**
 * Unpacks one Kinesis record: a JSON object, an array of them, NDJSON, gzip of any of these or of a
 * CloudWatch Logs subscription payload, or a KPL aggregate of records in any of these forms. What
 * is no log is rejected, the record as a whole where nothing in it is one; nothing is lost and
 * nothing throws.
 */
export const decodeRecord = (data: Uint8Array, visitor: RecordVisitor, codec: Codec): void =>
  readAs(FORMS, data, visitor, codec);
