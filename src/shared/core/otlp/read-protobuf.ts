import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { INGEST_MAX_LOGS } from "../limits.ts";
import { toHex } from "./hex.ts";
import type { EnumType, Field, MessageType, NamedField, Scalar } from "./message-type.ts";
import { OTLP_MAX_VALUE_DEPTH, OtlpError, tooDeep } from "./otlp-error.ts";
import { anyValue } from "./schema.ts";

type Target = Record<string, unknown>;

const WIRE_TYPES: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  bool: WireType.Varint,
  int64: WireType.Varint,
  uint64: WireType.Varint,
  int32: WireType.Varint,
  uint32: WireType.Varint,
  sint32: WireType.Varint,
  double: WireType.Bit64,
  fixed64: WireType.Bit64,
  sfixed64: WireType.Bit64,
  fixed32: WireType.Bit32,
};

const isMessage = (type: Field["type"]): type is MessageType<unknown> =>
  typeof type === "object" && "byNumber" in type;

const scalarOf = (type: Scalar | EnumType): Scalar => (typeof type === "string" ? type : "int32");

const readText = (reader: BinaryReader): string => {
  const start = reader.pos;
  try {
    return reader.string(true);
  } catch (error) {
    // What the reader itself throws, beyond the end of the bytes.
    if (error instanceof RangeError) throw error;
    throw new OtlpError("INVALID_UTF8", `Text that is not UTF-8 at byte ${start}.`);
  }
};

const readScalar = (reader: BinaryReader, type: Scalar): unknown => {
  switch (type) {
    case "string":
      return readText(reader);
    case "id":
      return toHex(reader.bytes());
    case "int64":
    case "uint64":
    case "fixed64":
    case "sfixed64":
      return BigInt(reader[type]());
    default:
      return reader[type]();
  }
};

const endOf = (reader: BinaryReader, end: number): number => {
  const length = reader.uint32();
  if (reader.pos + length > end)
    throw new OtlpError("MALFORMED", `${length} bytes are announced at byte ${reader.pos}.`);
  return reader.pos + length;
};

const push = (target: Target, name: string, value: unknown): number => {
  const list = target[name] as unknown[] | undefined;
  if (list === undefined) target[name] = [value];
  else list.push(value);
  return list?.length ?? 1;
};

/** Reads one field; false where its wire type is not the one of the schema, which is skipped. */
const readField = (
  reader: BinaryReader,
  end: number,
  wireType: WireType,
  { name, type, isRepeated, isPart }: NamedField,
  target: Target,
  depth: number,
): boolean => {
  const keep = (value: unknown): void => {
    if (!isRepeated) target[name] = value;
    else if (push(target, name, value) > INGEST_MAX_LOGS && isPart)
      throw new OtlpError("TOO_MANY", `${name} has more than ${INGEST_MAX_LOGS} items.`);
  };
  const isDelimited = wireType === WireType.LengthDelimited;
  if (isMessage(type)) {
    if (!isDelimited) return false;
    keep(isPart ? reader.bytes() : readMessage(reader, endOf(reader, end), type, depth));
    return true;
  }
  const scalar = scalarOf(type);
  if (wireType === WIRE_TYPES[scalar]) keep(readScalar(reader, scalar));
  else if (isRepeated && isDelimited) {
    const listEnd = endOf(reader, end);
    while (reader.pos < listEnd) keep(readScalar(reader, scalar));
  } else return false;
  return true;
};

const readMessage = (
  reader: BinaryReader,
  end: number,
  type: MessageType<unknown>,
  outerDepth: number,
): Target => {
  const depth = type === anyValue ? outerDepth + 1 : outerDepth;
  if (depth > OTLP_MAX_VALUE_DEPTH) throw tooDeep();
  const target: Target = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = type.byNumber(number);
    if (field === undefined || !readField(reader, end, wireType, field, target, depth))
      reader.skip(wireType, number);
  }
  if (reader.pos !== end)
    throw new OtlpError("MALFORMED", `A field goes beyond the end of its ${type.name}.`);
  return target;
};

/** Reads one message. Throws an OtlpError for what is none, and for text that is not UTF-8. */
export const readProtobuf = <Value>(bytes: Uint8Array, type: MessageType<Value>): Value => {
  try {
    return readMessage(new BinaryReader(bytes), bytes.length, type, 0) as Value;
  } catch (error) {
    if (error instanceof OtlpError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new OtlpError("MALFORMED", `Not a protobuf ${type.name}: ${why}.`);
  }
};
