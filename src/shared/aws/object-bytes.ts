import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ObjectBytes, OpenedBytes, OutOfRange } from "../core/dashboard/logs/object-bytes.ts";
import type { Missing } from "../core/dashboard/ports.ts";
import { callBackend, toBackendError } from "./backend-errors.ts";

/** Failures half-way through a body are the backend's, too. */
const guardBody = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(toBackendError("s3", error));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
};

const totalSize = (range: string | undefined, length: number | undefined): number => {
  const total = /\/(\d+)$/.exec(range ?? "")?.[1];
  return total === undefined ? (length ?? 0) : Number(total);
};

const rangeOf = (firstByte = 0, lastByte: number | undefined): string | undefined =>
  firstByte === 0 && lastByte === undefined ? undefined : `bytes=${firstByte}-${lastByte ?? ""}`;

/** Objects' bytes, whole or in part. With `only`, other buckets are denied. */
export const createObjectBytes = (
  s3: S3Client,
  { only }: { only?: readonly string[] | undefined } = {},
): ObjectBytes => ({
  open: ({ bucket, key, firstByte, lastByte }, signal) =>
    callBackend<OpenedBytes | Missing | OutOfRange>(
      "s3",
      async () => {
        if (only !== undefined && !only.includes(bucket)) return { missing: "bucket" };
        const range = rangeOf(firstByte, lastByte);
        const object = await s3.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            ...(range === undefined ? {} : { Range: range }),
          }),
          { abortSignal: signal },
        );
        return {
          size: totalSize(object.ContentRange, object.ContentLength),
          contentType: object.ContentType,
          lastModified: object.LastModified,
          etag: object.ETag,
          metadata: object.Metadata ?? {},
          body: object.Body
            ? guardBody(object.Body.transformToWebStream() as ReadableStream<Uint8Array>)
            : new ReadableStream({ start: (controller) => controller.close() }),
        };
      },
      (code) => {
        if (code === "NoSuchBucket") return { value: { missing: "bucket" } };
        if (code === "NoSuchKey") return { value: { missing: "key" } };
        return code === "InvalidRange" ? { value: { missing: "range" } } : undefined;
      },
    ),
});
