import { createHash } from "node:crypto";
import { S3_KEY_MAX_BYTES } from "../../../shared/core/limits.ts";
import { S3Error } from "./errors.ts";

const RESERVED_PREFIX = /^(xn--|sthree-|amzn-s3-demo-)/;
const RESERVED_SUFFIX = /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const isBucketName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
  !name.includes("..") &&
  !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
  !RESERVED_PREFIX.test(name) &&
  !RESERVED_SUFFIX.test(name);

/** Throws KeyTooLongError past 1,024 bytes of UTF-8. */
export const checkKey = (key: string): void => {
  const bytes = Buffer.byteLength(key);
  if (bytes > S3_KEY_MAX_BYTES)
    throw new S3Error(400, "KeyTooLongError", "Your key is too long", {
      details: { Size: String(bytes), MaxSizeAllowed: String(S3_KEY_MAX_BYTES) },
    });
};

const MAX_SEGMENT_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no file system likes them
const FORBIDDEN_CHARACTER = /[\u0000-\u001f\u007f<>:"\\|?*]/;
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

const isPlainSegment = (segment: string): boolean =>
  segment !== "" &&
  !FORBIDDEN_CHARACTER.test(segment) &&
  // Also covers `.` and `..`; Windows drops both characters at the end of a name.
  !/[. ]$/.test(segment) &&
  !DEVICE_NAME.test(segment) &&
  Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;

/** True where the key itself can be a relative path on every common file system. */
export const isPlainKey = (key: string): boolean => key.split("/").every(isPlainSegment);

const READABLE_LENGTH = 120;

/** One file name for any key: what fits of it, percent-encoded, and a hash that tells keys apart. */
export const encodedName = (key: string): string => {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 32);
  const readable = encodeURIComponent(key).replace(/[*]/g, "%2A").slice(0, READABLE_LENGTH);
  return `${readable}~${hash}`;
};
