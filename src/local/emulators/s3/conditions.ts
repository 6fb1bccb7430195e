import type { IncomingHttpHeaders } from "node:http";
import { noSuchKey, notImplemented, preconditionFailed } from "./errors.ts";

type Version = { readonly etag: string; readonly modifiedAt: number };

const tagsOf = (value: string): string[] =>
  value.split(",").map((tag) =>
    tag
      .trim()
      .replace(/^W\//, "")
      .replace(/^"(.*)"$/, "$1"),
  );

const matches = (condition: string, etag: string): boolean => {
  const tags = tagsOf(condition);
  return tags.includes("*") || tags.includes(etag);
};

const secondsOf = (date: string | undefined): number | undefined => {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
};

export type ReadConditions = {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
  ifModifiedSince?: string | undefined;
  ifUnmodifiedSince?: string | undefined;
};

export const readConditionsOf = (headers: IncomingHttpHeaders): ReadConditions => ({
  ifMatch: headers["if-match"],
  ifNoneMatch: headers["if-none-match"],
  ifModifiedSince: headers["if-modified-since"],
  ifUnmodifiedSince: headers["if-unmodified-since"],
});

/** Conditions on the source of a copy. */
export const copyConditionsOf = (headers: IncomingHttpHeaders): ReadConditions => {
  const text = (name: string) => headers[name]?.toString();
  return {
    ifMatch: text("x-amz-copy-source-if-match"),
    ifNoneMatch: text("x-amz-copy-source-if-none-match"),
    ifModifiedSince: text("x-amz-copy-source-if-modified-since"),
    ifUnmodifiedSince: text("x-amz-copy-source-if-unmodified-since"),
  };
};

/**
 * Whether a read may go ahead: `full`, or `notModified`. Throws PreconditionFailed. Entity tags win
 * over dates, https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export const checkRead = (
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: ReadConditions,
  version: Version,
): "full" | "notModified" => {
  const modified = Math.floor(version.modifiedAt / 1000);
  const unmodifiedSince = secondsOf(ifUnmodifiedSince);
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, version.etag)) throw preconditionFailed("If-Match");
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince)
    throw preconditionFailed("If-Unmodified-Since");
  const modifiedSince = secondsOf(ifModifiedSince);
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, version.etag) ? "notModified" : "full";
  return modifiedSince !== undefined && modified <= modifiedSince ? "notModified" : "full";
};

/**
 * Refuses a write whose `If-None-Match: *` or `If-Match: <etag>` does not hold.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export const checkWrite = (
  headers: IncomingHttpHeaders,
  key: string,
  current: Version | undefined,
): void => {
  const ifNoneMatch = headers["if-none-match"];
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== "*") throw notImplemented("If-None-Match on a write other than *");
    if (current !== undefined) throw preconditionFailed("If-None-Match");
  }
  const ifMatch = headers["if-match"];
  if (ifMatch === undefined) return;
  if (current === undefined) throw noSuchKey(key);
  if (!matches(ifMatch, current.etag)) throw preconditionFailed("If-Match");
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
export const checkDelete = (ifMatch: string | undefined, current: Version | undefined): void => {
  if (ifMatch === undefined) return;
  if (current === undefined || !matches(ifMatch, current.etag))
    throw preconditionFailed("If-Match");
};
