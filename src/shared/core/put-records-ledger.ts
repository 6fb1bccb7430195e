import type { Parcel, SendFailure } from "./put-records-lanes.ts";
import type { Segment } from "./record-packer.ts";

export type LogFailure = {
  /** Position among the submitted logs. */
  readonly position: number;
  readonly code: string;
  readonly reason: string;
};

export type Submission = {
  readonly parcels: Consignment[];
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
  state: "waiting" | "inFlight" | "settled";
  wasSent: boolean;
};

/** Objects around a segment and an index per log, so that many tiny logs cannot outgrow the bound. */
const SEGMENT_OVERHEAD_BYTES = 256;
const POSITION_BYTES = 8;

/** Bytes a segment holds of the queue. */
export const weigh = ({ data, keyBytes, positions }: Segment): number =>
  data.length + keyBytes + SEGMENT_OVERHEAD_BYTES + positions.length * POSITION_BYTES;

export const isThrottle = (code: string): boolean =>
  /Throttl|ThroughputExceeded|LimitExceeded/.test(code);

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
  const totals = { acknowledgedLogs: 0, lateLogs: 0 };
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
    add: (segments: readonly Segment[], answer: Submission["answer"]): Submission => {
      const submission: Submission = { parcels: [], open: segments.length, failures: [], answer };
      for (const segment of segments) {
        const weight = weigh(segment);
        submission.parcels.push({
          segment,
          submission,
          positions: segment.positions,
          partitionKey: segment.partitionKey,
          weight,
          state: "waiting",
          wasSent: false,
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

    acknowledge: (parcel: Consignment): void => {
      if (parcel.segment === undefined) totals.lateLogs += parcel.positions.length;
      else totals.acknowledgedLogs += parcel.positions.length;
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

    /** Answers now. What waits is dropped; what is in flight keeps its bytes until its call ends. */
    giveUp: (submission: Submission, why: string): void => {
      for (const parcel of submission.parcels) {
        if (parcel.state === "settled") continue;
        const failure = lastFailureOf(parcel.partitionKey);
        const isThrottled = failure !== undefined && isThrottle(failure.code);
        const code = isThrottled ? "THROTTLED" : "UNAVAILABLE";
        if (parcel.state === "inFlight") {
          addFailures(parcel, code, `${why} Its call is under way and may still store it.`);
          parcel.segment = undefined;
          continue;
        }
        const cause = failure === undefined ? "" : ` Last answer: ${failure.code}.`;
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
