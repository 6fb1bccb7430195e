import type { Parcel, SendFailure } from "./put-records-lanes.ts";
import type { Attempt } from "./record-lookup.ts";
import type { Segment } from "./record-packer.ts";
import type { BatchTag } from "./spool.ts";

export type LogFailure = {
  /** Position among the submitted logs. */
  readonly position: number;
  readonly code: string;
  readonly reason: string;
};

/** Refused, yet it may be stored: to be sent again under the same `Idempotency-Key`, or not at all. */
export const UNCONFIRMED = "UNCONFIRMED";

/** A segment and how it has to travel. */
export type OutgoingSegment = {
  readonly segment: Segment;
  readonly tag?: BatchTag | undefined;
  readonly attempt?: Attempt | undefined;
};

export type Submission = {
  readonly parcels: Consignment[];
  /** Epoch milliseconds from which on what has not been sent goes to the spool. */
  readonly spoolAt: number;
  /** Parcels neither acknowledged nor refused yet. */
  open: number;
  readonly failures: LogFailure[];
  readonly answer: (failures: readonly LogFailure[]) => void;
};

/** A parcel and the request it belongs to. */
export type Consignment = Parcel & {
  readonly submission: Submission;
  readonly positions: readonly number[];
  readonly partitionKey: string;
  readonly weight: number;
  state: "waiting" | "inFlight" | "spooling" | "settled";
  wasSent: boolean;
  /** A call with it failed in a way that may have stored it, and nobody could look. */
  isUnsure: boolean;
};

/** Objects around a segment and an index per log, so that many tiny logs cannot outgrow the bound. */
const SEGMENT_OVERHEAD_BYTES = 256;
const POSITION_BYTES = 8;

/** Bytes a segment holds of the queue. */
export const weigh = ({ data, keyBytes, positions }: Segment): number =>
  data.length + keyBytes + SEGMENT_OVERHEAD_BYTES + positions.length * POSITION_BYTES;

export const isThrottle = (code: string): boolean =>
  /Throttl|ThroughputExceeded|LimitExceeded/.test(code);

const codeOf = (failure: SendFailure | undefined): string =>
  failure !== undefined && isThrottle(failure.code) ? "THROTTLED" : "UNAVAILABLE";

type LedgerDeps = {
  lastFailureOf: (partitionKey: string) => SendFailure | undefined;
  /** Takes a waiting parcel's bytes out of its lane. */
  drop: (parcel: Consignment) => void;
};

/**
 * Who waits for what. Every parcel is settled once: acknowledged, refused or given up; a request is
 * answered when its last parcel is, or when it is given up.
 */
export const createLedger = ({ lastFailureOf, drop }: LedgerDeps) => {
  const open = new Set<Submission>();
  const totals = { acknowledgedLogs: 0, spooledLogs: 0, lateLogs: 0 };
  let queueLogs = 0;
  let queueBytes = 0;

  const finish = (submission: Submission): void => {
    if (!open.delete(submission)) return;
    submission.answer(submission.failures.sort((a, b) => a.position - b.position));
  };

  const settle = (parcel: Consignment): void => {
    parcel.state = "settled";
    queueBytes -= parcel.weight;
    parcel.submission.open -= 1;
    if (parcel.submission.open === 0) finish(parcel.submission);
  };

  const addFailures = (parcel: Consignment, code: string, reason: string): void => {
    for (const position of parcel.positions)
      parcel.submission.failures.push({ position, code, reason });
  };

  return {
    add: (
      segments: readonly OutgoingSegment[],
      spoolAt: number,
      answer: Submission["answer"],
    ): Submission => {
      const submission: Submission = {
        parcels: [],
        spoolAt,
        open: segments.length,
        failures: [],
        answer,
      };
      for (const { segment, tag, attempt } of segments) {
        const weight = weigh(segment);
        submission.parcels.push({
          segment,
          tag,
          attempt,
          submission,
          positions: segment.positions,
          partitionKey: segment.partitionKey,
          weight,
          state: "waiting",
          wasSent: false,
          isUnsure: false,
        });
        queueBytes += weight;
        queueLogs += segment.positions.length;
      }
      open.add(submission);
      return submission;
    },

    markSent: (parcel: Consignment): void => {
      parcel.state = "inFlight";
      parcel.wasSent = true;
      queueLogs -= parcel.positions.length;
    },

    markSpooling: (parcel: Consignment): void => {
      if (parcel.state === "waiting") queueLogs -= parcel.positions.length;
      parcel.state = "spooling";
    },

    acknowledge: (parcel: Consignment): void => {
      if (parcel.segment === undefined) totals.lateLogs += parcel.positions.length;
      else totals.acknowledgedLogs += parcel.positions.length;
      settle(parcel);
    },

    /** On the disk, which counts as taken. */
    spooled: (parcel: Consignment): void => {
      if (parcel.segment === undefined) totals.lateLogs += parcel.positions.length;
      else totals.spooledLogs += parcel.positions.length;
      settle(parcel);
    },

    refuse: (parcel: Consignment, code: string, reason: string): void => {
      if (parcel.segment !== undefined) addFailures(parcel, code, reason);
      settle(parcel);
    },

    /** Back in the queue after a failed call, unless nobody waits for it any more. */
    requeue: (parcel: Consignment): void => {
      if (parcel.segment === undefined) {
        settle(parcel);
        return;
      }
      parcel.state = "waiting";
      queueLogs += parcel.positions.length;
    },

    /** Answers now. What waits is dropped; what was handed on is counted until it is known. */
    giveUp: (submission: Submission, why: string): void => {
      for (const parcel of submission.parcels) {
        if (parcel.state === "settled") continue;
        const failure = lastFailureOf(parcel.partitionKey);
        if (parcel.state !== "waiting") {
          const rest = parcel.state === "inFlight" ? "Kinesis" : "The disk";
          addFailures(parcel, UNCONFIRMED, `${why} ${rest} was given it and may still store it.`);
          parcel.segment = undefined;
          continue;
        }
        const cause = failure === undefined ? "" : ` Last answer: ${failure.code}.`;
        const code = parcel.isUnsure ? UNCONFIRMED : codeOf(failure);
        addFailures(parcel, code, `${why}${cause}`);
        queueLogs -= parcel.positions.length;
        drop(parcel);
        settle(parcel);
      }
      finish(submission);
    },

    openSubmissions: (): Submission[] => [...open],
    figures: () => ({ ...totals, queueLogs, queueBytes }),
  };
};

export type Ledger = ReturnType<typeof createLedger>;
