import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { createAwsChunkedDecoder } from "./aws-chunked.ts";
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_BYTES,
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  createChecksum,
} from "./checksums.ts";
import { entityTooLarge, incompleteBody, invalidRequest, malformedXml, S3Error } from "./errors.ts";

export type Received = {
  size: number;
  md5: Buffer;
  /** The checksum the client sent, or the one asked for by `algorithm`; base64. */
  checksum: { algorithm: ChecksumAlgorithm; value: string } | undefined;
};

type Sink = (bytes: Buffer) => void | Promise<void>;

const header = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const decodeDigest = (text: string, bytes: number): Buffer | undefined => {
  const value = Buffer.from(text, "base64");
  return value.length === bytes && value.toString("base64") === text ? value : undefined;
};

const isAwsChunked = (headers: IncomingHttpHeaders): boolean =>
  (header(headers, "x-amz-content-sha256") ?? "").startsWith("STREAMING-") ||
  /(^|,)\s*aws-chunked\s*(,|$)/.test(header(headers, "content-encoding") ?? "");

/** The algorithm a request carries a checksum of, in a header or announced as a trailer. */
export const checksumAlgorithmOf = (
  headers: IncomingHttpHeaders,
): ChecksumAlgorithm | undefined => {
  const trailer = (header(headers, "x-amz-trailer") ?? "").toLowerCase();
  const sent = CHECKSUM_ALGORITHMS.filter((algorithm) => {
    const name = checksumHeader(algorithm);
    return headers[name] !== undefined || trailer.split(",").some((part) => part.trim() === name);
  });
  if (sent.length > 1)
    throw invalidRequest(
      "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    );
  return sent[0];
};

const checkLength = (headers: IncomingHttpHeaders, isChunked: boolean): void => {
  if (headers["content-length"] !== undefined || isChunked) return;
  if (headers["transfer-encoding"] !== undefined)
    throw new S3Error(
      501,
      "NotImplemented",
      "A header you provided implies functionality that is not implemented",
      { details: { Header: "Transfer-Encoding" } },
    );
  throw new S3Error(
    411,
    "MissingContentLength",
    "You must provide the Content-Length HTTP header.",
  );
};

const checkSha256 = (headers: IncomingHttpHeaders, actual: string): void => {
  const expected = header(headers, "x-amz-content-sha256");
  if (expected === undefined || !/^[0-9a-f]{64}$/i.test(expected)) return;
  if (expected.toLowerCase() !== actual)
    throw new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { details: { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: actual } },
    );
};

const contentMd5Of = (headers: IncomingHttpHeaders): Buffer | undefined => {
  const text = header(headers, "content-md5");
  if (text === undefined) return undefined;
  const value = decodeDigest(text, 16);
  if (value === undefined)
    throw new S3Error(400, "InvalidDigest", "The Content-MD5 you specified is not valid.");
  return value;
};

const expectedChecksum = (
  algorithm: ChecksumAlgorithm | undefined,
  headers: IncomingHttpHeaders,
  trailers: Readonly<Record<string, string>>,
): Buffer | undefined => {
  if (algorithm === undefined) return undefined;
  const name = checksumHeader(algorithm);
  const text = header(headers, name) ?? trailers[name];
  if (text === undefined) throw invalidRequest(`The trailer ${name} is missing.`);
  const value = decodeDigest(text, CHECKSUM_BYTES[algorithm]);
  if (value === undefined) throw invalidRequest(`Value for ${name} header is invalid.`);
  return value;
};

/**
 * Reads a request's body into `sink`, hashing on the way, and checks all the client said of it:
 * length, Content-MD5, x-amz-content-sha256, x-amz-checksum-*. `algorithm` is computed where the
 * client sent none. Throws S3 errors; rejects when the client goes away before the end.
 */
export const receiveBody = async (
  request: IncomingMessage,
  sink: Sink,
  options: {
    maxBytes: number;
    algorithm?: ChecksumAlgorithm | undefined;
    isLengthOptional?: boolean;
  },
): Promise<Received> => {
  const { headers } = request;
  const decoder = isAwsChunked(headers) ? createAwsChunkedDecoder() : undefined;
  const sent = checksumAlgorithmOf(headers);
  const contentMd5 = contentMd5Of(headers);
  const algorithm = sent ?? options.algorithm;
  const checksum = algorithm === undefined ? undefined : createChecksum(algorithm);
  const md5 = createHash("md5");
  const needsSha256 = /^[0-9a-f]{64}$/i.test(header(headers, "x-amz-content-sha256") ?? "");
  const sha256 = needsSha256 ? createHash("sha256") : undefined;
  if (options.isLengthOptional !== true) checkLength(headers, decoder !== undefined);

  const hashes: readonly (Pick<Checksum, "update"> | undefined)[] = [md5, sha256, checksum];
  let size = 0;
  let received = 0;
  // Not destroyed on a refusal: the client still has to get its answer.
  const pieces: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const piece of pieces) {
    received += piece.length;
    for (const bytes of decoder?.push(piece) ?? [piece]) {
      size += bytes.length;
      if (size > options.maxBytes) throw entityTooLarge(options.maxBytes);
      for (const hash of hashes) hash?.update(bytes);
      await sink(bytes);
    }
  }
  const declared = header(headers, "content-length");
  const trailers = decoder?.end() ?? {};
  const decodedLength = header(headers, "x-amz-decoded-content-length");
  // Over HTTP/2 an upload that was given up ends like a whole one, only shorter.
  if (
    (declared !== undefined && Number(declared) !== received) ||
    (decoder !== undefined && decodedLength !== undefined && Number(decodedLength) !== size)
  )
    throw incompleteBody(
      "You did not provide the number of bytes specified by the Content-Length HTTP header.",
    );

  if (sha256 !== undefined) checkSha256(headers, sha256.digest("hex"));
  const digest = md5.digest();
  if (contentMd5 !== undefined && !contentMd5.equals(digest))
    throw new S3Error(
      400,
      "BadDigest",
      "The Content-MD5 you specified did not match what we received.",
    );
  const actual = checksum?.digest();
  const expected = expectedChecksum(sent, headers, trailers);
  if (expected !== undefined && !actual?.equals(expected))
    throw new S3Error(
      400,
      "BadDigest",
      `The ${algorithm} you specified did not match the calculated checksum.`,
    );
  return {
    size,
    md5: digest,
    checksum:
      algorithm === undefined || actual === undefined
        ? undefined
        : { algorithm, value: actual.toString("base64") },
  };
};

/**
 * The body as text, empty where there is none, for requests that carry XML or JSON. Throws
 * MalformedXML past `maxBytes`.
 */
export const receiveText = async (request: IncomingMessage, maxBytes: number): Promise<string> => {
  const pieces: Buffer[] = [];
  try {
    await receiveBody(request, (bytes) => void pieces.push(bytes), {
      maxBytes,
      isLengthOptional: true,
    });
  } catch (error) {
    if (error instanceof S3Error && error.code === "EntityTooLarge") throw malformedXml();
    throw error;
  }
  return Buffer.concat(pieces).toString();
};
