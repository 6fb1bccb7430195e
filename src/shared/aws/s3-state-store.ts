import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { StateStore } from "../core/ports.ts";

/** Keeps state documents as objects of one bucket, by plain overwrite. */
export const createS3StateStore = (client: S3Client, bucket: string): StateStore => ({
  read: async (key) => {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return (await Body?.transformToString()) ?? "";
    } catch (error) {
      // A missing bucket is another error, and must not look like a first start.
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  },
  write: async (key, text) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: "application/json",
      }),
    );
  },
  list: async (prefix) => {
    const keys: string[] = [];
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for await (const { Contents } of pages)
      for (const { Key } of Contents ?? []) if (Key !== undefined) keys.push(Key);
    return keys;
  },
});
