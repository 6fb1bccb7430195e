import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { PartSink, WriteFence } from "../core/ports.ts";

/** Asks the fence on the way to the socket, before the first attempt and before each retry. */
const fenced = (command: PutObjectCommand, fence: WriteFence): PutObjectCommand => {
  command.middlewareStack.add(
    (next) => (args) => {
      fence.assertHeld();
      return next(args);
    },
    // Behind the SDK's retries and signing.
    { step: "deserialize", priority: "low", name: "writeFence" },
  );
  return command;
};

/**
 * Part objects in one bucket, by plain overwrite: with `If-None-Match` a redelivered batch of
 * another length would lose or repeat lines. Rejects after the client's own retries.
 */
export const createS3PartSink = (client: S3Client, bucket: string): PartSink => ({
  putPart: async ({ key, body, contentType, metadata }, fence) => {
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentType: contentType,
      Metadata: metadata,
    });
    if (fence === undefined) await client.send(command);
    else await client.send(fenced(command, fence), { abortSignal: fence.signal });
  },
});
