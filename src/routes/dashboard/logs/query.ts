import type { Context } from "hono";
import {
  FilterError,
  type FilterParams,
  type LogFilter,
  parseFilter,
  parseWhen,
} from "../../../shared/core/dashboard/logs/log-filter.ts";
import {
  decodeSearchCursor,
  fingerprintOf,
  type SearchCursor,
} from "../../../shared/core/dashboard/logs/search-cursor.ts";
import { encodePartitionValue } from "../../../shared/core/partition.ts";
import { QueryError } from "../query.ts";

/** A whole number within bounds; QueryError names the parameter. */
export const parseNumber = (
  name: string,
  text: string | undefined,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number => {
  if (text === undefined || text === "") return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new QueryError(name, `${name} must be a whole number from ${min} to ${max}.`);
};

const asQueryError = <T>(parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FilterError) throw new QueryError(error.parameter, error.message);
    throw error;
  }
};

export const filterParamsOf = (c: Context): FilterParams => ({
  q: c.req.query("q"),
  not: c.req.query("not"),
  lvl: c.req.queries("lvl")?.filter(Boolean).join(","),
  f: c.req.queries("f")?.filter((field) => field !== ""),
  from: c.req.query("from"),
  to: c.req.query("to"),
});

/** The filter of a request; patterns are refused, because nobody could stop them here. */
export const parseServerFilter = (c: Context, nowMs: number): LogFilter => {
  const filter = asQueryError(() => parseFilter(filterParamsOf(c), nowMs));
  if (filter.patterns.length > 0)
    throw new QueryError(
      "q",
      "A search takes words and phrases. Open the logs in the viewer to use a /pattern/.",
    );
  return filter;
};

export const parseTimeRange = (
  c: Context,
  nowMs: number,
): { fromMs: number | undefined; toMs: number | undefined } =>
  asQueryError(() => ({
    fromMs: parseWhen("from", c.req.query("from"), nowMs),
    toMs: parseWhen("to", c.req.query("to"), nowMs),
  }));

export type SearchQuery = {
  prefix: string;
  filter: LogFilter;
  fingerprint: string;
  cursor: SearchCursor | undefined;
};

/** The prefix a request is limited to: `prefix`, or the partitions of `service`. */
export const prefixOf = (c: Context): string => {
  const service = c.req.query("service") ?? "";
  const prefix = c.req.query("prefix") ?? "";
  if (service !== "" && prefix === "") return `service=${encodePartitionValue(service)}/`;
  if (prefix === "" || /^service=[^/]+\//.test(prefix)) return prefix;
  throw new QueryError("prefix", "prefix must begin with a whole service=…/ level.");
};

/** The cursor fits its question: what was asked for, with times as they were understood then. */
export const parseSearch = (c: Context, bucket: string, nowMs: number): SearchQuery => {
  const prefix = prefixOf(c);
  const filter = parseServerFilter(c, nowMs);
  const { q, not, lvl, f, from, to } = filterParamsOf(c);
  const fingerprint = fingerprintOf([
    bucket,
    prefix,
    q ?? "",
    not ?? "",
    lvl ?? "",
    f ?? [],
    from ?? "",
    to ?? "",
  ]);
  const text = c.req.query("cursor") ?? "";
  if (text === "") return { prefix, filter, fingerprint, cursor: undefined };
  const cursor = decodeSearchCursor(text);
  if (cursor?.of !== fingerprint)
    throw new QueryError("cursor", "cursor must be the next_cursor of the same search.");
  return { prefix, filter, fingerprint, cursor };
};

/** `hour:key`, for going on with a listing. */
export const encodeRangeCursor = (hour: number, key: string): string => `${hour}:${key}`;

export const parseRangeCursor = (
  text: string | undefined,
): { hour: number; key: string } | undefined => {
  if (text === undefined || text === "") return undefined;
  const match = /^(-?\d{1,9}):([\s\S]{1,1100})$/.exec(text);
  if (match === null)
    throw new QueryError("cursor", "cursor must be a next_cursor of an earlier answer.");
  return { hour: Number(match[1]), key: String(match[2]) };
};

/** `bytes=5-`, `bytes=5-9`; undefined for anything else, which means the whole object. */
export const parseByteRange = (
  header: string | undefined,
): { firstByte: number; lastByte: number | undefined } | undefined => {
  const match = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(header ?? "");
  if (match === null) return undefined;
  const firstByte = Number(match[1]);
  const lastByte = match[2] === undefined ? undefined : Number(match[2]);
  return lastByte !== undefined && lastByte < firstByte ? undefined : { firstByte, lastByte };
};
