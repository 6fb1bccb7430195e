import { base64Decode } from "@bufbuild/protobuf/wire";
import { isJsonObject, type JsonObject } from "../json.ts";
import {
  type ByteRange,
  isDeeperThan,
  isOpenBrace,
  isOpenBracket,
  scanArray,
  scanObject,
  skipSpace,
} from "../json-scan.ts";
import { INGEST_MAX_LOGS, RECORD_MAX_BYTES } from "../limits.ts";
import type { EnumType, Field, MessageType, NamedField, Scalar } from "./message-type.ts";
import { OTLP_MAX_VALUE_DEPTH, OtlpError, tooDeep } from "./otlp-error.ts";
import { quoteLargeIntegers } from "./quote-integers.ts";
import { anyValue } from "./schema.ts";

type Target = Record<string, unknown>;

/** A value is four levels of JSON where it is in a list of keys and values. */
const MAX_JSON_DEPTH = 4 * OTLP_MAX_VALUE_DEPTH + 32;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const textOf = (bytes: Uint8Array): string => {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new OtlpError("INVALID_UTF8", "Not valid UTF-8.");
  }
};

/** What is parsed becomes many times its size in memory, and nothing larger fits a line. */
const parse = (bytes: Uint8Array): unknown => {
  if (bytes.length >= RECORD_MAX_BYTES)
    throw new OtlpError("TOO_LARGE", `A value of ${bytes.length} bytes fits no record.`);
  const text = textOf(bytes);
  if (isDeeperThan(text, MAX_JSON_DEPTH)) throw tooDeep();
  try {
    return JSON.parse(quoteLargeIntegers(text));
  } catch {
    throw new OtlpError("INVALID_JSON", "The body is not JSON.");
  }
};

const wrong = (name: string, expected: string): OtlpError =>
  new OtlpError("MALFORMED", `${name} is not ${expected}.`);

const RANGES = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
} as const;

/** A number or a string, https://protobuf.dev/programming-guides/json/ */
const readInteger = (value: unknown, type: keyof typeof RANGES, name: string): bigint => {
  const [least, most] = RANGES[type];
  const isText = typeof value === "string" && /^-?\d{1,20}$/.test(value);
  if (!isText && !(typeof value === "number" && Number.isInteger(value)))
    throw wrong(name, "an integer, as a number or a string");
  const integer = BigInt(value as string | number);
  if (integer < least || integer > most) throw wrong(name, `of the range of ${type}`);
  return integer;
};

const DOUBLE = /^(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity)$/;

const readScalar = (value: unknown, type: Scalar, name: string): unknown => {
  switch (type) {
    case "string":
      if (typeof value !== "string") throw wrong(name, "a string");
      return value;
    case "bool":
      if (typeof value !== "boolean") throw wrong(name, "a boolean");
      return value;
    case "double":
      if (typeof value === "string" && DOUBLE.test(value)) return Number(value);
      if (typeof value !== "number") throw wrong(name, "a number");
      return value;
    case "id":
      if (typeof value !== "string" || !/^(?:[0-9a-f]{2})*$/i.test(value))
        throw wrong(name, "an id in hex");
      return value.toLowerCase();
    case "bytes":
      if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
        throw wrong(name, "base64");
      return base64Decode(value);
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
      return readInteger(value, type, name);
    default:
      return Number(readInteger(value, type, name));
  }
};

/** OTLP wants the number; the name, which proto3's own mapping prefers, is taken as well. */
const readEnum = (value: unknown, { prefix, names }: EnumType, name: string): number => {
  if (typeof value !== "string" || !value.startsWith(prefix))
    return Number(readInteger(value, "int32", name));
  const number = names.indexOf(value.slice(prefix.length));
  if (number === -1) throw wrong(name, "a known value");
  return number;
};

const readOne = (value: unknown, type: Field["type"], name: string, depth: number): unknown => {
  if (typeof type === "string") return readScalar(value, type, name);
  if ("prefix" in type) return readEnum(value, type, name);
  return readObject(value, type, depth);
};

const readField = (
  value: unknown,
  { name, type, isRepeated }: NamedField,
  target: Target,
  depth: number,
): void => {
  if (value === null) return;
  if (!isRepeated) target[name] = readOne(value, type, name, depth);
  else if (!Array.isArray(value)) throw wrong(name, "an array");
  else target[name] = value.map((item) => readOne(item, type, name, depth));
};

const isBeyondInt64 = (value: unknown): boolean =>
  typeof value === "string"
    ? /^-?\d{19,400}$/.test(value) && BigInt.asIntN(64, BigInt(value)) !== BigInt(value)
    : typeof value === "number" && (value >= 2 ** 63 || value < -(2 ** 63));

/** JavaScript's JSON exporter sends whatever has no fraction as an integer, 1e300 too. */
const withDouble = (value: JsonObject): JsonObject =>
  isBeyondInt64(value.intValue) ? { doubleValue: Number(value.intValue) } : value;

const readObject = (value: unknown, type: MessageType<unknown>, outerDepth: number): Target => {
  if (!isJsonObject(value)) throw wrong(type.name, "an object");
  const depth = type === anyValue ? outerDepth + 1 : outerDepth;
  if (depth > OTLP_MAX_VALUE_DEPTH) throw tooDeep();
  const source = type === anyValue ? withDouble(value) : value;
  const target: Target = {};
  for (const name of Object.keys(source)) {
    const field = type.byName(name);
    if (field !== undefined) readField(source[name], field, target, depth);
  }
  return target;
};

const isNull = (bytes: Uint8Array): boolean => bytes[0] === 0x6e;

/** The messages of a part, as the bytes they are; no more than a request may have in all. */
const cutPart = (bytes: Uint8Array, { name, isRepeated }: NamedField): unknown => {
  if (isNull(bytes)) return undefined;
  if (!isRepeated) return bytes;
  if (!isOpenBracket(bytes[0])) throw wrong(name, "an array");
  const array = scanArray(bytes, 0, INGEST_MAX_LOGS);
  if (array.ok) return array.items.map(({ start, end }) => bytes.subarray(start, end));
  throw array.reason === "TOO_MANY"
    ? new OtlpError("TOO_MANY", `${name} has more than ${INGEST_MAX_LOGS} items.`)
    : new OtlpError("INVALID_JSON", `The body is not JSON: ${name} has no end.`);
};

/** A message with parts is walked over rather than parsed, so that its size costs no memory. */
const scanMessage = (bytes: Uint8Array, type: MessageType<unknown>): Target => {
  const start = skipSpace(bytes, 0);
  if (!isOpenBrace(bytes[start])) throw wrong(type.name, "a JSON object");
  const target: Target = {};
  const sliceOf = (range: ByteRange): Uint8Array => bytes.subarray(range.start, range.end);
  const object = scanObject(bytes, start, ({ key, value }) => {
    const name = parse(sliceOf(key));
    const field = typeof name === "string" ? type.byName(name) : undefined;
    if (field === undefined) return;
    if (field.isPart) target[field.name] = cutPart(sliceOf(value), field);
    else readField(parse(sliceOf(value)), field, target, 0);
  });
  if (!object.ok)
    throw new OtlpError("INVALID_JSON", `The body is not JSON: unexpected text in a ${type.name}.`);
  if (skipSpace(bytes, object.end) !== bytes.length)
    throw new OtlpError("INVALID_JSON", "The body is not JSON: text follows its end.");
  return target;
};

/**
 * Reads one message of OTLP's JSON encoding. Throws an OtlpError; INVALID_JSON among them says that
 * the body as a whole cannot be trusted.
 */
export const readJson = <Value>(bytes: Uint8Array, type: MessageType<Value>): Value =>
  (type.hasParts() ? scanMessage(bytes, type) : readObject(parse(bytes), type, 0)) as Value;
