import { type ShardState, shardStateKey } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import {
  type RestoredState,
  restoreShardState,
} from "../../shared/core/event-source/shard-state.ts";
import type { ShardDescription } from "../../shared/core/event-source/source.ts";
import type { StateStore } from "../../shared/core/ports.ts";
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
): Promise<RestoredState | undefined> => {
  const key = shardStateKey(stream.name, shard.shardId);
  for (let failures = 1; !signal.aborted; failures += 1) {
    let text: string | undefined;
    try {
      text = await store.read(key);
    } catch (error) {
      trouble.report("CHECKPOINT_UNREADABLE", `${key} cannot be read. ${messageOf(error)}`);
      await sleep(backOffMs(failures, random), signal);
      continue;
    }
    try {
      const restored = restoreShardState(text, stream.name, stream.createdAt, shard);
      trouble.clear("CHECKPOINT_UNREADABLE", "CHECKPOINT_UNUSABLE");
      return restored;
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

/** Writes the state once and tells whether that worked; for what may be missed. */
export const tryToSave = async (
  { store }: Pick<CheckpointDeps, "store">,
  state: ShardState,
): Promise<{ isSaved: true } | { isSaved: false; reason: string }> => {
  try {
    await store.write(shardStateKey(state.stream, state.shardId), JSON.stringify(state));
    return { isSaved: true };
  } catch (error) {
    return { isSaved: false, reason: messageOf(error) };
  }
};

/** Writes the state until it is stored. False when the signal was aborted before. */
export const saveCheckpoint = async (
  deps: CheckpointDeps,
  state: ShardState,
  signal: AbortSignal,
): Promise<boolean> => {
  for (let failures = 1; !signal.aborted; failures += 1) {
    const saved = await tryToSave(deps, state);
    if (saved.isSaved) {
      deps.trouble.clear("CHECKPOINT_NOT_WRITTEN");
      return true;
    }
    const key = shardStateKey(state.stream, state.shardId);
    deps.trouble.report(
      "CHECKPOINT_NOT_WRITTEN",
      `${key} cannot be written, so the shard waits. ${saved.reason}`,
    );
    await deps.sleep(backOffMs(failures, deps.random), signal);
  }
  return false;
};
