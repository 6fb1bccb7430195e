import type { LedgerBalance } from "../ledger.ts";
import { type Attempt, attempt, BackendError } from "./backend-error.ts";
import { mapBounded } from "./bounded.ts";
import { type BucketReader, createBucketReader } from "./buckets/bucket-reader.ts";
import { type ConsumerStatus, deriveConsumerStatus } from "./consumer-status.ts";
import { type BucketCount, type CountBudget, countBucket } from "./count.ts";
import { gunzip } from "./gunzip.ts";
import { type LinesRead, readLines } from "./lines.ts";
import { createMemo } from "./memo.ts";
import type { WalkBudget } from "./partition-walk.ts";
import type {
  Bounded,
  ConsumerStateSource,
  IngestAccountSource,
  IngestStatus,
  IngestStatusSource,
  Missing,
  ObjectCatalog,
  ObjectStream,
  Shard,
  StreamCatalog,
  StreamDescription,
} from "./ports.ts";
import { readLedger } from "./read-ledger.ts";

export type DashboardReaderDeps = {
  streams: StreamCatalog;
  objects: ObjectCatalog;
  consumer: ConsumerStateSource;
  /** Absent where the ingestion interface keeps no figures of its own, as on Lambda. */
  ingest?: IngestStatusSource | undefined;
  /** Absent where ingestion interfaces publish no counts, as on Lambda. */
  accounts?: IngestAccountSource | undefined;
  /** Epoch milliseconds. */
  now: () => number;
};

export type DashboardReaderOptions = {
  /** Streams whose consumer is watched. */
  watchedStreams: readonly string[];
  /** How old a shard's last poll may be while its consumer still counts as running. */
  freshMs: number;
  /** How long after the last accepted log all should be stored; a minute unless given. */
  quietMs?: number;
  count?: Partial<CountBudget>;
  walk?: Partial<WalkBudget>;
  /** How long figures are shared among callers. */
  cacheMs?: number;
  /** Longest wait for all backend calls of one answer. */
  deadlineMs?: number;
};

export type StreamRow =
  | { name: string; ok: true; value: StreamDescription | undefined }
  | { name: string; ok: false; error: BackendError };

export type BucketRow =
  | { name: string; ok: true; value: BucketCount | undefined }
  | { name: string; ok: false; error: BackendError };

export type StreamDetail = { description: StreamDescription; shards: Bounded<Shard> };

export type ObjectLines = Omit<ObjectStream, "body"> & LinesRead & { isCompressed: boolean };

export type DashboardReader = BucketReader & {
  streams(): Promise<Bounded<StreamRow>>;
  /** Undefined where no stream has that name. */
  stream(name: string): Promise<StreamDetail | undefined>;
  buckets(): Promise<Bounded<BucketRow>>;
  objectLines(bucket: string, key: string, maxLines: number): Promise<ObjectLines | Missing>;
  consumer(): Promise<ConsumerStatus>;
  /** Undefined where there is nobody to ask. */
  ingest(): Promise<Attempt<IngestStatus> | undefined>;
  /** One for each stream that anything was counted for. Undefined where nobody counts. */
  ledger(): Promise<LedgerBalance[] | undefined>;
};

const COUNT_BUDGET: CountBudget = { maxPages: 25, maxMs: 1_500 };
const FAN_OUT = 8;
const INGEST_DEADLINE_MS = 1_000;
const QUIET_MS = 60_000;
/** Read from the store, and out of decompression, for one view of an object. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;

const isGzip = (key: string): boolean => key.endsWith(".gz");

/**
 * Everything the dashboard shows, read through the ports within budgets: no call's cost grows with
 * a bucket. Throws BackendError where a service the whole answer rests on is down.
 */
export const createDashboardReader = (
  { streams, objects, consumer, ingest, accounts, now }: DashboardReaderDeps,
  options: DashboardReaderOptions,
): DashboardReader => {
  const countBudget = { ...COUNT_BUDGET, ...options.count };
  const cacheMs = options.cacheMs ?? 2_000;
  const deadline = () => AbortSignal.timeout(options.deadlineMs ?? 5_000);
  const streamsMemo = createMemo<Bounded<StreamRow>>(cacheMs, now);
  const bucketsMemo = createMemo<Bounded<BucketRow>>(cacheMs, now);
  const consumerMemo = createMemo<ConsumerStatus>(cacheMs, now);
  const ledgerMemo = createMemo<LedgerBalance[]>(cacheMs, now);

  const readConsumer = (): Promise<ConsumerStatus> =>
    consumerMemo("", async () =>
      deriveConsumerStatus(await consumer.read(options.watchedStreams, deadline()), {
        now: now(),
        freshMs: options.freshMs,
      }),
    );

  return {
    ...createBucketReader(
      { objects, now },
      {
        walk: options.walk,
        deadlineMs: options.deadlineMs,
        walkCacheMs: options.cacheMs === 0 ? 0 : undefined,
      },
    ),

    streams: () =>
      streamsMemo("", async () => {
        const signal = deadline();
        const names = await streams.listStreamNames(signal);
        const items = await mapBounded(names.items, FAN_OUT, async (name) => ({
          name,
          ...(await attempt(() => streams.describe(name, signal))),
        }));
        return { ...names, items };
      }),

    stream: async (name) => {
      const signal = deadline();
      const description = await streams.describe(name, signal);
      return description && { description, shards: await streams.listShards(name, signal) };
    },

    buckets: () =>
      bucketsMemo("", async () => {
        const signal = deadline();
        const names = await objects.listBuckets(signal);
        const items = await mapBounded(names.items, FAN_OUT, async (name) => ({
          name,
          ...(await attempt(() =>
            countBucket(objects, name, { budget: countBudget, now, signal }),
          )),
        }));
        return { ...names, items };
      }),

    objectLines: async (bucket, key, maxLines) => {
      // One byte more than is shown, to tell a whole object from a cut one.
      const opened = await objects.open(bucket, key, MAX_OBJECT_BYTES + 1, deadline());
      if ("missing" in opened) return opened;
      const { body, ...object } = opened;
      const isCompressed = isGzip(key);
      const read = await readLines(isCompressed ? gunzip(body) : body, {
        maxLines,
        maxBytes: MAX_OBJECT_BYTES,
      });
      if (read.cause instanceof BackendError) throw read.cause;
      const wasCut = read.stoppedBy === "broken" && object.size > MAX_OBJECT_BYTES;
      return { ...object, ...read, ...(wasCut ? { stoppedBy: "bytes" } : {}), isCompressed };
    },

    consumer: readConsumer,

    ledger: async () =>
      accounts &&
      ledgerMemo("", () =>
        readLedger(
          { accounts, streams, consumer: readConsumer },
          options.watchedStreams,
          { now: now(), freshMs: options.freshMs, quietMs: options.quietMs ?? QUIET_MS },
          deadline(),
        ),
      ),

    ingest: async () =>
      ingest && attempt(() => ingest.read(AbortSignal.timeout(INGEST_DEADLINE_MS))),
  };
};
