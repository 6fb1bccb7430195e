import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListBucketsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { ListPage, Missing, ObjectCatalog, ObjectStream } from "../core/dashboard/ports.ts";
import { callBackend, toBackendError } from "./backend-errors.ts";

export type ObjectCatalogOptions = {
  /** Shows these buckets and denies that there are others; every bucket when absent. */
  only?: readonly string[] | undefined;
};

const MAX_BUCKETS = 100;

/** One for each call: the SDK leaves a listener on it, and a walk makes many calls under one. */
const callSignal = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal]);

const totalSize = ({ ContentRange, ContentLength }: GetObjectCommandOutput): number => {
  const total = /\/(\d+)$/.exec(ContentRange ?? "")?.[1];
  return total === undefined ? (ContentLength ?? 0) : Number(total);
};

/** Failures half-way through a body are the backend's, too. */
const guardBody = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
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
  });
};

const emptyBody = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.close() });

/** Buckets and objects. A bucket or key that is not there is an answer, not an error. */
export const createObjectCatalog = (
  s3: S3Client,
  { only }: ObjectCatalogOptions = {},
): ObjectCatalog => {
  const isHidden = (bucket: string): boolean => only !== undefined && !only.includes(bucket);

  const open = async (
    bucket: string,
    key: string,
    range: string | undefined,
    signal: AbortSignal,
  ): Promise<ObjectStream> => {
    const object = await s3.send(
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(range === undefined ? {} : { Range: range }),
      }),
      { abortSignal: callSignal(signal) },
    );
    return {
      size: totalSize(object),
      contentType: object.ContentType,
      lastModified: object.LastModified,
      metadata: object.Metadata ?? {},
      body: object.Body
        ? guardBody(object.Body.transformToWebStream() as ReadableStream<Uint8Array>)
        : emptyBody(),
    };
  };

  return {
    listBuckets: (signal) =>
      callBackend("s3", async () => {
        if (only) return { items: [...only], isComplete: true };
        const { Buckets = [] } = await s3.send(new ListBucketsCommand({}), {
          abortSignal: callSignal(signal),
        });
        const names = Buckets.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
        return { items: names.slice(0, MAX_BUCKETS), isComplete: names.length <= MAX_BUCKETS };
      }),

    list: ({ bucket, prefix, delimiter, maxKeys, startAfter, token }, signal) =>
      callBackend<ListPage | undefined>(
        "s3",
        async () => {
          if (isHidden(bucket)) return undefined;
          const page = await s3.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              MaxKeys: maxKeys,
              ...(prefix === undefined ? {} : { Prefix: prefix }),
              ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
              ...(startAfter === undefined ? {} : { StartAfter: startAfter }),
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
            { abortSignal: callSignal(signal) },
          );
          return {
            objects: (page.Contents ?? []).map((object) => ({
              key: object.Key ?? "",
              size: object.Size ?? 0,
              lastModified: object.LastModified,
              storageClass: object.StorageClass ?? "STANDARD",
            })),
            prefixes: (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []),
            nextToken: page.IsTruncated ? page.NextContinuationToken : undefined,
          };
        },
        (code) => (code === "NoSuchBucket" ? { value: undefined } : undefined),
      ),

    open: (bucket, key, maxBytes, signal) =>
      callBackend<ObjectStream | Missing>(
        "s3",
        async () => {
          if (isHidden(bucket)) return { missing: "bucket" };
          try {
            return await open(bucket, key, `bytes=0-${maxBytes - 1}`, signal);
          } catch (error) {
            // S3 has no range to give of an empty object.
            if ((error as { name?: string }).name !== "InvalidRange") throw error;
            return await open(bucket, key, undefined, signal);
          }
        },
        (code) =>
          code === "NoSuchBucket"
            ? { value: { missing: "bucket" } }
            : code === "NoSuchKey"
              ? { value: { missing: "key" } }
              : undefined,
      ),
  };
};
