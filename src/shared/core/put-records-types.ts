import type { KeyedBatch } from "./keyed-batch.ts";
import type { Logger } from "./logger.ts";
import type { RecordWriter } from "./ports.ts";
import type { SendFailure } from "./put-records-lanes.ts";
import type { LogFailure } from "./put-records-ledger.ts";
import type { Attempt, RecordLookup } from "./record-lookup.ts";
import type { OutgoingLog } from "./record-packer.ts";
import type { Spool, SpoolDepth } from "./spool.ts";

export type EngineDeps = {
  writer: RecordWriter;
  /** Epoch milliseconds. */
  now: () => number;
  /** Runs `task` once after the delay; the answer cancels it. */
  schedule: (delayMs: number, task: () => void) => () => void;
  /** 0 to 1. */
  random: () => number;
  log: Logger;
  /** Without it, what a failed call may have stored is sent again all the same. */
  lookup?: RecordLookup | undefined;
  /** Without it, what Kinesis does not take in time is refused. */
  spool?: Spool | undefined;
};

export type EngineOptions = {
  /** Longest wait of a small request for company; 0 sends at once. */
  lingerMs: number;
  /** Logs of one service travel together up to this size; 0 is one log a record. */
  packBytes: number;
  /** Waiting and in flight, bookkeeping included. */
  maxQueueBytes: number;
  /** Longest wait of a request for its acknowledgement. */
  requestDeadlineMs: number;
  maxCallsInFlight?: number;
  /**
   * A call without an answer is given up; half of the request deadline with a spool, three quarters
   * without one, unless given.
   */
  callTimeoutMs?: number;
  /**
   * How long after a call without an answer its records may still be stored;
   * LATE_ARRIVAL_GRACE_MS unless given.
   */
  lateArrivalGraceMs?: number;
  /** What waits for longer goes to the spool; a third of the request deadline unless given. */
  spoolAfterMs?: number;
};

export type SubmitResult =
  /** Every log that is not among the failures has a sequence number or is on the disk. */
  | { readonly ok: true; readonly failures: readonly LogFailure[] }
  /** Refused as a whole: nothing of it was or will be sent. */
  | {
      readonly ok: false;
      readonly code: "QUEUE_FULL" | "BATCH_TOO_LARGE" | "CLOSING";
      readonly reason: string;
    };

export type EngineStats = {
  readonly queueLogs: number;
  readonly queueBytes: number;
  readonly maxQueueBytes: number;
  readonly callsInFlight: number;
  readonly calls: number;
  readonly failedCalls: number;
  /** Failed as a whole, since the last call that did not. */
  readonly failedCallsInARow: number;
  readonly records: number;
  readonly recordBytes: number;
  readonly retriedRecords: number;
  readonly throttledRecords: number;
  readonly acknowledgedLogs: number;
  /** Taken by the disk, for Kinesis did not. */
  readonly spooledLogs: number;
  /** Acknowledged after their request had been told they were not. */
  readonly lateLogs: number;
  readonly lastSuccessAt: number | undefined;
  readonly lastFailure: (SendFailure & { readonly at: number }) | undefined;
  readonly isClosing: boolean;
  /** Kinesis is known to be down. */
  readonly isCircuitOpen: boolean;
  readonly lookups: number;
  readonly failedLookups: number;
  /** Records of failed calls that were found in the stream, and therefore not sent again. */
  readonly foundRecords: number;
  /** Logs of the spool that have reached Kinesis. */
  readonly drainedLogs: number;
  readonly spool: SpoolDepth | undefined;
};

export type PutRecordsEngine = {
  /** Never throws; resolves within the request deadline. */
  submit(logs: readonly OutgoingLog[], batch?: KeyedBatch): Promise<SubmitResult>;
  /** Where in the stream things would be that are sent from now on. */
  mark(): Attempt;
  stats(): EngineStats;
  /**
   * Takes nothing more; resolves when what was taken is stored, spooled or refused, at the latest
   * shortly after the deadline.
   */
  close(deadlineMs: number): Promise<void>;
};
