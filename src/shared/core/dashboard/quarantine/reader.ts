import * as z from "zod";
import {
  isSelected,
  parseQuarantineKey,
  parseQuarantineLine,
  type StoredEntry,
} from "../../quarantine-entry.ts";
import { parseReplayMarker, type ReplayMarker, replayMarkerKey } from "../../replay.ts";
import { decodeOpaque, encodeOpaque } from "../buckets/opaque.ts";
import { readLines } from "../lines.ts";
import { createMemo } from "../memo.ts";
import type { ObjectCatalog } from "../ports.ts";
import { type QuarantineBudget, startSpending } from "./budget.ts";
import {
  bytesOfBase64,
  lookThrough,
  type QuarantineCoverage,
  type QuarantinePlace,
  type QuarantineRecord,
  type QuarantineSelection,
} from "./records.ts";

export type QuarantinePage = {
  readonly records: readonly QuarantineRecord[];
  readonly coverage: QuarantineCoverage;
  readonly nextCursor: string | undefined;
};

/** Records of one reason in one bucket; floors where the coverage did not reach the end. */
export type ReasonCount = {
  readonly bucket: string;
  readonly reason: string;
  records: number;
  objects: number;
  bytes: number;
  newest: string;
};

export type ReasonCounts = {
  readonly reasons: readonly ReasonCount[];
  readonly coverage: QuarantineCoverage;
};

export type QuarantineRecordDetail = {
  readonly entry: Omit<StoredEntry, "data">;
  readonly data: Uint8Array;
  /** Undefined where it was never replayed, a sentence where its marker cannot be read. */
  readonly replay: ReplayMarker | string | undefined;
};

export type QuarantineReader = {
  /** Data buckets, each with a quarantine of its own. */
  readonly buckets: readonly string[];
  /** A page of records, the newest first. Throws a RangeError for a cursor that is none. */
  list(
    selection: QuarantineSelection,
    options: { limit: number; cursor?: string | undefined },
  ): Promise<QuarantinePage>;
  count(selection: QuarantineSelection): Promise<ReasonCounts>;
  /** One record, of the object that holds it. Undefined where there is none. */
  record(request: RecordRequest): Promise<QuarantineRecordDetail | undefined>;
};

export type RecordRequest = {
  readonly bucket: string;
  readonly key: string;
  readonly id: { readonly sequenceNumber: string; readonly index: number };
};

const LIST_BUDGET: QuarantineBudget = {
  maxListCalls: 300,
  maxObjects: 200,
  maxBytes: 32 * 1024 * 1024,
  maxMs: 3_000,
};
const COUNT_BUDGET: QuarantineBudget = { ...LIST_BUDGET, maxObjects: 300, maxMs: 2_000 };
const COUNTS_SHARED_MS = 30_000;
const MAX_OBJECT_BYTES = 64 * 1024 * 1024;
const MAX_MARKER_BYTES = 256 * 1024;

const cursorSchema: z.ZodType<QuarantinePlace> = z.strictObject({
  hour: z.string().regex(/^year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d$/),
  object: z
    .strictObject({
      modifiedMs: z.number(),
      bucket: z.string(),
      key: z.string(),
      skip: z.int().min(0),
    })
    .optional(),
}) as z.ZodType<QuarantinePlace>;

/** The quarantine of every data bucket, read within budgets. Throws BackendError. */
export const createQuarantineReader = (
  { objects, now }: { objects: ObjectCatalog; now: () => number },
  {
    buckets,
    list = {},
    count = {},
    deadlineMs = 8_000,
  }: {
    buckets: readonly string[];
    list?: Partial<QuarantineBudget>;
    count?: Partial<QuarantineBudget>;
    deadlineMs?: number;
  },
): QuarantineReader => {
  const deadline = () => AbortSignal.timeout(deadlineMs);
  const counts = createMemo<ReasonCounts>(COUNTS_SHARED_MS, now);

  const countNow = async (selection: QuarantineSelection): Promise<ReasonCounts> => {
    const found = new Map<string, ReasonCount>();
    const { coverage } = await lookThrough(objects, selection, {
      spending: startSpending({ ...COUNT_BUDGET, ...count }, now),
      signal: deadline(),
      take: (records, { bucket, reason, size }) => {
        const [newest] = records;
        if (newest === undefined) return 0;
        const id = `${bucket}/${reason}`;
        const sum = found.get(id) ?? {
          bucket,
          reason,
          records: 0,
          objects: 0,
          bytes: 0,
          newest: "",
        };
        found.set(id, sum);
        sum.records += records.length;
        sum.objects += 1;
        sum.bytes += size;
        if (newest.arrivedAt > sum.newest) sum.newest = newest.arrivedAt;
        return records.length;
      },
    });
    const reasons = [...found.values()].sort(
      (a, b) => b.records - a.records || a.reason.localeCompare(b.reason),
    );
    return { reasons, coverage };
  };

  const markerOf = async (
    bucket: string,
    entry: StoredEntry,
    signal: AbortSignal,
  ): Promise<ReplayMarker | string | undefined> => {
    const key = replayMarkerKey(entry);
    const opened = await objects.open(bucket, key, MAX_MARKER_BYTES, signal);
    if ("missing" in opened) return undefined;
    const text = await new Response(opened.body).text();
    try {
      return parseReplayMarker(key, text);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };

  return {
    buckets,

    list: async (selection, { limit, cursor }) => {
      const from = cursor === undefined ? undefined : decodeOpaque(cursor, cursorSchema);
      if (cursor !== undefined && from === undefined) throw new RangeError("No such cursor.");
      const records: QuarantineRecord[] = [];
      const { coverage, next } = await lookThrough(objects, selection, {
        from,
        spending: startSpending({ ...LIST_BUDGET, ...list }, now),
        signal: deadline(),
        take: (found) => {
          const taken = found.slice(0, limit - records.length);
          records.push(...taken);
          return taken.length;
        },
      });
      return { records, coverage, nextCursor: next && encodeOpaque(next) };
    },

    count: (selection) => counts(JSON.stringify(selection), () => countNow(selection)),

    record: async ({ bucket, key, id }) => {
      if (!buckets.includes(bucket) || parseQuarantineKey(key) === undefined) return undefined;
      const signal = deadline();
      const opened = await objects.open(bucket, key, MAX_OBJECT_BYTES, signal);
      if ("missing" in opened) return undefined;
      const bounds = { maxLines: Number.MAX_SAFE_INTEGER, maxBytes: MAX_OBJECT_BYTES };
      const read = await readLines(opened.body, bounds);
      if (read.cause !== undefined) throw read.cause;
      for (const { text } of read.lines) {
        if (!text.includes(id.sequenceNumber)) continue;
        const stored = parseQuarantineLine(text);
        if (stored === undefined || !isSelected({ id }, stored)) continue;
        const { data, ...entry } = stored;
        return { entry, data: bytesOfBase64(data), replay: await markerOf(bucket, stored, signal) };
      }
      return undefined;
    },
  };
};
