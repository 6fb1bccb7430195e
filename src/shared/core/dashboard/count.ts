import { STATE_PREFIX } from "../consumer-state.ts";
import { S3_LIST_MAX_KEYS } from "../limits.ts";
import { QUARANTINE_PREFIX } from "../quarantine.ts";
import type { ObjectCatalog } from "./ports.ts";

/** What one counting call may cost: list calls of 1,000 keys each, and time. */
export type CountBudget = { maxPages: number; maxMs: number };

/** Counts are floors unless `isComplete`. */
export type Tally = {
  objects: number;
  bytes: number;
  /** Newest of the objects counted. */
  newest: Date | undefined;
  isComplete: boolean;
  /** Last key that was counted; undefined where there was none. */
  countedUpTo: string | undefined;
};

export type BucketCount = { data: Tally; quarantine: Tally; state: Tally };

const APART = [QUARANTINE_PREFIX, STATE_PREFIX] as const;
/** Without the markers of replayed records. */
const QUARANTINED_PREFIX = `${QUARANTINE_PREFIX}reason=`;
/** Sorts after every key that is written below these prefixes. */
const END_OF_PREFIX = "~";

const countRange = async (
  catalog: ObjectCatalog,
  { bucket, prefix }: { bucket: string; prefix?: string },
  { maxPages, isOver }: { maxPages: number; isOver: () => boolean },
  signal: AbortSignal,
): Promise<Tally | undefined> => {
  const tally: Tally = {
    objects: 0,
    bytes: 0,
    newest: undefined,
    isComplete: false,
    countedUpTo: undefined,
  };
  let startAfter: string | undefined;
  for (let page = 0; page < maxPages && (page === 0 || !isOver()); page += 1) {
    const answer = await catalog.list(
      { bucket, prefix, maxKeys: S3_LIST_MAX_KEYS, startAfter },
      signal,
    );
    if (answer === undefined) return undefined;
    for (const { key, size, lastModified } of answer.objects) {
      const isApart = APART.some((apart) => key.startsWith(apart));
      if (prefix === undefined && isApart) continue;
      tally.objects += 1;
      tally.bytes += size;
      tally.countedUpTo = key;
      if (lastModified && (!tally.newest || lastModified > tally.newest))
        tally.newest = lastModified;
    }
    const lastKey = answer.objects.at(-1)?.key;
    if (answer.nextToken === undefined || lastKey === undefined) {
      tally.isComplete = true;
      return tally;
    }
    // A large quarantine must not eat the budget of the data behind it.
    const skipped = prefix === undefined && APART.find((apart) => lastKey.startsWith(apart));
    startAfter = skipped && lastKey < skipped + END_OF_PREFIX ? skipped + END_OF_PREFIX : lastKey;
  }
  return tally;
};

/**
 * Counts a bucket's data objects, and apart from them its quarantine and state objects, within the
 * budget; at least one page of each is read. Undefined where there is no such bucket.
 */
export const countBucket = async (
  catalog: ObjectCatalog,
  bucket: string,
  { budget, now, signal }: { budget: CountBudget; now: () => number; signal: AbortSignal },
): Promise<BucketCount | undefined> => {
  const startedAt = now();
  const isOver = () => now() - startedAt >= budget.maxMs;
  const apart = { maxPages: Math.max(1, Math.ceil(budget.maxPages / 5)), isOver };
  const [data, quarantine, state] = await Promise.all([
    countRange(catalog, { bucket }, { maxPages: budget.maxPages, isOver }, signal),
    countRange(catalog, { bucket, prefix: QUARANTINED_PREFIX }, apart, signal),
    countRange(catalog, { bucket, prefix: STATE_PREFIX }, apart, signal),
  ]);
  return data && quarantine && state ? { data, quarantine, state } : undefined;
};
