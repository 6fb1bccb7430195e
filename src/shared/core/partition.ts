import { v5 as uuidv5 } from "uuid";

const HOUR_MS = 3_600_000;

/** Encoded bytes. */
const VALUE_MAX_LENGTH = 128;

/** Fixed for ever: another value would store an over-long service under a second prefix. */
const OVERLONG_NAMESPACE = "6f4d2a80-35a1-5c0e-9d0b-7a1f6e0c52d7";

/** Ordinary encoding leaves `-` as it is, so that nothing else can hold this. */
const OVERLONG_MARK = "%2D";
const OVERLONG_PREFIX_LENGTH = VALUE_MAX_LENGTH - OVERLONG_MARK.length - 32;

/** Where logs go whose service is not on the allow-list. */
export const OTHER_SERVICES = "__other__";
const NO_SERVICE = "__empty__";

const UNDERSCORE = 0x5f;
const SAFE_VALUE = /^[A-Za-z0-9._-]*$/;
const SAFE_CHARACTER = /^[A-Za-z0-9._-]$/;
/** Our own names and Hive's `__HIVE_DEFAULT_PARTITION__`, which readers take for null. */
const RESERVED_VALUE = /^__.*__$/;

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** A lone surrogate becomes its three WTF-8 bytes, which no well-formed string has. */
const encodeCodePoint = (point: number): string => {
  if (point < 0x80) return percent(point);
  const tail = (shift: number) => percent(0x80 | ((point >> shift) & 0x3f));
  if (point < 0x800) return percent(0xc0 | (point >> 6)) + tail(0);
  if (point < 0x10000) return percent(0xe0 | (point >> 12)) + tail(6) + tail(0);
  return percent(0xf0 | (point >> 18)) + tail(12) + tail(6) + tail(0);
};

const encodeCharacter = (character: string): string =>
  SAFE_CHARACTER.test(character) ? character : encodeCodePoint(character.codePointAt(0) ?? 0);

const encodeAll = (value: string): string => {
  if (SAFE_VALUE.test(value)) return value;
  let encoded = "";
  for (const character of value) encoded += encodeCharacter(character);
  return encoded;
};

const shorten = (value: string, encoded: string): string => {
  let prefix = "";
  for (const character of value) {
    const next = prefix + encodeCharacter(character);
    if (next.length > OVERLONG_PREFIX_LENGTH) break;
    prefix = next;
  }
  return prefix + OVERLONG_MARK + uuidv5(encoded, OVERLONG_NAMESPACE).replaceAll("-", "");
};

/**
 * A service as one path segment: `[A-Za-z0-9._-]` kept, every other UTF-8 byte percent-encoded as
 * Hive does, `.`, `..` and `__…__` kept out of our own names by encoding them too; more than 128
 * bytes are cut and end in a hash. Injective, and percent-decoding gives back what was not cut.
 */
export const encodePartitionValue = (value: string): string => {
  if (value === "") return NO_SERVICE;
  if (value === "." || value === "..") return "%2E".repeat(value.length);
  const plain = encodeAll(value);
  const encoded = RESERVED_VALUE.test(plain) ? `${percent(UNDERSCORE)}${plain.slice(1)}` : plain;
  return encoded.length <= VALUE_MAX_LENGTH ? encoded : shorten(value, encoded);
};

/** Whole hours since the epoch, UTC. */
export const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);

/** `year=YYYY/month=MM/day=DD/hour=HH`, UTC. */
export const hourPath = (hour: number): string => {
  const time = new Date(hour * HOUR_MS).toISOString();
  return `year=${time.slice(0, 4)}/month=${time.slice(5, 7)}/day=${time.slice(8, 10)}/hour=${time.slice(11, 13)}`;
};

const SERVICE = "service=";

/** `service=<value>/year=YYYY/month=MM/day=DD/hour=HH/`; the value is encoded already. */
export const partitionPrefix = (value: string, hour: number): string =>
  `${SERVICE}${value}/${hourPath(hour)}/`;

/** The partition value in the key of a part object. */
export const serviceOfKey = (key: string): string => key.slice(SERVICE.length, key.indexOf("/"));
