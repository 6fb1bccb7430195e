import type { Attempt, StoredAt } from "./record-lookup.ts";
import type { OpenAttempt, SpooledEntry } from "./spool.ts";
import { type DrainRecord, toDrainRecord } from "./spool-window.ts";

/** Records that were sent, of which is not known whether they were stored. */
export type Unsure = {
  attempt: Attempt;
  /** Undefined where the attempt is told by the entries themselves. */
  readonly attemptId: number | undefined;
  records: readonly DrainRecord[];
  /** Epoch milliseconds; a look that begins then, or later, is the last word. */
  readonly conclusiveFrom: number;
  nextLookAt: number;
  pauseMs: number;
};

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

export const entriesOf = (records: readonly DrainRecord[]): SpooledEntry[] =>
  records.flatMap(({ entries }) => [...entries]);

/**
 * What of the spool has to be found in the stream, or not found by a look after the grace, before
 * its partition keys go on. Times are epoch milliseconds.
 */
export const createUnsureRecords = (now: () => number, graceMs: number) => {
  let list: Unsure[] = [];

  const add = (one: Omit<Unsure, "pauseMs">): void => {
    list.push({ ...one, pauseMs: FIRST_PAUSE_MS });
  };

  /** Given up at `givenUpAt` at the latest, or before now where the clock was set back since. */
  const graceEnd = ({ until }: Attempt, givenUpAt: number): number =>
    Math.min(until ?? Number.POSITIVE_INFINITY, Math.min(givenUpAt, now()) + graceMs);

  return {
    isEmpty: (): boolean => list.length === 0,

    /** A call that has just failed; with an answer there is nothing to wait for. */
    addCall: (
      attempt: Attempt,
      attemptId: number,
      records: readonly DrainRecord[],
      mayStillArrive: boolean,
    ): void => {
      const conclusiveFrom = now() + (mayStillArrive ? graceMs : 0);
      add({ attempt, attemptId, records, conclusiveFrom, nextLookAt: now() + FIRST_PAUSE_MS });
    },

    /** What of these entries was sent before it was spooled. */
    addSpooled: (entries: readonly SpooledEntry[]): void => {
      const byAttempt = new Map<string, { attempt: Attempt; sent: SpooledEntry[] }>();
      for (const entry of entries) {
        const { attempt } = entry;
        if (attempt === undefined) continue;
        const id = JSON.stringify(attempt);
        const same = byAttempt.get(id) ?? { attempt, sent: [] };
        byAttempt.set(id, same);
        same.sent.push(entry);
      }
      for (const { attempt, sent } of byAttempt.values()) {
        const spooledAt = sent.reduce((last, entry) => Math.max(last, entry.spooledAt), 0);
        add({
          attempt,
          attemptId: undefined,
          records: sent.map((entry) => toDrainRecord(entry.partitionKey, [entry])),
          conclusiveFrom: graceEnd(attempt, spooledAt),
          nextLookAt: now(),
        });
      }
    },

    /** A call that an earlier process had begun; it may have been killed just now. */
    addRecovered: (
      { attemptId, attempt, records }: OpenAttempt,
      byId: ReadonlyMap<number, SpooledEntry>,
    ): void => {
      const known = records.flatMap((ids) => {
        const entries = ids.flatMap((id) => byId.get(id) ?? []);
        const [first] = entries;
        return first !== undefined && entries.length === ids.length
          ? [toDrainRecord(first.partitionKey, entries)]
          : [];
      });
      const conclusiveFrom = graceEnd(attempt, now());
      add({ attempt, attemptId, records: known, conclusiveFrom, nextLookAt: now() });
    },

    /** Partition keys of which nothing may be sent. */
    heldKeys: (): Set<string> =>
      new Set(list.flatMap(({ records }) => records.map(({ partitionKey }) => partitionKey))),

    /** The one to look for next, which may not be due yet. */
    next: (): Unsure | undefined => {
      let first: Unsure | undefined;
      for (const one of list)
        if (first === undefined || one.nextLookAt < first.nextLookAt) first = one;
      return first;
    },

    /** The stream could not be read. */
    postpone: (one: Unsure): void => {
      one.nextLookAt = now() + one.pauseMs;
      one.pauseMs = Math.min(one.pauseMs * 2, LONGEST_PAUSE_MS);
    },

    /**
     * Takes a look's result in. What it found is for the caller to take out of the spool; whether
     * this is the last word on the rest, which then is to be sent.
     */
    settle: (
      one: Unsure,
      found: readonly (StoredAt | undefined)[],
      isComplete: boolean,
      lookedAt: number,
    ): { stored: SpooledEntry[]; isOver: boolean } => {
      const stored = entriesOf(one.records.filter((_record, index) => found[index] !== undefined));
      const storedIds = new Set(stored.map(({ id }) => id));
      // An entry that was sent twice, by one process and the next, is in two of them.
      for (const other of stored.length > 0 ? list : [])
        other.records = other.records.filter(
          ({ entries }) => !entries.every(({ id }) => storedIds.has(id)),
        );
      const isOver = one.records.length === 0 || (isComplete && lookedAt >= one.conclusiveFrom);
      if (isOver) list = list.filter((other) => other !== one);
      one.nextLookAt = isComplete ? one.conclusiveFrom : now();
      one.pauseMs = FIRST_PAUSE_MS;
      return { stored, isOver };
    },
  };
};
