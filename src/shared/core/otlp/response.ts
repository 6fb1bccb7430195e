import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Signal } from "../signals.ts";
import type { OtlpEncoding } from "./cut-request.ts";

const REJECTED: Readonly<Record<Signal, string>> = {
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
  apm: "rejectedSpans",
};

export type PartialSuccess = {
  readonly rejected: number;
  /** May come with nothing rejected: then it is a warning. */
  readonly message: string;
};

const encoder = new TextEncoder();

/** Copies, for the compiler wants to know that a response's body is not shared memory. */
const jsonBytes = (value: object): Uint8Array<ArrayBuffer> =>
  new Uint8Array(encoder.encode(JSON.stringify(value)));

const finish = (writer: BinaryWriter): Uint8Array<ArrayBuffer> => new Uint8Array(writer.finish());

/** An Export*ServiceResponse; without `partial` it says that all was taken. */
export const encodeExportResponse = (
  signal: Signal,
  encoding: OtlpEncoding,
  partial: PartialSuccess | undefined,
): Uint8Array<ArrayBuffer> => {
  if (encoding === "json")
    return jsonBytes(
      partial === undefined
        ? {}
        : {
            partialSuccess: {
              // 64-bit integers are strings in proto3's JSON mapping.
              [REJECTED[signal]]: String(partial.rejected),
              errorMessage: partial.message,
            },
          },
    );
  const writer = new BinaryWriter();
  if (partial !== undefined) {
    writer.tag(1, WireType.LengthDelimited).fork();
    if (partial.rejected > 0) writer.tag(1, WireType.Varint).int64(partial.rejected);
    writer.tag(2, WireType.LengthDelimited).string(partial.message).join();
  }
  return finish(writer);
};

/** google.rpc.Code by status, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const RPC_CODES: Readonly<Record<number, number>> = {
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  413: 8,
  429: 8,
  500: 13,
  503: 14,
};
const INVALID_ARGUMENT = 3;

const BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest";

const encodeBadRequest = (description: string): Uint8Array => {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).fork();
  writer.tag(2, WireType.LengthDelimited).string(description).join();
  return writer.finish();
};

/** The google.rpc.Status that every answer of 4xx and 5xx has as its body, with details for 400. */
export const encodeStatus = (
  httpStatus: number,
  message: string,
  encoding: OtlpEncoding,
): Uint8Array<ArrayBuffer> => {
  const code = RPC_CODES[httpStatus] ?? INVALID_ARGUMENT;
  const hasDetails = httpStatus === 400;
  if (encoding === "json")
    return jsonBytes({
      code,
      message,
      ...(hasDetails
        ? { details: [{ "@type": BAD_REQUEST, fieldViolations: [{ description: message }] }] }
        : {}),
    });
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(message);
  if (hasDetails) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(BAD_REQUEST);
    writer.tag(2, WireType.LengthDelimited).bytes(encodeBadRequest(message)).join();
  }
  return finish(writer);
};
