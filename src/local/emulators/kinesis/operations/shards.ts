import * as z from "zod";
import { invalidArgument, KinesisError, resourceInUse } from "../errors.ts";
import {
  areAdjacent,
  isOpen,
  mergeShards,
  openShards,
  type ReshardContext,
  scaleUniformly,
  splitShard,
} from "../resharding.ts";
import { parseShardId } from "../sequence-number.ts";
import type { Stream } from "../stream.ts";
import type { ShardMeta, StreamMeta } from "../stream-meta.ts";
import { hashKey, limit, shardId, streamTarget, timestamp, token } from "../validation.ts";
import {
  arnOf,
  type Context,
  defineOperation,
  findShard,
  shardView,
  targetActiveStream,
  targetStream,
} from "./operation.ts";
import { checkShardLimit, refuseOnDemand } from "./streams.ts";

const DEFAULT_LISTED_SHARDS = 1000;
const TOKEN_KIND = "shards";
const TOKEN_MAX_AGE_MS = 300_000;

const reshardContext = (stream: Stream, now: number): ReshardContext => ({
  now,
  nextOrdinal: (shard) => stream.shardOf(shard).log.nextOrdinal(),
});

const commit = (
  stream: Stream,
  next: Pick<StreamMeta, "shards" | "nextShardIndex">,
  now: number,
): void => {
  stream.update({ ...stream.meta(), ...next });
  stream.beginTransition("UPDATING", now);
};

const openShardNamed = (stream: Stream, id: string, context: Context): ShardMeta => {
  const shard = findShard(stream, id, context);
  if (!isOpen(shard))
    throw invalidArgument(
      `Shard ${id} in stream ${stream.meta().name} under account ${context.account} has already been merged or split, and thus is not eligible for merging or splitting.`,
    );
  return shard;
};

const split = defineOperation(
  z.object({ ...streamTarget, ShardToSplit: shardId, NewStartingHashKey: hashKey }),
  (input, context) => {
    const stream = targetActiveStream(input, context);
    refuseOnDemand(stream, context);
    const shard = openShardNamed(stream, input.ShardToSplit, context);
    checkShardLimit(context, 1);
    const now = context.now();
    const next = splitShard(
      stream.meta(),
      shard,
      BigInt(input.NewStartingHashKey),
      reshardContext(stream, now),
    );
    commit(stream, next, now);
    return undefined;
  },
);

const merge = defineOperation(
  z.object({ ...streamTarget, ShardToMerge: shardId, AdjacentShardToMerge: shardId }),
  (input, context) => {
    const stream = targetActiveStream(input, context);
    refuseOnDemand(stream, context);
    const shard = openShardNamed(stream, input.ShardToMerge, context);
    const adjacent = openShardNamed(stream, input.AdjacentShardToMerge, context);
    if (!areAdjacent(shard, adjacent))
      throw invalidArgument(
        `Shards ${input.ShardToMerge} and ${input.AdjacentShardToMerge} in stream ${stream.meta().name} under account ${context.account} are not an adjacent pair of shards eligible for merging`,
      );
    const now = context.now();
    commit(stream, mergeShards(stream.meta(), shard, adjacent, reshardContext(stream, now)), now);
    return undefined;
  },
);

const updateShardCount = defineOperation(
  z.object({
    ...streamTarget,
    TargetShardCount: z.int().min(1),
    ScalingType: z.enum(["UNIFORM_SCALING"]),
  }),
  (input, context) => {
    const stream = targetActiveStream(input, context);
    refuseOnDemand(stream, context);
    const current = openShards(stream.meta().shards).length;
    const target = input.TargetShardCount;
    const bounds = `Current open shard count: ${current} Target shard count: ${target}`;
    if (target > 2 * current)
      throw invalidArgument(
        `UpdateShardCount cannot scale up over double your current open shard count. ${bounds}`,
      );
    if (target < current / 2)
      throw invalidArgument(
        `UpdateShardCount cannot scale down below half your current open shard count. ${bounds}`,
      );
    checkShardLimit(context, target - current);
    const now = context.now();
    commit(stream, scaleUniformly(stream.meta(), target, reshardContext(stream, now)), now);
    const { name } = stream.meta();
    return {
      StreamName: name,
      StreamARN: arnOf(context, name),
      CurrentShardCount: current,
      TargetShardCount: target,
    };
  },
);

const shardFilter = z.object({
  Type: z.enum([
    "AFTER_SHARD_ID",
    "AT_TRIM_HORIZON",
    "FROM_TRIM_HORIZON",
    "AT_LATEST",
    "AT_TIMESTAMP",
    "FROM_TIMESTAMP",
  ]),
  ShardId: shardId.nullish(),
  Timestamp: timestamp.nullish(),
});

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html */
const filterOf = (
  filter: z.output<typeof shardFilter>,
  stream: Stream,
  now: number,
): ((shard: ShardMeta) => boolean) => {
  const wasOpenAt = (time: number) => (shard: ShardMeta) =>
    shard.createdAt <= time && (shard.closed === undefined || shard.closed.at > time);
  const requestedTime = (): number => {
    if (filter.Timestamp == null)
      throw invalidArgument(`ShardFilter of type ${filter.Type} must have a Timestamp.`);
    if (filter.Timestamp * 1000 > now)
      throw invalidArgument("The Timestamp of a ShardFilter can not be in the future.");
    return filter.Timestamp * 1000;
  };
  switch (filter.Type) {
    case "FROM_TRIM_HORIZON":
      return () => true;
    case "AT_LATEST":
      return isOpen;
    case "AT_TRIM_HORIZON":
      return wasOpenAt(Math.max(stream.meta().createdAt, stream.horizon(now)));
    case "AT_TIMESTAMP":
      return wasOpenAt(Math.max(stream.meta().createdAt, requestedTime()));
    case "FROM_TIMESTAMP": {
      const time = requestedTime();
      return ({ closed }) => closed === undefined || closed.at >= time;
    }
    case "AFTER_SHARD_ID": {
      const after = filter.ShardId == null ? undefined : parseShardId(filter.ShardId);
      if (after === undefined)
        throw invalidArgument("ShardFilter of type AFTER_SHARD_ID must have a ShardId.");
      return ({ index }) => index > after;
    }
  }
};

type ShardQuery = {
  stream: Stream;
  afterIndex: number;
  filter: z.output<typeof shardFilter> | undefined;
};

const openToken = (text: string, context: Context): ShardQuery => {
  const [kind, name, incarnation, afterIndex, filter, createdAt] = context.tokens.open(text) ?? [];
  if (kind !== TOKEN_KIND) throw invalidArgument("Invalid NextToken.");
  if (context.now() - Number(createdAt) > TOKEN_MAX_AGE_MS)
    throw new KinesisError(
      "ExpiredNextTokenException",
      `NextToken expired: it is valid for ${TOKEN_MAX_AGE_MS / 1000} seconds.`,
    );
  const stream = context.store.get(String(name));
  if (stream.meta().incarnation !== incarnation)
    throw invalidArgument("NextToken is of a stream that was deleted.");
  const parsed = filter === "" ? undefined : shardFilter.parse(JSON.parse(String(filter)));
  return { stream, afterIndex: Number(afterIndex), filter: parsed };
};

const listShards = defineOperation(
  z.object({
    ...streamTarget,
    NextToken: token.nullish(),
    ExclusiveStartShardId: shardId.nullish(),
    MaxResults: limit.nullish(),
    StreamCreationTimestamp: timestamp.nullish(),
    ShardFilter: shardFilter.nullish(),
  }),
  (input, context) => {
    const now = context.now();
    const { NextToken } = input;
    if (NextToken != null && input.StreamName != null)
      throw invalidArgument("NextToken and StreamName cannot be provided together.");
    if (NextToken == null && input.StreamName == null && input.StreamARN == null)
      throw invalidArgument("Either NextToken or StreamName should be provided.");

    const query: ShardQuery =
      NextToken != null
        ? openToken(NextToken, context)
        : {
            stream: targetStream(input, context),
            afterIndex: parseShardId(input.ExclusiveStartShardId ?? "") ?? -1,
            filter: input.ShardFilter ?? undefined,
          };
    const { stream, filter } = query;
    const { name, createdAt, incarnation } = stream.meta();
    const status = stream.status(now);
    if (status === "CREATING" || status === "DELETING")
      throw resourceInUse(
        `Stream ${name} under account ${context.account} not ACTIVE, instead in state ${status}`,
      );
    const created = input.StreamCreationTimestamp;
    if (created != null && Math.floor(created) !== Math.floor(createdAt / 1000))
      throw invalidArgument(
        `Stream ${name} was created at ${createdAt / 1000}, not at StreamCreationTimestamp ${created}.`,
      );

    const isWanted = filter === undefined ? () => true : filterOf(filter, stream, now);
    const shards = stream
      .meta()
      .shards.filter((shard) => shard.index > query.afterIndex && isWanted(shard));
    const page = shards.slice(0, input.MaxResults ?? DEFAULT_LISTED_SHARDS);
    const last = page.at(-1);
    const hasMore = last !== undefined && page.length < shards.length;
    return {
      Shards: page.map((shard) => shardView(stream, shard)),
      ...(hasMore && {
        NextToken: context.tokens.seal([
          TOKEN_KIND,
          name,
          incarnation,
          last.index,
          filter === undefined ? "" : JSON.stringify(filter),
          now,
        ]),
      }),
    };
  },
);

export const shardOperations = {
  SplitShard: split,
  MergeShards: merge,
  UpdateShardCount: updateShardCount,
  ListShards: listShards,
};
