import { rmSync } from "node:fs";
import path from "node:path";
import { MIB } from "../../../shared/core/limits.ts";
import type { Logger } from "../../../shared/core/logger.ts";
import { createRouter, type Router } from "./hash-key.ts";
import { isOpen } from "./resharding.ts";
import { createSequenceNumbers, shardIdOf } from "./sequence-number.ts";
import { openShardLog, type ShardLog, type ShardLogOptions } from "./shard-log.ts";
import { type ShardMeta, type StreamMeta, writeStreamMeta } from "./stream-meta.ts";
import { createShardThrottle, type ShardThrottle } from "./throttle.ts";

export type StreamStatus = "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";

const MAX_SEGMENT_BYTES = 8 * MIB;
const MIN_SEGMENT_BYTES = 64 * 1024;
const HOUR_MS = 3_600_000;

export type StreamOptions = {
  isSynced: boolean;
  maxStreamBytes: number;
  stateChangeMs: number;
  log: Logger;
  disk?: Pick<ShardLogOptions, "writeSync" | "ftruncateSync">;
};

/** A shard at work: its metadata is the stream's, this is its log and how it names its records. */
export type ShardHandle = {
  readonly id: string;
  readonly log: ShardLog;
  readonly sequenceNumber: (ordinal: number) => string;
  readonly throttle: (now: number) => ShardThrottle;
};

/**
 * One stream: metadata in `stream.json`, one log per shard beside it. Every change is on disk
 * before it is seen.
 */
export const openStream = (
  directory: string,
  initial: StreamMeta,
  isReopened: boolean,
  options: StreamOptions,
) => {
  let meta = initial;
  let router: Router | undefined;
  let transition: { status: StreamStatus; until: number } | undefined;
  const shards = new Map<number, ShardHandle>();

  const openCount = () => meta.shards.filter(isOpen).length;

  // The newest segment of every open shard must stay, so all of them together may not fill the cap.
  const segmentBytes = () =>
    Math.min(
      MAX_SEGMENT_BYTES,
      Math.max(MIN_SEGMENT_BYTES, Math.floor(options.maxStreamBytes / (4 * openCount()))),
    );

  const openShard = (shard: ShardMeta, isReopenedShard: boolean): ShardHandle => {
    const id = shardIdOf(shard.index);
    const log = openShardLog({
      directory: path.join(directory, id),
      firstOrdinal: shard.startOrdinal + 1,
      isReopened: isReopenedShard,
      isSynced: options.isSynced,
      segmentBytes,
      onDamage: (message) => options.log.error({ stream: meta.name, shard: id }, message),
      ...options.disk,
    });
    let throttle: ShardThrottle | undefined;
    const handle: ShardHandle = {
      id,
      log,
      sequenceNumber: createSequenceNumbers(meta.incarnation, shard.index),
      throttle: (now) => {
        throttle ??= createShardThrottle(now);
        return throttle;
      },
    };
    shards.set(shard.index, handle);
    return handle;
  };

  const shardOf = (shard: ShardMeta): ShardHandle =>
    shards.get(shard.index) ?? openShard(shard, false);

  if (isReopened) for (const shard of meta.shards) openShard(shard, true);

  /** Stores new metadata. Throws, with nothing changed, where the disk refuses it. */
  const update = (next: StreamMeta): void => {
    writeStreamMeta(directory, next, options.isSynced);
    meta = next;
    router = undefined;
  };

  /** Records that arrived earlier are gone, whether or not their segment still is on disk. */
  const horizon = (now: number): number =>
    Math.max(meta.trimmedBefore, now - meta.retentionHours * HOUR_MS);

  const trimBytes = (): void => {
    for (let excess = bytes() - options.maxStreamBytes; excess > 0; ) {
      const oldest = meta.shards
        .map((shard) => ({ shard, at: shardOf(shard).log.oldestRemovable(isOpen(shard)) }))
        .filter((found): found is { shard: ShardMeta; at: number } => found.at !== undefined)
        .sort((a, b) => a.at - b.at)[0];
      if (oldest === undefined) return;
      shardOf(oldest.shard).log.removeOldest();
      excess = bytes() - options.maxStreamBytes;
      options.log.warn(
        {
          stream: meta.name,
          shard: shardIdOf(oldest.shard.index),
          maxStreamBytes: options.maxStreamBytes,
        },
        "The stream reached its size limit: its oldest records were dropped before their retention period ended.",
      );
    }
  };

  /** Frees what is past the retention period; closed shards of which nothing is left go with it. */
  const trimExpired = (now: number): void => {
    const before = horizon(now);
    for (const shard of meta.shards) shardOf(shard).log.expire(before, isOpen(shard));
    const gone = meta.shards.filter(({ closed }) => closed !== undefined && closed.at < before);
    if (gone.length === 0) return;
    update({ ...meta, shards: meta.shards.filter((shard) => !gone.includes(shard)) });
    for (const { index } of gone) {
      shards.delete(index);
      rmSync(path.join(directory, shardIdOf(index)), { recursive: true, force: true });
    }
  };

  const bytes = (): number => {
    let sum = 0;
    for (const { log } of shards.values()) sum += log.bytes();
    return sum;
  };

  return {
    directory,
    meta: () => meta,
    update,
    horizon,
    trimExpired,
    trimBytes: () => {
      if (bytes() > options.maxStreamBytes) trimBytes();
    },
    shardOf,
    router: (): Router => {
      router ??= createRouter(
        meta.shards.filter(isOpen).map(({ index, endingHashKey }) => ({
          shardIndex: index,
          endingHashKey: BigInt(endingHashKey),
        })),
      );
      return router;
    },
    /** The shard of this index, which is one of the stream's. */
    handleAt: (index: number): ShardHandle => {
      const open = shards.get(index);
      if (open !== undefined) return open;
      const shard = meta.shards.find((candidate) => candidate.index === index);
      if (shard === undefined) throw new Error(`Stream ${meta.name} has no shard ${index}.`);
      return openShard(shard, false);
    },
    /** The order in which states follow each other takes time, as it does on AWS. */
    beginTransition: (status: Exclude<StreamStatus, "ACTIVE">, now: number): void => {
      transition = { status, until: now + options.stateChangeMs };
    },
    status: (now: number): StreamStatus =>
      transition !== undefined && now < transition.until ? transition.status : "ACTIVE",
    isDeleted: (now: number): boolean =>
      transition?.status === "DELETING" && now >= transition.until,
    sync: async (): Promise<void> => {
      for (const { log } of shards.values()) if (log.needsSync()) await log.sync();
    },
    close: async (): Promise<void> => {
      for (const { log } of shards.values()) await log.close();
    },
  };
};

export type Stream = ReturnType<typeof openStream>;
