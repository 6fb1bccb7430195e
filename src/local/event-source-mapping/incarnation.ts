import { setMaxListeners } from "node:events";
import type { ShardState } from "../../shared/core/consumer-state.ts";
import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import type { BatchLimits } from "../../shared/core/event-source/batch.ts";
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
import { loadCheckpoint, messageOf, REPAIR_CHECK_MS, tryToSave } from "./checkpoint.ts";
import type { Invoke } from "./deliver.ts";
import { retireExpiredShards, retireShard } from "./expired-shards.ts";
import { runShardLoop } from "./shard-loop.ts";
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
  log: Logger;
  now(): number;
  sleep: Sleep;
  random(): number;
  streamTrouble: Trouble;
  stop: AbortSignal;
  abandon: AbortSignal;
};

/**
 * Reads one stream, that is one incarnation of its name, with every shard on its own loop.
 * Resolves when stopped, or when the stream was deleted or replaced and all loops have ended.
 */
export const runIncarnation = async <Summary extends BatchTotals>(
  deps: IncarnationDeps<Summary>,
  stream: StreamDescription & { readonly name: string },
  limits: BatchLimits,
): Promise<void> => {
  const { source, log, now, sleep, random, streamTrouble } = deps;
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
    restored: ShardState,
    trouble: Trouble,
  ): Promise<"drained" | "stopped"> => {
    const { shardId } = shard;
    const onGap = (lastRead: string, firstFound: string) =>
      log.warn(
        { stream: stream.name, shardId, lastRead, firstFound },
        `Shard ${shardId}: record ${lastRead} has passed the retention; reading goes on at ${firstFound}. What came between, if anything, is lost.`,
      );
    const reader = createShardReader(
      { source, onGap, beforeReopen: () => assertReadable(shardId) },
      { streamName: stream.name, shardId },
      restored.sequenceNumber,
    );
    return runShardLoop(
      { ...deps, store: deps.state, stop, reader, trouble },
      stream.arn,
      limits,
      restored,
    );
  };

  const restore = async (
    shard: ShardDescription,
    trouble: Trouble,
  ): Promise<ShardState | undefined> => {
    const checkpointDeps = { store: deps.state, trouble, sleep, random };
    const restored = await loadCheckpoint(checkpointDeps, stream, shard, stop);
    if (restored?.kind === "replaced")
      log.warn(
        { stream: stream.name, shardId: shard.shardId, old: restored.old },
        `Stream ${stream.name} was deleted and made again (${restored.old.streamCreatedAt}, now ${stream.createdAt}): the old checkpoint of ${shard.shardId} is set aside, reading starts at TRIM_HORIZON.`,
      );
    return restored?.state;
  };

  /** Shows a checkpoint that Kinesis refuses, and waits for a person to change it. */
  const waitForRepair = async (
    shard: ShardDescription,
    trouble: Trouble,
    error: SourceError,
  ): Promise<void> => {
    const message = `its checkpoint is refused. ${error.message}. Repair the object under _state/, or delete it to read the shard again from its oldest record.`;
    const shown = trouble.report("CHECKPOINT_REFUSED", message, { needsPerson: true });
    // Read again: the loop may have moved the checkpoint since it was restored.
    const state = await restore(shard, trouble);
    if (state !== undefined) await tryToSave({ store: deps.state }, { ...state, error: shown });
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
        const state = await restore(shard, trouble);
        if (state !== undefined) await retireShard({ store: deps.state, log }, state);
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
        const restored = await restore(shard, trouble);
        if (restored === undefined) return;
        if (restored.drained) {
          drained.add(shardId);
          startReadable();
          return;
        }
        if ((await readShard(shard, restored, trouble)) === "stopped") return;
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

  let areExpiredRetired = false;
  for (let failures = 0; !stop.aborted; ) {
    try {
      await look();
      if (!areExpiredRetired)
        await retireExpiredShards({ store: deps.state, log }, stream, isListed);
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
  await Promise.all(tasks.values());
};
