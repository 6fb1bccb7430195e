import { isJsonObject, type JsonObject } from "./json.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const DAY_MS = 24 * HOUR_MS;

/** Four-digit years only: 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
const MIN_TIME_MS = -62_167_219_200_000;
const MAX_TIME_MS = 253_402_300_799_999;

const inRange = (ms: number): number | undefined =>
  ms >= MIN_TIME_MS && ms <= MAX_TIME_MS ? ms : undefined;

const isLeapYear = (year: number): boolean =>
  year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysInMonth = (year: number, month: number): number => {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

/**
 * Days since 1970-01-01 in the Gregorian calendar, for years from 0. Years count from March, so
 * that the leap day comes last. Date.UTC moves the years 0 to 99 and is as slow as all the rest.
 */
const daysSinceEpoch = (year: number, month: number, day: number): number => {
  const marchYear = month > 2 ? year : year - 1;
  const marchMonth = month > 2 ? month - 3 : month + 9;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((153 * marchMonth + 2) / 5) + day - 719_469;
};

/** Undefined for a date or time of day that does not exist. */
const utcMs = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
): number | undefined => {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  // A leap second stays in the hour it ends.
  const inMinute = second === 60 ? MINUTE_MS - 1 : second * SECOND_MS + millisecond;
  return daysSinceEpoch(year, month, day) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + inMinute;
};

/** What nearly every producer sends. Without groups: they would make it five times as slow. */
const COMMON_LAYOUT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?$/;

const DIGIT_0 = 0x30;
const DOT = 0x2e;

/** Only where two digits are known to be. */
const twoDigits = (text: string, at: number): number =>
  text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * DIGIT_0;

/** 0 for what is no digit: the `Z` or the end. */
const digitOrZero = (text: string, at: number): number => {
  const digit = text.charCodeAt(at) - DIGIT_0;
  return digit >= 0 && digit <= 9 ? digit : 0;
};

const millisecondAt = (text: string, at: number): number =>
  text.charCodeAt(at) === DOT
    ? digitOrZero(text, at + 1) * 100 + digitOrZero(text, at + 2) * 10 + digitOrZero(text, at + 3)
    : 0;

const parseCommonLayout = (text: string): number | undefined =>
  COMMON_LAYOUT.test(text)
    ? utcMs(
        twoDigits(text, 0) * 100 + twoDigits(text, 2),
        twoDigits(text, 5),
        twoDigits(text, 8),
        twoDigits(text, 11),
        twoDigits(text, 14),
        twoDigits(text, 17),
        millisecondAt(text, 19),
      )
    : undefined;

const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?(?:([Zz]|UTC|GMT)|([+-])(\d\d)(?::?(\d\d))?)?)?$/;

const parseDateTime = (text: string): number | undefined => {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const field = (group: number): number => Number(match[group] ?? 0);
  const fraction = (match[7] ?? "").slice(0, 3).padEnd(3, "0");
  const local = utcMs(field(1), field(2), field(3), field(4), field(5), field(6), Number(fraction));
  if (local === undefined || field(10) > 23 || field(11) > 59) return undefined;
  const offset = field(10) * HOUR_MS + field(11) * MINUTE_MS;
  return match[9] === "-" ? local + offset : local - offset;
};

/** Seconds, milli-, micro- or nanoseconds, told apart by size: each covers 1973 to 5138. */
const epochMs = (value: number): number => {
  const size = Math.abs(value);
  if (size < 1e11) return Math.floor(value * 1000);
  if (size < 1e14) return Math.floor(value);
  // A double is up to 256 ns off before 2116: whole hours must not fall into the hour before.
  return Math.floor((size < 1e17 ? value : Math.round(value / 1e3)) / 1e3);
};

const NUMBER = /^[+-]?\d{1,25}(?:\.\d{1,25})?$/;

/** A double cannot hold nanoseconds: 23:59:59.999999999 would become the next day. */
const epochTextMs = (text: string): number => {
  const value = Number(text);
  if (Math.abs(value) < 1e14) return epochMs(value);
  const whole = BigInt(text.split(".")[0] ?? "");
  const unit = Math.abs(value) < 1e17 ? 1_000n : 1_000_000n;
  return Number(whole / unit) - (whole % unit < 0n ? 1 : 0);
};

/**
 * A time as producers write it, in milliseconds since the epoch: RFC 3339 and its common variants
 * (a space for `T`, no seconds, no zone = UTC, a bare date), or an epoch in s, ms, µs or ns as a
 * number or a string. Undefined for anything else, dates that do not exist, and years beyond
 * 0000 to 9999.
 */
export const parseTime = (value: unknown): number | undefined => {
  if (typeof value === "number") return inRange(epochMs(value));
  if (typeof value !== "string") return undefined;
  const ms = parseCommonLayout(value);
  if (ms !== undefined) return ms;
  const text = value.trim();
  if (NUMBER.test(text)) return inRange(epochTextMs(text));
  const parsed = parseDateTime(text);
  return parsed === undefined ? undefined : inRange(parsed);
};

/** OpenTelemetry's way to say "not known", opentelemetry-proto logs.proto `time_unix_nano`. */
const isUnknownNano = (value: unknown): boolean => value === 0 || value === "0";

/**
 * When the event happened, in milliseconds since the epoch: the first of `timestamp`, `@timestamp`,
 * `time`, `ts`, `timeUnixNano`, `data.timestamp` that is a time.
 */
export const eventTimeMs = (log: JsonObject): number | undefined =>
  parseTime(log.timestamp) ??
  parseTime(log["@timestamp"]) ??
  parseTime(log.time) ??
  parseTime(log.ts) ??
  (isUnknownNano(log.timeUnixNano) ? undefined : parseTime(log.timeUnixNano)) ??
  (isJsonObject(log.data) ? parseTime(log.data.timestamp) : undefined);

/**
 * The time that decides a log's partition: its event time at any age. Where it has none, or one
 * more than `maxFutureSkewMs` ahead of its arrival, the time its envelope gives, by the same rule;
 * else its arrival time.
 */
export const partitionTimeMs = (
  log: JsonObject,
  arrivedAtMs: number,
  maxFutureSkewMs: number,
  envelopeMs?: number,
): number => {
  const latestMs = arrivedAtMs + maxFutureSkewMs;
  const ms = eventTimeMs(log);
  if (ms !== undefined && ms <= latestMs) return ms;
  return envelopeMs === undefined || envelopeMs > latestMs ? arrivedAtMs : envelopeMs;
};
