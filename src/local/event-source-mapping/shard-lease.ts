import { setMaxListeners } from "node:events";
import { type ShardState, shardStateKey } from "../../shared/core/consumer-state.ts";
import type { StateStore, WriteFence } from "../../shared/core/ports.ts";
import type { Instance } from "./instance.ts";

/**
 * A state that did not change for this long, by the clock of whoever watches it, has lost its
 * owner: the shard may be taken.
 */
export const LEASE_MS = 15_000;
/** An owner that could not renew for this long stops writing, well before anybody else begins. */
export const FENCE_MS = 10_000;
export const RENEW_MS = 4_000;

/** Own writes of which the answer was lost that one write may find in its way. */
const MAX_OWN_CONFLICTS = 5;

export class LeaseError extends Error {
  override readonly name = "LeaseError";
  readonly code = "LEASE_NOT_HELD";
}

export type LeaseDeps = {
  store: StateStore;
  instance: Instance;
  now(): number;
  /** Milliseconds of a clock that nobody sets. */
  monotonicNow(): number;
};

/** The right to move one shard. Its state object is the lease: whoever wrote it last has the shard. */
export type ShardLease = {
  /**
   * Stores the state and renews the lease. False when another instance has the shard. Throws when
   * the store fails, in which case it is stored or not. One call at a time.
   */
  write(state: ShardState): Promise<boolean>;
  /** From the next write on nobody has the shard. */
  giveUp(): void;
  /** Whether this instance may write parts now. */
  isHeld(): boolean;
  /** For one invocation: falls with the present term, even if the lease is renewed later. */
  fence(): WriteFence & { end(): void };
  /** Aborted once another instance has the shard. */
  readonly lost: AbortSignal;
};

/** The lease's fields of a stored state, whatever the rest of it looks like. */
export const leaseOf = (text: string): { owner: string | null; revision: number } => {
  try {
    const { owner, revision } = JSON.parse(text) as Partial<ShardState>;
    return {
      owner: typeof owner === "string" ? owner : null,
      revision: typeof revision === "number" ? revision : 0,
    };
  } catch {
    return { owner: null, revision: 0 };
  }
};

/**
 * Takes the shard if what is stored is still the given version. Undefined when it is not, or when
 * somebody else was faster.
 */
export const takeLease = async (
  { store, instance, now, monotonicNow }: LeaseDeps,
  state: ShardState,
  stored: { version: string | null; revision: number },
): Promise<ShardLease | undefined> => {
  const key = shardStateKey(state.stream, state.shardId);
  const lost = new AbortController();
  /** Those that hold in the present term. */
  const fences = new Set<AbortController>();
  let owner: string | null = instance.id;
  let { version, revision } = stored;
  let storedRevision = revision;
  let renewedAt = { wall: 0, monotonic: 0 };

  // The wall clock counts too: the other one may stand still while a laptop sleeps.
  const elapsedMs = (): number =>
    Math.max(now() - renewedAt.wall, monotonicNow() - renewedAt.monotonic);

  const endTerm = (reason: string): void => {
    for (const fence of fences) fence.abort(new LeaseError(reason));
    fences.clear();
  };

  const lose = (): false => {
    lost.abort();
    endTerm(`Shard ${state.shardId} was taken over by another instance.`);
    return false;
  };

  const isHeld = (): boolean => {
    if (!lost.signal.aborted && elapsedMs() < FENCE_MS) return true;
    endTerm(`The lease of shard ${state.shardId} ran out.`);
    return false;
  };

  const writeOnce = async (next: ShardState): Promise<boolean> => {
    // Counted from before the request: nobody can have seen the renewal earlier.
    const begunAt = { wall: now(), monotonic: monotonicNow() };
    revision += 1;
    const leaseExpiresAt = owner === null ? null : new Date(begunAt.wall + LEASE_MS).toISOString();
    const text = JSON.stringify({ ...next, owner, leaseExpiresAt, revision });
    const written = await store.write(key, text, version);
    if (written === undefined) return false;
    version = written;
    storedRevision = revision;
    // A fence of an earlier term must not come to life again.
    isHeld();
    renewedAt = begunAt;
    return true;
  };

  /** True when what stands in the way is an earlier write of this lease. */
  const findOwn = async (): Promise<boolean> => {
    const found = await store.read(key);
    if (found === undefined) return false;
    const lease = leaseOf(found.text);
    // The same revision with other content is a person's repair.
    if (lease.owner !== instance.id || lease.revision <= storedRevision) return false;
    version = found.version;
    storedRevision = lease.revision;
    return true;
  };

  if (!(await writeOnce(state))) return undefined;

  return {
    write: async (next) => {
      for (let conflicts = 0; conflicts < MAX_OWN_CONFLICTS; conflicts += 1) {
        if (lost.signal.aborted) return false;
        if (await writeOnce(next)) return true;
        if (!(await findOwn())) return lose();
      }
      throw new Error(`${key} changes under its owner's hands.`);
    },
    giveUp: () => {
      owner = null;
    },
    isHeld,
    fence: () => {
      const fence = new AbortController();
      // Every part in flight listens; Node takes more than ten for a leak.
      setMaxListeners(0, fence.signal);
      fences.add(fence);
      return {
        signal: fence.signal,
        assertHeld: () => {
          isHeld();
          fence.signal.throwIfAborted();
        },
        end: () => void fences.delete(fence),
      };
    },
    lost: lost.signal,
  };
};
