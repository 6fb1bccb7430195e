import { decodeRecord } from "../../decode-record.ts";
import type { StreamRecord } from "../../event-source/source.ts";
import { MIB } from "../../limits.ts";
import type { Codec } from "../../ports.ts";
import type { QuarantineReason } from "../../quarantine.ts";
import { type LogLevel, levelOf } from "../log-level.ts";

/** One log of a record as the consumer finds it; where it is none, `reason` says why. */
export type RecordLine = {
  /** Of the pieces of the record, from 0. */
  readonly index: number;
  /** The producer's own text, at most `maxLineBytes` of it. */
  readonly raw: string;
  readonly encoding: "utf8" | "base64";
  readonly bytes: number;
  readonly truncated: boolean;
  readonly level: LogLevel | null;
  readonly reason: QuarantineReason | null;
};

/** A record for people: `raw` is its bytes as text, never parsed nor altered. */
export type RecordView = {
  readonly shard: string;
  readonly seq: string;
  readonly partitionKey: string;
  /** ISO 8601. */
  readonly arrival: string;
  readonly bytes: number;
  readonly encoding: "utf8" | "base64";
  /** Null where only its lines were asked for. */
  readonly raw: string | null;
  /** True where `raw` is only the first bytes. */
  readonly truncated: boolean;
  readonly lines?: readonly RecordLine[];
  /** Pieces there are; more than `lines` holds where a record has very many. */
  readonly lineCount?: number;
};

export type LineLimits = { maxLines: number; maxLineBytes: number; maxLinesBytes: number };

export const LINE_LIMITS: LineLimits = {
  maxLines: 2_000,
  maxLineBytes: 16 * 1024,
  maxLinesBytes: 2 * MIB,
};

/** What a page unpacks of one record; the consumer takes more. */
const MAX_VIEW_DECODED_BYTES = 8 * MIB;

type Text = Pick<RecordLine, "raw" | "encoding" | "truncated">;

/** At most `maxBytes` of the bytes: as text where all of them are UTF-8, else in base64. */
export const textOf = (bytes: Uint8Array, maxBytes: number, codec: Codec): Text => {
  const truncated = bytes.length > maxBytes;
  const shown = truncated ? bytes.subarray(0, maxBytes) : bytes;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    // With `stream`, a character that the limit cuts in two is left out instead of refused.
    return { raw: decoder.decode(shown, { stream: truncated }), encoding: "utf8", truncated };
  } catch {
    return { raw: codec.encodeBase64(shown), encoding: "base64", truncated };
  }
};

/** The logs in a record, unpacked by the consumer's own rules, within the limits. */
export const linesOfRecord = (
  data: Uint8Array,
  codec: Codec,
  limits: LineLimits = LINE_LIMITS,
): { lines: RecordLine[]; lineCount: number } => {
  const lines: RecordLine[] = [];
  let index = 0;
  let leftBytes = limits.maxLinesBytes;
  const add = (bytes: Uint8Array, level: LogLevel | null, reason: QuarantineReason | null) => {
    const at = index;
    index += 1;
    if (lines.length >= limits.maxLines || leftBytes <= 0) return;
    const text = textOf(bytes, Math.min(limits.maxLineBytes, leftBytes), codec);
    leftBytes -= Math.min(bytes.length, limits.maxLineBytes);
    lines.push({ index: at, ...text, bytes: bytes.length, level, reason });
  };
  decodeRecord(
    data,
    {
      log: (line, log) => add(line, levelOf(log) ?? null, null),
      reject: (reason, _detail, bytes) => add(bytes, null, reason),
      skip: () => {},
    },
    {
      ...codec,
      gunzip: (bytes, maxBytes) => codec.gunzip(bytes, Math.min(maxBytes, MAX_VIEW_DECODED_BYTES)),
    },
  );
  return { lines, lineCount: index };
};

export type RecordViewOptions = {
  /** Most bytes of `raw`; 0 leaves it out. */
  maxRawBytes: number;
  withLines: boolean;
};

/** One record of a shard as the API and the pages show it. */
export const toRecordView = (
  shard: string,
  { sequenceNumber, partitionKey, data, arrivedAtMs }: StreamRecord,
  codec: Codec,
  { maxRawBytes, withLines }: RecordViewOptions,
): RecordView => {
  const text =
    maxRawBytes === 0
      ? { raw: null, encoding: "utf8" as const, truncated: false }
      : textOf(data, maxRawBytes, codec);
  return {
    shard,
    seq: sequenceNumber,
    partitionKey,
    arrival: new Date(arrivedAtMs).toISOString(),
    bytes: data.length,
    ...text,
    ...(withLines ? linesOfRecord(data, codec) : {}),
  };
};
