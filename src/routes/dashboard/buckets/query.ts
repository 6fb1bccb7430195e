import {
  decodeScanCursor,
  decodeSummaryCursor,
} from "../../../shared/core/dashboard/buckets/cursors.ts";
import type { ObjectFilter, ScanCursor } from "../../../shared/core/dashboard/buckets/scan.ts";
import type { SummaryCursor } from "../../../shared/core/dashboard/buckets/summary.ts";
import { QueryError } from "../query.ts";

export type Query = Readonly<Record<string, string | undefined>>;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const MAX_TEXT = 1_024;

/** `1500`, `64k`, `1.5 MB`: bytes, units of 1024. */
export const parseSize = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined || text.trim() === "") return undefined;
  const [, number, unit = ""] =
    /^(\d{1,12}(?:\.\d{1,3})?)\s*([kmg]?)i?b?$/i.exec(text.trim()) ?? [];
  if (number === undefined)
    throw new QueryError(name, `${name} must be a number of bytes, such as 1500, 64k or 1.5MB.`);
  return Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 1));
};

/** An ISO 8601 time or date; without a zone it is UTC. Epoch milliseconds. */
export const parseTime = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined || text.trim() === "") return undefined;
  const typed = text.trim();
  const isIso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?$/.test(
    typed,
  );
  const hasZone = /(?:Z|T.*[+-]\d\d:\d\d)$/.test(typed);
  const at = isIso
    ? Date.parse(hasZone || typed.length === 10 ? typed : `${typed.replace(" ", "T")}Z`)
    : Number.NaN;
  if (Number.isNaN(at))
    throw new QueryError(
      name,
      `${name} must be a time such as 2026-11-22 or 2026-11-22T09:30:00Z.`,
    );
  return at;
};

const parseMatch = (text: string | undefined): boolean => {
  if (text === undefined || text === "" || text === "nocase") return false;
  if (text === "case") return true;
  throw new QueryError("match", "match must be case, nocase or absent.");
};

/** What `contains`, `match`, `modified_*` and `*_size` ask for. */
export const parseFilter = (query: Query): ObjectFilter => {
  const contains = query.contains === "" ? undefined : query.contains;
  if (contains !== undefined && contains.length > MAX_TEXT)
    throw new QueryError("contains", `contains must be at most ${MAX_TEXT} characters.`);
  return {
    contains,
    isCaseSensitive: parseMatch(query.match),
    modifiedAfter: parseTime("modified_after", query.modified_after),
    modifiedBefore: parseTime("modified_before", query.modified_before),
    minSize: parseSize("min_size", query.min_size),
    maxSize: parseSize("max_size", query.max_size),
  };
};

const parseWith =
  <T>(decode: (text: string) => T | undefined) =>
  (text: string | undefined): T | undefined => {
    if (text === undefined || text === "") return undefined;
    const cursor = decode(text);
    if (cursor) return cursor;
    throw new QueryError(
      "cursor",
      "cursor must be a next_cursor of an earlier answer to this search.",
    );
  };

export const parseScanCursor: (text: string | undefined) => ScanCursor | undefined =
  parseWith(decodeScanCursor);
export const parseSummaryCursor: (text: string | undefined) => SummaryCursor | undefined =
  parseWith(decodeSummaryCursor);
