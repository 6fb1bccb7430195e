import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ObjectSigner } from "../core/dashboard/buckets/ports.ts";
import { callBackend } from "./backend-errors.ts";

export type ObjectSignerOptions = {
  expiresSeconds: number;
  /** Signs for these buckets only; for every one when absent. */
  only?: readonly string[] | undefined;
};

/**
 * Presigned GET links, signed without a call. They download: a browser must not show what is in a
 * log as a page. With the credentials of a role they end with its session, whatever they say.
 */
export const createObjectSigner = (
  s3: S3Client,
  { expiresSeconds, only }: ObjectSignerOptions,
): ObjectSigner => ({
  expiresSeconds,
  sign: async (bucket, key) => {
    if (only !== undefined && !only.includes(bucket)) return undefined;
    return await callBackend("s3", () =>
      getSignedUrl(
        s3,
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ResponseContentDisposition: "attachment",
          ResponseContentType: "application/octet-stream",
        }),
        { expiresIn: expiresSeconds },
      ),
    );
  },
});
