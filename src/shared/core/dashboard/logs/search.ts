import { BackendError } from "../backend-error.ts";
import { mapBounded } from "../bounded.ts";
import type { ObjectEntry } from "../ports.ts";
import { describeLine } from "./describe-line.ts";
import { eachLine } from "./each-line.ts";
import { type HourFolders, type ListPages, objectsOfHour, walkHours } from "./hour-walk.ts";
import { decodeBytes } from "./line-roles.ts";
import { LEVEL_NAMES, type LevelName, type LogFilter } from "./log-filter.ts";
import { createLineMatcher } from "./match-line.ts";
import type { ObjectBytes } from "./object-bytes.ts";
import type { SearchCursor } from "./search-cursor.ts";
import { isGzipKey, UnpackError, unpackStream } from "./unpack.ts";

export type Hit = {
  key: string;
  /** From 1. */
  line: number;
  firstByte: number;
  timeMs: number | undefined;
  level: LevelName;
  service: string | undefined;
  /** As it is stored; its beginning only where it is long. */
  raw: string;
  isCut: boolean;
};

export type SearchStats = {
  objects: number;
  /** Unpacked. */
  bytes: number;
  lines: number;
  hits: number;
  listCalls: number;
  elapsedMs: number;
  /** The hour it got to, epoch milliseconds; null before the first. */
  hourMs: number | null;
  /** Objects that could not be searched whole, the first few by name. */
  incomplete: { key: string; reason: string }[];
  incompleteCount: number;
};

export type SearchStop = "done" | "limit" | "time" | "cancelled";

export type SearchEvent =
  | { type: "hits"; hits: Hit[] }
  | { type: "progress"; stats: SearchStats }
  | {
      type: "end";
      stats: SearchStats;
      stoppedBy: SearchStop;
      cursor: SearchCursor | undefined;
    };

export type SearchRequest = {
  bucket: string;
  /** Of the partition layout; "" for the whole bucket. */
  prefix: string;
  filter: LogFilter;
  /** Hits in all, 1 to 1,000. */
  limit: number;
  cursor: SearchCursor | undefined;
  /** Goes into the cursor. */
  fingerprint: string;
};

export type SearchBudget = {
  maxMs: number;
  /** Objects read at once. */
  concurrency: number;
  /** A group of objects of one hour, whose hits are put in order together. */
  maxGroupObjects: number;
  maxGroupBytes: number;
  /** Unpacked bytes of one object; what lies behind is not searched, and that is said. */
  maxObjectBytes: number;
  maxListCalls: number;
};

export const SEARCH_BUDGET: SearchBudget = {
  maxMs: 20_000,
  concurrency: 4,
  maxGroupObjects: 64,
  maxGroupBytes: 32 * 1024 * 1024,
  maxObjectBytes: 256 * 1024 * 1024,
  maxListCalls: 2_000,
};

const HOUR_MS = 3_600_000;
const MAX_LINE_BYTES = 1024 * 1024;
const PREVIEW_BYTES = 4_096;
const PROGRESS_MS = 250;
const MAX_NAMED = 5;
/** Lines between two looks at the clock and at whether anybody still listens. */
const LINES_PER_LOOK = 2_000;

/** A line that states no time is placed at the start of its hour. */
type Found = Hit & { orderMs: number };
type HitPlace = Pick<Found, "orderMs" | "key" | "line">;

/** Newest first; what is equal in time by key and line, so that any two hits have an order. */
const compareHits = (a: HitPlace, b: HitPlace): number =>
  b.orderMs - a.orderMs || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.line - b.line);

class OutOfBudget extends Error {}

/**
 * Searches the partitions of a bucket, newest hour first, and tells what it finds as it goes. Ends
 * at the limit, at the end of its time, or when `signal` is aborted; its cursor goes on from there
 * without missing or repeating a hit. Memory is bounded by the limit and by the reads in flight.
 */
export const searchLogs = async (
  { list, bytes, now }: { list: ListPages; bytes: ObjectBytes; now: () => number },
  { bucket, prefix, filter, limit, cursor, fingerprint }: SearchRequest,
  budget: SearchBudget,
  signal: AbortSignal,
  emit: (event: SearchEvent) => void,
): Promise<void> => {
  const startedAt = now();
  const stats: SearchStats = {
    objects: 0,
    bytes: 0,
    lines: 0,
    hits: 0,
    listCalls: 0,
    elapsedMs: 0,
    hourMs: null,
    incomplete: [],
    incompleteCount: 0,
  };
  let toldAt = startedAt;
  // At least one group is searched whatever the time: a search that is continued gets on.
  let isFirstGroup = true;

  const snapshot = (): SearchStats => ({
    ...stats,
    incomplete: [...stats.incomplete],
    elapsedMs: now() - startedAt,
  });
  const isOverTime = (): boolean => now() - startedAt >= budget.maxMs;
  const look = (): void => {
    signal.throwIfAborted();
    if (now() - toldAt < PROGRESS_MS) return;
    toldAt = now();
    emit({ type: "progress", stats: snapshot() });
  };
  const countedList: ListPages = async (request) => {
    look();
    if (stats.listCalls >= budget.maxListCalls || (!isFirstGroup && isOverTime()))
      throw new OutOfBudget();
    stats.listCalls += 1;
    return await list(request);
  };
  const noteIncomplete = (key: string, reason: string): void => {
    stats.incompleteCount += 1;
    if (stats.incomplete.length < MAX_NAMED) stats.incomplete.push({ key, reason });
  };

  const searchObject = async (
    { key }: ObjectEntry,
    hourMs: number,
    take: (hit: Found) => void,
  ): Promise<void> => {
    const opened = await bytes.open({ bucket, key }, signal);
    // Deleted since it was listed, as a retention rule does.
    if ("missing" in opened) return;
    const { mayMatch, matches } = createLineMatcher(filter, () => hourMs);
    const stream = unpackStream(opened.body, isGzipKey(key));
    try {
      const {
        stoppedBy,
        lines,
        bytes: read,
      } = await eachLine(
        stream,
        { maxLineBytes: MAX_LINE_BYTES, maxBytes: budget.maxObjectBytes },
        (line) => {
          if (line.index % LINES_PER_LOOK === LINES_PER_LOOK - 1) look();
          if (!mayMatch(line.bytes, line.start, line.end)) return true;
          const description = describeLine(line.bytes, line.start, line.end);
          if (!matches(line.bytes, line.start, line.end, description)) return true;
          const rawEnd = Math.min(line.end, line.start + PREVIEW_BYTES);
          take({
            key,
            line: line.index + 1,
            firstByte: line.firstByte,
            timeMs: description.timeMs,
            orderMs: description.timeMs ?? hourMs,
            level: LEVEL_NAMES[description.level] ?? "none",
            service: description.service,
            raw: decodeBytes(line.bytes, line.start, rawEnd),
            isCut: line.isCut || rawEnd < line.end,
          });
          return true;
        },
      );
      stats.lines += lines;
      stats.bytes += read;
      if (stoppedBy === "bytes")
        noteIncomplete(key, `only its first ${budget.maxObjectBytes / 1_048_576} MB were searched`);
    } catch (error) {
      if (signal.aborted || error instanceof BackendError) throw error;
      if (error instanceof UnpackError) noteIncomplete(key, error.message);
      else if (isGzipKey(key))
        noteIncomplete(key, "it is damaged: not all of it could be unpacked");
      else throw error;
    }
    stats.objects += 1;
    look();
  };

  /** The newest hits of a group that come after what was told of it before. */
  const searchGroup = async (
    objects: readonly ObjectEntry[],
    hour: number,
    max: number,
    after: SearchCursor["group"],
  ): Promise<{ hits: Found[]; hasMore: boolean }> => {
    let hits: Found[] = [];
    const bound = after && { orderMs: after.timeMs, key: after.key, line: after.line };
    const trim = (): void => {
      hits.sort(compareHits);
      hits = hits.slice(0, max + 1);
    };
    await mapBounded(objects, budget.concurrency, (object) =>
      searchObject(object, hour * HOUR_MS, (hit) => {
        if (bound !== undefined && compareHits(hit, bound) <= 0) return;
        hits.push(hit);
        if (hits.length > 2 * max + 100) trim();
      }),
    );
    trim();
    return { hits: hits.slice(0, max), hasMore: hits.length > max };
  };

  const tell = (hits: readonly Found[]): void => {
    if (hits.length === 0) return;
    stats.hits += hits.length;
    emit({ type: "hits", hits: hits.map(({ orderMs: _orderMs, ...hit }) => hit) });
  };

  let place: SearchCursor | undefined = cursor;
  const finish = (stoppedBy: SearchStop): void =>
    emit({
      type: "end",
      stats: snapshot(),
      stoppedBy,
      cursor: stoppedBy === "done" ? undefined : place,
    });

  /** Whether the hour was searched to its end. */
  const searchHour = async (folders: HourFolders): Promise<SearchStop | undefined> => {
    const { hour } = folders;
    stats.hourMs = hour * HOUR_MS;
    const isResumed = cursor !== undefined && cursor.hour === hour;
    let afterKey = isResumed ? cursor.afterKey : "";
    let group = isResumed ? cursor.group : undefined;
    place = { of: fingerprint, hour, afterKey, group };
    let waiting: ObjectEntry[] = [];
    let waitingBytes = 0;

    const flush = async (): Promise<SearchStop | undefined> => {
      const lastKey = waiting.at(-1)?.key;
      if (lastKey === undefined) return undefined;
      if (!isFirstGroup && isOverTime()) return "time";
      isFirstGroup = false;
      const { hits, hasMore } = await searchGroup(waiting, hour, limit - stats.hits, group);
      tell(hits);
      const last = hits.at(-1);
      if (hasMore && last !== undefined) {
        const { orderMs: timeMs, key, line } = last;
        place = { of: fingerprint, hour, afterKey, group: { lastKey, timeMs, key, line } };
        return "limit";
      }
      afterKey = lastKey;
      group = undefined;
      place = { of: fingerprint, hour, afterKey };
      waiting = [];
      waitingBytes = 0;
      return stats.hits >= limit ? "limit" : undefined;
    };

    for await (const object of objectsOfHour(countedList, folders, afterKey)) {
      const endsGroup =
        group === undefined
          ? waiting.length >= budget.maxGroupObjects || waitingBytes >= budget.maxGroupBytes
          : object.key > group.lastKey;
      if (endsGroup) {
        const stop = await flush();
        if (stop !== undefined) return stop;
      }
      waiting.push(object);
      waitingBytes += object.size;
    }
    return await flush();
  };

  const { fromMs } = filter;
  // Nothing of an hour that was searched to its end is asked for again.
  const resumedTo = cursor === undefined ? undefined : (cursor.hour + 1) * HOUR_MS;
  const toMs = Math.min(
    filter.toMs ?? Number.POSITIVE_INFINITY,
    resumedTo ?? Number.POSITIVE_INFINITY,
  );
  try {
    const range = { prefix, fromMs, toMs: Number.isFinite(toMs) ? toMs : undefined };
    for await (const folders of walkHours(countedList, range)) {
      const stop = await searchHour(folders);
      if (stop !== undefined) return finish(stop);
    }
    finish("done");
  } catch (error) {
    if (error instanceof OutOfBudget) return finish("time");
    if (signal.aborted) return finish("cancelled");
    throw error;
  }
};
