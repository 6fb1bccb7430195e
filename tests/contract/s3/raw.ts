import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { S3Suite } from "./suite.ts";

/** Presigned URLs, for requests that no SDK would send. */
export const presignPut = (suite: S3Suite, Bucket: string, Key: string, more = {}) =>
  getSignedUrl(suite.s3, new PutObjectCommand({ Bucket, Key, ...more }), {
    expiresIn: 60,
    unhoistableHeaders: new Set(),
  });

export const presignGet = (
  suite: S3Suite,
  Bucket: string,
  Key: string,
  options: { expiresIn?: number; signingDate?: Date } = {},
) => getSignedUrl(suite.s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 60, ...options });
