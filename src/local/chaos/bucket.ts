import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { mapBounded } from "../../shared/core/dashboard/bounded.ts";
import { idOf, type SentLog } from "./logs.ts";
import type { Copy, Found } from "./verdict.ts";

const CONCURRENCY = 8;
const QUARANTINE_PREFIX = "_quarantine/";

type Listed = { key: string; etag: string; storedAt: number };

const list = async (s3: S3Client, bucket: string, prefix: string): Promise<Listed[]> => {
  const found: Listed[] = [];
  const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix });
  for await (const { Contents } of pages)
    for (const { Key, ETag, LastModified } of Contents ?? [])
      if (Key !== undefined)
        found.push({ key: Key, etag: ETag ?? "", storedAt: LastModified?.getTime() ?? 0 });
  return found;
};

const readText = async (s3: S3Client, bucket: string, key: string): Promise<string> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? "";
};

const linesOf = (text: string): string[] => {
  const lines = text.split("\n");
  // Whatever is behind the last line break is a line that was cut off.
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
};

/** What changes whenever anything of the logs or the quarantine does. */
export const fingerprint = async (s3: S3Client, bucket: string): Promise<string> => {
  const listed = [
    ...(await list(s3, bucket, "service=")),
    ...(await list(s3, bucket, QUARANTINE_PREFIX)),
  ];
  return listed.map(({ key, etag }) => `${key} ${etag}`).join("\n");
};

/** Reads every line in the bucket and finds the logs in it. */
export const readBucket = async (
  s3: S3Client,
  bucket: string,
  logs: readonly SentLog[],
): Promise<Found> => {
  const byId = new Map(logs.map((log) => [log.id, log]));
  const stored = new Map<string, Copy[]>();
  const quarantined = new Map<string, number>();
  let strangers = 0;
  await mapBounded(await list(s3, bucket, "service="), CONCURRENCY, async ({ key, storedAt }) => {
    for (const line of linesOf(await readText(s3, bucket, key))) {
      const log = byId.get(idOf(line) ?? "");
      if (log === undefined) {
        strangers += 1;
        continue;
      }
      const copies = stored.get(log.id) ?? [];
      copies.push({ key, storedAt, isSame: line === log.line });
      stored.set(log.id, copies);
    }
  });
  await mapBounded(await list(s3, bucket, QUARANTINE_PREFIX), CONCURRENCY, async ({ key }) => {
    for (const line of linesOf(await readText(s3, bucket, key))) {
      const { data } = JSON.parse(line) as { data: string };
      for (const piece of Buffer.from(data, "base64").toString().split("\n")) {
        const id = idOf(piece);
        if (id !== undefined) quarantined.set(id, (quarantined.get(id) ?? 0) + 1);
        else strangers += 1;
      }
    }
  });
  return { stored, quarantined, strangers };
};
