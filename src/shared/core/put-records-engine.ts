import type { Logger } from "./logger.ts";
import type { EntryResult, RecordWriter } from "./ports.ts";
import { PutRecordsError, toPutRecordsError } from "./put-records-error.ts";
import { type CallEntry, createLanes, type Lane, type SendFailure } from "./put-records-lanes.ts";
import {
  type Consignment,
  createLedger,
  isThrottle,
  type LogFailure,
  weigh,
} from "./put-records-ledger.ts";
import { type OutgoingLog, packSegments } from "./record-packer.ts";

export type { LogFailure } from "./put-records-ledger.ts";

export type EngineDeps = {
  writer: RecordWriter;
  /** Epoch milliseconds. */
  now: () => number;
  /** Runs `task` once after the delay; the answer cancels it. */
  schedule: (delayMs: number, task: () => void) => () => void;
  /** 0 to 1. */
  random: () => number;
  log: Logger;
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
  /** A call without an answer is given up; three quarters of the request deadline unless given. */
  callTimeoutMs?: number;
};

export type SubmitResult =
  /** Every log that is not among the failures has a sequence number. */
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
  /** Acknowledged after their request had been told they were not. */
  readonly lateLogs: number;
  readonly lastSuccessAt: number | undefined;
  readonly lastFailure: (SendFailure & { readonly at: number }) | undefined;
  readonly isClosing: boolean;
};

export type PutRecordsEngine = {
  /** Never throws; resolves within the request deadline. */
  submit(logs: readonly OutgoingLog[]): Promise<SubmitResult>;
  stats(): EngineStats;
  /** Takes nothing more; resolves when what was taken is answered, at the latest after the deadline. */
  close(deadlineMs: number): Promise<void>;
};

/** What a call did to one lane. */
type Outcome = { failed: Consignment[]; failure: SendFailure | undefined; acceptedBytes: number };

const DEFAULT_CALLS_IN_FLIGHT = 4;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 1_000;
/** Full jitter may draw nothing at all; this keeps the number of attempts bounded. */
const BACKOFF_MIN_MS = 5;
const LOG_EVERY_MS = 10_000;
const NO_RESULT: EntryResult = { ok: false, code: "InternalFailure", message: "No result." };

const permanentCodeOf = ({ code }: PutRecordsError): string =>
  code === "ResourceNotFoundException" ? "STREAM_NOT_FOUND" : "KINESIS_REFUSED";

/**
 * Sends logs through PutRecords and answers for each of them. Small requests share calls, and logs
 * of one service share records. Only failed entries are sent again, after a back-off with full
 * jitter that holds up their own partition key alone, until their request's deadline; what is given
 * up is not sent later, unless its call is already under way. At most one call in flight holds a
 * given partition key, so a service keeps its order across calls; within one call an entry may pass
 * a failed one before it, as PutRecords promises no order.
 */
export const createPutRecordsEngine = (
  { writer, now, schedule, random, log }: EngineDeps,
  options: EngineOptions,
): PutRecordsEngine => {
  const { lingerMs, packBytes, maxQueueBytes, requestDeadlineMs } = options;
  const maxCallsInFlight = options.maxCallsInFlight ?? DEFAULT_CALLS_IN_FLIGHT;
  const callTimeoutMs = options.callTimeoutMs ?? Math.ceil(requestDeadlineMs * 0.75);

  const lanes = createLanes<Consignment>({
    packBytes,
    backoffMs: (failures) =>
      Math.max(
        BACKOFF_MIN_MS,
        random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (failures - 1)),
      ),
  });
  const ledger = createLedger({ lastFailureOf: lanes.lastFailureOf, drop: lanes.drop });
  const calls = new Set<Promise<void>>();
  const aborts = new Set<AbortController>();
  const loggedAt = new Map<string, number>();
  const totals = {
    calls: 0,
    failedCalls: 0,
    failedCallsInARow: 0,
    records: 0,
    recordBytes: 0,
    retriedRecords: 0,
    throttledRecords: 0,
  };
  let lastSuccessAt: number | undefined;
  let lastFailure: EngineStats["lastFailure"];
  let isClosing = false;
  /** Since when something could have been sent; undefined while nothing can. */
  let readySince: number | undefined;
  let cancelLinger: (() => void) | undefined;
  let cancelWake: (() => void) | undefined;
  let wakeAt = Number.POSITIVE_INFINITY;

  const report = (level: "warn" | "error", failure: SendFailure, message: string): void => {
    const last = loggedAt.get(failure.code);
    if (last !== undefined && now() - last < LOG_EVERY_MS) return;
    loggedAt.set(failure.code, now());
    log[level]({ code: failure.code, reason: failure.message }, message);
  };

  const settleLane = (lane: Lane<Consignment>, outcome: Outcome): void => {
    for (const parcel of outcome.failed) ledger.requeue(parcel);
    lanes.settle(lane, outcome, now());
  };

  const settleEntries = (
    entries: readonly CallEntry<Consignment>[],
    results: readonly EntryResult[],
  ): void => {
    const outcomes = new Map<Lane<Consignment>, Outcome>();
    for (const [index, { lane, record, parcels }] of entries.entries()) {
      const outcome = outcomes.get(lane) ?? { failed: [], failure: undefined, acceptedBytes: 0 };
      outcomes.set(lane, outcome);
      const result = results[index] ?? NO_RESULT;
      if (result.ok) {
        totals.records += 1;
        totals.recordBytes += record.data.length;
        outcome.acceptedBytes += record.data.length;
        for (const parcel of parcels) ledger.acknowledge(parcel);
        continue;
      }
      outcome.failure = { code: result.code, message: result.message };
      outcome.failed.push(...parcels);
      if (isThrottle(result.code)) totals.throttledRecords += 1;
      lastFailure = { ...outcome.failure, at: now() };
      report("warn", outcome.failure, "Kinesis did not take some records; they are sent again.");
    }
    for (const [lane, outcome] of outcomes) settleLane(lane, outcome);
  };

  const failCall = (entries: readonly CallEntry<Consignment>[], error: PutRecordsError): void => {
    totals.failedCalls += 1;
    totals.failedCallsInARow += 1;
    const failure = { code: error.code, message: error.message };
    lastFailure = { ...failure, at: now() };
    if (error.kind === "throttled") totals.throttledRecords += entries.length;
    const outcomes = new Map<Lane<Consignment>, Outcome>();
    if (error.kind === "permanent") {
      report("error", failure, "Kinesis refuses the logs, and will until this is put right.");
      const reason = `Kinesis refused the call: ${error.code}. ${error.message}`;
      for (const { lane, parcels } of entries) {
        for (const parcel of parcels) ledger.refuse(parcel, permanentCodeOf(error), reason);
        outcomes.set(lane, { failed: [], failure: undefined, acceptedBytes: 0 });
      }
    } else {
      report("warn", failure, "A PutRecords call failed and is tried again.");
      for (const { lane, parcels } of entries) {
        const outcome = outcomes.get(lane) ?? { failed: [], failure, acceptedBytes: 0 };
        outcome.failed.push(...parcels);
        outcomes.set(lane, outcome);
      }
    }
    for (const [lane, outcome] of outcomes) settleLane(lane, outcome);
  };

  const putRecords = async (entries: readonly CallEntry<Consignment>[]): Promise<EntryResult[]> => {
    const abort = new AbortController();
    aborts.add(abort);
    const timedOut = new Promise<never>((_resolve, reject) => {
      abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
    });
    const cancelTimeout = schedule(callTimeoutMs, () =>
      abort.abort(
        new PutRecordsError("unavailable", "Timeout", `No answer within ${callTimeoutMs} ms.`),
      ),
    );
    try {
      const records = entries.map(({ record }) => record);
      // Raced, so that a writer that does not heed its signal cannot hold the slot for ever.
      const results = await Promise.race([writer.putRecords(records, abort.signal), timedOut]);
      if (results.length === entries.length) return results;
      throw new Error(`${results.length} results for ${entries.length} entries.`);
    } finally {
      cancelTimeout();
      aborts.delete(abort);
    }
  };

  const send = async (entries: readonly CallEntry<Consignment>[]): Promise<void> => {
    totals.calls += 1;
    for (const { parcels } of entries) {
      if (parcels.some(({ wasSent }) => wasSent)) totals.retriedRecords += 1;
      for (const parcel of parcels) ledger.markSent(parcel);
    }
    try {
      const results = await putRecords(entries);
      totals.failedCallsInARow = 0;
      lastSuccessAt = now();
      settleEntries(entries, results);
    } catch (error) {
      failCall(entries, toPutRecordsError(error));
    }
  };

  const startCall = (entries: readonly CallEntry<Consignment>[]): void => {
    const call: Promise<void> = send(entries).finally(() => {
      calls.delete(call);
      pump();
    });
    calls.add(call);
  };

  const armWake = (): void => {
    const next = lanes.nextWakeAt();
    if (next === undefined || next >= wakeAt) return;
    cancelWake?.();
    wakeAt = next;
    cancelWake = schedule(Math.max(0, next - now()), () => {
      wakeAt = Number.POSITIVE_INFINITY;
      pump();
    });
  };

  /** Sends what is due. An idle engine waits for nobody; a busy one lets small requests gather. */
  const pump = (): void => {
    lanes.wake(now());
    while (calls.size < maxCallsInFlight && lanes.hasReady()) {
      readySince ??= now();
      const waitMs = readySince + lingerMs - now();
      if (calls.size > 0 && waitMs > 0 && !isClosing && !lanes.isCallFull()) {
        cancelLinger ??= schedule(waitMs, () => {
          cancelLinger = undefined;
          pump();
        });
        break;
      }
      const entries = lanes.takeCall(now());
      if (!lanes.hasReady()) readySince = undefined;
      if (entries.length > 0) startCall(entries);
    }
    armWake();
  };

  const submit = (logs: readonly OutgoingLog[]): Promise<SubmitResult> => {
    const refuse = (
      code: Extract<SubmitResult, { ok: false }>["code"],
      reason: string,
    ): Promise<SubmitResult> => Promise.resolve({ ok: false, code, reason });
    if (isClosing) return refuse("CLOSING", "The ingestion interface is shutting down.");
    if (logs.length === 0) return Promise.resolve({ ok: true, failures: [] });
    const segments = packSegments(logs, packBytes);
    const weight = segments.reduce((sum, segment) => sum + weigh(segment), 0);
    if (weight > maxQueueBytes)
      return refuse(
        "BATCH_TOO_LARGE",
        `The batch needs ${weight} bytes of the queue, which has ${maxQueueBytes} in all (MAX_QUEUE_BYTES). Send it in parts.`,
      );
    const { queueBytes } = ledger.figures();
    if (queueBytes + weight > maxQueueBytes)
      return refuse(
        "QUEUE_FULL",
        `${queueBytes} of ${maxQueueBytes} bytes (MAX_QUEUE_BYTES) wait for Kinesis.`,
      );
    return new Promise((resolve) => {
      const cancelDeadline = schedule(requestDeadlineMs, () =>
        ledger.giveUp(submission, `Not acknowledged within ${requestDeadlineMs} ms.`),
      );
      const submission = ledger.add(segments, (failures) => {
        cancelDeadline();
        resolve({ ok: true, failures });
      });
      for (const parcel of submission.parcels) lanes.push(parcel, now());
      pump();
    });
  };

  const close = async (deadlineMs: number): Promise<void> => {
    isClosing = true;
    const cancel = schedule(deadlineMs, () => {
      for (const submission of ledger.openSubmissions())
        ledger.giveUp(submission, "Shut down before it was sent.");
      for (const abort of aborts) {
        abort.abort(new PutRecordsError("unavailable", "Closing", "Shut down meanwhile."));
      }
    });
    pump();
    while (ledger.openSubmissions().length > 0 || calls.size > 0) {
      if (calls.size > 0) await Promise.race(calls);
      else await new Promise<void>((resolve) => schedule(BACKOFF_MIN_MS, resolve));
    }
    cancel();
    cancelLinger?.();
    cancelWake?.();
  };

  return {
    submit,
    close,
    stats: () => ({
      ...totals,
      ...ledger.figures(),
      maxQueueBytes,
      callsInFlight: calls.size,
      lastSuccessAt,
      lastFailure,
      isClosing,
    }),
  };
};
