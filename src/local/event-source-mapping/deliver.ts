import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import { type EventOrigin, toKinesisEvent } from "../../shared/core/event-source/event.ts";
import { type BatchOutcome, interpretResponse } from "../../shared/core/event-source/response.ts";
import { advanceShardState, type BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import type { StreamRecord } from "../../shared/core/event-source/source.ts";
import type { KinesisEvent } from "../../shared/core/kinesis-event.ts";
import { messageOf } from "./checkpoint.ts";
import { HEARTBEAT_MS, type ShardLedger } from "./shard-ledger.ts";
import type { Sleep } from "./sleep.ts";

export type Invoke<Summary extends BatchTotals> = (
  event: KinesisEvent,
) => Promise<{ response: unknown; summary: Summary | null }>;

export type DeliverDeps<Summary extends BatchTotals> = {
  ledger: ShardLedger;
  invoke: Invoke<Summary>;
  encodeBase64(bytes: Uint8Array): string;
  /** Called once per batch, after its checkpoint. */
  onBatch(summary: Summary): void;
  now(): number;
  sleep: Sleep;
  random(): number;
  stop: AbortSignal;
  abandon: AbortSignal;
};

/** A batch is never empty. */
export type Batch = readonly [StreamRecord, ...StreamRecord[]];

/**
 * Makes the function that hands one batch over until it is done and checkpointed, trying again
 * from the first record that is not done. It answers false when it was stopped before.
 */
export const createDeliver = <Summary extends BatchTotals>(
  deps: DeliverDeps<Summary>,
  origin: EventOrigin,
): ((batch: Batch) => Promise<boolean>) => {
  const { ledger, now, sleep, random, stop, abandon } = deps;

  /** A sign of life. What is behind is counted from the first record that waits. */
  const beat = async (first: StreamRecord): Promise<void> => {
    const nowMs = now();
    ledger.change({
      lastPolledAt: new Date(nowMs).toISOString(),
      millisBehindLatest: Math.max(0, nowMs - first.arrivedAtMs),
    });
    await ledger.beat();
  };

  const invoke = async (
    records: Batch,
  ): Promise<{ outcome: BatchOutcome; summary: Summary | null }> => {
    try {
      const event = toKinesisEvent(origin, records, deps.encodeBase64);
      const { response, summary } = await deps.invoke(event);
      const numbers = records.map(({ sequenceNumber }) => sequenceNumber);
      return { outcome: interpretResponse(response, numbers), summary };
    } catch (error) {
      const outcome: BatchOutcome = { isDone: false, doneCount: 0, reason: messageOf(error) };
      return { outcome, summary: null };
    }
  };

  /** Calls the handler, beating however long it takes. */
  const attempt = async (records: Batch) => {
    const ended = new AbortController();
    const work = invoke(records).finally(() => ended.abort());
    while (!ended.signal.aborted) {
      await sleep(HEARTBEAT_MS, ended.signal);
      if (!ended.signal.aborted) await beat(records[0]);
    }
    return work;
  };

  const backOff = async (ms: number, first: StreamRecord): Promise<void> => {
    const until = now() + ms;
    while (!stop.aborted && now() < until) {
      await sleep(Math.min(until - now(), HEARTBEAT_MS), stop);
      await beat(first);
    }
  };

  /** Moves the checkpoint past the first `count` records. */
  const advance = async (
    records: Batch,
    count: number,
    isDone: boolean,
    totals: Summary | null,
  ) => {
    const last = records[count - 1];
    if (last === undefined) return true;
    const nowIso = new Date(now()).toISOString();
    ledger.change(advanceShardState(ledger.state(), last.sequenceNumber, count, totals, nowIso));
    if (isDone) ledger.clearError();
    return ledger.checkpoint();
  };

  return async (batch) => {
    let rest = batch;
    for (let failures = 1; ; failures += 1) {
      const { outcome, summary } = await attempt(rest);
      if (abandon.aborted) return false;
      const doneCount = outcome.isDone ? rest.length : outcome.doneCount;
      if (!(await advance(rest, doneCount, outcome.isDone, summary))) return false;
      if (outcome.isDone) {
        if (summary !== null) deps.onBatch(summary);
        return true;
      }
      rest = rest.slice(doneCount) as unknown as Batch;
      if (failures === 1) ledger.change({ failedBatches: ledger.state().failedBatches + 1 });
      await ledger.showError(
        "BATCH_FAILED",
        `a batch of ${rest.length} records from ${rest[0].sequenceNumber} on failed and is tried again. ${outcome.reason}`,
      );
      await backOff(backOffMs(failures, random), rest[0]);
      if (stop.aborted) return false;
    }
  };
};
