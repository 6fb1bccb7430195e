/**
 * Scalars of proto3 that OTLP uses, by how they are encoded. An `id` is bytes in protobuf and, unlike
 * other bytes, hex in OTLP's JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
type ScalarValues = {
  string: string;
  bool: boolean;
  double: number;
  bytes: Uint8Array;
  /** Hex in lower case. */
  id: string;
  int64: bigint;
  uint64: bigint;
  fixed64: bigint;
  sfixed64: bigint;
  int32: number;
  uint32: number;
  sint32: number;
  fixed32: number;
};

export type Scalar = keyof ScalarValues;

/** Names of an enum's values by number, without their common prefix. */
export type EnumType = { readonly prefix: string; readonly names: readonly string[] };

export type Field<Value = unknown> = {
  readonly number: number;
  readonly type: Scalar | EnumType | MessageType<unknown>;
  readonly isRepeated: boolean;
  /** Its messages are left as bytes, to be read one by one. */
  readonly isPart: boolean;
  /** In JSON, where that is not the name it has here. */
  readonly jsonName?: string | undefined;
  /** Only for the compiler. */
  readonly value?: Value;
};

export type NamedField = Field & { readonly name: string };

type Fields = Readonly<Record<string, Field>>;

/** A message of the schema; `Value` is what reading it gives. */
export type MessageType<Value> = {
  readonly name: string;
  byNumber(number: number): NamedField | undefined;
  /** By lowerCamelCase, or by the snake_case of the schema. */
  byName(name: string): NamedField | undefined;
  /** Whether any field is left as bytes. */
  hasParts(): boolean;
  /** Only for the compiler. */
  readonly value?: Value;
};

/** What is not there has its default value, or for optional fields and those of a oneof none. */
export type ValuesOf<F extends Fields> = {
  readonly [Name in keyof F]?: F[Name] extends Field<infer Value> ? Value | undefined : never;
};

export type ValueOf<M> = M extends MessageType<infer Value> ? Value : never;

type ValueOfType<T> = T extends Scalar
  ? ScalarValues[T]
  : T extends MessageType<infer Value>
    ? Value
    : number;

export const one = <const T extends Field["type"]>(
  number: number,
  type: T,
): Field<ValueOfType<T>> => ({ number, type, isRepeated: false, isPart: false });

export const many = <const T extends Field["type"]>(
  number: number,
  type: T,
): Field<readonly ValueOfType<T>[]> => ({ number, type, isRepeated: true, isPart: false });

export const part = (number: number, type: MessageType<unknown>): Field<Uint8Array> => ({
  number,
  type,
  isRepeated: false,
  isPart: true,
});

export const parts = (
  number: number,
  type: MessageType<unknown>,
  jsonName?: string,
): Field<readonly Uint8Array[]> => ({ number, type, isRepeated: true, isPart: true, jsonName });

const toSnakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The fields are asked for at the first use, so that messages can hold themselves. */
export const recursiveMessage = <Value>(
  name: string,
  fields: () => Readonly<Record<string, Field>>,
): MessageType<Value> => {
  let tables:
    | { numbers: Map<number, NamedField>; names: Map<string, NamedField>; hasParts: boolean }
    | undefined;
  const build = () => {
    const named = Object.entries(fields()).map(([fieldName, field]) => ({
      ...field,
      name: fieldName,
    }));
    return {
      numbers: new Map(named.map((field) => [field.number, field])),
      names: new Map(
        named.flatMap((field) => {
          const { name: ownName, jsonName = ownName } = field;
          return [[toSnakeCase(jsonName), field] as const, [jsonName, field] as const];
        }),
      ),
      hasParts: named.some(({ isPart }) => isPart),
    };
  };
  const get = () => {
    tables ??= build();
    return tables;
  };
  return {
    name,
    byNumber: (number) => get().numbers.get(number),
    byName: (fieldName) => get().names.get(fieldName),
    hasParts: () => get().hasParts,
  };
};

export const message = <F extends Fields>(name: string, fields: F): MessageType<ValuesOf<F>> =>
  recursiveMessage(name, () => fields);
