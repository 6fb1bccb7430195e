import type {
  RecordStart,
  RecordsRequest,
} from "../../../shared/core/dashboard/streams/read-records.ts";
import { isSequenceNumber } from "../../../shared/core/dashboard/streams/sequence.ts";
import {
  decodeStreamCursor,
  type StreamCursor,
} from "../../../shared/core/dashboard/streams/stream-cursor.ts";
import { QueryError } from "../query.ts";
import { parseTimeText } from "./time-text.ts";

export const MAX_RECORDS = 500;

export const POSITIONS = [
  "NEWEST",
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
] as const;

export type Position = (typeof POSITIONS)[number];

/** Whole bytes of a record are sent only when it is the only one. */
const LIST_RAW_BYTES = 64 * 1024;
const ONE_RAW_BYTES = 1024 * 1024 * 10;

const isPosition = (text: string): text is Position =>
  (POSITIONS as readonly string[]).includes(text);

export const parseLimit = (text: string | undefined, fallback: number): number => {
  if (text === undefined || text === "") return fallback;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MAX_RECORDS) return value;
  throw new QueryError("limit", `limit must be a whole number from 1 to ${MAX_RECORDS}.`);
};

export const parseStreamCursor = (text: string | undefined): StreamCursor | undefined => {
  if (text === undefined || text === "") return undefined;
  const cursor = decodeStreamCursor(text);
  if (cursor) return cursor;
  throw new QueryError("cursor", "cursor must be a nextCursor of an earlier answer.");
};

export const parsePosition = (text: string | undefined, fallback: Position): Position => {
  if (text === undefined || text === "") return fallback;
  if (isPosition(text)) return text;
  throw new QueryError("position", `position must be one of ${POSITIONS.join(", ")}.`);
};

/** Shards by their ids or, as they are shown, by their numbers. */
export const parseShards = (texts: readonly string[] | undefined): string[] | undefined => {
  const wanted = (texts ?? []).filter((text) => text !== "");
  if (wanted.length === 0) return undefined;
  return wanted.map((text) => {
    if (/^\d{1,12}$/.test(text)) return `shardId-${text.padStart(12, "0")}`;
    if (/^[a-zA-Z0-9_.-]{1,128}$/.test(text)) return text;
    throw new QueryError("shard", "shard must be a shard's id, such as shardId-000000000000.");
  });
};

const startOf = (
  position: Position,
  timestamp: string | undefined,
  sequence: string | undefined,
): RecordStart => {
  switch (position) {
    case "AT_TIMESTAMP": {
      const atMs = parseTimeText(timestamp ?? "");
      if (atMs !== undefined) return { type: position, atMs };
      throw new QueryError(
        "timestamp",
        "timestamp must be RFC 3339, such as 2026-11-22T10:00:00Z, or epoch milliseconds; without a zone it is UTC.",
      );
    }
    case "AT_SEQUENCE_NUMBER":
    case "AFTER_SEQUENCE_NUMBER":
      if (sequence !== undefined && isSequenceNumber(sequence)) return { type: position, sequence };
      throw new QueryError(
        "sequence",
        `sequence must be a record's sequence number, in digits, for position=${position}.`,
      );
    default:
      return { type: position };
  }
};

export type RecordsQuery = {
  shard?: string | string[] | undefined;
  position?: string | undefined;
  timestamp?: string | undefined;
  sequence?: string | undefined;
  limit?: string | undefined;
  cursor?: string | undefined;
  decode?: string | undefined;
};

export const asList = (value: string | string[] | undefined): string[] | undefined =>
  typeof value === "string" ? [value] : value;

/** `?shard&position&timestamp&sequence&limit&cursor&decode=lines`. Throws QueryError. */
export const parseRecordsQuery = (
  stream: string,
  query: RecordsQuery,
  defaults: { position: Position; limit: number },
): RecordsRequest => {
  const limit = parseLimit(query.limit, defaults.limit);
  const cursor = parseStreamCursor(query.cursor);
  const position = parsePosition(query.position, defaults.position);
  const { decode = "" } = query;
  if (!["", "none", "lines", "both"].includes(decode))
    throw new QueryError("decode", "decode must be none, lines or both.");
  const maxRawBytes = decode === "lines" ? 0 : limit === 1 ? ONE_RAW_BYTES : LIST_RAW_BYTES;
  return {
    stream,
    shards: parseShards(asList(query.shard)),
    start: cursor ? { type: "CURSOR", cursor } : startOf(position, query.timestamp, query.sequence),
    limit,
    view: { maxRawBytes, withLines: decode === "lines" || decode === "both" },
  };
};
