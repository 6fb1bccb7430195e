import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { CreateBucketCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { v5 as uuidv5 } from "uuid";
import { mapBounded } from "../../shared/core/dashboard/bounded.ts";
import { partitionPrefix } from "../../shared/core/partition.ts";
import { BOMB, HOSTILE_KEYS, HTML_OBJECT, hostileBody, MISTAKEN_KEYS } from "./hostile.ts";
import { log100kLines } from "./log100k.ts";
import { DEMO_HOURS, demoLogs, HOUR_MS, hourAgo } from "./logs.ts";

/** A bucket of its own for what is no partition: one large object, hostile keys, a bomb. */
export const DEMO_BUCKET = "md-demo";
export const LOG_100K_KEY = "log100k.jsonl.gz";

/** So that a second run writes the same objects. */
const NAMESPACE = "0b0f5d53-6f0e-5b53-9c1e-9b8a3a1d3c55";
const PUTS_IN_FLIGHT = 8;
export const TINY_OBJECTS = 60;

type DemoObject = { key: string; body: string | Uint8Array; contentType?: string };

const put = async (s3: S3Client, bucket: string, objects: readonly DemoObject[]): Promise<void> => {
  await mapBounded(objects, PUTS_IN_FLIGHT, ({ key, body, contentType = "application/x-ndjson" }) =>
    s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
    ),
  );
};

const gzipped = (chunks: Iterable<string | Uint8Array>): Promise<Buffer> =>
  buffer(Readable.from(chunks).pipe(createGzip({ level: 6 })));

function* inBlocks(lines: Iterable<string>): Generator<string> {
  let block = "";
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < 256 * 1024) continue;
    yield block;
    block = "";
  }
  yield block;
}

/** The object of 100,000 lines, gzip. */
export const log100k = (startMs: number): Promise<Buffer> =>
  gzipped(inBlocks(log100kLines(startMs)));

function* zeros(bytes: number): Generator<Uint8Array> {
  const block = new Uint8Array(1024 * 1024).fill(0x30);
  for (let left = bytes; left > 0; left -= block.length) yield block;
}

export const createDemoBucket = async (s3: S3Client): Promise<void> => {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: DEMO_BUCKET }));
  } catch (error) {
    const { name } = error as { name?: string };
    if (name !== "BucketAlreadyOwnedByYou" && name !== "BucketAlreadyExists") throw error;
  }
};

/** The large object, the bomb, hostile keys and an object stored as HTML. */
export const putDemoBucket = async (s3: S3Client, nowMs: number): Promise<void> => {
  await createDemoBucket(s3);
  const large = await log100k(hourAgo(nowMs, 1));
  const bomb = await gzipped(zeros(BOMB.bytes));
  await put(s3, DEMO_BUCKET, [
    { key: LOG_100K_KEY, body: large },
    { key: BOMB.key, body: bomb },
    { ...HTML_OBJECT },
    ...[...HOSTILE_KEYS, ...MISTAKEN_KEYS].map((key) => ({ key, body: hostileBody(key) })),
  ]);
};

/** An hour of one service in objects of one log each, in the layout that the consumer writes. */
export const putTinyObjects = async (
  s3: S3Client,
  bucket: string,
  nowMs: number,
): Promise<void> => {
  const startMs = hourAgo(nowMs, DEMO_HOURS.tiny);
  const prefix = partitionPrefix("notifications", startMs / HOUR_MS);
  const lines = [...demoLogs({ fromMs: startMs, toMs: startMs + HOUR_MS, nowMs })];
  const objects = Array.from({ length: TINY_OBJECTS }, (_, at) => {
    const key = `${prefix}part-${uuidv5(`${prefix}${at}`, NAMESPACE)}.jsonl`;
    return { key, body: `${lines[at % lines.length]}\n` };
  });
  await put(s3, bucket, objects);
};
