import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { StateStore } from "../core/ports.ts";
import { awsErrorCode, awsStatus } from "./backend-errors.ts";

/** What S3 answers when a condition does not hold; 404 where the object to match is gone. */
const isRefused = (error: unknown, version: string | null): boolean =>
  awsStatus(error) === 412 || (version !== null && awsErrorCode(error) === "NoSuchKey");

/**
 * Keeps state documents as objects of one bucket, by conditional writes.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export const createS3StateStore = (client: S3Client, bucket: string): StateStore => ({
  read: async (key) => {
    try {
      const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (ETag === undefined) throw new Error(`GetObject ${key}: the answer holds no ETag.`);
      return { text: (await Body?.transformToString()) ?? "", version: ETag };
    } catch (error) {
      // A missing bucket is another error, and must not look like a first start.
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  },
  write: async (key, text, version) => {
    try {
      const { ETag } = await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: text,
          ContentType: "application/json",
          ...(version === null ? { IfNoneMatch: "*" } : { IfMatch: version }),
        }),
      );
      if (ETag === undefined) throw new Error(`PutObject ${key}: the answer holds no ETag.`);
      return ETag;
    } catch (error) {
      if (isRefused(error, version)) return undefined;
      throw error;
    }
  },
  list: async (prefix) => {
    const found: { key: string; version: string }[] = [];
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for await (const { Contents } of pages)
      for (const { Key, ETag } of Contents ?? [])
        if (Key !== undefined && ETag !== undefined) found.push({ key: Key, version: ETag });
    return found;
  },
  remove: async (key) => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  },
});
