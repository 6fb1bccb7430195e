import type { IngestAccount } from "./accepted-ledger.ts";
import type { ShardState } from "./consumer-state.ts";
import { addCounts, type Counts, mayHaveOverflowed, totalOf } from "./ledger-counts.ts";

/**
 * `balanced`: every accepted log is stored or quarantined. `in_flight`: not yet, and something is
 * still moving or waiting. `open`: nothing moves any more and some are missing: the alarm.
 * `unknown`: it cannot be told.
 */
export type LedgerState = "balanced" | "in_flight" | "open" | "unknown";

/** Null is not known. */
export type ServiceBalance = {
  readonly service: string;
  readonly accepted: number;
  readonly deduplicated: number;
  readonly stored: number;
  readonly quarantined: number;
  /** Accepted and neither stored nor quarantined. */
  readonly outstanding: number | null;
  /** Stored or quarantined, and never answered as accepted. */
  readonly unaccounted: number | null;
};

export type LedgerBalance = Omit<ServiceBalance, "service"> & {
  readonly stream: string;
  readonly state: LedgerState;
  /** One sentence for people; null where it is balanced. */
  readonly reason: string | null;
  /** ISO 8601; when the last thing happened before it stood open, else null. */
  readonly since: string | null;
  /** Of the outstanding ones, those on an ingestion interface's disk. */
  readonly spooled: number;
  /** Records given up and sent to the on-failure destination; how many logs they hold is not known. */
  readonly discardedRecords: number;
  /** Ingestion interfaces that have ever counted for this stream. */
  readonly instances: number;
  readonly services: readonly ServiceBalance[];
  /** False where some services share `__other__` for want of room: then only totals compare. */
  readonly areServicesComplete: boolean;
};

export type LedgerInput = {
  readonly stream: string;
  readonly accounts: readonly IngestAccount[];
  /** Of the stream as it is now. */
  readonly states: readonly ShardState[];
  /** What is left of states of deleted streams of this name. */
  readonly earlierStates: readonly ShardState[];
  /** Every shard that Kinesis lists, open or closed; undefined where it could not be asked. */
  readonly shardIds: readonly string[] | undefined;
  /** Why the figures are not all there; undefined where they are. */
  readonly gap: string | undefined;
};

export type LedgerOptions = {
  /** Epoch milliseconds. */
  readonly now: number;
  /** How old a shard's last poll may be. */
  readonly freshMs: number;
  /** How long after the last accepted log everything must have come to rest: more than a batch window. */
  readonly quietMs: number;
};

/** An account is published every few seconds; past this its process is taken to be gone. */
const SILENT_MS = 30_000;

const NONE: Counts = [0, 0];

const timeOf = (iso: string | null | undefined): number =>
  iso == null ? Number.NEGATIVE_INFINITY : Date.parse(iso);

const plural = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;

const isWorking = ({ pendingUntil, lanes }: ShardState): boolean =>
  pendingUntil != null || (lanes ?? []).some((lane) => lane.pendingUntil !== null);

/** What ingest still holds or has just let go of; undefined where it is at rest. */
const ingestMotion = (
  accounts: readonly IngestAccount[],
  { now, quietMs }: LedgerOptions,
): string | undefined => {
  for (const { instance, spooledLogs, queuedLogs, publishedAt, isClosed } of accounts) {
    const isSilent = isClosed || now - timeOf(publishedAt) > SILENT_MS;
    if (spooledLogs > 0)
      return `${plural(spooledLogs, "log")} wait in the spool of ingest ${instance}${isSilent ? `, which has not been heard of since ${publishedAt}` : ""}.`;
    // What was in the queue of a process that ended was never answered as accepted.
    if (queuedLogs > 0 && !isSilent) return `${plural(queuedLogs, "log")} wait for Kinesis.`;
  }
  const newest = Math.max(...accounts.map(({ lastMovedAt }) => timeOf(lastMovedAt)));
  return now - newest < quietMs ? "Logs were accepted just now." : undefined;
};

/** What the consumer has still to do, or may have; undefined where it is at rest. */
const consumerMotion = (
  { accounts, states, shardIds }: LedgerInput,
  { now, freshMs }: LedgerOptions,
): string | undefined => {
  if (states.length === 0) return "No consumer has recorded any state yet.";
  if (shardIds === undefined) return "The shards of the stream could not be listed.";
  const known = new Set(states.map(({ shardId }) => shardId));
  const unread = shardIds.find((shardId) => !known.has(shardId));
  if (unread !== undefined) return `Shard ${unread} has not been read yet.`;
  const lastMovedAt = Math.max(...accounts.map((account) => timeOf(account.lastMovedAt)));
  for (const state of states) {
    if (state.drained) continue;
    const { shardId, error, millisBehindLatest } = state;
    const polledAt = timeOf(state.lastPolledAt);
    if (error !== null) return `Shard ${shardId} does not move: ${error.code}: ${error.message}`;
    if (now - polledAt > freshMs) return `Shard ${shardId} is not being polled.`;
    if (polledAt < lastMovedAt) return `Shard ${shardId} has not been polled since.`;
    if (isWorking(state)) return `Shard ${shardId} works on a batch.`;
    if (state.waitingRecords)
      return `${plural(state.waitingRecords, "record")} of shard ${shardId} wait for their batch.`;
    if (millisBehindLatest !== 0)
      return millisBehindLatest === null
        ? `Shard ${shardId} has not said how far behind it is.`
        : `Shard ${shardId} is ${plural(millisBehindLatest, "millisecond")} behind.`;
  }
  return undefined;
};

const missingReason = (
  missing: number,
  discardedRecords: number,
  earlierStates: readonly ShardState[],
): string => {
  const given =
    discardedRecords > 0
      ? ` ${plural(discardedRecords, "record")} were given up to the on-failure destination and may hold them.`
      : "";
  const deleted =
    earlierStates.length > 0
      ? " The stream was deleted and made again: what was not read of the old one is gone."
      : "";
  return `${plural(missing, "accepted log")} ${missing === 1 ? "is" : "are"} neither stored nor quarantined, and nothing is on its way.${given}${deleted}`;
};

/**
 * The conservation ledger of one stream: accepted = stored + quarantined + in flight +
 * deduplicated. Says `open` only where nothing can be on its way any more. It counts, it does not
 * compare: a log that another producer puts in can hide one of the same service that is missing.
 */
export const balanceOf = (input: LedgerInput, options: LedgerOptions): LedgerBalance => {
  const { stream, accounts, states, earlierStates, gap } = input;
  const all = [...states, ...earlierStates];
  const taken = accounts.map(({ services }) => services);
  const kept = all.map(({ services }) => services ?? {});
  // Sums are bounded by the number of accounts and shards, which each are bounded.
  const sumOf = (parts: readonly Parameters<typeof totalOf>[0][]) =>
    parts.reduce((sum, part) => addCounts(sum, Object.entries(part), Number.POSITIVE_INFINITY), {});
  const [takenBy, keptBy] = [sumOf(taken), sumOf(kept)];
  const areServicesComplete = ![...taken, ...kept].some((part) => mayHaveOverflowed(part));

  const names = [...new Set([...Object.keys(takenBy), ...Object.keys(keptBy)])].sort();
  const services = names.map((service): ServiceBalance => {
    const [accepted, deduplicated] = (Object.hasOwn(takenBy, service) && takenBy[service]) || NONE;
    const [stored, quarantined] = (Object.hasOwn(keptBy, service) && keptBy[service]) || NONE;
    const short = accepted - deduplicated - stored - quarantined;
    return {
      service,
      accepted,
      deduplicated,
      stored,
      quarantined,
      outstanding: areServicesComplete ? Math.max(0, short) : null,
      unaccounted: areServicesComplete ? Math.max(0, -short) : null,
    };
  });

  const [accepted, deduplicated] = totalOf(takenBy);
  const [stored, quarantined] = totalOf(keptBy);
  const short = accepted - deduplicated - stored - quarantined;
  const sum = (of: (balance: ServiceBalance) => number | null) =>
    services.reduce((total, balance) => total + (of(balance) ?? 0), 0);
  // By service where that is known: a surplus of one must not hide what another lacks.
  const outstanding = areServicesComplete
    ? sum((balance) => balance.outstanding)
    : Math.max(0, short);
  const unaccounted = areServicesComplete
    ? sum((balance) => balance.unaccounted)
    : Math.max(0, -short);
  const spooled = accounts.reduce((total, { spooledLogs }) => total + spooledLogs, 0);
  const discardedRecords = all.reduce((total, { discarded }) => total + (discarded ?? 0), 0);

  const judge = (): Pick<LedgerBalance, "state" | "reason" | "since"> => {
    const say = (state: LedgerState, reason: string | null, since: string | null = null) => ({
      state,
      reason,
      since,
    });
    if (gap !== undefined) return say("unknown", gap);
    if (accounts.length === 0)
      return say("unknown", "No ingestion interface has published its counts.");
    const ingest = ingestMotion(accounts, options);
    if (ingest !== undefined) return say("in_flight", ingest);
    if (outstanding === 0) return say("balanced", null);
    const consumer = consumerMotion(input, options);
    if (consumer !== undefined) return say("in_flight", consumer);
    const lastMoves = [
      ...accounts.map(({ lastMovedAt }) => lastMovedAt),
      ...all.map(({ lastBatchAt }) => lastBatchAt),
    ].filter((time): time is string => time !== null);
    const reason = missingReason(outstanding, discardedRecords, earlierStates);
    return say("open", reason, lastMoves.sort().at(-1) ?? null);
  };

  return {
    stream,
    ...judge(),
    accepted,
    deduplicated,
    stored,
    quarantined,
    outstanding,
    unaccounted,
    spooled,
    discardedRecords,
    instances: accounts.length,
    services,
    areServicesComplete,
  };
};

const BY_URGENCY: readonly LedgerState[] = ["open", "unknown", "in_flight", "balanced"];

/** The state that wants a look first. */
export const worstState = (states: readonly LedgerState[]): LedgerState =>
  BY_URGENCY.find((state) => states.includes(state)) ?? "unknown";
