import { setMaxListeners } from "node:events";
import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import type { BatchLimits } from "../../shared/core/event-source/batch.ts";
import type { FailurePolicy } from "../../shared/core/event-source/failure-policy.ts";
import type { OnFailureDestination } from "../../shared/core/event-source/on-failure.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import { readableShards } from "../../shared/core/event-source/shards.ts";
import {
  type ShardDescription,
  SourceError,
  type StreamDescription,
  type StreamSource,
} from "../../shared/core/event-source/source.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { StateStore } from "../../shared/core/ports.ts";
import {
  loadCheckpoint,
  messageOf,
  REPAIR_CHECK_MS,
  type StartingPosition,
  tryToSave,
} from "./checkpoint.ts";
import { claimShard } from "./claim-shard.ts";
import type { Invoke } from "./deliver.ts";
import { retireExpiredShards, retireShard } from "./expired-shards.ts";
import type { Instance } from "./instance.ts";
import { createMembers } from "./members.ts";
import type { ShardLease } from "./shard-lease.ts";
import { runShardLoop, type ShardLoopEnd } from "./shard-loop.ts";
import { createShardReader } from "./shard-reader.ts";
import type { Sleep } from "./sleep.ts";
import { createTrouble, type Trouble } from "./trouble.ts";
import { createWaker } from "./waker.ts";

/** How often the list of shards is looked at when nothing asks for it. */
const REFRESH_MS = 30_000;
/** A loop that ran this long before it failed is restarted as after a first failure. */
const SETTLED_MS = 60_000;

export type IncarnationDeps<Summary extends BatchTotals> = {
  source: StreamSource;
  state: StateStore;
  invoke: Invoke<Summary>;
  encodeBase64(bytes: Uint8Array): string;
  onBatch(summary: Summary): void;
  /** Needed only by a policy that gives records up. */
  onFailure?: OnFailureDestination | undefined;
  instance: Instance;
  log: Logger;
  newId(): string;
  now(): number;
  /** Milliseconds of a clock that nobody sets. */
  monotonicNow(): number;
  sleep: Sleep;
  random(): number;
  streamTrouble: Trouble;
  stop: AbortSignal;
  abandon: AbortSignal;
};

export type IncarnationOptions = {
  readonly limits: BatchLimits;
  readonly policy: FailurePolicy;
  readonly parallelizationFactor: number;
  readonly startingPosition: StartingPosition;
};

/**
 * Reads one stream, that is one incarnation of its name, with every shard on its own loop,
 * as far as this instance has it: others may share the stream. Resolves when stopped, or when the stream was deleted or replaced and all loops have ended.
 */
export const runIncarnation = async <Summary extends BatchTotals>(
  deps: IncarnationDeps<Summary>,
  stream: StreamDescription & { readonly name: string },
  { limits, policy, parallelizationFactor, startingPosition }: IncarnationOptions,
): Promise<void> => {
  const { source, log, now, sleep, random, streamTrouble } = deps;
  const store = deps.state;
  const over = new AbortController();
  const stop = AbortSignal.any([deps.stop, over.signal]);
  // Every shard listens; Node takes more than ten for a leak.
  setMaxListeners(0, stop);
  const waker = createWaker(sleep);
  const tasks = new Map<string, Promise<void>>();
  const drained = new Set<string>();
  let shards: readonly ShardDescription[] = [];
  let looking: Promise<void> | undefined;

  const isListed = (shardId: string) => shards.some((shard) => shard.shardId === shardId);
  const members = createMembers(
    { ...deps, store },
    stream.name,
    () =>
      readableShards(shards, (id) => drained.has(id)).filter((s) => !drained.has(s.shardId)).length,
  );

  const lookNow = async (): Promise<void> => {
    try {
      const found = await source.describe(stream.name, stop);
      if (found.createdAt !== stream.createdAt)
        throw new SourceError("NOT_FOUND", `Stream ${stream.name} was deleted and made again.`);
      shards = await source.listShards(stream.name, stop);
    } catch (error) {
      if (error instanceof SourceError && error.code === "NOT_FOUND") over.abort();
      throw error;
    }
  };

  /** Makes sure that this incarnation still exists, and lists its shards anew. */
  const look = (): Promise<void> => {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const assertReadable = async (shardId: string): Promise<void> => {
    await look();
    if (!isListed(shardId)) throw new SourceError("NOT_FOUND", `Shard ${shardId} is gone.`);
  };

  const readShard = async (
    shard: ShardDescription,
    lease: ShardLease,
    state: ShardState,
    trouble: Trouble,
  ): Promise<ShardLoopEnd> => {
    const { shardId } = shard;
    const onGap = (lastRead: string, firstFound: string) =>
      log.warn(
        { stream: stream.name, shardId, lastRead, firstFound },
        `Shard ${shardId}: record ${lastRead} has passed the retention; reading goes on at ${firstFound}. What came between, if anything, is lost.`,
      );
    const reader = createShardReader(
      { source, onGap, beforeReopen: () => assertReadable(shardId) },
      { streamName: stream.name, shardId },
      state.sequenceNumber,
      state.startTimestamp ?? null,
    );
    const handOver = new AbortController();
    members.hold(shardId, () => handOver.abort());
    try {
      return await runShardLoop(
        { ...deps, stop, policy, lease, reader, trouble, handOver: handOver.signal },
        { streamArn: stream.arn, limits, parallelizationFactor },
        state,
      );
    } finally {
      members.drop(shardId);
    }
  };

  const load = (shard: ShardDescription, trouble: Trouble) =>
    loadCheckpoint({ store, trouble, sleep, random }, stream, shard, stop);

  const waitForRepair = async (
    shard: ShardDescription,
    trouble: Trouble,
    error: SourceError,
  ): Promise<void> => {
    const message = `its checkpoint is refused. ${error.message}. Repair the object under _state/, or delete it to read the shard again from its oldest record.`;
    const shown = trouble.report("CHECKPOINT_REFUSED", message, { needsPerson: true });
    // Read again: the loop may have moved the checkpoint since it was restored.
    const loaded = await load(shard, trouble);
    if (loaded !== undefined)
      await tryToSave(store, { ...loaded.restored.state, error: shown }, loaded.version);
    await sleep(REPAIR_CHECK_MS, stop);
  };

  /** What to do about an error that ended a shard's loop. True when the shard is done with. */
  const recover = async (
    shard: ShardDescription,
    trouble: Trouble,
    error: unknown,
    failures: number,
  ): Promise<boolean> => {
    if (error instanceof SourceError && ["NOT_FOUND", "POSITION_REFUSED"].includes(error.code)) {
      await look();
      if (!isListed(shard.shardId)) {
        const loaded = await load(shard, trouble);
        if (loaded !== undefined && !loaded.restored.state.drained)
          await retireShard({ store, log }, loaded.restored.state, loaded.version);
        return true;
      }
      if (error.code === "POSITION_REFUSED") {
        await waitForRepair(shard, trouble, error);
        return false;
      }
    }
    trouble.report("SHARD_RESTARTED", `restarts from its checkpoint. ${messageOf(error)}`);
    await sleep(backOffMs(failures, random), stop);
    return false;
  };

  const runShard = async (shard: ShardDescription): Promise<void> => {
    const { shardId } = shard;
    const trouble = createTrouble({ log, now }, `Shard ${shardId}`, {
      stream: stream.name,
      shardId,
    });
    for (let failures = 1; !stop.aborted; failures += 1) {
      const startedAtMs = now();
      try {
        const claim = await claimShard(
          { ...deps, store, members, trouble, startingPosition },
          stream,
          shard,
          stop,
        );
        if (claim.kind === "stopped") return;
        if (claim.kind === "drained") {
          drained.add(shardId);
          startReadable();
          return;
        }
        const end = await readShard(shard, claim.lease, claim.state, trouble);
        if (end === "stopped") return;
        if (end === "lost")
          log.warn(
            { stream: stream.name, shardId },
            `Shard ${shardId} was taken over by another instance; nothing more of it is written here.`,
          );
        if (end !== "drained") {
          failures = 0;
          continue;
        }
        drained.add(shardId);
        log.info(
          { stream: stream.name, shardId },
          `Shard ${shardId} is closed and read to its end.`,
        );
        waker.wake();
        return;
      } catch (error) {
        if (stop.aborted) return;
        if (now() - startedAtMs > SETTLED_MS) failures = 1;
        try {
          if (!(await recover(shard, trouble, error, failures))) continue;
          drained.add(shardId);
          waker.wake();
          return;
        } catch (again) {
          if (stop.aborted) return;
          trouble.report("SHARD_RESTARTED", `restarts from its checkpoint. ${messageOf(again)}`);
          await sleep(backOffMs(failures, random), stop);
        }
      }
    }
  };

  const startReadable = (): void => {
    if (stop.aborted) return;
    for (const shard of readableShards(shards, (shardId) => drained.has(shardId)))
      if (!tasks.has(shard.shardId)) tasks.set(shard.shardId, runShard(shard));
  };

  const showing = members.run(stop);
  await members.known;
  let areExpiredRetired = false;
  for (let failures = 0; !stop.aborted; ) {
    try {
      await look();
      if (!areExpiredRetired) await retireExpiredShards({ store, log }, stream, isListed);
      areExpiredRetired = true;
      failures = 0;
      streamTrouble.clear();
      startReadable();
    } catch (error) {
      if (stop.aborted) break;
      failures += 1;
      streamTrouble.report("SHARDS_UNKNOWN", messageOf(error));
    }
    await waker.wait(failures === 0 ? REFRESH_MS : backOffMs(failures, random), stop);
  }
  await Promise.all([...tasks.values(), showing]);
};
