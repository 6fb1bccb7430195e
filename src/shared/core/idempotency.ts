import { createIdRanges, type IdRange } from "./id-ranges.ts";
import type { Logger } from "./logger.ts";
import type { KeyedBatch } from "./put-records-engine.ts";
import type { Attempt } from "./record-lookup.ts";

/** A batch as it was when its key was first seen. */
export type BatchBegin = {
  readonly key: string;
  /** Of the body; the same key with another one is refused. */
  readonly digest: string;
  readonly packBytes: number;
  /** Where in the stream its records would be. */
  readonly attempt: Attempt;
  /** Epoch milliseconds. */
  readonly firstSeenAt: number;
};

/** A batch out of the log of an earlier process. */
export type KnownBatch = BatchBegin & {
  /** Positions still to be taken; undefined where that process ended before it knew. */
  readonly open?: readonly IdRange[] | undefined;
  /** Its records that were in the spool, by their position among the records. */
  readonly spooled?: ReadonlySet<number> | undefined;
};

/** Keeps keys beyond the life of the process. */
export type KeyLog = {
  /** Resolves once a kill of the process can no longer lose it. */
  begin(batch: BatchBegin): Promise<void>;
  end(key: string, open: readonly IdRange[]): Promise<void>;
};

export type IdempotencyDeps = {
  /** Epoch milliseconds. */
  now: () => number;
  /** Where things would be that are sent from now on. */
  mark: () => Attempt;
  log: Logger;
  keyLog?: KeyLog | undefined;
  known?: readonly KnownBatch[];
};

export type IdempotencyOptions = {
  windowMs: number;
  /** Past it the oldest keys are forgotten before their window ends. */
  maxKeys: number;
  packBytes: number;
};

export type Claim =
  /** To be submitted so; with nothing open the answer is that of the first time. */
  | { readonly kind: "take"; readonly batch: KeyedBatch; readonly isReplay: boolean }
  | { readonly kind: "mismatch" | "inProgress" | "tooMany" };

type Entry = {
  readonly digest: string;
  readonly packBytes: number;
  readonly firstSeenAt: number;
  /** Of the first try; undefined once nothing is open. */
  attempt: Attempt | undefined;
  open: readonly IdRange[] | undefined;
  /** Nothing of what is open is stored. */
  isSure: boolean;
  spooled: ReadonlySet<number> | undefined;
  isInProgress: boolean;
};

const toSet = (ranges: readonly IdRange[]): Set<number> => {
  const set = new Set<number>();
  for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) set.add(id);
  return set;
};

const LOG_EVERY_MS = 10_000;

/**
 * Remembers batches by their `Idempotency-Key` for a window, so that a batch which is sent again is
 * taken once: of a known key only what was not taken before is submitted, and what may have been
 * taken is looked for in the stream first.
 */
export const createIdempotency = (
  { now, mark, log, keyLog, known = [] }: IdempotencyDeps,
  { windowMs, maxKeys, packBytes }: IdempotencyOptions,
) => {
  /** In the order of `firstSeenAt`. */
  const entries = new Map<string, Entry>();
  let loggedAt = Number.NEGATIVE_INFINITY;
  for (const { key, digest, packBytes: packed, firstSeenAt, attempt, open, spooled } of known) {
    entries.set(key, {
      digest,
      packBytes: packed,
      firstSeenAt,
      attempt,
      open,
      isSure: open !== undefined,
      spooled,
      isInProgress: false,
    });
  }

  const makeRoom = (): boolean => {
    for (const [key, { firstSeenAt, isInProgress }] of entries) {
      const isExpired = now() - firstSeenAt >= windowMs;
      if (!isExpired && entries.size < maxKeys) break;
      if (!isInProgress) entries.delete(key);
    }
    return entries.size < maxKeys;
  };

  const persist = async (work: Promise<void> | undefined): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (now() - loggedAt < LOG_EVERY_MS) return;
      loggedAt = now();
      log.error({ err: error }, "Idempotency keys cannot be written: a restart will forget them.");
    }
  };

  const claimAgain = async (key: string, entry: Entry): Promise<Claim> => {
    entry.isInProgress = true;
    const { digest, packBytes: packed, firstSeenAt, isSure, spooled } = entry;
    const open = entry.open && toSet(entry.open);
    const isReplay = open?.size === 0;
    const attempt = entry.attempt ?? mark();
    entry.attempt = attempt;
    // Should this try be cut short, all of the batch is looked for, from the first try on.
    if (!isReplay && isSure)
      await persist(keyLog?.begin({ key, digest, packBytes: packed, firstSeenAt, attempt }));
    const batch = { key, packBytes: packed, open, spooled, attempt: isSure ? undefined : attempt };
    return { kind: "take", isReplay, batch };
  };

  return {
    windowMs,
    /** What a claim would come to, without making it. */
    look: (key: string, digest: string): "new" | "known" | "mismatch" | "inProgress" => {
      const known = entries.get(key);
      if (known === undefined) return "new";
      const isExpired = now() - known.firstSeenAt >= windowMs;
      if (!isExpired && known.digest !== digest) return "mismatch";
      if (known.isInProgress) return "inProgress";
      return isExpired ? "new" : "known";
    },

    /** Every claim of kind `take` has to be finished, or abandoned. */
    claim: async (key: string, digest: string): Promise<Claim> => {
      const known = entries.get(key);
      if (known !== undefined && now() - known.firstSeenAt < windowMs) {
        if (known.digest !== digest) return { kind: "mismatch" };
        return known.isInProgress ? { kind: "inProgress" } : await claimAgain(key, known);
      }
      if (known?.isInProgress) return { kind: "inProgress" };
      entries.delete(key);
      if (!makeRoom()) return { kind: "tooMany" };
      const begin = { key, digest, packBytes, attempt: mark(), firstSeenAt: now() };
      const entry: Entry = {
        ...begin,
        open: undefined,
        isSure: false,
        spooled: undefined,
        isInProgress: true,
      };
      entries.set(key, entry);
      await persist(keyLog?.begin(begin));
      // A first try: nothing of it can be in the stream yet.
      const batch = { key, packBytes, open: undefined, attempt: undefined, spooled: undefined };
      return { kind: "take", isReplay: false, batch };
    },

    /** `open` are the positions that may be sent again; `isSure` says that none of them is stored. */
    finish: async (key: string, open: readonly number[], isSure: boolean): Promise<void> => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      const ranges = createIdRanges();
      for (const position of open) ranges.add(position);
      entry.open = ranges.list();
      entry.isSure = isSure;
      entry.isInProgress = false;
      if (!isSure) return;
      if (open.length === 0) {
        entry.attempt = undefined;
        entry.spooled = undefined;
      }
      await persist(keyLog?.end(key, entry.open));
    },

    /** The answer was never made: what was stored is looked for when the key comes again. */
    abandon: (key: string): void => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      entry.isInProgress = false;
      entry.isSure = false;
      entry.open = undefined;
    },

    size: (): number => entries.size,
  };
};

export type Idempotency = ReturnType<typeof createIdempotency>;
