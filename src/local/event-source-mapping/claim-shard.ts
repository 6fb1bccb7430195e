import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import type { ShardDescription } from "../../shared/core/event-source/source.ts";
import type { Logger } from "../../shared/core/logger.ts";
import {
  type CheckpointDeps,
  type LoadedState,
  loadCheckpoint,
  messageOf,
  type StartingPosition,
  startTimestampOf,
} from "./checkpoint.ts";
import type { Members } from "./members.ts";
import { LEASE_MS, type LeaseDeps, type ShardLease, takeLease } from "./shard-lease.ts";

/** How often a shard that another instance has is looked at. */
const WATCH_MS = 2_000;

export type ClaimDeps = LeaseDeps &
  CheckpointDeps & {
    members: Members;
    log: Logger;
    startingPosition: StartingPosition;
  };

export type Claim =
  | { kind: "held"; lease: ShardLease; state: ShardState }
  /** Read to its end, by whomever. */
  | { kind: "drained" }
  | { kind: "stopped" };

/**
 * Waits until this instance has the shard, or there is nothing left to have. A shard is free when
 * its owner gave it up or certainly ended; else its state has to stay the same for as long as a
 * lease lasts, by this instance's own clock.
 */
export const claimShard = async (
  deps: ClaimDeps,
  stream: { name: string; createdAt: string },
  shard: ShardDescription,
  signal: AbortSignal,
): Promise<Claim> => {
  const { store, instance, members, log, trouble, sleep, random, now, monotonicNow } = deps;
  const { shardId } = shard;
  let watched: { version: string | null; sinceMs: number } | undefined;

  const whyFree = ({ owner, version }: LoadedState): "unowned" | "ended" | "silent" | undefined => {
    const sinceMs = watched?.version === version ? watched.sinceMs : monotonicNow();
    watched = { version, sinceMs };
    const unchangedMs = monotonicNow() - sinceMs;
    if (owner === instance.id) return "unowned";
    if (owner !== null && instance.isGone(owner)) return "ended";
    if (owner !== null) return unchangedMs >= LEASE_MS ? "silent" : undefined;
    return members.mayTake(unchangedMs) ? "unowned" : undefined;
  };

  const take = async ({ restored, version, revision }: LoadedState) => {
    let { state } = restored;
    if (restored.kind === "new") {
      const position = deps.startingPosition;
      const startTimestamp = await startTimestampOf(store, stream, shard, position, now());
      state = { ...state, startTimestamp };
    }
    const lease = await takeLease(deps, state, { version, revision });
    return lease && { kind: "held" as const, lease, state };
  };

  for (let failures = 0; ; ) {
    const loaded = await loadCheckpoint(deps, stream, shard, signal);
    if (loaded === undefined || signal.aborted) return { kind: "stopped" };
    const { restored } = loaded;
    if (restored.state.drained) return { kind: "drained" };
    const why = whyFree(loaded);
    if (why === undefined) {
      await sleep(WATCH_MS, signal);
      continue;
    }
    try {
      const claim = await take(loaded);
      if (claim === undefined) continue;
      if (why !== "unowned")
        log.info(
          { stream: stream.name, shardId, from: loaded.owner },
          `Shard ${shardId} is taken over: the instance that had it ${why === "ended" ? "ended" : "has been silent"}.`,
        );
      if (restored.kind === "replaced")
        log.warn(
          { stream: stream.name, shardId, old: restored.old },
          `Stream ${stream.name} was deleted and made again (${restored.old.streamCreatedAt}, now ${stream.createdAt}): the old checkpoint of ${shardId} is set aside, reading starts at TRIM_HORIZON.`,
        );
      trouble.clear("LEASE_NOT_TAKEN");
      return claim;
    } catch (error) {
      failures += 1;
      trouble.report("LEASE_NOT_TAKEN", `its lease cannot be taken. ${messageOf(error)}`);
      await sleep(backOffMs(failures, random), signal);
    }
  }
};
