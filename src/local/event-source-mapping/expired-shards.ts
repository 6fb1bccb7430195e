import {
  parseShardState,
  type ShardState,
  shardStateKey,
  streamStatePrefix,
} from "../../shared/core/consumer-state.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { StateStore } from "../../shared/core/ports.ts";

/** Marks a shard whose records passed the retention unread, so that it is said once. */
export const retireShard = async (
  { store, log }: { store: StateStore; log: Logger },
  state: ShardState,
): Promise<void> => {
  log.error(
    { stream: state.stream, shardId: state.shardId, sequenceNumber: state.sequenceNumber },
    `Shard ${state.shardId} passed the stream's retention before it was read to its end: records after ${state.sequenceNumber ?? "its start"} may be lost.`,
  );
  const retired = { ...state, drained: true };
  await store.write(shardStateKey(state.stream, state.shardId), JSON.stringify(retired));
};

/** Retires every shard of this stream that is neither drained nor listed any more. */
export const retireExpiredShards = async (
  deps: { store: StateStore; log: Logger },
  stream: { name: string; createdAt: string },
  isListed: (shardId: string) => boolean,
): Promise<void> => {
  for (const key of await deps.store.list(streamStatePrefix(stream.name))) {
    const shardId = key.slice(streamStatePrefix(stream.name).length).replace(/\.json$/, "");
    if (isListed(shardId)) continue;
    const text = await deps.store.read(key);
    if (text === undefined) continue;
    let state: ShardState;
    try {
      state = parseShardState(key, text);
    } catch (error) {
      deps.log.warn({ err: error, key }, `Checkpoint ${key} of a shard that is gone is unusable.`);
      continue;
    }
    if (!state.drained && state.streamCreatedAt === stream.createdAt)
      await retireShard(deps, state);
  }
};
