import { createHash, randomBytes } from "node:crypto";
import { countOf, MAX_DOCUMENT_BYTES, type Operation, OWNER_XML } from "./call.ts";
import { checksumHeader, createChecksum } from "./checksums.ts";
import { checkWrite } from "./conditions.ts";
import { invalidArgument, invalidRequest, malformedXml, noSuchUpload, S3Error } from "./errors.ts";
import { detailOf, ENCRYPTION_HEADERS, storedHeadersOf, tagsOfHeaders } from "./metadata.ts";
import { checkKey } from "./names.ts";
import {
  copyBytes,
  openCopySource,
  openEntry,
  requestedAlgorithm,
  withBlob,
} from "./object-operations.ts";
import { parseRange } from "./range.ts";
import { receiveBody, receiveText } from "./receive.ts";
import { emptyReply, xmlReply } from "./reply.ts";
import type { ObjectEntry, Part, StoredChecksum, Upload } from "./state.ts";
import type { Store } from "./store.ts";
import { childNodes, childText, element, parseXml } from "./xml.ts";

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
const MAX_PARTS = 10_000;
const MIN_PART_BYTES = 5 * 1_048_576;

const uploadOf = (store: Store, bucket: string, key: string, query: URLSearchParams): Upload => {
  store.bucket(bucket);
  const id = query.get("uploadId") ?? "";
  const upload = store.uploads.get(id);
  if (upload === undefined || upload.bucket !== bucket || upload.key !== key)
    throw noSuchUpload(id);
  return upload;
};

const partNumberOf = (query: URLSearchParams): number => {
  const text = query.get("partNumber") ?? "";
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= 1 && number <= MAX_PARTS) return number;
  throw invalidArgument(
    `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
    "partNumber",
    text,
  );
};

export const createMultipartUpload: Operation = async ({
  store,
  bucket,
  key,
  request,
  headers,
  now,
}) => {
  await receiveText(request, MAX_DOCUMENT_BYTES);
  store.bucket(bucket);
  checkKey(key);
  const algorithm = requestedAlgorithm(headers);
  const asked = headers["x-amz-checksum-type"]?.toString().toUpperCase();
  if (asked === "COMPOSITE" && algorithm === "CRC64NVME")
    throw invalidRequest(
      "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
    );
  if (asked === "FULL_OBJECT" && algorithm?.startsWith("SHA"))
    throw invalidRequest(
      `The FULL_OBJECT checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  const checksumType: StoredChecksum["type"] =
    asked === "FULL_OBJECT" || algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE";
  const upload = randomBytes(24).toString("base64url");
  store.commit([
    {
      op: "upload",
      upload,
      bucket,
      key,
      at: now(),
      detail: {
        headers: storedHeadersOf(headers),
        tags: tagsOfHeaders(headers),
        ...(algorithm && { algorithm, checksumType }),
      },
    },
  ]);
  return xmlReply(
    "InitiateMultipartUploadResult",
    `${element("Bucket", bucket)}${element("Key", key)}${element("UploadId", upload)}`,
    {
      ...ENCRYPTION_HEADERS,
      ...(algorithm && {
        "x-amz-checksum-algorithm": algorithm,
        "x-amz-checksum-type": checksumType,
      }),
    },
  );
};

export const uploadPart: Operation = async (call) => {
  const { store, bucket, key, query, request, maxObjectBytes, now } = call;
  const number = partNumberOf(query);
  const { id, detail } = uploadOf(store, bucket, key, query);
  return withBlob(store, async (blob) => {
    const { size, md5, checksum } = await receiveBody(request, blob.write, {
      maxBytes: maxObjectBytes,
      algorithm: detail.algorithm,
    });
    if (detail.algorithm && checksum?.algorithm !== detail.algorithm)
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${detail.algorithm.toLowerCase()}, actual checksum Type: ${checksum?.algorithm.toLowerCase()}`,
      );
    await blob.finish();
    const etag = md5.toString("hex");
    // The upload may have ended while the part came in.
    uploadOf(store, bucket, key, query);
    store.commit([
      {
        op: "part",
        upload: id,
        number,
        id: blob.id,
        size,
        etag,
        at: now(),
        checksum: detail.algorithm && checksum?.value,
      },
    ]);
    return emptyReply(200, {
      etag: `"${etag}"`,
      ...ENCRYPTION_HEADERS,
      ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
    });
  });
};

export const uploadPartCopy: Operation = async (call) => {
  const { store, bucket, key, query, request, headers, now } = call;
  await receiveText(request, MAX_DOCUMENT_BYTES);
  const number = partNumberOf(query);
  const { id, detail } = uploadOf(store, bucket, key, query);
  const source = openCopySource(store, headers);
  const rangeText = headers["x-amz-copy-source-range"]?.toString();
  const range = parseRange(rangeText, source.entry.size);
  if (rangeText !== undefined && range === undefined)
    throw invalidArgument(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      "x-amz-copy-source-range",
      rangeText,
    );
  const bounds = range ?? { start: 0, end: source.entry.size };
  const fd = openEntry(store, source.bucket, source.key, source.entry);
  return withBlob(store, async (blob) => {
    const md5 = createHash("md5");
    const checksum = detail.algorithm && createChecksum(detail.algorithm);
    await copyBytes(fd, bounds, checksum ? [md5, checksum] : [md5], blob);
    await blob.finish();
    const etag = md5.digest("hex");
    const at = now();
    uploadOf(store, bucket, key, query);
    store.commit([
      {
        op: "part",
        upload: id,
        number,
        id: blob.id,
        size: bounds.end - bounds.start,
        etag,
        at,
        checksum: checksum?.digest().toString("base64"),
      },
    ]);
    return xmlReply(
      "CopyPartResult",
      `${element("LastModified", new Date(at).toISOString())}${element("ETag", `"${etag}"`)}`,
      ENCRYPTION_HEADERS,
    );
  });
};

export const abortMultipartUpload: Operation = ({ store, bucket, key, query }) => {
  const { id } = uploadOf(store, bucket, key, query);
  store.commit([{ op: "dropUpload", upload: id }]);
  return emptyReply(204);
};

export const listParts: Operation = ({ store, bucket, key, query }) => {
  const { id, parts, detail } = uploadOf(store, bucket, key, query);
  const marker = countOf(query, "part-number-marker", 0);
  const maxParts = Math.min(countOf(query, "max-parts", 1_000), 1_000);
  const rest = [...parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = rest.slice(0, maxParts);
  const partXml = ([number, part]: [number, Part]): string =>
    `<Part>${element("PartNumber", number)}${element("LastModified", new Date(part.modifiedAt).toISOString())}${element("ETag", `"${part.etag}"`)}${element("Size", part.size)}${
      detail.algorithm ? element(`Checksum${detail.algorithm}`, part.checksum) : ""
    }</Part>`;
  return xmlReply(
    "ListPartsResult",
    `${element("Bucket", bucket)}${element("Key", key)}${element("UploadId", id)}${element("PartNumberMarker", marker)}${element("NextPartNumberMarker", page.at(-1)?.[0] ?? 0)}${element("MaxParts", maxParts)}${element("IsTruncated", page.length > 0 && rest.length > page.length)}${element("ChecksumAlgorithm", detail.algorithm)}${element("ChecksumType", detail.checksumType)}<Initiator>${OWNER_XML.replace(/<\/?Owner>/g, "")}</Initiator>${OWNER_XML}<StorageClass>STANDARD</StorageClass>${page.map(partXml).join("")}`,
  );
};

const unquote = (etag: string): string => etag.trim().replace(/^"(.*)"$/, "$1");

/** The parts a CompleteMultipartUpload names, checked against those that came. */
const chosenParts = (text: string, { parts }: Upload): Part[] => {
  const named = childNodes(parseXml(text, "CompleteMultipartUpload"), "Part");
  if (named.length === 0) throw malformedXml();
  let before = 0;
  const chosen = named.map((node) => {
    const number = Number(childText(node, "PartNumber"));
    const etag = childText(node, "ETag");
    if (!Number.isInteger(number) || etag === undefined) throw malformedXml();
    if (number <= before)
      throw new S3Error(
        400,
        "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
      );
    before = number;
    const part = parts.get(number);
    if (part === undefined || part.etag !== unquote(etag))
      throw new S3Error(
        400,
        "InvalidPart",
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
        { details: { PartNumber: String(number), ETag: etag } },
      );
    return part;
  });
  if (chosen.slice(0, -1).some(({ size }) => size < MIN_PART_BYTES))
    throw new S3Error(
      400,
      "EntityTooSmall",
      "Your proposed upload is smaller than the minimum allowed size",
    );
  return chosen;
};

const completeReply = (bucket: string, key: string, host: string, entry: ObjectEntry) => {
  const { checksum } = detailOf(entry);
  const location = `http://${host}/${bucket}/${encodeURI(key)}`;
  return xmlReply(
    "CompleteMultipartUploadResult",
    `${element("Location", location)}${element("Bucket", bucket)}${element("Key", key)}${element("ETag", `"${entry.etag}"`)}${
      checksum
        ? `${element(`Checksum${checksum.algorithm}`, checksum.value)}${element("ChecksumType", checksum.type)}`
        : ""
    }`,
    ENCRYPTION_HEADERS,
  );
};

/** The checksum of checksums that S3 calls composite. */
const compositeOf = ({ detail }: Upload, parts: readonly Part[]): StoredChecksum | undefined => {
  const { algorithm } = detail;
  if (algorithm === undefined) return undefined;
  const checksum = createChecksum(algorithm);
  for (const part of parts) checksum.update(Buffer.from(part.checksum ?? "", "base64"));
  const value = `${checksum.digest().toString("base64")}-${parts.length}`;
  return { algorithm, value, type: "COMPOSITE" };
};

export const completeMultipartUpload: Operation = async (call) => {
  const { store, bucket, key, query, request, headers } = call;
  const text = await receiveText(request, MAX_DOCUMENT_BYTES);
  const host = String(headers.host ?? "localhost");
  const id = query.get("uploadId") ?? "";
  const present = store.bucket(bucket).objects.get(key);
  // Repeating a completion that went well succeeds, on AWS too: its answer may have been lost.
  if (!store.uploads.has(id) && present !== undefined && detailOf(present).uploadId === id)
    return completeReply(bucket, key, host, present);
  const upload = uploadOf(store, bucket, key, query);
  const parts = chosenParts(text, upload);
  checkWrite(headers, key, present);
  return withBlob(store, async (blob) => {
    const isFull = upload.detail.checksumType === "FULL_OBJECT";
    const { algorithm } = upload.detail;
    const whole = isFull && algorithm ? createChecksum(algorithm) : undefined;
    for (const { stagedId, size } of parts) {
      const fd = store.openStaged(stagedId);
      await copyBytes(fd, { start: 0, end: size }, whole ? [whole] : [], blob);
    }
    await blob.finish();
    const md5 = createHash("md5");
    for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
    const checksum: StoredChecksum | undefined =
      whole && algorithm
        ? { algorithm, value: whole.digest().toString("base64"), type: "FULL_OBJECT" }
        : compositeOf(upload, parts);
    const expected = algorithm && headers[checksumHeader(algorithm)];
    if (isFull && expected !== undefined && expected !== checksum?.value)
      throw new S3Error(
        400,
        "BadDigest",
        `The ${algorithm} you specified did not match the calculated checksum.`,
      );
    uploadOf(store, bucket, key, query);
    const entry = store.putObject(
      bucket,
      key,
      {
        blob,
        size: parts.reduce((sum, { size }) => sum + size, 0),
        etag: `${md5.digest("hex")}-${parts.length}`,
        detail: {
          headers: upload.detail.headers,
          tags: upload.detail.tags,
          checksum,
          partSizes: parts.map(({ size }) => size),
          uploadId: id,
        },
      },
      (current) => checkWrite(headers, key, current),
    );
    return completeReply(bucket, key, host, entry);
  });
};
