import { S3_LIST_MAX_KEYS } from "../../limits.ts";
import type { ObjectCatalog, ObjectEntry } from "../ports.ts";

/** What one scan may cost. */
export type ScanBudget = { maxCalls: number; maxMs: number };

/** What an object must be like; what is absent is not asked for. */
export type ObjectFilter = {
  contains?: string | undefined;
  /** Whether `contains` tells `A` from `a`. */
  isCaseSensitive?: boolean | undefined;
  /** Epoch milliseconds, both included. */
  modifiedAfter?: number | undefined;
  modifiedBefore?: number | undefined;
  /** Bytes, both included. */
  minSize?: number | undefined;
  maxSize?: number | undefined;
};

/** Where a scan goes on, with what it has seen so far. */
export type ScanCursor = { after: string; scanned: number; matched: number };

export type StopReason = "end" | "page" | "calls" | "time";

/** What was looked at since the scan began, over all its parts. */
export type Coverage = {
  scanned: number;
  matched: number;
  complete: boolean;
  stopReason: StopReason;
  /** Everything up to this key was looked at; undefined where nothing was. */
  lastKey: string | undefined;
  listCalls: number;
  elapsedMs: number;
};

export type Scan = {
  objects: ObjectEntry[];
  coverage: Coverage;
  next: ScanCursor | undefined;
};

export const isFiltering = (filter: ObjectFilter): boolean =>
  Object.entries(filter).some(
    ([name, value]) => name !== "isCaseSensitive" && value !== undefined && value !== "",
  );

/** Whether an object is what the filter asks for. One without a time is of no age. */
export const createMatcher = ({
  contains = "",
  isCaseSensitive = false,
  modifiedAfter,
  modifiedBefore,
  minSize,
  maxSize,
}: ObjectFilter): ((object: ObjectEntry) => boolean) => {
  const fold = (text: string) => (isCaseSensitive ? text : text.toLowerCase());
  const wanted = fold(contains);
  return ({ key, size, lastModified }) => {
    if (wanted !== "" && !fold(key).includes(wanted)) return false;
    if (minSize !== undefined && size < minSize) return false;
    if (maxSize !== undefined && size > maxSize) return false;
    const at = lastModified?.getTime();
    if (modifiedAfter !== undefined && (at === undefined || at < modifiedAfter)) return false;
    return modifiedBefore === undefined || (at !== undefined && at <= modifiedBefore);
  };
};

/**
 * Looks for objects below a prefix, key by key, until there are `maxMatches`, the budget is spent
 * or there are no more. `next` goes on behind the last key looked at: no key is looked at twice.
 * Undefined where there is no such bucket.
 */
export const scanObjects = async (
  catalog: ObjectCatalog,
  {
    bucket,
    prefix,
    filter,
    maxMatches,
    cursor,
  }: {
    bucket: string;
    prefix: string;
    filter: ObjectFilter;
    maxMatches: number;
    cursor?: ScanCursor | undefined;
  },
  { budget, now, signal }: { budget: ScanBudget; now: () => number; signal: AbortSignal },
): Promise<Scan | undefined> => {
  const startedAt = now();
  const matches = createMatcher(filter);
  const objects: ObjectEntry[] = [];
  let { after: lastKey, scanned, matched } = cursor ?? { after: "", scanned: 0, matched: 0 };
  let listCalls = 0;

  const finish = (stopReason: StopReason): Scan => ({
    objects,
    coverage: {
      scanned,
      matched,
      complete: stopReason === "end",
      stopReason,
      lastKey: lastKey === "" ? undefined : lastKey,
      listCalls,
      elapsedMs: now() - startedAt,
    },
    next: stopReason === "end" ? undefined : { after: lastKey, scanned, matched },
  });

  for (;;) {
    if (listCalls >= budget.maxCalls) return finish("calls");
    // However slow, a scan gets further than the one before it.
    if (listCalls > 0 && now() - startedAt >= budget.maxMs) return finish("time");
    const page = await catalog.list(
      {
        bucket,
        prefix,
        maxKeys: S3_LIST_MAX_KEYS,
        startAfter: lastKey === "" ? undefined : lastKey,
      },
      signal,
    );
    listCalls += 1;
    if (page === undefined) return undefined;
    for (const [index, object] of page.objects.entries()) {
      lastKey = object.key;
      scanned += 1;
      if (!matches(object)) continue;
      objects.push(object);
      matched += 1;
      const isLast = index === page.objects.length - 1 && page.nextToken === undefined;
      if (objects.length === maxMatches && !isLast) return finish("page");
    }
    if (page.nextToken === undefined || page.objects.length === 0) return finish("end");
  }
};
