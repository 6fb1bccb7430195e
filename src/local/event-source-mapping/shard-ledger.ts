import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import { messageOf } from "./checkpoint.ts";
import { RENEW_MS, type ShardLease } from "./shard-lease.ts";
import type { Sleep } from "./sleep.ts";
import type { Trouble } from "./trouble.ts";

/** How often the lease and the signs of life are looked after. */
const TICK_MS = 1_000;

export type ShardLedgerDeps = {
  lease: ShardLease;
  trouble: Trouble;
  sleep: Sleep;
  random(): number;
  now(): number;
  monotonicNow(): number;
  /** No further write from here on: another process may have taken over. */
  abandon: AbortSignal;
};

/** The state of one shard, in memory and in the store. */
export type ShardLedger = {
  state(): ShardState;
  change(patch: Partial<ShardState>): void;
  /** Stores the state, however long that takes. False when abandoned, or when the lease is lost. */
  checkpoint(): Promise<boolean>;
  /** Tells of the oldest record that a lane works on; undefined when it is done. */
  setBusy(lane: number, arrivedAtMs: number | undefined): void;
  /** Logs why the shard does not move, and stores a new reason at once. */
  showError(source: string, code: string, message: string): Promise<void>;
  /** What this source reported is over: the next sign of life says so. */
  clearError(source: string): void;
  /** Renews the lease and shows signs of life until the signal is aborted. */
  keepAlive(signal: AbortSignal): Promise<void>;
  /** Gives the shard up at once, if the store answers. */
  release(): Promise<void>;
};

export const createShardLedger = (deps: ShardLedgerDeps, restored: ShardState): ShardLedger => {
  const { lease, now, monotonicNow, trouble, sleep, random, abandon } = deps;
  const ended = AbortSignal.any([abandon, lease.lost]);
  const busy = new Map<number, number>();
  let state = restored;
  let savedAtMs = monotonicNow();
  let hasToldOfPoll = false;
  let errorSource: string | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let isWriting = false;
  let queued: Promise<boolean> | undefined;

  const hasPolled = (): boolean => state.lastPolledAt !== restored.lastPolledAt;

  const write = async (): Promise<boolean> => {
    const tellsOfPoll = hasPolled();
    const isOurs = await lease.write(state);
    savedAtMs = monotonicNow();
    hasToldOfPoll ||= tellsOfPoll;
    return isOurs;
  };

  /** Whoever started this waits for its first poll, so that is told at the next tick. */
  const isDue = (): boolean =>
    monotonicNow() - savedAtMs >= RENEW_MS || (!hasToldOfPoll && hasPolled());

  /** Lets no two writes run at once. */
  const exclusively = async <T>(work: () => Promise<T>): Promise<T> => {
    isWriting = true;
    try {
      return await work();
    } finally {
      isWriting = false;
    }
  };

  const writeUntilStored = async (): Promise<boolean> => {
    for (let failures = 1; !ended.aborted; failures += 1) {
      try {
        const isOurs = await write();
        trouble.clear("CHECKPOINT_NOT_WRITTEN");
        return isOurs;
      } catch (error) {
        trouble.report(
          "CHECKPOINT_NOT_WRITTEN",
          `its state cannot be written, so the shard waits. ${messageOf(error)}`,
        );
        // No longer than that: meanwhile the lease is not renewed either.
        await sleep(Math.min(RENEW_MS, backOffMs(failures, random)), ended);
      }
    }
    return false;
  };

  /** One write at a time, and one more that carries whatever was changed since it began. */
  const checkpoint = (): Promise<boolean> => {
    const begin = async (): Promise<boolean> => {
      await writing;
      queued = undefined;
      const work = exclusively(writeUntilStored);
      writing = work.catch(() => undefined);
      return work;
    };
    queued ??= begin();
    return queued;
  };

  /** For what may be missed: the next write carries it. */
  const storeOnce = async (): Promise<void> => {
    if (isWriting || queued !== undefined || ended.aborted) return;
    const work = exclusively(write).catch(() => undefined);
    writing = work;
    await work;
  };

  const showLife = (): void => {
    if (busy.size === 0) return;
    const nowMs = now();
    state = {
      ...state,
      lastPolledAt: new Date(nowMs).toISOString(),
      millisBehindLatest: Math.max(0, nowMs - Math.min(...busy.values())),
    };
  };

  return {
    state: () => state,
    change: (patch) => {
      state = { ...state, ...patch };
    },
    checkpoint,
    setBusy: (lane, arrivedAtMs) => {
      if (arrivedAtMs === undefined) busy.delete(lane);
      else busy.set(lane, arrivedAtMs);
    },
    showError: async (source, code, message) => {
      const isNew = state.error?.code !== code;
      errorSource = source;
      state = { ...state, error: trouble.report(code, message) };
      if (isNew) await storeOnce();
    },
    clearError: (source) => {
      if (isWriting || (state.error !== null && errorSource !== source)) return;
      trouble.clear();
      if (state.error === null) return;
      state = { ...state, error: null };
      savedAtMs = Number.NEGATIVE_INFINITY;
    },
    keepAlive: async (signal) => {
      while (!signal.aborted && !ended.aborted) {
        await sleep(TICK_MS, signal);
        if (signal.aborted || ended.aborted) return;
        lease.isHeld();
        showLife();
        if (isDue()) void storeOnce();
      }
    },
    release: async () => {
      await writing;
      if (ended.aborted) return;
      lease.giveUp();
      await storeOnce();
    },
  };
};
