import type { ShardState } from "../../shared/core/consumer-state.ts";
import { type CheckpointDeps, saveCheckpoint, tryToSave } from "./checkpoint.ts";

/** How often the stored state is refreshed while no batch refreshes it. */
export const HEARTBEAT_MS = 5_000;

export type ShardLedgerDeps = CheckpointDeps & {
  now(): number;
  /** No further write from here on: another process may have taken over. */
  abandon: AbortSignal;
};

/** The state of one shard, in memory and in the store. Its one user makes one call at a time. */
export type ShardLedger = {
  state(): ShardState;
  change(patch: Partial<ShardState>): void;
  /** Stores the state, however long that takes. False when abandoned before. */
  checkpoint(): Promise<boolean>;
  /** Stores the state if that was not done for 5 s; a failure does not matter. */
  beat(): Promise<void>;
  /** Logs why the shard does not move, and stores a new reason at once. */
  showError(code: string, message: string): Promise<void>;
  /** The shard moves again: the next `beat` says so. */
  clearError(): void;
};

export const createShardLedger = (deps: ShardLedgerDeps, restored: ShardState): ShardLedger => {
  const { now, trouble, abandon } = deps;
  let state = restored;
  let savedAtMs = Number.NEGATIVE_INFINITY;

  const storeOnce = async (): Promise<void> => {
    if (abandon.aborted) return;
    savedAtMs = now();
    await tryToSave(deps, state);
  };

  return {
    state: () => state,
    change: (patch) => {
      state = { ...state, ...patch };
    },
    checkpoint: async () => {
      const isSaved = await saveCheckpoint(deps, state, abandon);
      savedAtMs = now();
      return isSaved;
    },
    beat: async () => {
      if (now() - savedAtMs >= HEARTBEAT_MS) await storeOnce();
    },
    showError: async (code, message) => {
      const isNew = state.error?.code !== code;
      state = { ...state, error: trouble.report(code, message) };
      if (isNew) await storeOnce();
    },
    clearError: () => {
      trouble.clear();
      if (state.error === null) return;
      state = { ...state, error: null };
      savedAtMs = Number.NEGATIVE_INFINITY;
    },
  };
};
