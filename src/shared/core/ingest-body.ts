import { isJsonObject, type JsonObject } from "./json.ts";
import {
  type ByteRange,
  CARRIAGE_RETURN,
  isDeeperThan,
  isJsonSpace,
  isOpenBrace,
  isOpenBracket,
  LINE_FEED,
  scanArray,
  scanObject,
  skipSpace,
} from "./json-scan.ts";
import {
  INGEST_MAX_DEPTH,
  INGEST_MAX_ENVELOPE_BYTES,
  INGEST_MAX_LOGS,
  RECORD_MAX_BYTES,
} from "./limits.ts";
import { recordPartitionKey, utf8Length } from "./record-packer.ts";
import { serviceOf } from "./service.ts";
import { isApmLog, routeOf, type Signal } from "./signals.ts";

/** `either` is JSON where the whole body is one document, NDJSON where more follows the first. */
export type BodyForm = "json" | "ndjson" | "either";

/** A log of the body: its own bytes on one line, a view into the body where that is possible. */
export type CutLog = {
  readonly index: number;
  readonly signal: Signal;
  readonly service: string;
  readonly bytes: Uint8Array;
};

export type ItemRefusal = {
  /** Position among the items of the request, from 0; blank lines are no items. */
  readonly index: number;
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
};

export type BodyRefusalCode =
  | "EMPTY_BODY"
  | "NO_LOGS"
  | "INVALID_JSON"
  | "TRAILING_TEXT"
  | "INVALID_UTF8"
  | "TOO_DEEP"
  | "TOO_MANY_LOGS"
  | "ENVELOPE_TOO_LARGE";

export type CutBody =
  | { readonly ok: true; readonly logs: CutLog[]; readonly refused: ItemRefusal[] }
  | { readonly ok: false; readonly code: BodyRefusalCode; readonly reason: string };

type BodyRefusal = Extract<CutBody, { ok: false }>;

const refuse = (code: BodyRefusalCode, reason: string): BodyRefusal => ({
  ok: false,
  code,
  reason,
});

const notJson = (at: number, why: string): BodyRefusal =>
  refuse("INVALID_JSON", `The body is not JSON: ${why} at byte ${at}.`);

const tooMany = (): BodyRefusal =>
  refuse(
    "TOO_MANY_LOGS",
    `More than ${INGEST_MAX_LOGS} logs in one request. Send them in smaller batches.`,
  );

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const decodeStrict = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Text of a range, undefined where its bytes are not UTF-8. In ASCII bytes and characters agree. */
const createTextOf = (body: Uint8Array): ((range: ByteRange) => string | undefined) => {
  const whole = decodeStrict(body);
  return whole !== undefined && whole.length === body.length
    ? ({ start, end }) => whole.slice(start, end)
    : ({ start, end }) => decodeStrict(body.subarray(start, end));
};

const NOT_JSON = Symbol("not JSON");

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON;
  }
};

const isLineBreak = (byte: number): boolean => byte === LINE_FEED || byte === CARRIAGE_RETURN;

/** Inside valid JSON a line break stands between tokens, where a space means the same. */
const onOneLine = (bytes: Uint8Array): Uint8Array =>
  bytes.some(isLineBreak) ? bytes.map((byte) => (isLineBreak(byte) ? 0x20 : byte)) : bytes;

/** Among logs, what says of itself that it is APM is; to the other paths belongs what they are sent. */
const signalOf = (log: JsonObject, home: Signal): Signal =>
  home === "logs" && isApmLog(log) ? "apm" : home;

/** Bytes that an item may have: those of a Kinesis record less its partition key's. */
export const maxItemBytes = (signal: Signal, service: string): number =>
  RECORD_MAX_BYTES - utf8Length(recordPartitionKey(routeOf(signal, service)));

/** Sorts the items of one body into logs and refusals. */
const createSorter = (body: Uint8Array, home: Signal) => {
  const textOf = createTextOf(body);
  // One look at the whole body spares most bodies one look per log.
  const hasLineBreaks = body.includes(LINE_FEED) || body.includes(CARRIAGE_RETURN);
  const logs: CutLog[] = [];
  const refused: ItemRefusal[] = [];
  const refuseItem = (index: number, code: string, reason: string): void => {
    refused.push({ index, code, reason, retryable: false });
  };
  const refuseSize = (index: number, size: number, limit: number): void =>
    refuseItem(
      index,
      "TOO_LARGE",
      `${size} bytes; a log may have ${limit}: a Kinesis record's ${RECORD_MAX_BYTES} less its partition key.`,
    );
  return {
    logs,
    refused,
    textOf,
    /** False where the item is not JSON, which is then the caller's to report. */
    take: (index: number, range: ByteRange): boolean => {
      const size = range.end - range.start;
      // Unparsed, so that no item costs more memory than a record could hold.
      if (size >= RECORD_MAX_BYTES) {
        refuseSize(index, size, RECORD_MAX_BYTES - 1);
        return true;
      }
      const text = textOf(range);
      if (text === undefined) {
        refuseItem(index, "INVALID_UTF8", "Not valid UTF-8.");
        return true;
      }
      if (isDeeperThan(text, INGEST_MAX_DEPTH)) {
        refuseItem(
          index,
          "TOO_DEEP",
          `More than ${INGEST_MAX_DEPTH} objects and arrays inside one another.`,
        );
        return true;
      }
      const value = parse(text);
      if (value === NOT_JSON) return false;
      if (!isJsonObject(value)) {
        refuseItem(index, "NOT_AN_OBJECT", "A log is a JSON object.");
        return true;
      }
      const service = serviceOf(value);
      const signal = signalOf(value, home);
      const limit = maxItemBytes(signal, service);
      if (size > limit) refuseSize(index, size, limit);
      else {
        const bytes = body.subarray(range.start, range.end);
        logs.push({ index, signal, service, bytes: hasLineBreaks ? onOneLine(bytes) : bytes });
      }
      return true;
    },
    refuseItem,
  };
};

type Sorter = ReturnType<typeof createSorter>;

const finish = ({ logs, refused }: Sorter): CutBody => ({ ok: true, logs, refused });

const takeAll = (sorter: Sorter, items: readonly ByteRange[]): CutBody => {
  if (items.length === 0) return refuse("NO_LOGS", "The body holds no logs.");
  for (const [index, range] of items.entries())
    if (!sorter.take(index, range))
      return notJson(range.start, `item ${index} does not parse; it begins`);
  return finish(sorter);
};

const isLogsKey = (body: Uint8Array, { start, end }: ByteRange): boolean => {
  // Longest spelling: six characters for each letter, and two quotes.
  if (end - start > 26) return false;
  const text = decodeStrict(body.subarray(start, end));
  return text !== undefined && parse(text) === "logs";
};

/** What surrounds the logs must be JSON as well, or the cut could have gone astray. */
const checkEnvelope = (
  { textOf }: Sorter,
  document: ByteRange,
  logs: ByteRange,
): BodyRefusal | undefined => {
  const size = document.end - document.start - (logs.end - logs.start);
  if (size > INGEST_MAX_ENVELOPE_BYTES)
    return refuse(
      "ENVELOPE_TOO_LARGE",
      `${size} bytes besides \`logs\`; at most ${INGEST_MAX_ENVELOPE_BYTES} are taken.`,
    );
  const before = textOf({ start: document.start, end: logs.start });
  const after = textOf({ start: logs.end, end: document.end });
  if (before === undefined || after === undefined)
    return refuse("INVALID_UTF8", "The body is not valid UTF-8 outside `logs`.");
  const envelope = `${before}[]${after}`;
  if (isDeeperThan(envelope, INGEST_MAX_DEPTH))
    return refuse(
      "TOO_DEEP",
      `More than ${INGEST_MAX_DEPTH} objects and arrays inside one another beside \`logs\`.`,
    );
  return parse(envelope) === NOT_JSON
    ? notJson(document.start, "what surrounds `logs` does not parse; it begins")
    : undefined;
};

const cutJson = (body: Uint8Array, from: number, home: Signal): CutBody => {
  const start = skipSpace(body, from);
  if (start === body.length) return refuse("EMPTY_BODY", "The body is empty.");
  const sorter = createSorter(body, home);
  const endsAt = (end: number): BodyRefusal | undefined => {
    const next = skipSpace(body, end);
    if (next === body.length) return undefined;
    return refuse(
      "TRAILING_TEXT",
      `Text follows the end of the JSON at byte ${next}. For one log a line, send application/x-ndjson.`,
    );
  };

  if (isOpenBracket(body[start])) {
    const array = scanArray(body, start, INGEST_MAX_LOGS);
    if (array.ok) return endsAt(array.end) ?? takeAll(sorter, array.items);
    return array.reason === "TOO_MANY" ? tooMany() : notJson(array.at, "unexpected text or end");
  }

  if (isOpenBrace(body[start])) {
    let logs: ByteRange | undefined;
    const object = scanObject(body, start, ({ key, value }) => {
      if (isLogsKey(body, key)) logs = value;
    });
    if (!object.ok) return notJson(object.at, "unexpected text or end");
    const trailing = endsAt(object.end);
    if (trailing !== undefined) return trailing;
    const document = { start, end: object.end };
    if (logs === undefined || !isOpenBracket(body[logs.start])) return takeAll(sorter, [document]);
    const array = scanArray(body, logs.start, INGEST_MAX_LOGS);
    if (!array.ok)
      return array.reason === "TOO_MANY" ? tooMany() : notJson(array.at, "unexpected text or end");
    return checkEnvelope(sorter, document, logs) ?? takeAll(sorter, array.items);
  }

  let end = body.length;
  while (isJsonSpace(body[end - 1])) end -= 1;
  return takeAll(sorter, [{ start, end }]);
};

const cutLines = (body: Uint8Array, from: number, home: Signal): CutBody => {
  const sorter = createSorter(body, home);
  let count = 0;
  for (let lineStart = from; lineStart < body.length; ) {
    const lineFeed = body.indexOf(LINE_FEED, lineStart);
    const lineEnd = lineFeed === -1 ? body.length : lineFeed;
    const start = Math.min(skipSpace(body, lineStart), lineEnd);
    let end = lineEnd;
    while (end > start && isJsonSpace(body[end - 1])) end -= 1;
    lineStart = lineEnd + 1;
    if (start === end) continue;
    if (count === INGEST_MAX_LOGS) return tooMany();
    if (!sorter.take(count, { start, end }))
      sorter.refuseItem(count, "INVALID_JSON", "The line is not JSON.");
    count += 1;
  }
  return count === 0 ? refuse("EMPTY_BODY", "The body is empty.") : finish(sorter);
};

const afterByteOrderMark = (body: Uint8Array): number =>
  body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;

/**
 * Cuts the logs out of a request body as the bytes they were sent in; only line breaks between
 * tokens become spaces. JSON is `{"logs":[…],…}`, an array or one log: an object is the envelope
 * when its own `logs` is an array (the last one where there are several, as in JSON.parse), else
 * it is the log. There one item that does not parse refuses the body, since nothing after it can
 * be told for sure. In NDJSON every line is a log of its own, and only the bad line is refused.
 * Every item is of the signal of its path, but for APM among logs.
 */
export const cutItems = (body: Uint8Array, form: BodyForm, home: Signal = "logs"): CutBody => {
  const from = afterByteOrderMark(body);
  if (form === "ndjson") return cutLines(body, from, home);
  const cut = cutJson(body, from, home);
  const isManyDocuments = !cut.ok && cut.code === "TRAILING_TEXT";
  return form === "either" && isManyDocuments ? cutLines(body, from, home) : cut;
};
