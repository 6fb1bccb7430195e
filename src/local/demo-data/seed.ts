import { randomUUID } from "node:crypto";
import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import * as z from "zod";
import type { Line } from "../send/lines.ts";
import { createSender, type SEND_PATHS } from "../send/sender.ts";
import { quarantinedRecords } from "./hostile.ts";
import { DEMO_HOURS, demoLogs, demoSignals, HOUR_MS } from "./logs.ts";
import { createDemoBucket, DEMO_BUCKET, putDemoBucket, putTinyObjects } from "./objects.ts";

export type SeedDeps = {
  s3: S3Client;
  kinesis: KinesisClient;
  ingestUrl: string;
  token?: string | undefined;
  logsBucket: string;
  logsStream: string;
  nowMs: number;
  /** Told what is being done. */
  say(what: string): void;
};

export type SeedOptions = {
  /** Hours back from now; 72 unless given. */
  hours?: number;
  /** All of it once more, whatever is there already. */
  again?: boolean;
  /** Leaves out the 21 MB object and the bomb's bucket. */
  withoutLarge?: boolean;
};

export type Seeded = {
  logs: number;
  metrics: number;
  apm: number;
  /** Records put into the stream that are no logs. */
  quarantined: number;
  /** When an earlier run ended, epoch milliseconds. */
  since: number | undefined;
};

/** Something that should run does not; the message says what to start. */
export class NotRunningError extends Error {
  override readonly name = "NotRunningError";
}

const MARKER_KEY = "demo-data.json";
const BATCH_LINES = 500;
const BATCHES_IN_FLIGHT = 4;

const markerSchema = z.object({ toMs: z.number() });

/** Until when a run before this one has sent logs; undefined where there was none. */
const readMarker = async (s3: S3Client): Promise<number | undefined> => {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: DEMO_BUCKET, Key: MARKER_KEY }));
    return markerSchema.safeParse(JSON.parse((await Body?.transformToString()) ?? "")).data?.toMs;
  } catch {
    return undefined;
  }
};

const writeMarker = async (s3: S3Client, toMs: number): Promise<void> => {
  await s3.send(
    new PutObjectCommand({
      Bucket: DEMO_BUCKET,
      Key: MARKER_KEY,
      Body: JSON.stringify({ toMs }),
      ContentType: "application/json",
    }),
  );
};

/** Throws a NotRunningError that says what is missing. */
const checkPipeline = async ({ s3, ingestUrl, logsBucket }: SeedDeps): Promise<void> => {
  const start = "Start the pipeline with npm start in another terminal, then run this again.";
  try {
    await s3.send(new HeadBucketCommand({ Bucket: logsBucket }));
  } catch (cause) {
    throw new NotRunningError(`There is no bucket ${logsBucket} to fill. ${start}`, { cause });
  }
  const health = await fetch(`${ingestUrl}/health`, { signal: AbortSignal.timeout(3_000) }).catch(
    () => undefined,
  );
  await health?.body?.cancel();
  if (!health?.ok)
    throw new NotRunningError(`The ingestion interface does not answer at ${ingestUrl}. ${start}`);
};

const sendAll = async (
  to: keyof typeof SEND_PATHS,
  lines: Iterable<string>,
  { ingestUrl, token, say }: SeedDeps,
): Promise<number> => {
  const sender = createSender({
    url: ingestUrl,
    to,
    token,
    giveUpAfterMs: 60_000,
    giveUpConnectingAfterMs: 5_000,
    requestTimeoutMs: 30_000,
  });
  const inFlight = new Set<Promise<void>>();
  let batch: Line[] = [];
  let number = 0;
  const flush = async (): Promise<void> => {
    const sending = sender.send(batch).finally(() => inFlight.delete(sending));
    batch = [];
    inFlight.add(sending);
    if (inFlight.size >= BATCHES_IN_FLIGHT) await Promise.race(inFlight);
    say(`${to}: ${sender.totals.accepted.toLocaleString("en-US")} accepted`);
  };
  for (const line of lines) {
    number += 1;
    batch.push({ number, bytes: Buffer.from(line) });
    if (batch.length === BATCH_LINES) await flush();
  }
  if (batch.length > 0) await flush();
  await Promise.all(inFlight);
  sender.close();
  const { accepted, refusals } = sender.totals;
  if (accepted < number)
    throw new Error(
      `${number - accepted} of ${number} ${to} were not taken, the first because: ${refusals[0]?.reason}`,
    );
  return accepted;
};

/**
 * Fills a running local pipeline: logs, metrics and APM through ingestion, what is no log straight
 * into the stream, odd objects straight into the buckets. A second run sends what has happened
 * since the first. Throws a NotRunningError where there is nothing to fill.
 */
export const seedDemoData = async (deps: SeedDeps, options: SeedOptions = {}): Promise<Seeded> => {
  const { s3, kinesis, logsBucket, logsStream, nowMs, say } = deps;
  const { hours = DEMO_HOURS.total, again = false, withoutLarge = false } = options;
  await checkPipeline(deps);
  const since = again ? undefined : await readMarker(s3);
  const firstMs = nowMs - hours * HOUR_MS;
  const span = { fromMs: Math.max(firstMs, since ?? firstMs), toMs: nowMs };

  const logs = await sendAll("logs", demoLogs({ ...span, nowMs }), deps);
  const metrics = await sendAll("metrics", demoSignals("metrics", span), deps);
  const apm = await sendAll("apm", demoSignals("apm", span), deps);

  const odd = since === undefined ? quarantinedRecords() : [];
  if (odd.length > 0) {
    say("what is no log, straight into the stream");
    await kinesis.send(
      new PutRecordsCommand({
        StreamName: logsStream,
        Records: odd.map((Data) => ({ Data, PartitionKey: randomUUID() })),
      }),
    );
  }
  if (since === undefined) {
    say(`an hour of tiny objects${withoutLarge ? "" : ", an object of 100,000 lines, odd keys"}`);
    if (hours > DEMO_HOURS.tiny) await putTinyObjects(s3, logsBucket, nowMs);
    await (withoutLarge ? createDemoBucket(s3) : putDemoBucket(s3, nowMs));
  }
  await writeMarker(s3, nowMs);
  return { logs, metrics, apm, quarantined: odd.length, since };
};
