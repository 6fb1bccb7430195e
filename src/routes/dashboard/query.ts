import { type Cursor, decodeCursor } from "../../shared/core/dashboard/cursor.ts";
import { S3_LIST_MAX_KEYS } from "../../shared/core/limits.ts";

/** A request that cannot be answered as it is; `detail` names the parameter and its range. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly parameter: string;

  constructor(parameter: string, detail: string) {
    super(detail);
    this.parameter = parameter;
  }
}

const wholeNumber = (
  name: string,
  text: string | undefined,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number => {
  if (text === undefined || text === "") return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new QueryError(name, `${name} must be a whole number from ${min} to ${max}.`);
};

export const parseMaxKeys = (text: string | undefined, fallback = 100): number =>
  wholeNumber("max_keys", text, { min: 1, max: S3_LIST_MAX_KEYS, fallback });

export const parseLines = (text: string | undefined, fallback: number, max = 10_000): number =>
  wholeNumber("lines", text, { min: 1, max, fallback });

export const parseCursor = (text: string | undefined): Cursor | undefined => {
  if (text === undefined || text === "") return undefined;
  const cursor = decodeCursor(text);
  if (cursor) return cursor;
  throw new QueryError("cursor", "cursor must be a next_cursor of an earlier answer.");
};

/** Only the folder separator can be rolled up. */
export const parseDelimiter = (text: string | undefined): boolean => {
  if (text === undefined || text === "") return false;
  if (text === "/") return true;
  throw new QueryError("delimiter", "delimiter must be / or absent.");
};

export const requireText = (name: string, text: string | undefined): string => {
  if (text) return text;
  throw new QueryError(name, `${name} is missing.`);
};

/** Names no bucket can have. Some would make a client of the store call elsewhere, as ARNs do. */
export const isBucketName = (text: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text);

export const isStreamName = (text: string): boolean => /^[a-zA-Z0-9_.-]{1,128}$/.test(text);

/**
 * What follows a route in the path, decoded as one. Read from the URL itself: a router has decoded
 * its own copy already, once too often for keys that hold a percent sign.
 */
export const restOfPath = (url: string, segments: number): string => {
  const rest = new URL(url).pathname
    .split("/")
    .slice(segments + 1)
    .join("/");
  try {
    return decodeURIComponent(rest);
  } catch {
    throw new QueryError("key", "key must be percent-encoded UTF-8.");
  }
};
