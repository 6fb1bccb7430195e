import { countUnclear, type SentLog, STRANGER, wasAccepted } from "./logs.ts";

/** Where a line with a log's id was found. */
export type Copy = {
  /** Object key. */
  readonly key: string;
  /** Epoch milliseconds at which the object was last written. */
  readonly storedAt: number;
  /** The line is, byte for byte, the one that was sent. */
  readonly isSame: boolean;
};

export type Found = {
  readonly stored: ReadonlyMap<string, readonly Copy[]>;
  /** Quarantined copies of each id. */
  readonly quarantined: ReadonlyMap<string, number>;
  /** Lines of data objects that hold no id of this run. */
  readonly strangers: number;
};

export type Verdict = {
  readonly sent: number;
  readonly accepted: number;
  /** Of those, through the ingestion interface. */
  readonly answered: number;
  /** Distinct logs in the bucket. */
  readonly stored: number;
  readonly quarantined: number;
  /** Accepted, and neither stored nor quarantined. */
  readonly lost: readonly SentLog[];
  /** Stored with other bytes than were sent. */
  readonly altered: readonly SentLog[];
  /** Stored more often than the client's own repeats can explain. */
  readonly doubled: readonly SentLog[];
  /** Surplus copies by that count. */
  readonly copiesOurs: number;
  /** Surplus copies of logs whose client got no answer and sent them again, without a key. */
  readonly copiesOfClient: number;
  /** Logs that were sent again because no answer came, or none that settled it. */
  readonly resent: number;
  /** Stored although no answer ever said so: the client gave up. */
  readonly unacknowledged: number;
  readonly strangers: number;
  /** From the first try to the object, milliseconds, ascending. */
  readonly timesToObject: readonly number[];
};

/**
 * How many copies are none of our doing. Under a key there may be one, whatever happened; without
 * one, each try without a clear answer may have been taken as well.
 */
const allowedCopies = (log: SentLog): number => {
  if (log.key !== undefined) return 1;
  return countUnclear(log) + (wasAccepted(log) ? 1 : 0);
};

/** Compares what was sent with what was found. */
export const judge = (logs: readonly SentLog[], found: Found): Verdict => {
  const lost: SentLog[] = [];
  const altered: SentLog[] = [];
  const doubled: SentLog[] = [];
  const timesToObject: number[] = [];
  const counts = {
    accepted: 0,
    answered: 0,
    stored: 0,
    quarantined: 0,
    resent: 0,
    unacknowledged: 0,
  };
  let copiesOurs = 0;
  let copiesOfClient = 0;
  for (const log of logs) {
    const stored = found.stored.get(log.id) ?? [];
    const quarantined = found.quarantined.get(log.id) ?? 0;
    const copies = stored.length + quarantined;
    const isAccepted = wasAccepted(log);
    if (isAccepted) counts.accepted += 1;
    if (isAccepted && log.service !== STRANGER) counts.answered += 1;
    if (stored.length > 0) counts.stored += 1;
    if (quarantined > 0) counts.quarantined += 1;
    if (countUnclear(log) > 0) counts.resent += 1;
    if (copies > 0 && !isAccepted) counts.unacknowledged += 1;
    if (copies === 0 && isAccepted) lost.push(log);
    if (stored.some(({ isSame }) => !isSame)) altered.push(log);
    const surplus = Math.max(0, copies - 1);
    // A log that was refused each time, and clearly, may not be there at all.
    const ours = Math.max(0, copies - allowedCopies(log));
    copiesOurs += ours;
    copiesOfClient += Math.max(0, surplus - ours);
    if (ours > 0) doubled.push(log);
    if (stored.length > 0)
      timesToObject.push(Math.min(...stored.map(({ storedAt }) => storedAt)) - log.sentAt);
  }
  return {
    sent: logs.length,
    ...counts,
    lost,
    altered,
    doubled,
    copiesOurs,
    copiesOfClient,
    strangers: found.strangers,
    timesToObject: timesToObject.sort((a, b) => a - b),
  };
};

/** Undefined where there are no values. */
export const percentile = (sorted: readonly number[], percent: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))];

/** True where every promise was kept. */
export const isKept = ({ lost, altered, copiesOurs, strangers }: Verdict): boolean =>
  lost.length + altered.length + copiesOurs + strangers === 0;
