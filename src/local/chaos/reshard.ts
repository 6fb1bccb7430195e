import { setTimeout as sleep } from "node:timers/promises";
import {
  type KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  type Shard,
  SplitShardCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import type { Random } from "../../shared/core/random.ts";

const MAX_OPEN_SHARDS = 6;
const HASH_KEYS = 2n ** 128n;

const rangeOf = ({ HashKeyRange }: Shard) => ({
  start: BigInt(HashKeyRange?.StartingHashKey ?? 0),
  end: BigInt(HashKeyRange?.EndingHashKey ?? HASH_KEYS - 1n),
});

const isOpen = ({ SequenceNumberRange }: Shard): boolean =>
  SequenceNumberRange?.EndingSequenceNumber === undefined;

export type Resharder = {
  /** Reshards now and then until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** What Kinesis agreed to. */
  readonly counts: { splits: number; merges: number; updates: number };
};

/** Splits, merges and rescales a stream, so that it has one to six open shards. */
export const createResharder = (
  kinesis: KinesisClient,
  stream: string,
  random: Random,
  meanPauseMs: number,
): Resharder => {
  const counts = { splits: 0, merges: 0, updates: 0 };

  const openShards = async (): Promise<Shard[]> => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
    return Shards.filter(isOpen).sort((a, b) => (rangeOf(a).start < rangeOf(b).start ? -1 : 1));
  };

  const split = async (shards: readonly Shard[]): Promise<void> => {
    const shard = random.pick(shards);
    const { start, end } = rangeOf(shard);
    const share = BigInt(Math.floor(random.between(20, 80)));
    const middle = start + ((end - start) * share) / 100n;
    await kinesis.send(
      new SplitShardCommand({
        StreamName: stream,
        ShardToSplit: shard.ShardId,
        NewStartingHashKey: String(middle),
      }),
    );
    counts.splits += 1;
  };

  const merge = async (shards: readonly Shard[]): Promise<void> => {
    const index = Math.floor(random.between(0, shards.length - 1));
    await kinesis.send(
      new MergeShardsCommand({
        StreamName: stream,
        ShardToMerge: shards[index]?.ShardId,
        AdjacentShardToMerge: shards[index + 1]?.ShardId,
      }),
    );
    counts.merges += 1;
  };

  const rescale = async (shards: readonly Shard[]): Promise<void> => {
    const low = Math.ceil(shards.length / 2);
    const high = Math.min(MAX_OPEN_SHARDS, shards.length * 2);
    const target = Math.floor(random.between(low, high + 1));
    if (target === shards.length) return;
    await kinesis.send(
      new UpdateShardCountCommand({
        StreamName: stream,
        TargetShardCount: target,
        ScalingType: "UNIFORM_SCALING",
      }),
    );
    counts.updates += 1;
  };

  const reshard = async (): Promise<void> => {
    const shards = await openShards();
    if (shards.length === 0) return;
    if (random.chance(0.3)) return await rescale(shards);
    const isSplit = shards.length === 1 || (shards.length < MAX_OPEN_SHARDS && random.chance(0.5));
    await (isSplit ? split(shards) : merge(shards));
  };

  return {
    counts,
    run: async (signal) => {
      while (!signal.aborted) {
        const pauseMs = meanPauseMs * random.between(0.5, 1.5);
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        // While it is down, updating already, or at a limit: another time.
        await reshard().catch(() => undefined);
      }
    },
  };
};
