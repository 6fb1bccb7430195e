import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import {
  type BatchLimits,
  countDue,
  type WaitingRecord,
} from "../../shared/core/event-source/batch.ts";
import { createPayloadMeter } from "../../shared/core/event-source/event.ts";
import {
  createLaneTracker,
  freshLanes,
  type LaneProgress,
  laneOf,
  resumeLanes,
} from "../../shared/core/event-source/lanes.ts";
import { idlePollMs, MIN_POLL_MS } from "../../shared/core/event-source/polling.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import { SourceError } from "../../shared/core/event-source/source.ts";
import { type Batch, createDeliver, type DeliverDeps } from "./deliver.ts";
import { createShardLedger, type ShardLedgerDeps } from "./shard-ledger.ts";
import type { ReadPage, ShardReader } from "./shard-reader.ts";
import { createWaker } from "./waker.ts";

/** A single failed read is everyday life and heals unseen. */
const READ_FAILURES_TO_REPORT = 2;
/** Reading waits while so much waits for lanes that are not done: two pages of records. */
const MAX_WAITING_RECORDS = 20_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const MAX_WAIT_MS = 60_000;

export type ShardLoopDeps<Summary extends BatchTotals> = Omit<
  DeliverDeps<Summary>,
  "ledger" | "tracker"
> &
  ShardLedgerDeps & {
    reader: ShardReader;
    /** Aborted when another instance should have the shard. */
    handOver: AbortSignal;
  };

export type ShardLoopOptions = {
  readonly streamArn: string;
  readonly limits: BatchLimits;
  readonly parallelizationFactor: number;
};

export type ShardLoopEnd =
  | "drained"
  | "stopped"
  | "handedOver"
  /** Another instance has the shard. */
  | "lost";

const isUpTo = (sequenceNumber: string, until: string): boolean =>
  BigInt(sequenceNumber) <= BigInt(until);

type Taken = { readonly batch: Batch; readonly wasAttempted: boolean };

/**
 * Moves one shard: reads, and hands batches over, in each lane one after the other, checkpointing
 * each before the next. What waits in memory is bounded. Resolves at the end of a closed shard, on
 * a signal or without its lease; throws what the owner of the stream has to decide about:
 * `NOT_FOUND`, `POSITION_REFUSED`, and whatever is no SourceError. When it ends nothing of it is
 * left running.
 */
export const runShardLoop = async <Summary extends BatchTotals>(
  deps: ShardLoopDeps<Summary>,
  { streamArn, limits, parallelizationFactor }: ShardLoopOptions,
  restored: ShardState,
): Promise<ShardLoopEnd> => {
  const { reader, lease, sleep, random, now, abandon } = deps;
  const origin = { streamArn, shardId: restored.shardId };
  const ledger = createShardLedger(deps, restored);
  const payloadBytesOf = createPayloadMeter(origin);
  const idleMs = idlePollMs(limits.windowMs);
  const over = new AbortController();
  const stop = AbortSignal.any([deps.stop, deps.handOver, lease.lost, over.signal]);
  const waker = createWaker(sleep);

  const createLanes = (checkpoint: string | null, progress: readonly LaneProgress[]) => {
    const tracker = createLaneTracker(checkpoint, progress);
    const lanes = progress.map(({ pendingUntil }, index) => ({
      index,
      waiting: [] as WaitingRecord[],
      /** The batch an earlier life has begun ends here. */
      cut: pendingUntil,
      task: undefined as Promise<void> | undefined,
      deliver: createDeliver({ ...deps, stop, ledger, tracker }, origin, index, pendingUntil),
    }));
    return { tracker, lanes };
  };
  type Lane = ReturnType<typeof createLanes>["lanes"][number];

  const resumed = resumeLanes(restored, parallelizationFactor);
  let { tracker, lanes } = createLanes(restored.sequenceNumber, resumed.lanes);
  /** With lanes of another number than wanted: they finish up to here. */
  let barrier = resumed.until;
  /** Records past the barrier. */
  let held: WaitingRecord[] = [];

  let lastRead: string | undefined;
  let isEnd = false;
  let readFailures = 0;
  let nextPollAtMs = now();
  let reading: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;
  /** Start of the last poll, if it left nothing unread: what is found next arrived after it. */
  let atTipSinceMs: number | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    over.abort();
  };

  const dispatch = (waiting: WaitingRecord): void => {
    const { sequenceNumber, partitionKey } = waiting.record;
    if (barrier !== null && !isUpTo(sequenceNumber, barrier)) {
      held.push(waiting);
      return;
    }
    const index = lanes.length === 1 ? 0 : laneOf(partitionKey, lanes.length);
    const isDone = tracker.isDone(index, sequenceNumber);
    tracker.add(index, sequenceNumber);
    if (!isDone) lanes[index]?.waiting.push(waiting);
  };

  const take = (page: ReadPage, startedAtMs: number): void => {
    const waitingSinceMs = atTipSinceMs ?? startedAtMs;
    for (const record of page.records)
      dispatch({ record, payloadBytes: payloadBytesOf(record), waitingSinceMs });
    lastRead = page.records.at(-1)?.sequenceNumber ?? lastRead;
    isEnd = page.isEnd;
    readFailures = 0;
    atTipSinceMs = page.hasMore ? undefined : startedAtMs;
    nextPollAtMs = startedAtMs + (page.hasMore ? MIN_POLL_MS : idleMs);
    ledger.clearError("read");
    ledger.change({
      lastPolledAt: new Date(now()).toISOString(),
      millisBehindLatest: page.millisBehindLatest,
      waitingRecords: [held, ...lanes.map(({ waiting }) => waiting)].reduce(
        (sum, { length }) => sum + length,
        0,
      ),
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
      await ledger.showError("read", `READ_${error.code}`, error.message);
  };

  const read = async (): Promise<void> => {
    const startedAtMs = now();
    try {
      take(await reader.read(stop), startedAtMs);
    } catch (error) {
      await onReadError(error);
    }
  };

  /** The batch begun in an earlier life once all of it is there, else the one that is due. */
  const takeDue = (lane: Lane): Taken | undefined => {
    const { cut } = lane;
    let count: number;
    if (cut === null) count = countDue(lane.waiting, limits, now(), isEnd);
    else {
      const isComplete = isEnd || (lastRead !== undefined && isUpTo(cut, lastRead));
      if (!isComplete) return undefined;
      lane.cut = null;
      const beyond = lane.waiting.findIndex(({ record }) => !isUpTo(record.sequenceNumber, cut));
      count = beyond < 0 ? lane.waiting.length : beyond;
      if (count === 0) return takeDue(lane);
    }
    if (count === 0) return undefined;
    const batch = lane.waiting.slice(0, count).map(({ record }) => record) as unknown as Batch;
    lane.waiting = lane.waiting.slice(count);
    return { batch, wasAttempted: cut !== null };
  };

  const work = async (lane: Lane, first: Taken): Promise<void> => {
    let taken: Taken | undefined = first;
    while (taken !== undefined && !stop.aborted) {
      const { batch, wasAttempted }: Taken = taken;
      let next: Taken | undefined;
      const upcoming = () => {
        next = stop.aborted ? undefined : takeDue(lane);
        return next?.batch.at(-1)?.sequenceNumber ?? null;
      };
      ledger.setBusy(lane.index, batch[0].arrivedAtMs);
      const isDone = await lane.deliver(batch, { wasAttempted, upcoming });
      ledger.setBusy(lane.index, undefined);
      taken = isDone ? next : undefined;
    }
  };

  const isEmpty = () =>
    lanes.every(({ waiting, task }) => waiting.length === 0 && task === undefined);

  /** Once the lanes of an earlier life are done, as many as wanted take their place. */
  const passBarrier = (): void => {
    if (barrier === null || !isEmpty()) return;
    if (!isEnd && (lastRead === undefined || !isUpTo(barrier, lastRead))) return;
    const { sequenceNumber } = tracker.progress();
    ({ tracker, lanes } = createLanes(
      sequenceNumber,
      freshLanes(parallelizationFactor, sequenceNumber),
    ));
    barrier = null;
    const waiting = held;
    held = [];
    for (const each of waiting) dispatch(each);
    ledger.change(tracker.progress());
  };

  const start = (lane: Lane, taken: Taken): void => {
    lane.task = work(lane, taken)
      .catch(fail)
      .finally(() => {
        lane.task = undefined;
        waker.wake();
      });
  };

  const mayRead = (): boolean => {
    if (isEnd || reading !== undefined || lanes.every(({ task }) => task !== undefined))
      return false;
    const waiting = [held, ...lanes.map((lane) => lane.waiting)];
    if (waiting.reduce((sum, { length }) => sum + length, 0) > MAX_WAITING_RECORDS) return false;
    const bytes = waiting.flat().reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    return bytes <= MAX_WAITING_BYTES;
  };

  const wait = async (): Promise<void> => {
    const windowEnds = lanes
      .filter(({ task, cut }) => task === undefined && cut === null)
      .map(({ waiting }) => (waiting[0]?.waitingSinceMs ?? Infinity) + limits.windowMs);
    const wakeAtMs = Math.min(mayRead() ? nextPollAtMs : Infinity, ...windowEnds);
    await waker.wait(Math.min(MAX_WAIT_MS, Math.max(0, wakeAtMs - now())), stop);
  };

  const run = async (): Promise<boolean> => {
    while (!stop.aborted) {
      passBarrier();
      for (const lane of lanes) {
        if (lane.task !== undefined) continue;
        const taken = takeDue(lane);
        if (taken !== undefined) start(lane, taken);
      }
      if (isEnd && barrier === null && isEmpty() && reading === undefined) return true;
      await wait();
      if (!stop.aborted && mayRead() && now() >= nextPollAtMs)
        reading = read()
          .catch(fail)
          .finally(() => {
            reading = undefined;
            waker.wake();
          });
    }
    return false;
  };

  const living = new AbortController();
  const alive = ledger.keepAlive(living.signal);
  let isAtEnd = false;
  try {
    isAtEnd = await run();
  } finally {
    over.abort();
    await Promise.all([reading, ...lanes.map(({ task }) => task)]);
    living.abort();
    await alive;
  }
  if (failure !== undefined) throw failure.error;
  if (isAtEnd) {
    ledger.change({ drained: true });
    lease.giveUp();
    if (await ledger.checkpoint()) return "drained";
  } else if (!abandon.aborted) await ledger.release();
  if (lease.lost.aborted) return "lost";
  return deps.stop.aborted || abandon.aborted ? "stopped" : "handedOver";
};
