import { createHash } from "node:crypto";

export const KPL_MAGIC_BYTES = Buffer.from("f3899ac2", "hex");

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(bytes);
};

const bytesField = (field: number, data: Uint8Array): Buffer =>
  Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);

const varintField = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);

export type UserRecord = {
  data: Uint8Array;
  partitionKey?: string;
  explicitHashKey?: string;
};

/** A frame around any message, with the checksum that belongs to it. */
export const toFrame = (message: Uint8Array): Buffer =>
  Buffer.concat([KPL_MAGIC_BYTES, message, createHash("md5").update(message).digest()]);

/** The protobuf message of an aggregate, as the Kinesis Producer Library writes it. */
export const encodeAggregate = (records: readonly UserRecord[]): Buffer => {
  const keys = [...new Set(records.map(({ partitionKey }) => partitionKey ?? "key"))];
  const hashKeys = [...new Set(records.flatMap(({ explicitHashKey }) => explicitHashKey ?? []))];
  return Buffer.concat([
    ...keys.map((key) => bytesField(1, Buffer.from(key))),
    ...hashKeys.map((key) => bytesField(2, Buffer.from(key))),
    ...records.map(({ data, partitionKey, explicitHashKey }) =>
      bytesField(
        3,
        Buffer.concat([
          varintField(1, keys.indexOf(partitionKey ?? "key")),
          ...(explicitHashKey === undefined
            ? []
            : [varintField(2, hashKeys.indexOf(explicitHashKey))]),
          bytesField(3, data),
        ]),
      ),
    ),
  ]);
};

/** A whole aggregate of user records. */
export const aggregate = (...data: readonly (string | Uint8Array)[]): Buffer =>
  toFrame(encodeAggregate(data.map((item) => ({ data: Buffer.from(item as string) }))));
