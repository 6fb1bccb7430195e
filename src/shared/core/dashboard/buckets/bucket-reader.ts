import { type Cursor, encodeCursor } from "../cursor.ts";
import { createMemo } from "../memo.ts";
import { analyzePartitions, type PartitionAnalysis } from "../partition-analysis.ts";
import { type Walk, type WalkBudget, walkPartitions } from "../partition-walk.ts";
import { type SampleBudget, type Sampling, sampleLines } from "../partitions/sampling.ts";
import type { WalkCursor } from "../partitions/walk-cursor.ts";
import type { ObjectCatalog, ObjectEntry } from "../ports.ts";
import { behind, compareKeys } from "./key-order.ts";
import {
  type ObjectFilter,
  type Scan,
  type ScanBudget,
  type ScanCursor,
  scanObjects,
} from "./scan.ts";
import { type Summary, type SummaryCursor, summarizePrefix } from "./summary.ts";

export type ObjectsPage = {
  objects: ObjectEntry[];
  prefixes: string[];
  nextCursor: string | undefined;
};

export type PartitionsRead = { analysis: PartitionAnalysis; sampling: Sampling };

/** Reads of one bucket. Each answers undefined where no bucket has that name. */
export type BucketReader = {
  /** One page, one list call. `isFolded` rolls keys up to the next `/`. */
  objectsPage(request: {
    bucket: string;
    prefix: string;
    maxKeys: number;
    cursor?: Cursor | undefined;
    isFolded: boolean;
  }): Promise<ObjectsPage | undefined>;
  /** Looks for objects within a budget; going on is up to the caller. */
  scan(request: {
    bucket: string;
    prefix: string;
    filter: ObjectFilter;
    maxMatches: number;
    cursor?: ScanCursor | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<Scan | undefined>;
  /** Counts within a budget. */
  summarize(request: {
    bucket: string;
    prefix: string;
    cursor?: SummaryCursor | undefined;
    signal?: AbortSignal | undefined;
  }): Promise<Summary | undefined>;
  /** The first part of a walk over all services; shared for some seconds. */
  partitions(bucket: string): Promise<PartitionAnalysis | undefined>;
  /** A part of a walk with lines sampled from it. `service` as it is in keys. */
  walk(request: {
    bucket: string;
    service?: string | undefined;
    cursor?: WalkCursor | undefined;
    maxSamples: number;
    signal?: AbortSignal | undefined;
  }): Promise<PartitionsRead | undefined>;
};

export type BucketReaderOptions = {
  walk?: Partial<WalkBudget> | undefined;
  scan?: Partial<ScanBudget> | undefined;
  summary?: Partial<ScanBudget> | undefined;
  /** How long the first part of a walk is shared among callers. */
  walkCacheMs?: number | undefined;
  deadlineMs?: number | undefined;
};

const WALK_BUDGET: WalkBudget = { maxCalls: 400, maxMs: 3_000, concurrency: 8 };
const SCAN_BUDGET: ScanBudget = { maxCalls: 25, maxMs: 2_000 };
const SUMMARY_BUDGET: ScanBudget = { maxCalls: 50, maxMs: 2_500 };
const SAMPLE_BUDGET: Omit<SampleBudget, "maxSamples"> = { maxMs: 1_500, concurrency: 8 };
/** For all calls of a job, beyond its budget: one slow call may be under way when it ends. */
const JOB_DEADLINE_MS = 12_000;
const MAX_WALKS_KEPT = 8;
const NO_SAMPLES: Sampling = { samples: [], candidates: 0, unreadable: 0 };

/** Listing, scanning, counting and walking of buckets, each within its budget. */
export const createBucketReader = (
  { objects, now }: { objects: ObjectCatalog; now: () => number },
  options: BucketReaderOptions = {},
): BucketReader => {
  const walkBudget = { ...WALK_BUDGET, ...options.walk };
  const scanBudget = { ...SCAN_BUDGET, ...options.scan };
  const summaryBudget = { ...SUMMARY_BUDGET, ...options.summary };
  const firstWalks = createMemo<Walk | undefined>(
    options.walkCacheMs ?? 15_000,
    now,
    MAX_WALKS_KEPT,
  );
  const within = (ms: number, signal?: AbortSignal): AbortSignal =>
    signal ? AbortSignal.any([signal, AbortSignal.timeout(ms)]) : AbortSignal.timeout(ms);

  const firstWalk = (bucket: string, service: string | undefined) =>
    firstWalks(`${bucket}/${service ?? ""}`, () =>
      walkPartitions(objects, bucket, {
        budget: walkBudget,
        now,
        service,
        signal: within(JOB_DEADLINE_MS),
      }),
    );

  return {
    objectsPage: async ({ bucket, prefix, maxKeys, cursor, isFolded }) => {
      const page = await objects.list(
        {
          bucket,
          prefix,
          maxKeys,
          delimiter: isFolded ? "/" : undefined,
          startAfter: cursor && "after" in cursor ? cursor.after : undefined,
          token: cursor && "token" in cursor ? cursor.token : undefined,
        },
        within(options.deadlineMs ?? 5_000),
      );
      if (page === undefined) return undefined;
      // A key stays a good place to go on from for ever; a store's token need not.
      const ends = [page.objects.at(-1)?.key, ...page.prefixes.slice(-1).map(behind)];
      const after = ends
        .flatMap((end) => end ?? [])
        .sort(compareKeys)
        .at(-1);
      const { nextToken } = page;
      const next = after === undefined ? { token: nextToken ?? "" } : { after };
      return { ...page, nextCursor: nextToken === undefined ? undefined : encodeCursor(next) };
    },

    scan: ({ signal, ...request }) =>
      scanObjects(objects, request, {
        budget: scanBudget,
        now,
        signal: within(JOB_DEADLINE_MS, signal),
      }),

    summarize: ({ signal, ...request }) =>
      summarizePrefix(objects, request, {
        budget: summaryBudget,
        now,
        signal: within(JOB_DEADLINE_MS, signal),
      }),

    partitions: async (bucket) => {
      const walk = await firstWalk(bucket, undefined);
      return walk && analyzePartitions(walk);
    },

    walk: async ({ bucket, service, cursor, maxSamples, signal }) => {
      const walk = cursor
        ? await walkPartitions(objects, bucket, {
            budget: walkBudget,
            now,
            service,
            cursor,
            signal: within(JOB_DEADLINE_MS, signal),
          })
        : await firstWalk(bucket, service);
      if (walk === undefined) return undefined;
      const sampling =
        maxSamples === 0
          ? NO_SAMPLES
          : await sampleLines(objects, bucket, walk.cells, {
              budget: { ...SAMPLE_BUDGET, maxSamples },
              now,
              signal: within(JOB_DEADLINE_MS, signal),
            });
      return { analysis: analyzePartitions(walk), sampling };
    },
  };
};
