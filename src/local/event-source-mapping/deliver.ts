import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import { type EventOrigin, toKinesisEvent } from "../../shared/core/event-source/event.ts";
import {
  afterFailure,
  countTooOld,
  type FailurePolicy,
} from "../../shared/core/event-source/failure-policy.ts";
import type { LaneTracker } from "../../shared/core/event-source/lanes.ts";
import {
  type Discard,
  type DiscardCondition,
  invocationRecord,
  type OnFailureDestination,
} from "../../shared/core/event-source/on-failure.ts";
import { type BatchOutcome, interpretResponse } from "../../shared/core/event-source/response.ts";
import { advanceShardState, type BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import type { StreamRecord } from "../../shared/core/event-source/source.ts";
import type { KinesisEvent } from "../../shared/core/kinesis-event.ts";
import type { WriteFence } from "../../shared/core/ports.ts";
import { messageOf } from "./checkpoint.ts";
import type { ShardLease } from "./shard-lease.ts";
import type { ShardLedger } from "./shard-ledger.ts";
import type { Sleep } from "./sleep.ts";

/**
 * Calls the handler. It must end by itself, soon after the fence's signal at the latest, and write
 * nothing that the fence does not let pass.
 */
export type Invoke<Summary extends BatchTotals> = (
  event: KinesisEvent,
  fence: WriteFence,
) => Promise<{ response: unknown; summary: Summary | null }>;

export type DeliverDeps<Summary extends BatchTotals> = {
  ledger: ShardLedger;
  lease: ShardLease;
  tracker: LaneTracker;
  invoke: Invoke<Summary>;
  policy: FailurePolicy;
  /** Needed only by a policy that gives records up. */
  onFailure?: OnFailureDestination | undefined;
  encodeBase64(bytes: Uint8Array): string;
  /** Called after the checkpoint of what the handler did. */
  onBatch(summary: Summary): void;
  newId(): string;
  now(): number;
  sleep: Sleep;
  random(): number;
  /** Nothing more is handed over. */
  stop: AbortSignal;
  abandon: AbortSignal;
};

/** A batch is never empty. */
export type Batch = readonly [StreamRecord, ...StreamRecord[]];

export type DeliverOptions = {
  /** An earlier life of this mapping may have handed it over and written a part of it. */
  wasAttempted: boolean;
  /** The last sequence number of the batch that will follow at once; null when none will. */
  upcoming(): string | null;
};

/** What is handed over in one call: the batch, or what is left of it, or a half of it. */
type Piece = {
  records: Batch;
  retriesUsed: number;
  invokeCount: number;
  functionError: Discard["functionError"];
};

const lastOf = (records: Batch): string => (records.at(-1) ?? records[0]).sequenceNumber;

/**
 * Makes the function that hands one batch of a lane over until each record is done or given up,
 * and checkpointed. It answers false when it was stopped before, or when the shard was lost.
 */
export const createDeliver = <Summary extends BatchTotals>(
  deps: DeliverDeps<Summary>,
  origin: EventOrigin,
  lane: number,
  pendingUntil: string | null,
): ((batch: Batch, options: DeliverOptions) => Promise<boolean>) => {
  const { ledger, lease, tracker, policy, onFailure, now, sleep, random, stop, abandon } = deps;
  const source = `lane ${lane}`;
  let pending = pendingUntil;

  const isOver = (): boolean => abandon.aborted || lease.lost.aborted;

  /** What the lane works on must be known before anything of it is written. */
  const begin = async (until: string): Promise<boolean> => {
    if (pending !== until) {
      pending = until;
      tracker.begin(lane, until);
      ledger.change(tracker.progress());
      if (!(await ledger.checkpoint())) return false;
    }
    // Too long without an answer of the store: only a renewal shows whether the shard is still had.
    return lease.isHeld() || (await ledger.checkpoint());
  };

  const invoke = async (
    records: Batch,
    fence: WriteFence,
  ): Promise<{ outcome: BatchOutcome; summary: Summary | null; didThrow: boolean }> => {
    try {
      const event = toKinesisEvent(origin, records, deps.encodeBase64);
      const { response, summary } = await deps.invoke(event, fence);
      const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
      return { outcome: interpretResponse(response, numbers), summary, didThrow: false };
    } catch (error) {
      const outcome: BatchOutcome = { isDone: false, doneCount: 0, reason: messageOf(error) };
      return { outcome, summary: null, didThrow: true };
    }
  };

  const backOff = async (failures: number): Promise<boolean> => {
    await sleep(backOffMs(failures, random), stop);
    return !stop.aborted && !isOver();
  };

  return async (batch, { wasAttempted, upcoming }) => {
    let failures = 0;
    let pieces: Piece[] = [
      {
        records: batch,
        retriesUsed: 0,
        invokeCount: wasAttempted ? 1 : 0,
        functionError: null,
      },
    ];

    /** Moves past the first `count` records of the first piece, and names what comes next. */
    const advance = async (
      piece: Piece,
      count: number,
      change: (state: ShardState) => ShardState,
    ): Promise<boolean> => {
      tracker.finish(lane, count);
      const [first, ...left] = piece.records.slice(count);
      const others = pieces.slice(1);
      pieces = first ? [{ ...piece, records: [first, ...left] }, ...others] : others;
      pending = pieces[0] ? lastOf(pieces[0].records) : upcoming();
      tracker.begin(lane, pending);
      ledger.change({ ...change(ledger.state()), ...tracker.progress() });
      return ledger.checkpoint();
    };

    const advanceDone = (piece: Piece, count: number, summary: Summary | null) =>
      advance(piece, count, (state) =>
        advanceShardState(state, tracker.progress(), count, summary, new Date(now()).toISOString()),
      );

    /** Gives the first `count` records up, once the destination has them. */
    const discard = async (
      piece: Piece,
      count: number,
      condition: DiscardCondition,
    ): Promise<boolean> => {
      const records = piece.records.slice(0, count) as unknown as Batch;
      const event = toKinesisEvent(origin, records, deps.encodeBase64);
      const { invokeCount, functionError } = piece;
      const given = { condition, records, event, invokeCount, functionError };
      for (let attempts = 1; ; attempts += 1) {
        if (isOver() || !(lease.isHeld() || (await ledger.checkpoint()))) return false;
        try {
          if (onFailure === undefined) throw new Error("There is no on-failure destination.");
          const { key, body } = invocationRecord(origin, given, now(), deps.newId);
          await onFailure.put(key, body);
          break;
        } catch (error) {
          await ledger.showError(
            source,
            "ON_FAILURE_NOT_WRITTEN",
            `${count} records are to be given up, and the on-failure destination does not take them. ${messageOf(error)}`,
          );
          if (!(await backOff(attempts))) return false;
        }
      }
      ledger.clearError(source);
      return advance(piece, count, (state) => ({
        ...state,
        records: state.records + count,
        discarded: (state.discarded ?? 0) + count,
      }));
    };

    /** One call of the handler and what follows from its answer. */
    const handOver = async (piece: Piece): Promise<boolean> => {
      const fence = lease.fence();
      const youngest = piece.records.at(-1) ?? piece.records[0];
      ledger.change({ iteratorAgeMs: Math.max(0, now() - youngest.arrivedAtMs) });
      const { outcome, summary, didThrow } = await invoke(piece.records, fence);
      fence.end();
      if (isOver()) return false;
      piece.invokeCount += 1;
      piece.functionError = didThrow ? "Unhandled" : null;
      if (outcome.isDone) {
        ledger.clearError(source);
        if (!(await advanceDone(piece, piece.records.length, summary))) return false;
        if (summary !== null) deps.onBatch(summary);
        return true;
      }
      // The fence failed it, not the handler: that is no retry.
      if (fence.signal.aborted) return backOff(1);

      const count = piece.records.length;
      const { doneCount } = outcome;
      const step = afterFailure(policy, { count, doneCount, retriesUsed: piece.retriesUsed });
      failures += 1;
      if (failures === 1) ledger.change({ failedBatches: ledger.state().failedBatches + 1 });
      if (doneCount > 0) {
        if (!(await advanceDone(piece, doneCount, summary))) return false;
      }
      const rest = pieces[0] ?? piece;
      if (step.kind === "discard")
        return discard(rest, rest.records.length, "RetryAttemptsExhausted");
      await ledger.showError(
        source,
        "BATCH_FAILED",
        `a batch of ${rest.records.length} records from ${rest.records[0].sequenceNumber} on failed and is tried again. ${outcome.reason}`,
      );
      if (step.kind === "split") {
        const halves = [rest.records.slice(0, step.at), rest.records.slice(step.at)];
        const split = halves.map((half) => ({ ...rest, records: half as unknown as Batch }));
        pieces = [...split, ...pieces.slice(1)];
      } else rest.retriesUsed = step.retriesUsed;
      return backOff(failures);
    };

    while (pieces[0] !== undefined) {
      const piece = pieces[0];
      const oldCount = countTooOld(policy, piece.records, now());
      if (oldCount > 0) {
        // Without its front, what was written of a batch would be written again under other names.
        const count = piece.invokeCount > 0 ? piece.records.length : oldCount;
        if (!(await discard(piece, count, "RecordAgeExceeded"))) return false;
        continue;
      }
      if (!(await begin(lastOf(piece.records))) || stop.aborted) return false;
      if (!(await handOver(piece))) return false;
    }
    return true;
  };
};
