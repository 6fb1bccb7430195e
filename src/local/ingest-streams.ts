import { randomUUID } from "node:crypto";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { S3Client } from "@aws-sdk/client-s3";
import { createS3Client } from "../shared/aws/clients.ts";
import { createKinesisLookup } from "../shared/aws/kinesis-lookup.ts";
import { createKinesisWriter } from "../shared/aws/kinesis-writer.ts";
import { createAccountWriter } from "../shared/aws/s3-ingest-accounts.ts";
import type { Config } from "../shared/core/config.ts";
import { createIdempotency } from "../shared/core/idempotency.ts";
import type { Logger } from "../shared/core/logger.ts";
import {
  createPutRecordsEngine,
  type PutRecordsEngine,
} from "../shared/core/put-records-engine.ts";
import type { StreamIntake, StreamIntakes } from "../shared/core/signal-door.ts";
import { openAcceptedFile } from "./ledger/accepted-file.ts";
import { createIngestLedger } from "./ledger/ingest-ledger.ts";
import { openFileSpool } from "./spool/file-spool.ts";
import { openKeyLog } from "./spool/key-log.ts";
import { spoolFolder, warnOfOtherSpools } from "./spool/spool-folder.ts";

const PUBLISH_TIMEOUT_MS = 2_000;

type StreamDeps = {
  config: Config;
  log: Logger;
  kinesis: KinesisClient;
  /** For the counts of accepted logs. */
  s3: S3Client;
};

type OpenStream = {
  readonly intake: StreamIntake;
  /** Takes nothing more, and sends or spools what was taken. */
  drain(deadlineMs: number): Promise<void>;
  /** To be called when the last answer is out. */
  close(): Promise<void>;
};

const schedule = (delayMs: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

/** The disk behind an engine: the spool, and beside it the keys of batches and what was accepted. */
const openDisk = async (config: Config, log: Logger, stream: string) => {
  if (config.SPOOL_MAX_BYTES === 0) return undefined;
  const folder = spoolFolder(config, stream);
  const now = () => Date.now();
  const spool = await openFileSpool({ folder, maxBytes: config.SPOOL_MAX_BYTES, log, now });
  const keyLog = await openKeyLog(folder, { windowMs: config.IDEMPOTENCY_WINDOW * 1000, now });
  return { spool, keyLog, accepted: await openAcceptedFile(folder) };
};

type Disk = Awaited<ReturnType<typeof openDisk>>;

const createKeys = (config: Config, log: Logger, engine: PutRecordsEngine, disk: Disk) => {
  if (config.IDEMPOTENCY_WINDOW === 0) return undefined;
  const tagged = disk?.spool.taggedAtStart();
  const known = disk?.keyLog.known.map((batch) => ({ ...batch, spooled: tagged?.get(batch.key) }));
  return createIdempotency(
    { now: Date.now, mark: engine.mark, log, keyLog: disk?.keyLog, known: known ?? [] },
    {
      windowMs: config.IDEMPOTENCY_WINDOW * 1000,
      maxKeys: config.IDEMPOTENCY_MAX_KEYS,
      packBytes: config.RECORD_PACK_BYTES,
    },
  );
};

/** Everything of one stream: its engine, disk, counts and keys. Nothing of it is shared. */
const openStream = async (
  { config, log, kinesis, s3 }: StreamDeps,
  name: string,
): Promise<OpenStream> => {
  const disk = await openDisk(config, log, name);
  const engine = createPutRecordsEngine(
    {
      writer: createKinesisWriter(kinesis, name),
      lookup: config.VERIFY_RESEND ? createKinesisLookup(kinesis, name) : undefined,
      spool: disk?.spool,
      now: Date.now,
      schedule,
      random: Math.random,
      log,
    },
    {
      lingerMs: config.LINGER_MS,
      packBytes: config.RECORD_PACK_BYTES,
      maxQueueBytes: config.MAX_QUEUE_BYTES,
      requestDeadlineMs: config.REQUEST_DEADLINE_MS,
    },
  );
  const ledger = createIngestLedger(
    {
      file: disk?.accepted,
      newId: randomUUID,
      put: createAccountWriter(s3, config.TARGET_BUCKET),
      stats: engine.stats,
      now: Date.now,
      log,
    },
    {
      stream: name,
      allowedServices: config.SERVICES?.length ? new Set(config.SERVICES) : undefined,
    },
  );
  return {
    intake: { name, engine, ledger, idempotency: createKeys(config, log, engine, disk) },
    drain: engine.close,
    close: async () => {
      await ledger.close();
      await disk?.keyLog.close();
      await disk?.spool.close();
    },
  };
};

const closed = (name: string): OpenStream => ({
  intake: { name, engine: undefined },
  drain: async () => {},
  close: async () => {},
});

export type IngestStreams = {
  readonly intakes: StreamIntakes;
  drain(deadlineMs: number): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens both streams, at once and not with the first item: what an earlier process left in a spool
 * is to be sent, a folder that cannot be used is to stop the start, and a ledger without an account
 * could not be told from one that lost it. An idle stream holds no queue and makes no calls.
 */
export const openIngestStreams = async (deps: Omit<StreamDeps, "s3">): Promise<IngestStreams> => {
  const { config, log } = deps;
  const s3 = createS3Client({
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    requestTimeoutMs: PUBLISH_TIMEOUT_MS,
    maxAttempts: 1,
  });
  const opened: OpenStream[] = [];
  const open = async (name: string): Promise<StreamIntake> => {
    const stream = config.KINESIS_ENABLED ? await openStream({ ...deps, s3 }, name) : closed(name);
    opened.push(stream);
    return stream.intake;
  };
  const all = async (end: (stream: OpenStream) => Promise<void>): Promise<void> => {
    await Promise.all(opened.map(end));
  };
  const drain = (deadlineMs: number) => all((stream) => stream.drain(deadlineMs));
  const close = async (): Promise<void> => {
    await all((stream) => stream.close());
    s3.destroy();
  };
  try {
    const logs = await open(config.KINESIS_STREAM_NAME);
    const metrics = await open(config.METRICS_STREAM_NAME);
    if (config.KINESIS_ENABLED && config.SPOOL_MAX_BYTES > 0) await warnOfOtherSpools(config, log);
    return { intakes: { logs, metrics }, drain, close };
  } catch (error) {
    await drain(0);
    await close();
    throw error;
  }
};
