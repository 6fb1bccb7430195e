import { type ByteRange, isOpenBrace, scanObject, skipSpace } from "./json-scan.ts";

/** What side effects want to know of a log, without parsing the whole of it. */
export type LogHead = {
  /** `log_type`, else `data.log_type`, where it is a non-empty string. */
  readonly logType: string | undefined;
  /** `anomaly_score`, else `data.anomaly_score`, where it is a number. */
  readonly anomalyScore: number | undefined;
  /** Where `timestamp`, else `data.timestamp`, stands: a string with its quotes. */
  readonly timestamp: ByteRange | undefined;
  /** Where `data` stands, if it is an object. */
  readonly data: ByteRange | undefined;
};

const QUOTE = 0x22;
const decoder = new TextDecoder();

const quoted = (name: string): Uint8Array => new TextEncoder().encode(`"${name}"`);
const LOG_TYPE = quoted("log_type");
const ANOMALY_SCORE = quoted("anomaly_score");
const TIMESTAMP = quoted("timestamp");
const DATA = quoted("data");

const is = (bytes: Uint8Array, { start, end }: ByteRange, name: Uint8Array): boolean => {
  if (end - start !== name.length) return false;
  // From behind: most names differ in their last letters, and all begin with a quote.
  for (let at = name.length - 2; at > 0; at -= 1) if (bytes[start + at] !== name[at]) return false;
  return true;
};

const textOf = (bytes: Uint8Array, { start, end }: ByteRange): string | undefined => {
  if (bytes[start] !== QUOTE) return undefined;
  const text: unknown = JSON.parse(decoder.decode(bytes.subarray(start, end)));
  return typeof text === "string" && text !== "" ? text : undefined;
};

const numberOf = (bytes: Uint8Array, { start, end }: ByteRange): number | undefined => {
  const first = bytes[start];
  const isNumber = first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39);
  return isNumber ? Number(decoder.decode(bytes.subarray(start, end))) : undefined;
};

type Found = { -readonly [Name in keyof LogHead]: LogHead[Name] };

const readMembers = (bytes: Uint8Array, start: number): Found => {
  const found: Found = {
    logType: undefined,
    anomalyScore: undefined,
    timestamp: undefined,
    data: undefined,
  };
  // Of a member that comes twice the last one counts, as for JSON.parse.
  scanObject(bytes, start, ({ key, value }) => {
    if (is(bytes, key, LOG_TYPE)) found.logType = textOf(bytes, value);
    else if (is(bytes, key, ANOMALY_SCORE)) found.anomalyScore = numberOf(bytes, value);
    else if (is(bytes, key, TIMESTAMP))
      found.timestamp = bytes[value.start] === QUOTE ? value : undefined;
    else if (is(bytes, key, DATA)) found.data = isOpenBrace(bytes[value.start]) ? value : undefined;
  });
  return found;
};

/**
 * Reads the head of a log: the bytes of one JSON object, checked before. Names written with escapes
 * are not recognised. About a microsecond for a log of 500 bytes, a third of parsing it.
 */
export const readLogHead = (log: Uint8Array): LogHead => {
  const own = readMembers(log, skipSpace(log, 0));
  const isWhole = own.logType && own.anomalyScore !== undefined && own.timestamp;
  if (own.data === undefined || isWhole) return own;
  const inner = readMembers(log, own.data.start);
  return {
    logType: own.logType ?? inner.logType,
    anomalyScore: own.anomalyScore ?? inner.anomalyScore,
    timestamp: own.timestamp ?? inner.timestamp,
    data: own.data,
  };
};
