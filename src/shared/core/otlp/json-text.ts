import { base64Encode } from "@bufbuild/protobuf/wire";
import type { EnumType } from "./message-type.ts";
import type { AnyValue, KeyValue } from "./schema.ts";

/** Text of a JSON value; undefined for a member that is left out. */
export type JsonText = string | undefined;

export const jsonObject = (members: readonly (readonly [string, JsonText])[]): string => {
  const present = members.filter(([, text]) => text !== undefined);
  return `{${present.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
};

/** Left out where there is nothing in it. */
export const jsonObjectOrNone = (members: readonly (readonly [string, JsonText])[]): JsonText =>
  members.some(([, text]) => text !== undefined) ? jsonObject(members) : undefined;

export const jsonArray = (items: readonly string[] | undefined): JsonText =>
  items === undefined || items.length === 0 ? undefined : `[${items.join(",")}]`;

/** Left out where it is the empty string, which in proto3 is the same as not there. */
export const jsonString = (text: string | undefined): JsonText =>
  text === undefined || text === "" ? undefined : JSON.stringify(text);

/**
 * A double is told from an integer by its point or exponent, and reads back to the same bits. What
 * JSON cannot say is a string, as in proto3's mapping.
 */
export const doubleText = (value: number): string => {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
};

export const jsonDouble = (value: number | undefined): JsonText =>
  value === undefined ? undefined : doubleText(value);

/** Left out where it is 0, which in proto3 is the same as not there. */
export const jsonCount = (value: number | bigint | undefined): JsonText =>
  value === undefined || value === 0 || value === 0n ? undefined : String(value);

/** The name without its prefix; a value that is not known by name stays a number. */
export const jsonEnum = (value: number | undefined, { names }: EnumType): string => {
  const name = names[value ?? 0];
  return name === undefined ? String(value) : `"${name}"`;
};

/** Left out where it is empty or all zeros, which says that there is none. */
export const jsonId = (hex: string | undefined): JsonText =>
  hex === undefined || /^0*$/.test(hex) ? undefined : `"${hex}"`;

const NANOS_PER_MS = 1_000_000n;

/** RFC 3339 in UTC with nine digits, which is exact; left out where it is 0, "not known". */
export const jsonTime = (unixNano: bigint | undefined): JsonText => {
  if (unixNano === undefined || unixNano === 0n) return undefined;
  const ms = new Date(Number(unixNano / NANOS_PER_MS)).toISOString().slice(0, -1);
  return `"${ms}${String(unixNano % NANOS_PER_MS).padStart(6, "0")}Z"`;
};

export const jsonValue = (value: AnyValue | undefined): string => {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue, kvlistValue, bytesValue } =
    value ?? {};
  if (stringValue !== undefined) return JSON.stringify(stringValue);
  if (boolValue !== undefined) return String(boolValue);
  if (intValue !== undefined) return String(intValue);
  if (doubleValue !== undefined) return doubleText(doubleValue);
  if (arrayValue !== undefined) return `[${(arrayValue.values ?? []).map(jsonValue).join(",")}]`;
  if (kvlistValue !== undefined) return keysAndValues(kvlistValue.values ?? []);
  if (bytesValue !== undefined) return `"${base64Encode(bytesValue)}"`;
  return "null";
};

/** Of a key that comes twice the last value counts, in the place of the first. */
const keysAndValues = (list: readonly KeyValue[]): string => {
  const members = new Map(list.map(({ key = "", value }) => [key, jsonValue(value)]));
  return jsonObject([...members]);
};

export const jsonAttributes = (list: readonly KeyValue[] | undefined): JsonText =>
  list === undefined || list.length === 0 ? undefined : keysAndValues(list);
