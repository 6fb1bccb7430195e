import { gunzipSync } from "node:zlib";
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";

/** S3 tells times in whole seconds, and its clock may be behind. */
const CLOCK_MARGIN_MS = 10_000;

/**
 * A look at the objects below a prefix, written since a time, for a text that stands in one of
 * their lines: the object's address, or undefined. No object is read twice.
 */
export const findInBucket = (
  client: S3Client,
  bucket: string,
  { text, prefix, since }: { readonly text: string; readonly prefix: string; readonly since: Date },
) => {
  const target = Buffer.from(text);
  const seen = new Set<string>();

  const holds = async (key: string, abortSignal: AbortSignal): Promise<boolean> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal,
    });
    const body = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return (key.endsWith(".gz") ? gunzipSync(body) : body).includes(target);
  };

  return async (abortSignal: AbortSignal): Promise<string | undefined> => {
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages) {
      for (const { Key, LastModified, ETag } of Contents) {
        const writtenAt = LastModified?.getTime() ?? Number.POSITIVE_INFINITY;
        // The same key may be written again, with more in it.
        const version = `${Key} ${ETag}`;
        if (Key === undefined || seen.has(version)) continue;
        if (writtenAt < since.getTime() - CLOCK_MARGIN_MS) continue;
        if (await holds(Key, abortSignal)) return `s3://${bucket}/${Key}`;
        seen.add(version);
      }
      abortSignal.throwIfAborted();
    }
    return undefined;
  };
};
