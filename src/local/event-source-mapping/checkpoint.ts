import {
  parseShardState,
  type ShardState,
  shardStateKey,
} from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import {
  type RestoredState,
  restoreShardState,
} from "../../shared/core/event-source/shard-state.ts";
import type { ShardDescription } from "../../shared/core/event-source/source.ts";
import type { StateStore } from "../../shared/core/ports.ts";
import { leaseOf } from "./shard-lease.ts";
import type { Sleep } from "./sleep.ts";
import type { Trouble } from "./trouble.ts";

/** How often a checkpoint that only a person can repair is looked at again. */
export const REPAIR_CHECK_MS = 30_000;

export type CheckpointDeps = {
  store: StateStore;
  trouble: Trouble;
  sleep: Sleep;
  random: () => number;
};

export const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** A shard's state and the lease on it, as stored. */
export type LoadedState = {
  restored: RestoredState;
  /** Null where nothing is stored. */
  version: string | null;
  owner: string | null;
  revision: number;
};

/**
 * Reads the state of a shard, however long the store takes to answer. A stored object that is not
 * usable stays as it is and is looked at again: it is never taken for a first start. Undefined
 * once the signal is aborted.
 */
export const loadCheckpoint = async (
  { store, trouble, sleep, random }: CheckpointDeps,
  stream: { name: string; createdAt: string },
  shard: ShardDescription,
  signal: AbortSignal,
): Promise<LoadedState | undefined> => {
  const key = shardStateKey(stream.name, shard.shardId);
  for (let failures = 1; !signal.aborted; failures += 1) {
    let stored: Awaited<ReturnType<StateStore["read"]>>;
    try {
      stored = await store.read(key);
    } catch (error) {
      trouble.report("CHECKPOINT_UNREADABLE", `${key} cannot be read. ${messageOf(error)}`);
      await sleep(backOffMs(failures, random), signal);
      continue;
    }
    try {
      const restored = restoreShardState(stored?.text, stream.name, stream.createdAt, shard);
      trouble.clear("CHECKPOINT_UNREADABLE", "CHECKPOINT_UNUSABLE");
      return { restored, version: stored?.version ?? null, ...leaseOf(stored?.text ?? "") };
    } catch (error) {
      const advice =
        "Repair the object, or delete it to read the shard again from its oldest record.";
      trouble.report("CHECKPOINT_UNUSABLE", `${messageOf(error)} ${advice}`, { needsPerson: true });
      await sleep(REPAIR_CHECK_MS, signal);
      failures = 0;
    }
  }
  return undefined;
};

/** Where a shard that was never read is read from, as configured. */
export type StartingPosition =
  | { readonly type: "TRIM_HORIZON" | "LATEST" }
  /** ISO 8601. */
  | { readonly type: "AT_TIMESTAMP"; readonly timestamp: string };

/**
 * The arrival time from which to read a shard without a checkpoint; null is TRIM_HORIZON. LATEST
 * becomes the present moment, so that a crash before the first checkpoint skips nothing. The
 * children of a shard that was read start where it did: what came to them came later.
 */
export const startTimestampOf = async (
  store: StateStore,
  stream: { name: string; createdAt: string },
  shard: ShardDescription,
  position: StartingPosition,
  nowMs: number,
): Promise<string | null> => {
  if (position.type === "TRIM_HORIZON") return null;
  const starts: string[] = [];
  for (const parent of shard.parentShardIds) {
    const key = shardStateKey(stream.name, parent);
    const stored = await store.read(key);
    if (stored === undefined) continue;
    const state = parseShardState(key, stored.text);
    if (state.streamCreatedAt !== stream.createdAt) continue;
    if (state.startTimestamp == null) return null;
    starts.push(state.startTimestamp);
  }
  const [first] = starts.sort();
  if (first !== undefined) return first;
  return new Date("timestamp" in position ? position.timestamp : nowMs).toISOString();
};

/** Stores a state once unless it was changed since it was read; for what may be missed. */
export const tryToSave = async (
  store: StateStore,
  state: ShardState,
  version: string | null,
): Promise<void> => {
  const text = JSON.stringify({ ...state, revision: (state.revision ?? 0) + 1 });
  await store
    .write(shardStateKey(state.stream, state.shardId), text, version)
    .catch(() => undefined);
};
