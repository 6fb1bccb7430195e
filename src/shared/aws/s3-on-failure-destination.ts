import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { OnFailureDestination } from "../core/event-source/on-failure.ts";

/** Invocation records as objects of one bucket, as Lambda writes them. */
export const createS3OnFailureDestination = (
  client: S3Client,
  bucket: string,
): OnFailureDestination => ({
  put: async (key, body) => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body,
        ContentType: "application/json",
      }),
    );
  },
});
