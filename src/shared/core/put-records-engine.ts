import { type KeyedBatch, outgoingOf } from "./keyed-batch.ts";
import { createLateAppends } from "./late-appends.ts";
import type { EntryResult } from "./ports.ts";
import { CALL_TIMEOUT, createCaller } from "./put-records-call.ts";
import { createCircuit } from "./put-records-circuit.ts";
import { type PutRecordsError, toPutRecordsError } from "./put-records-error.ts";
import { createGrace } from "./put-records-grace.ts";
import { createHeld, type Entry, type Outcome } from "./put-records-held.ts";
import { createLanes, type Lane } from "./put-records-lanes.ts";
import {
  type Consignment,
  createLedger,
  isThrottle,
  UNCONFIRMED,
  weigh,
} from "./put-records-ledger.ts";
import { createLook } from "./put-records-look.ts";
import { createMarks } from "./put-records-marks.ts";
import { createOverflow } from "./put-records-overflow.ts";
import type {
  EngineDeps,
  EngineOptions,
  EngineStats,
  PutRecordsEngine,
  SubmitResult,
} from "./put-records-types.ts";
import type { Attempt } from "./record-lookup.ts";
import type { OutgoingLog } from "./record-packer.ts";
import { createReport } from "./repeat-limited-report.ts";
import { createSpoolDrain } from "./spool-drain.ts";

export type { KeyedBatch } from "./keyed-batch.ts";
export type { LogFailure } from "./put-records-ledger.ts";
export { UNCONFIRMED } from "./put-records-ledger.ts";
export type {
  EngineDeps,
  EngineOptions,
  EngineStats,
  PutRecordsEngine,
  SubmitResult,
} from "./put-records-types.ts";

const DEFAULT_CALLS_IN_FLIGHT = 4;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 1_000;
/** Full jitter may draw nothing at all; this keeps the number of attempts bounded. */
const BACKOFF_MIN_MS = 5;
const DRAIN_GRACE_MS = 1_000;
const NO_RESULT: EntryResult = { ok: false, code: "InternalFailure", message: "No result." };

const permanentCodeOf = ({ code }: PutRecordsError): string =>
  code === "ResourceNotFoundException" ? "STREAM_NOT_FOUND" : "KINESIS_REFUSED";

/**
 * Sends logs through PutRecords and answers for each of them. Small requests share calls, and logs
 * of one service share records. Only failed entries are sent again, after a back-off with full
 * jitter that holds up their own partition key alone. At most one call in flight holds a given
 * partition key, so a service keeps its order across calls; within one call an entry may pass a
 * failed one before it, as PutRecords promises no order.
 *
 * With a lookup, what a call that failed may have stored all the same is first looked for in the
 * stream, and counts as stored where it is found. Where the call had no answer, what is not found
 * is sent again only after a grace and another look. What remains: a record that a server stores
 * later than that is stored twice; and where another process stores the very same bytes under the
 * same key meanwhile, its record is taken for ours. With neither a lookup nor a spool, a call that
 * was given up in time is not sent again at all: its logs are UNCONFIRMED.
 *
 * With a spool, what Kinesis has not taken after `spoolAfterMs` goes to the disk, at once while
 * Kinesis is known to be down, and a partition key of which something waits there has everything
 * that follows queue behind it. Without one it is refused at the deadline and not sent later,
 * unless its call is already under way.
 */
export const createPutRecordsEngine = (
  { writer, now, schedule, random, log, lookup, spool }: EngineDeps,
  options: EngineOptions,
): PutRecordsEngine => {
  const { lingerMs, packBytes, maxQueueBytes, requestDeadlineMs } = options;
  const maxCallsInFlight = options.maxCallsInFlight ?? DEFAULT_CALLS_IN_FLIGHT;
  const callTimeoutMs =
    options.callTimeoutMs ?? Math.ceil(requestDeadlineMs * (spool === undefined ? 0.75 : 0.5));
  const spoolAfterMs = options.spoolAfterMs ?? Math.floor(requestDeadlineMs * 0.35);

  const backoffMs = (failures: number): number =>
    Math.max(
      BACKOFF_MIN_MS,
      random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (failures - 1)),
    );
  const report = createReport(log, now);
  const marks = createMarks();
  const grace = createGrace(now, options.lateArrivalGraceMs);
  const circuit = createCircuit(now);
  const caller = createCaller({ writer, schedule });
  const looker = lookup && createLook({ lookup, marks, schedule, report });
  const lanes = createLanes<Consignment>({ packBytes, backoffMs });
  const ledger = createLedger({ lastFailureOf: lanes.lastFailureOf, drop: lanes.drop });
  const drain =
    spool &&
    createSpoolDrain(
      {
        spool,
        writer,
        looker,
        marks,
        circuit,
        lateArrivalGraceMs: grace.graceMs,
        now,
        schedule,
        report,
        onDrained: (partitionKey) => {
          lanes.unblock(partitionKey, now());
          pump();
        },
      },
      { packBytes, backoffMs },
    );
  const calls = new Set<Promise<void>>();
  /** Waits for the stream's word; they take no call's place. */
  const looks = new Set<Promise<void>>();
  const appends = new Set<Promise<void>>();
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

  const track = (set: Set<Promise<void>>, work: Promise<void>): void => {
    const tracked = work.finally(() => {
      set.delete(tracked);
      pump();
    });
    set.add(tracked);
  };

  const late = createLateAppends();
  const overflow =
    spool &&
    createOverflow({
      spool,
      lanes,
      ledger,
      held: () => held,
      late,
      circuit,
      now,
      report,
      track: (append) => track(appends, append),
    });

  const settleLane = (lane: Lane<Consignment>, outcome: Outcome): void => {
    for (const parcel of outcome.failed) ledger.requeue(parcel);
    lanes.settle(lane, outcome, now());
    if (lanes.get(lane.partitionKey) === lane) overflow?.divertIfDue(lane);
  };

  const countStored = ({ record }: Entry): void => {
    totals.records += 1;
    totals.recordBytes += record.data.length;
  };

  const held =
    looker &&
    createHeld({
      looker,
      marks,
      ledger,
      grace,
      now,
      schedule,
      onFound: (entry) => {
        looker.totals.foundRecords += 1;
        countStored(entry);
      },
      settleLane,
      divertIfDue: (lane) => overflow?.divertIfDue(lane),
      onSettled: () => pump(),
    });

  const settleEntries = (entries: readonly Entry[], results: readonly EntryResult[]): void => {
    const outcomes = new Map<Lane<Consignment>, Outcome>();
    marks.note(results.filter((result) => result.ok));
    for (const [index, entry] of entries.entries()) {
      const { lane, record, parcels } = entry;
      const outcome = outcomes.get(lane) ?? { failed: [], failure: undefined, acceptedBytes: 0 };
      outcomes.set(lane, outcome);
      const result = results[index] ?? NO_RESULT;
      if (result.ok) {
        countStored(entry);
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

  const refuseCall = (entries: readonly Entry[], error: PutRecordsError): void => {
    report("error", error, "Kinesis refuses the logs, and will until this is put right.");
    const reason = `Kinesis refused the call: ${error.code}. ${error.message}`;
    for (const { parcels } of entries)
      for (const parcel of parcels) ledger.refuse(parcel, permanentCodeOf(error), reason);
    for (const lane of new Set(entries.map(({ lane }) => lane)))
      settleLane(lane, { failed: [], failure: undefined, acceptedBytes: 0 });
  };

  const requeueCall = (entries: readonly Entry[], error: PutRecordsError): void => {
    const outcomes = new Map<Lane<Consignment>, Outcome>();
    const failure = { code: error.code, message: error.message };
    for (const { lane, parcels } of entries) {
      const outcome = outcomes.get(lane) ?? { failed: [], failure, acceptedBytes: 0 };
      outcome.failed.push(...parcels);
      outcomes.set(lane, outcome);
      if (error.mayBeStored) for (const parcel of parcels) parcel.isUnsure = true;
    }
    for (const [lane, outcome] of outcomes) settleLane(lane, outcome);
  };

  /** Nobody can look, and nobody can wait: only the client can tell whether to send again. */
  const leaveUnconfirmed = (entries: readonly Entry[], error: PutRecordsError): void => {
    const reason = `${error.message} Kinesis was given it and may still store it.`;
    for (const { parcels } of entries)
      for (const parcel of parcels) ledger.refuse(parcel, UNCONFIRMED, reason);
    const failure = { code: error.code, message: error.message };
    for (const lane of new Set(entries.map(({ lane }) => lane)))
      settleLane(lane, { failed: [], failure, acceptedBytes: 0 });
  };

  const failCall = (entries: readonly Entry[], error: PutRecordsError, attempt: Attempt): void => {
    totals.failedCalls += 1;
    totals.failedCallsInARow += 1;
    const failure = { code: error.code, message: error.message };
    lastFailure = { ...failure, at: now() };
    if (error.kind === "throttled") totals.throttledRecords += entries.length;
    if (error.kind === "permanent") {
      refuseCall(entries, error);
      return;
    }
    report("warn", failure, "A PutRecords call failed and is tried again.");
    if (spool !== undefined) circuit.failed();
    if (error.mayStillArrive) grace.begin(entries.map(({ lane }) => lane.partitionKey));
    if (error.mayBeStored && held) {
      const sent = error.mayStillArrive ? attempt : { ...attempt, until: now() };
      track(looks, held.lookFor(entries, sent, failure));
    } else if (error.code === CALL_TIMEOUT && spool === undefined) leaveUnconfirmed(entries, error);
    else requeueCall(entries, error);
    overflow?.divertAllDue();
  };

  const send = async (entries: readonly Entry[]): Promise<void> => {
    totals.calls += 1;
    for (const { parcels } of entries) {
      if (parcels.some(({ wasSent }) => wasSent)) totals.retriedRecords += 1;
      for (const parcel of parcels) ledger.markSent(parcel);
    }
    const attempt = marks.attempt(now(), callTimeoutMs);
    let results: EntryResult[];
    try {
      results = await caller.call(
        entries.map(({ record }) => record),
        callTimeoutMs,
      );
    } catch (error) {
      failCall(entries, toPutRecordsError(error), attempt);
      return;
    }
    totals.failedCallsInARow = 0;
    lastSuccessAt = now();
    circuit.succeeded();
    settleEntries(entries, results);
  };

  /** Entries of batches with a key that may be stored since before. */
  const lookFirst = (entries: readonly Entry[]): void => {
    const byAttempt = new Map<Attempt, Entry[]>();
    for (const entry of entries) {
      const attempt = entry.parcels[0]?.attempt;
      if (attempt === undefined) continue;
      byAttempt.set(attempt, [...(byAttempt.get(attempt) ?? []), entry]);
      for (const parcel of entry.parcels) ledger.markSent(parcel);
    }
    for (const [attempt, group] of byAttempt)
      if (held) track(looks, held.lookFor(group, attempt, undefined));
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
      const unsure = lanes.takeUnsure();
      if (unsure.length > 0) {
        lookFirst(unsure);
        continue;
      }
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
      if (entries.length > 0) track(calls, send(entries));
    }
    armWake();
  };

  /**
   * Where a parcel goes: behind what the spool has of its partition key, to the disk while that is
   * much or Kinesis is down, and into memory while the spool is about to run dry.
   */
  const place = (parcels: readonly Consignment[]): void => {
    // With nothing to drain, only the logs themselves can show that Kinesis is back.
    const isDown = circuit.isOpen() && !(spool?.depth().entries === 0 && circuit.takeTry());
    const toDisk: Consignment[] = [];
    for (const parcel of parcels) {
      const { partitionKey } = parcel;
      const hasLane = lanes.get(partitionKey) !== undefined;
      const isBehind = spool?.holds(partitionKey) ?? false;
      if (hasLane) lanes.push(parcel, now());
      else if (spool !== undefined && (isDown || (isBehind && !drain?.isNearlyDry())))
        toDisk.push(parcel);
      else if (isBehind) lanes.pushBlocked(parcel);
      else lanes.push(parcel, now());
    }
    overflow?.take(toDisk);
  };

  /** An earlier try of the batch is still on its way to the disk: what it leaves open is not known. */
  const waitForDisk = async (
    logs: readonly OutgoingLog[],
    batch: KeyedBatch,
  ): Promise<SubmitResult> => {
    const isLate = await new Promise<boolean>((resolve) => {
      const cancel = schedule(requestDeadlineMs, () => resolve(true));
      void late.ended(batch.key)?.then(() => {
        cancel();
        resolve(false);
      });
    });
    if (!isLate) return await submit(logs, batch);
    const reason = "The disk was given it by an earlier try and may still store it.";
    const positions = batch.open ?? logs.keys();
    return {
      ok: true,
      failures: [...positions].map((position) => ({ position, code: UNCONFIRMED, reason })),
    };
  };

  const submit = (logs: readonly OutgoingLog[], batch?: KeyedBatch): Promise<SubmitResult> => {
    const refuse = (
      code: Extract<SubmitResult, { ok: false }>["code"],
      reason: string,
    ): Promise<SubmitResult> => Promise.resolve({ ok: false, code, reason });
    if (isClosing) return refuse("CLOSING", "The ingestion interface is shutting down.");
    if (batch !== undefined && late.ended(batch.key) !== undefined) return waitForDisk(logs, batch);
    const outgoing = outgoingOf(logs, packBytes, batch, batch && late.storedOf(batch.key));
    if (outgoing.length === 0) return Promise.resolve({ ok: true, failures: [] });
    const weight = outgoing.reduce((sum, { segment }) => sum + weigh(segment), 0);
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
    const segments =
      looker === undefined ? outgoing.map((one) => ({ ...one, attempt: undefined })) : outgoing;
    return new Promise((resolve) => {
      const cancelDeadline = schedule(requestDeadlineMs, () => {
        ledger.giveUp(submission, `Not acknowledged within ${requestDeadlineMs} ms.`);
        held?.dropAbandoned();
      });
      const cancelSpool =
        spool &&
        schedule(spoolAfterMs, () => {
          for (const { partitionKey } of submission.parcels) {
            const lane = lanes.get(partitionKey);
            if (lane !== undefined) overflow?.divertIfDue(lane);
          }
        });
      const submission = ledger.add(segments, now() + spoolAfterMs, (failures) => {
        cancelDeadline();
        cancelSpool?.();
        resolve({ ok: true, failures });
      });
      place(submission.parcels);
      pump();
    });
  };

  const close = async (deadlineMs: number): Promise<void> => {
    isClosing = true;
    const cancelSpill = schedule(deadlineMs / 2, () => {
      overflow?.spill();
      overflow?.divertAllDue();
    });
    const cancel = schedule(deadlineMs, () => {
      for (const submission of ledger.openSubmissions())
        ledger.giveUp(submission, "Shut down before it was sent.");
      caller.abortAll();
      held?.abortAll();
    });
    pump();
    const underWay = () => [...calls, ...looks, ...appends];
    while (ledger.openSubmissions().length > 0 || underWay().length > 0) {
      if (underWay().length > 0) await Promise.race(underWay());
      else await new Promise<void>((resolve) => schedule(BACKOFF_MIN_MS, resolve));
    }
    cancelSpill();
    cancel();
    cancelLinger?.();
    cancelWake?.();
    await drain?.close(DRAIN_GRACE_MS);
  };

  return {
    submit,
    close,
    mark: () => ({ ...marks.attempt(now(), 0), until: undefined }),
    stats: () => ({
      ...totals,
      ...ledger.figures(),
      maxQueueBytes,
      callsInFlight: calls.size,
      lastSuccessAt,
      lastFailure,
      isClosing,
      isCircuitOpen: circuit.isOpen(),
      lookups: looker?.totals.lookups ?? 0,
      failedLookups: looker?.totals.failedLookups ?? 0,
      foundRecords: looker?.totals.foundRecords ?? 0,
      drainedLogs: drain?.stats().drainedLogs ?? 0,
      spool: spool?.depth(),
    }),
  };
};
