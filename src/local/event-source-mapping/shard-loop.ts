import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import {
  type BatchLimits,
  countDue,
  type WaitingRecord,
} from "../../shared/core/event-source/batch.ts";
import { createPayloadMeter } from "../../shared/core/event-source/event.ts";
import { idlePollMs, MIN_POLL_MS } from "../../shared/core/event-source/polling.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import { SourceError } from "../../shared/core/event-source/source.ts";
import { type Batch, createDeliver, type DeliverDeps } from "./deliver.ts";
import { createShardLedger, type ShardLedgerDeps } from "./shard-ledger.ts";
import type { ReadPage, ShardReader } from "./shard-reader.ts";

/** A single failed read is everyday life and heals unseen. */
const READ_FAILURES_TO_REPORT = 2;

export type ShardLoopDeps<Summary extends BatchTotals> = Omit<DeliverDeps<Summary>, "ledger"> &
  ShardLedgerDeps & { reader: ShardReader };

/**
 * Moves one shard: reads, hands batches over one after the other, and checkpoints each before the
 * next. Keeps at most one page and one batch in memory. Resolves with `drained` at the end of a
 * closed shard and with `stopped` on a signal; throws what the owner of the stream has to decide
 * about: `NOT_FOUND`, `POSITION_REFUSED`, and whatever is no SourceError.
 */
export const runShardLoop = async <Summary extends BatchTotals>(
  deps: ShardLoopDeps<Summary>,
  streamArn: string,
  limits: BatchLimits,
  restored: ShardState,
): Promise<"drained" | "stopped"> => {
  const { reader, sleep, random, now, stop } = deps;
  const origin = { streamArn, shardId: restored.shardId };
  const ledger = createShardLedger(deps, restored);
  const deliver = createDeliver({ ...deps, ledger }, origin);
  const payloadBytesOf = createPayloadMeter(origin);
  const idleMs = idlePollMs(limits.windowMs);

  let waiting: WaitingRecord[] = [];
  let isEnd = false;
  let readFailures = 0;
  let nextPollAtMs = now();
  /** Start of the last poll, if it left nothing unread: what is found next arrived after it. */
  let atTipSinceMs: number | undefined;

  const take = (page: ReadPage, startedAtMs: number): void => {
    const waitingSinceMs = atTipSinceMs ?? startedAtMs;
    for (const record of page.records)
      waiting.push({ record, payloadBytes: payloadBytesOf(record), waitingSinceMs });
    isEnd = page.isEnd;
    readFailures = 0;
    atTipSinceMs = page.hasMore ? undefined : startedAtMs;
    nextPollAtMs = startedAtMs + (page.hasMore ? MIN_POLL_MS : idleMs);
    ledger.clearError();
    ledger.change({
      lastPolledAt: new Date(now()).toISOString(),
      millisBehindLatest: page.millisBehindLatest,
    });
  };

  const onReadError = async (error: unknown): Promise<void> => {
    if (stop.aborted) return;
    if (!(error instanceof SourceError)) throw error;
    if (error.code === "NOT_FOUND" || error.code === "POSITION_REFUSED") throw error;
    readFailures += 1;
    atTipSinceMs = undefined;
    nextPollAtMs = now() + Math.max(MIN_POLL_MS, backOffMs(readFailures, random));
    if (readFailures >= READ_FAILURES_TO_REPORT)
      await ledger.showError(`READ_${error.code}`, error.message);
  };

  const read = async (): Promise<void> => {
    const startedAtMs = now();
    try {
      take(await reader.read(stop), startedAtMs);
    } catch (error) {
      await onReadError(error);
    }
  };

  while (!stop.aborted) {
    const count = countDue(waiting, limits, now(), isEnd);
    if (count > 0) {
      const batch = waiting.slice(0, count).map(({ record }) => record) as unknown as Batch;
      waiting = waiting.slice(count);
      if (!(await deliver(batch))) return "stopped";
      continue;
    }
    if (isEnd) {
      ledger.change({ drained: true });
      return (await ledger.checkpoint()) ? "drained" : "stopped";
    }
    const windowEndsAtMs = (waiting[0]?.waitingSinceMs ?? Infinity) + limits.windowMs;
    await sleep(Math.max(0, Math.min(nextPollAtMs, windowEndsAtMs) - now()), stop);
    if (stop.aborted) break;
    if (now() >= nextPollAtMs) await read();
    await ledger.beat();
  }
  return "stopped";
};
