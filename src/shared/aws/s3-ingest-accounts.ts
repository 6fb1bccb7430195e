import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { ingestAccountPrefix, parseIngestAccount } from "../core/accepted-ledger.ts";
import { mapBounded } from "../core/dashboard/bounded.ts";
import type { IngestAccountSource, IngestAccounts } from "../core/dashboard/ports.ts";
import { callBackend } from "./backend-errors.ts";

const MAX_INSTANCES = 200;
const CONCURRENCY = 8;

/** Publishes an ingestion interface's account: each has its own object, so nobody is in the way. */
export const createAccountWriter =
  (s3: S3Client, bucket: string) =>
  async (key: string, text: string): Promise<void> => {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: text,
        ContentType: "application/json",
      }),
    );
  };

/**
 * Reads the accounts of all ingestion interfaces of some streams, at most 200 of each. A bucket
 * that does not exist yet holds none.
 */
export const createIngestAccountSource = (s3: S3Client, bucket: string): IngestAccountSource => {
  const readText = async (key: string, signal: AbortSignal): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
      abortSignal: signal,
    });
    return (await Body?.transformToString()) ?? "";
  };

  return {
    read: (stream, signal) =>
      callBackend<IngestAccounts>(
        "s3",
        async () => {
          const { Contents = [], IsTruncated } = await s3.send(
            new ListObjectsV2Command({
              Bucket: bucket,
              Prefix: ingestAccountPrefix(stream),
              MaxKeys: MAX_INSTANCES,
            }),
            { abortSignal: signal },
          );
          const keys = Contents.flatMap(({ Key }) => (Key?.endsWith(".json") ? Key : []));
          const texts = await mapBounded(keys, CONCURRENCY, (key) => readText(key, signal));
          const result: IngestAccounts = {
            accounts: [],
            unreadable: [],
            isComplete: IsTruncated !== true,
          };
          for (const [index, key] of keys.entries()) {
            try {
              result.accounts.push(parseIngestAccount(key, texts[index] ?? ""));
            } catch (error) {
              result.unreadable.push({ key, reason: (error as Error).message });
            }
          }
          return result;
        },
        (code) =>
          code === "NoSuchBucket"
            ? { value: { accounts: [], unreadable: [], isComplete: true } }
            : undefined,
      ),
  };
};
