import {
  parseShardState,
  type ShardState,
  shardStateKey,
  streamStatePrefix,
} from "../../shared/core/consumer-state.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { StateStore } from "../../shared/core/ports.ts";

/**
 * Marks a shard whose records passed the retention unread, so that it is said once. Does nothing
 * when its state was changed since it was read.
 */
export const retireShard = async (
  { store, log }: { store: StateStore; log: Logger },
  state: ShardState,
  version: string | null,
): Promise<void> => {
  const retired = { ...state, drained: true, owner: null, revision: (state.revision ?? 0) + 1 };
  const key = shardStateKey(state.stream, state.shardId);
  if ((await store.write(key, JSON.stringify(retired), version)) === undefined) return;
  log.error(
    { stream: state.stream, shardId: state.shardId, sequenceNumber: state.sequenceNumber },
    `Shard ${state.shardId} passed the stream's retention before it was read to its end: records after ${state.sequenceNumber ?? "its start"} may be lost.`,
  );
};

/** Retires every shard of this stream that is neither drained nor listed any more. */
export const retireExpiredShards = async (
  deps: { store: StateStore; log: Logger },
  stream: { name: string; createdAt: string },
  isListed: (shardId: string) => boolean,
): Promise<void> => {
  for (const { key } of await deps.store.list(streamStatePrefix(stream.name))) {
    const shardId = key.slice(streamStatePrefix(stream.name).length).replace(/\.json$/, "");
    if (isListed(shardId)) continue;
    const stored = await deps.store.read(key);
    if (stored === undefined) continue;
    let state: ShardState;
    try {
      state = parseShardState(key, stored.text);
    } catch (error) {
      deps.log.warn({ err: error, key }, `Checkpoint ${key} of a shard that is gone is unusable.`);
      continue;
    }
    if (!state.drained && state.streamCreatedAt === stream.createdAt)
      await retireShard(deps, state, stored.version);
  }
};
