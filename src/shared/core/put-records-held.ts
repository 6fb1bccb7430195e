import type { Grace } from "./put-records-grace.ts";
import type { CallEntry, Lane, SendFailure } from "./put-records-lanes.ts";
import type { Consignment, Ledger } from "./put-records-ledger.ts";
import type { Look } from "./put-records-look.ts";
import type { Marks } from "./put-records-marks.ts";
import type { Attempt, LookupResult } from "./record-lookup.ts";

export type Entry = CallEntry<Consignment>;
export type ConsignmentLane = Lane<Consignment>;

/** What a call did to one lane. */
export type Outcome = {
  failed: Consignment[];
  failure: SendFailure | undefined;
  acceptedBytes: number;
};

/** Entries of a failed call, by lane, of which is not known whether they were stored. */
type Job = {
  attempt: Attempt;
  readonly byLane: Map<ConsignmentLane, readonly Entry[]>;
  readonly failure: SendFailure | undefined;
  readonly abort: AbortController;
};

export type HeldDeps = {
  looker: Look;
  marks: Marks;
  ledger: Ledger;
  grace: Grace;
  /** Epoch milliseconds. */
  now: () => number;
  schedule: (delayMs: number, task: () => void) => () => void;
  /** Counts a record that was found. */
  onFound: (entry: Entry) => void;
  settleLane: (lane: ConsignmentLane, outcome: Outcome) => void;
  /** Sends a lane to the spool where it has waited long enough. */
  divertIfDue: (lane: ConsignmentLane) => void;
  /** Some lanes may go on. */
  onSettled: () => void;
};

/** Most of what a server stores though its client has gone is there by then. */
const FIRST_LOOK_AFTER_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Lanes that are held until the stream has told which of their records it has. What it has counts
 * as stored; the rest goes back into its lane once a look that began after the grace has not seen
 * it. A lane can be taken out at any time, to be looked for by somebody else.
 */
export const createHeld = (deps: HeldDeps) => {
  const { looker, marks, ledger, grace, now, schedule } = deps;
  const { onFound, settleLane, divertIfDue, onSettled } = deps;
  const jobs = new Map<ConsignmentLane, Job>();

  const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const cancel = schedule(delayMs, resolve);
      signal.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });

  const leave = (lane: ConsignmentLane): void => {
    const job = jobs.get(lane);
    jobs.delete(lane);
    job?.byLane.delete(lane);
    if (job?.byLane.size === 0) job.abort.abort();
  };

  /** Entries that nobody waits for any more are not looked for. */
  const dropAbandoned = ({ byLane }: Job): void => {
    for (const [lane, entries] of byLane) {
      const isWanted = entries.some(({ parcels }) => parcels.some(({ segment }) => segment));
      if (isWanted) continue;
      leave(lane);
      const failed = entries.flatMap(({ parcels }) => parcels);
      settleLane(lane, { failed, failure: undefined, acceptedBytes: 0 });
    }
  };

  /** Acknowledges what was found and returns what was not, by lane. */
  const takeFound = (job: Job, entries: readonly Entry[], { found }: LookupResult) => {
    const left = new Map<ConsignmentLane, { missing: Entry[]; foundBytes: number }>();
    for (const [index, entry] of entries.entries()) {
      const { lane, parcels, record } = entry;
      if (jobs.get(lane) !== job) continue;
      const rest = left.get(lane) ?? { missing: [], foundBytes: 0 };
      left.set(lane, rest);
      const stored = found[index];
      if (stored === undefined) {
        rest.missing.push(entry);
        continue;
      }
      rest.foundBytes += record.data.length;
      marks.note([stored]);
      onFound(entry);
      for (const parcel of parcels) ledger.acknowledge(parcel);
    }
    return left;
  };

  /** Epoch milliseconds; a look that begins then, or later, is the last word. */
  const conclusiveFrom = ({ failure }: Job, { partitionKey }: ConsignmentLane): number =>
    Math.max(grace.endOf(partitionKey), failure === undefined ? grace.endOfEarlier : 0);

  const settleLook = (
    job: Job,
    entries: readonly Entry[],
    result: LookupResult,
    lookedAt: number,
  ): void => {
    for (const [lane, { missing, foundBytes }] of takeFound(job, entries, result)) {
      const isLastWord = result.isComplete && lookedAt >= conclusiveFrom(job, lane);
      if (missing.length > 0 && !isLastWord) {
        job.byLane.set(lane, missing);
        continue;
      }
      leave(lane);
      const failed = missing.flatMap(({ parcels }) => parcels);
      for (const parcel of failed) parcel.attempt = undefined;
      const failure = missing.length > 0 ? job.failure : undefined;
      settleLane(lane, { failed, failure, acceptedBytes: foundBytes });
    }
  };

  const msToNextLook = (job: Job): number => {
    const times = [...job.byLane.keys()].map((lane) => conclusiveFrom(job, lane));
    return Math.max(1, Math.min(...times) - now());
  };

  return {
    has: (lane: ConsignmentLane): boolean => jobs.has(lane),

    /** What is held of a lane, and the attempt it was sent with. */
    of: (lane: ConsignmentLane): { entries: readonly Entry[]; attempt: Attempt } | undefined => {
      const job = jobs.get(lane);
      return job && { entries: job.byLane.get(lane) ?? [], attempt: job.attempt };
    },

    leave,

    dropAbandoned: (): void => {
      for (const job of new Set(jobs.values())) dropAbandoned(job);
    },

    abortAll: (): void => {
      for (const job of jobs.values()) job.abort.abort();
    },

    /** Resolves when nothing of these entries is held any more. */
    lookFor: async (
      entries: readonly Entry[],
      attempt: Attempt,
      failure: SendFailure | undefined,
    ): Promise<void> => {
      const job: Job = { attempt, byLane: new Map(), failure, abort: new AbortController() };
      for (const entry of entries) {
        const { lane } = entry;
        job.byLane.set(lane, [...(job.byLane.get(lane) ?? []), entry]);
        jobs.set(lane, job);
      }
      dropAbandoned(job);
      for (const lane of [...job.byLane.keys()]) divertIfDue(lane);
      let pauseMs = failure === undefined ? 0 : FIRST_LOOK_AFTER_MS;
      while (job.byLane.size > 0 && !job.abort.signal.aborted) {
        if (pauseMs > 0) await pause(pauseMs, job.abort.signal);
        dropAbandoned(job);
        const held = [...job.byLane.values()].flat();
        if (held.length === 0) break;
        const records = held.map(({ record }) => record);
        const lookedAt = now();
        const result = await looker.look(records, job.attempt, job.abort.signal);
        if (result === undefined) {
          pauseMs = Math.min(Math.max(pauseMs, FIRST_LOOK_AFTER_MS) * 2, LONGEST_PAUSE_MS);
          continue;
        }
        job.attempt = result.attempt;
        settleLook(job, held, result, lookedAt);
        onSettled();
        pauseMs = result.isComplete ? msToNextLook(job) : 0;
      }
    },
  };
};

export type Held = ReturnType<typeof createHeld>;
