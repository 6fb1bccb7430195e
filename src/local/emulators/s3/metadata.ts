import { type IncomingHttpHeaders, validateHeaderValue } from "node:http";
import { invalidArgument, S3Error } from "./errors.ts";
import type { ObjectDetail, ObjectEntry } from "./state.ts";
import { childNodes, childText, element, parseXml } from "./xml.ts";

const KEPT_HEADERS = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
  "x-amz-storage-class",
  "x-amz-website-redirect-location",
];
const USER_METADATA = "x-amz-meta-";
const USER_METADATA_MAX_BYTES = 2_048;
const MAX_TAGS = 10;

const withoutAwsChunked = (encoding: string): string =>
  encoding
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "aws-chunked")
    .join(",");

/** The headers of an upload that come back with the object. Throws MetadataTooLarge. */
export const storedHeadersOf = (headers: IncomingHttpHeaders): Record<string, string> => {
  const stored: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(",") : value;
    if (name.startsWith(USER_METADATA)) {
      // Node hands over header bytes as latin1: one character, one byte.
      bytes += name.length - USER_METADATA.length + text.length;
      stored[name] = text;
    } else if (KEPT_HEADERS.includes(name)) stored[name] = text;
  }
  if (bytes > USER_METADATA_MAX_BYTES)
    throw new S3Error(
      400,
      "MetadataTooLarge",
      "Your metadata headers exceed the maximum allowed metadata size",
      { details: { Size: String(bytes), MaxSizeAllowed: String(USER_METADATA_MAX_BYTES) } },
    );
  const encoding = withoutAwsChunked(stored["content-encoding"] ?? "");
  if (encoding === "") delete stored["content-encoding"];
  else stored["content-encoding"] = encoding;
  if (stored["x-amz-storage-class"] === "STANDARD") delete stored["x-amz-storage-class"];
  stored["content-type"] ||= "binary/octet-stream";
  return stored;
};

export const detailOf = (entry: ObjectEntry): ObjectDetail => JSON.parse(entry.detail);

/** What every answer about stored bytes says; AWS encrypts all objects so since 2023. */
export const ENCRYPTION_HEADERS = { "x-amz-server-side-encryption": "AES256" };

/** Headers of GET and HEAD. The checksum only where it was asked for, as on AWS. */
export const objectHeaders = (
  entry: ObjectEntry,
  detail: ObjectDetail,
  isChecksumAsked: boolean,
): Record<string, string> => {
  const { headers, checksum, tags } = detail;
  return {
    ...headers,
    ...ENCRYPTION_HEADERS,
    ...(tags === undefined || tags.length === 0
      ? {}
      : { "x-amz-tagging-count": String(tags.length) }),
    ...(checksum === undefined || !isChecksumAsked ? {} : checksumHeaders(checksum)),
    etag: `"${entry.etag}"`,
    "last-modified": new Date(entry.modifiedAt).toUTCString(),
    "accept-ranges": "bytes",
  };
};

export const checksumHeaders = (
  checksum: NonNullable<ObjectDetail["checksum"]>,
): Record<string, string> => ({
  [`x-amz-checksum-${checksum.algorithm.toLowerCase()}`]: checksum.value,
  "x-amz-checksum-type": checksum.type,
});

const OVERRIDES = [
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
];

/** `response-content-type=…` and its like in a query. Throws InvalidArgument. */
export const overridesOf = (query: URLSearchParams): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = query.get(`response-${name}`);
    if (value === null) continue;
    try {
      validateHeaderValue(name, value);
    } catch {
      throw invalidArgument("Invalid header value.", `response-${name}`, value);
    }
    headers[name] = value;
  }
  return headers;
};

type Tags = readonly (readonly [string, string])[];

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Throws InvalidTag, or BadRequest for too many. */
export const checkTags = (tags: Tags, maxTags = MAX_TAGS): Tags => {
  const names = new Set(tags.map(([name]) => name));
  const isValid =
    tags.length <= maxTags &&
    names.size === tags.length &&
    tags.every(([name, value]) => name.length > 0 && name.length <= 128 && value.length <= 256) &&
    tags.flat().every((text) => TAG_TEXT.test(text));
  if (isValid) return tags;
  throw tags.length > maxTags
    ? new S3Error(400, "BadRequest", `Object tags cannot be greater than ${maxTags}`)
    : new S3Error(400, "InvalidTag", "The tag provided was not a valid tag.");
};

/** Tags of the `x-amz-tagging` header: a URL query. */
export const tagsOfHeaders = (headers: IncomingHttpHeaders): Tags | undefined => {
  const text = headers["x-amz-tagging"];
  return text === undefined ? undefined : checkTags([...new URLSearchParams(text.toString())]);
};

/** Tags of a `<Tagging>` document. */
export const parseTags = (xml: string): Tags => {
  const tagging = parseXml(xml, "Tagging");
  const tags = childNodes(tagging, "TagSet").flatMap((set) => childNodes(set, "Tag"));
  return checkTags(
    tags.map((tag): [string, string] => [
      childText(tag, "Key") ?? "",
      childText(tag, "Value") ?? "",
    ]),
  );
};

export const tagSetXml = (tags: Tags): string =>
  `<TagSet>${tags
    .map(([name, value]) => `<Tag>${element("Key", name)}${element("Value", value)}</Tag>`)
    .join("")}</TagSet>`;
