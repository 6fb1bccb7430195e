import type { ListPage, Missing, ObjectCatalog } from "../ports.ts";
import { isPartitionPrefix, type ListPages, objectsOfHour, walkHours } from "./hour-walk.ts";
import { type LineWindow, readWindow, type WindowRequest } from "./line-window.ts";
import type { BytesRequest, ObjectBytes, OpenedBytes, OutOfRange } from "./object-bytes.ts";
import {
  SEARCH_BUDGET,
  type SearchBudget,
  type SearchEvent,
  type SearchRequest,
  searchLogs,
} from "./search.ts";
import { isGzipKey, unpackStream } from "./unpack.ts";

export type RangeObject = {
  key: string;
  size: number;
  lastModified: Date | undefined;
  /** Start of its hour, epoch milliseconds; undefined outside the partition layout. */
  hourMs: number | undefined;
};

export type RangeListing = {
  /** Newest hour first. */
  objects: RangeObject[];
  listCalls: number;
  stoppedBy: "end" | "limit" | "calls";
};

/** Reads objects and searches them, within budgets. Throws BackendError where the store is down. */
export type LogReader = {
  listBuckets(signal: AbortSignal): Promise<string[]>;
  open(request: BytesRequest, signal: AbortSignal): Promise<OpenedBytes | Missing | OutOfRange>;
  /** `at`: where a window begins, as the one before it said; it saves reading what lies before. */
  window(
    object: { bucket: string; key: string },
    request: WindowRequest,
    at: { line: number; byte: number } | undefined,
    signal: AbortSignal,
  ): Promise<(LineWindow & { size: number }) | Missing | OutOfRange>;
  /** The objects of a partition range. Undefined where there is no such bucket. */
  range(
    request: {
      bucket: string;
      prefix: string;
      fromMs: number | undefined;
      toMs: number | undefined;
      /** What lies before these was listed already. */
      after: { hour: number; key: string } | undefined;
      limit: number;
    },
    signal: AbortSignal,
  ): Promise<RangeListing | undefined>;
  /** Ends by itself; `emit` is told of the end, unless it throws. False where there is no such bucket. */
  search(
    request: SearchRequest,
    emit: (event: SearchEvent) => void,
    options: { maxMs?: number | undefined; signal: AbortSignal },
  ): Promise<boolean>;
};

class NoBucket extends Error {}

const HOUR_MS = 3_600_000;
const RANGE_MAX_CALLS = 400;

class TooManyCalls extends Error {}

export const createLogReader = (
  { objects, bytes, now }: { objects: ObjectCatalog; bytes: ObjectBytes; now: () => number },
  budget: Partial<SearchBudget> = {},
): LogReader => {
  const listOf =
    (bucket: string, signal: AbortSignal): ListPages =>
    async (request): Promise<ListPage> => {
      const page = await objects.list({ bucket, ...request }, signal);
      if (page === undefined) throw new NoBucket();
      return page;
    };

  return {
    listBuckets: async (signal) => (await objects.listBuckets(signal)).items,

    open: (request, signal) => bytes.open(request, signal),

    window: async ({ bucket, key }, request, at, signal) => {
      const isCompressed = isGzipKey(key);
      // A packed object has no place to begin in the middle.
      const start =
        at !== undefined && !isCompressed && at.line <= request.fromLine ? at : undefined;
      const opened = await bytes.open({ bucket, key, firstByte: start?.byte }, signal);
      if ("missing" in opened) return opened;
      const stream = unpackStream(opened.body, isCompressed);
      return { ...(await readWindow(stream, request, start)), size: opened.size };
    },

    range: async ({ bucket, prefix, fromMs, toMs, after, limit }, signal) => {
      const listing: RangeListing = { objects: [], listCalls: 0, stoppedBy: "end" };
      const list = listOf(bucket, signal);
      const countedList: ListPages = async (request) => {
        if (listing.listCalls >= RANGE_MAX_CALLS) throw new TooManyCalls();
        listing.listCalls += 1;
        return await list(request);
      };
      try {
        if (!isPartitionPrefix(prefix)) {
          const page = await countedList({ prefix, maxKeys: limit, startAfter: after?.key });
          listing.objects = page.objects.map((object) => ({ ...object, hourMs: undefined }));
          listing.stoppedBy = page.nextToken === undefined ? "end" : "limit";
          return listing;
        }
        const resumedTo = after && (after.hour + 1) * HOUR_MS;
        const end = Math.min(
          toMs ?? Number.POSITIVE_INFINITY,
          resumedTo ?? Number.POSITIVE_INFINITY,
        );
        const range = { prefix, fromMs, toMs: Number.isFinite(end) ? end : undefined };
        for await (const folders of walkHours(countedList, range)) {
          const afterKey = after?.hour === folders.hour ? after.key : "";
          for await (const object of objectsOfHour(countedList, folders, afterKey)) {
            if (listing.objects.length === limit) {
              listing.stoppedBy = "limit";
              return listing;
            }
            listing.objects.push({ ...object, hourMs: folders.hour * HOUR_MS });
          }
        }
        return listing;
      } catch (error) {
        if (error instanceof NoBucket) return undefined;
        if (!(error instanceof TooManyCalls)) throw error;
        listing.stoppedBy = "calls";
        return listing;
      }
    },

    search: async (request, emit, { maxMs, signal }) => {
      const list = listOf(request.bucket, signal);
      const limits = { ...SEARCH_BUDGET, ...budget };
      try {
        await searchLogs(
          { list, bytes, now },
          request,
          { ...limits, maxMs: maxMs ?? limits.maxMs },
          signal,
          emit,
        );
        return true;
      } catch (error) {
        if (error instanceof NoBucket) return false;
        throw error;
      }
    },
  };
};
