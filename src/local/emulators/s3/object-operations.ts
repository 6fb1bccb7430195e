import { createHash } from "node:crypto";
import fs from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { type Call, MAX_DOCUMENT_BYTES, type Operation } from "./call.ts";
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, createChecksum } from "./checksums.ts";
import {
  checkDelete,
  checkRead,
  checkWrite,
  copyConditionsOf,
  readConditionsOf,
} from "./conditions.ts";
import {
  internalError,
  invalidArgument,
  invalidRequest,
  malformedXml,
  noSuchKey,
  preconditionFailed,
  S3Error,
} from "./errors.ts";
import type { StagedBlob } from "./files.ts";
import {
  checksumHeaders,
  detailOf,
  ENCRYPTION_HEADERS,
  objectHeaders,
  overridesOf,
  parseTags,
  storedHeadersOf,
  tagSetXml,
  tagsOfHeaders,
} from "./metadata.ts";
import { checkKey } from "./names.ts";
import { parseRange } from "./range.ts";
import { receiveBody, receiveText } from "./receive.ts";
import { emptyReply, type Reply, xmlReply } from "./reply.ts";
import type { IndexRecord, ObjectDetail, ObjectEntry } from "./state.ts";
import type { Store } from "./store.ts";
import { childNodes, childText, element, parseXml } from "./xml.ts";

const MAX_DELETES = 1_000;

export const currentEntry = (store: Store, bucket: string, key: string): ObjectEntry => {
  const entry = store.bucket(bucket).objects.get(key);
  if (entry === undefined) throw noSuchKey(key);
  return entry;
};

/** Runs `work` with a new blob, which is gone again should it fail. */
export const withBlob = async <T>(
  store: Store,
  work: (blob: StagedBlob) => Promise<T>,
): Promise<T> => {
  const blob = store.stage();
  try {
    return await work(blob);
  } catch (error) {
    await blob.discard();
    throw error;
  }
};

/** Opens this version; says so clearly where a person removed or changed its file. */
export const openEntry = (
  store: Store,
  bucket: string,
  key: string,
  entry: ObjectEntry,
): number => {
  let fd: number;
  try {
    fd = store.open(bucket, key, entry);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw noSuchKey(key, "The file of this object was removed from the data folder by hand.");
    throw error;
  }
  const { size } = fs.fstatSync(fd);
  if (size === entry.size) return fd;
  fs.closeSync(fd);
  throw internalError(
    `The file of ${bucket}/${key} was changed by hand: it has ${size} bytes, the object ${entry.size}.`,
  );
};

export const putObject: Operation = async (call) => {
  const { store, bucket, key, request, headers, maxObjectBytes } = call;
  const { objects } = store.bucket(bucket);
  checkKey(key);
  // Refused early where it is hopeless already; what counts is the check at the commit.
  checkWrite(headers, key, objects.get(key));
  const stored = storedHeadersOf(headers);
  const tags = tagsOfHeaders(headers);
  return withBlob(store, async (blob) => {
    const { size, md5, checksum } = await receiveBody(request, blob.write, {
      maxBytes: maxObjectBytes,
    });
    await blob.finish();
    const full = checksum && ({ ...checksum, type: "FULL_OBJECT" } as const);
    const etag = md5.toString("hex");
    store.putObject(
      bucket,
      key,
      { blob, size, etag, detail: { headers: stored, checksum: full, tags } },
      (current) => checkWrite(headers, key, current),
    );
    return emptyReply(200, {
      etag: `"${etag}"`,
      ...ENCRYPTION_HEADERS,
      ...(full === undefined ? {} : checksumHeaders(full)),
    });
  });
};

/** `partNumber=n` of a multipart object is the range of that part. */
const partRange = (
  query: URLSearchParams,
  entry: ObjectEntry,
  { partSizes }: ObjectDetail,
): { start: number; end: number; partCount: number } | undefined => {
  const text = query.get("partNumber");
  if (text === null) return undefined;
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 10_000)
    throw invalidArgument(
      "Part number must be an integer between 1 and 10000, inclusive",
      "partNumber",
      text,
    );
  const sizes = partSizes ?? [entry.size];
  const size = sizes[number - 1];
  if (size === undefined)
    throw new S3Error(416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
  const start = sizes.slice(0, number - 1).reduce((sum, each) => sum + each, 0);
  return { start, end: start + size, partCount: sizes.length };
};

const read = (call: Call, isBodyWanted: boolean): Reply => {
  const { store, bucket, key, query, headers } = call;
  const entry = currentEntry(store, bucket, key);
  const detail = detailOf(entry);
  const overrides = overridesOf(query);
  const isPartial = headers.range !== undefined || query.has("partNumber");
  const isChecksumAsked =
    String(headers["x-amz-checksum-mode"]).toUpperCase() === "ENABLED" && !isPartial;
  const base = objectHeaders(entry, detail, isChecksumAsked);
  if (checkRead(readConditionsOf(headers), entry) === "notModified") {
    const { etag = "", "last-modified": modified = "", "cache-control": cache } = base;
    return {
      status: 304,
      headers: { etag, "last-modified": modified, ...(cache && { "cache-control": cache }) },
    };
  }
  const part = partRange(query, entry, detail);
  const range = part ?? parseRange(headers.range, entry.size);
  const { start, end } = range ?? { start: 0, end: entry.size };
  const all: Record<string, string> = {
    ...base,
    ...overrides,
    "content-length": String(end - start),
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${entry.size}` }),
    ...(part && detail.partSizes && { "x-amz-mp-parts-count": String(part.partCount) }),
  };
  const status = range === undefined ? 200 : 206;
  if (!isBodyWanted) return { status, headers: all };
  return { status, headers: all, body: { fd: openEntry(store, bucket, key, entry), start, end } };
};

export const getObject: Operation = (call) => read(call, true);
export const headObject: Operation = (call) => read(call, false);

export const deleteObject: Operation = ({ store, bucket, key, headers }) => {
  const current = store.bucket(bucket).objects.get(key);
  checkDelete(headers["if-match"], current);
  if (current !== undefined) store.commit([{ op: "delete", bucket, key }]);
  return emptyReply(204);
};

const requireDigest = (headers: IncomingHttpHeaders): void => {
  const hasChecksum = Object.keys(headers).some((name) => /^x-amz-checksum-[a-z0-9]+$/.test(name));
  if (headers["content-md5"] === undefined && !hasChecksum && !headers["x-amz-trailer"])
    throw invalidRequest(
      "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
    );
};

export const deleteObjects: Operation = async ({ store, bucket, request, headers }) => {
  const { objects } = store.bucket(bucket);
  requireDigest(headers);
  const root = parseXml(await receiveText(request, MAX_DOCUMENT_BYTES), "Delete");
  const wanted = childNodes(root, "Object");
  if (wanted.length === 0 || wanted.length > MAX_DELETES) throw malformedXml();
  const isQuiet = childText(root, "Quiet") === "true";
  const records: IndexRecord[] = [];
  const results = wanted.map((node) => {
    const key = childText(node, "Key");
    if (key === undefined || key === "") throw malformedXml();
    try {
      checkKey(key);
      const current = objects.get(key);
      checkDelete(childText(node, "ETag"), current);
      if (current !== undefined) records.push({ op: "delete", bucket, key });
      return isQuiet ? "" : `<Deleted>${element("Key", key)}</Deleted>`;
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return `<Error>${element("Key", key)}${element("Code", error.code)}${element("Message", error.message)}</Error>`;
    }
  });
  store.bucket(bucket);
  if (records.length > 0) store.commit(records);
  return xmlReply("DeleteResult", results.join(""));
};

/** Bucket and key of `x-amz-copy-source`. */
export const copySourceOf = (headers: IncomingHttpHeaders): { bucket: string; key: string } => {
  const text = String(headers["x-amz-copy-source"]);
  let source: string;
  try {
    source = decodeURIComponent(text.replace(/\?versionId=.*$/, "")).replace(/^\//, "");
  } catch {
    throw invalidArgument("Invalid copy source encoding.", "x-amz-copy-source", text);
  }
  const slash = source.indexOf("/");
  if (slash < 1 || slash === source.length - 1)
    throw invalidArgument("Invalid copy source object key", "x-amz-copy-source", text);
  return { bucket: source.slice(0, slash), key: source.slice(slash + 1) };
};

/** The source of a copy, its conditions met. */
export const openCopySource = (store: Store, headers: IncomingHttpHeaders) => {
  const source = copySourceOf(headers);
  const entry = currentEntry(store, source.bucket, source.key);
  if (checkRead(copyConditionsOf(headers), entry) === "notModified")
    throw preconditionFailed("x-amz-copy-source-If-None-Match");
  return { ...source, entry, detail: detailOf(entry) };
};

/** Copies bytes `start` to `end` of an open file into a blob, hashing on the way. Closes the file. */
export const copyBytes = async (
  fd: number,
  { start, end }: { start: number; end: number },
  sinks: readonly { update(bytes: Uint8Array): void }[],
  blob: StagedBlob,
): Promise<void> => {
  const options = { fd, start, end: end - 1, highWaterMark: 1_048_576 };
  if (end === start) return fs.closeSync(fd);
  for await (const bytes of fs.createReadStream("", options) as AsyncIterable<Buffer>) {
    for (const sink of sinks) sink.update(bytes);
    await blob.write(bytes);
  }
};

/** The algorithm that `x-amz-checksum-algorithm` names. Throws InvalidRequest. */
export const requestedAlgorithm = (headers: IncomingHttpHeaders): ChecksumAlgorithm | undefined => {
  const text = headers["x-amz-checksum-algorithm"];
  if (text === undefined) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find((name) => name === String(text).toUpperCase());
  if (algorithm === undefined)
    throw invalidRequest(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  return algorithm;
};

export const copyObject: Operation = async (call) => {
  const { store, bucket, key, request, headers } = call;
  await receiveText(request, MAX_DOCUMENT_BYTES);
  store.bucket(bucket);
  checkKey(key);
  const source = openCopySource(store, headers);
  const isReplaced = headers["x-amz-metadata-directive"] === "REPLACE";
  const areTagsReplaced = headers["x-amz-tagging-directive"] === "REPLACE";
  if (
    source.bucket === bucket &&
    source.key === key &&
    !isReplaced &&
    !headers["x-amz-storage-class"]
  )
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  checkWrite(headers, key, store.bucket(bucket).objects.get(key));
  const algorithm = requestedAlgorithm(headers) ?? source.detail.checksum?.algorithm;
  const fd = openEntry(store, source.bucket, source.key, source.entry);
  return withBlob(store, async (blob) => {
    const md5 = createHash("md5");
    const checksum = algorithm && createChecksum(algorithm);
    await copyBytes(
      fd,
      { start: 0, end: source.entry.size },
      checksum ? [md5, checksum] : [md5],
      blob,
    );
    await blob.finish();
    const detail: ObjectDetail = {
      headers: isReplaced ? storedHeadersOf(headers) : source.detail.headers,
      tags: areTagsReplaced ? tagsOfHeaders(headers) : source.detail.tags,
      checksum:
        algorithm && checksum
          ? { algorithm, value: checksum.digest().toString("base64"), type: "FULL_OBJECT" }
          : undefined,
    };
    const etag = md5.digest("hex");
    const entry = store.putObject(
      bucket,
      key,
      { blob, size: source.entry.size, etag, detail },
      (current) => checkWrite(headers, key, current),
    );
    return xmlReply(
      "CopyObjectResult",
      `${element("LastModified", new Date(entry.modifiedAt).toISOString())}${element("ETag", `"${etag}"`)}${
        detail.checksum
          ? `${element(`Checksum${detail.checksum.algorithm}`, detail.checksum.value)}${element("ChecksumType", "FULL_OBJECT")}`
          : ""
      }`,
      ENCRYPTION_HEADERS,
    );
  });
};

export const getObjectTagging: Operation = ({ store, bucket, key }) =>
  xmlReply("Tagging", tagSetXml(detailOf(currentEntry(store, bucket, key)).tags ?? []));

export const putObjectTagging: Operation = async ({ store, bucket, key, request }) => {
  const tags = parseTags(await receiveText(request, MAX_DOCUMENT_BYTES));
  const detail = { ...detailOf(currentEntry(store, bucket, key)), tags };
  store.commit([{ op: "detail", bucket, key, detail: JSON.stringify(detail) }]);
  return emptyReply(200);
};

export const deleteObjectTagging: Operation = ({ store, bucket, key }) => {
  const detail = { ...detailOf(currentEntry(store, bucket, key)), tags: undefined };
  store.commit([{ op: "detail", bucket, key, detail: JSON.stringify(detail) }]);
  return emptyReply(204);
};
