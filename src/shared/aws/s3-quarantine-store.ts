import {
  GetObjectCommand,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { QuarantineStore } from "../core/ports.ts";
import { callBackend } from "./backend-errors.ts";

/** The quarantine of one bucket, for reading. What S3 answers or does not is a BackendError. */
export const createS3QuarantineStore = (client: S3Client, bucket: string): QuarantineStore => {
  type Request = { Prefix: string; Delimiter?: string; StartAfter?: string };

  async function* list(
    request: Request,
    itemsOf: (page: ListObjectsV2CommandOutput) => string[],
  ): AsyncGenerator<string> {
    const pages = paginateListObjectsV2({ client }, { Bucket: bucket, ...request });
    for (;;) {
      const page = await callBackend("s3", () => pages.next());
      if (page.done) return;
      yield* itemsOf(page.value);
    }
  }

  return {
    prefixes: (prefix) =>
      list({ Prefix: prefix, Delimiter: "/" }, ({ CommonPrefixes = [] }) =>
        CommonPrefixes.flatMap(({ Prefix }) => Prefix ?? []),
      ),
    keys: (prefix, startAfter) =>
      list(
        { Prefix: prefix, ...(startAfter === undefined ? {} : { StartAfter: startAfter }) },
        ({ Contents = [] }) => Contents.flatMap(({ Key }) => Key ?? []),
      ),
    read: (key) =>
      callBackend(
        "s3",
        async () => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
        },
        // Deleted since it was listed.
        (code) => (code === "NoSuchKey" ? { value: undefined } : undefined),
      ),
  };
};
