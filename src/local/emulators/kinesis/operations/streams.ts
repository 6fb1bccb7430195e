import * as z from "zod";
import { invalidArgument, KinesisError, limitExceeded } from "../errors.ts";
import { createShards, isOpen } from "../resharding.ts";
import { parseShardId } from "../sequence-number.ts";
import type { Stream } from "../stream.ts";
import {
  limit,
  maxRecordKiB,
  shardId,
  streamArn,
  streamName,
  streamTarget,
  tags,
  token,
} from "../validation.ts";
import {
  arnOf,
  type Context,
  defineOperation,
  findShard,
  shardView,
  targetActiveStream,
  targetStream,
} from "./operation.ts";
import { checkTags } from "./tags.ts";

/** Open shards of all streams together: a bound on open files. AWS's own default is far higher. */
export const MAX_OPEN_SHARDS = 1000;
const ON_DEMAND_SHARDS = 4;
const ON_DEMAND_STREAM_LIMIT = 50;
const MIN_RETENTION_HOURS = 24;
const MAX_RETENTION_HOURS = 8760;
const DEFAULT_DESCRIBED_SHARDS = 100;
const DEFAULT_LISTED_STREAMS = 100;

const streamMode = z.object({ StreamMode: z.enum(["PROVISIONED", "ON_DEMAND"]) });

const openShardCount = ({ store }: Context): number =>
  store.list().reduce((sum, stream) => sum + stream.meta().shards.filter(isOpen).length, 0);

/** Throws LimitExceeded where the account's streams together would have too many open shards. */
export const checkShardLimit = (context: Context, additional: number): void => {
  const current = openShardCount(context);
  if (current + additional > MAX_OPEN_SHARDS)
    throw limitExceeded(
      `This request would exceed the shard limit for the account ${context.account} in ${context.region}. Current shard count for the account: ${current}. Limit: ${MAX_OPEN_SHARDS}. Number of additional shards that would have resulted from this request: ${additional}.`,
    );
};

const createStream = defineOperation(
  z.object({
    StreamName: streamName,
    ShardCount: z.int().min(1).nullish(),
    StreamModeDetails: streamMode.nullish(),
    Tags: tags.nullish(),
    MaxRecordSizeInKiB: maxRecordKiB.nullish(),
  }),
  (input, context) => {
    const mode = input.StreamModeDetails?.StreamMode ?? "PROVISIONED";
    if (mode === "ON_DEMAND" && input.ShardCount != null)
      throw invalidArgument("ShardCount can not be given for a stream in ON_DEMAND mode.");
    const shardCount = mode === "ON_DEMAND" ? ON_DEMAND_SHARDS : input.ShardCount;
    if (shardCount == null)
      throw invalidArgument("ShardCount must be given for a stream in PROVISIONED mode.");
    const now = context.now();
    const streamTags = input.Tags ?? {};
    checkTags(streamTags, streamTags);
    // An existing name is told before a limit.
    if (context.store.find(input.StreamName) === undefined) checkShardLimit(context, shardCount);
    context.store.create({
      name: input.StreamName,
      createdAt: now,
      mode,
      retentionHours: MIN_RETENTION_HOURS,
      trimmedBefore: 0,
      maxRecordKiB: input.MaxRecordSizeInKiB ?? context.defaultMaxRecordKiB,
      tags: streamTags,
      ...createShards(shardCount, now),
    });
    return undefined;
  },
);

const deleteStream = defineOperation(z.object(streamTarget), async (input, context) => {
  const stream = targetStream(input, context);
  const status = stream.status(context.now());
  if (status === "DELETING") return undefined;
  await context.store.remove(stream);
  return undefined;
});

const describe = (stream: Stream, context: Context) => {
  const { name, mode, retentionHours, createdAt } = stream.meta();
  return {
    StreamName: name,
    StreamARN: arnOf(context, name),
    StreamStatus: stream.status(context.now()),
    StreamModeDetails: { StreamMode: mode },
    RetentionPeriodHours: retentionHours,
    StreamCreationTimestamp: createdAt / 1000,
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: "NONE",
  };
};

const describeStream = defineOperation(
  z.object({ ...streamTarget, Limit: limit.nullish(), ExclusiveStartShardId: shardId.nullish() }),
  (input, context) => {
    const stream = targetStream(input, context);
    const isCreating = stream.status(context.now()) === "CREATING";
    const after = input.ExclusiveStartShardId;
    if (after != null) findShard(stream, after, context);
    const afterIndex = after == null ? -1 : (parseShardId(after) ?? -1);
    const shards = isCreating ? [] : stream.meta().shards.filter(({ index }) => index > afterIndex);
    const page = shards.slice(0, input.Limit ?? DEFAULT_DESCRIBED_SHARDS);
    return {
      StreamDescription: {
        ...describe(stream, context),
        Shards: page.map((shard) => shardView(stream, shard)),
        HasMoreShards: page.length < shards.length,
      },
    };
  },
);

const describeStreamSummary = defineOperation(z.object(streamTarget), (input, context) => {
  const stream = targetStream(input, context);
  const { shards, maxRecordKiB: MaxRecordSizeInKiB } = stream.meta();
  return {
    StreamDescriptionSummary: {
      ...describe(stream, context),
      OpenShardCount: shards.filter(isOpen).length,
      ConsumerCount: 0,
      MaxRecordSizeInKiB,
    },
  };
});

const TOKEN_KIND = "streams";

const listStreams = defineOperation(
  z.object({
    Limit: limit.nullish(),
    ExclusiveStartStreamName: streamName.nullish(),
    NextToken: token.nullish(),
  }),
  (input, context) => {
    let after = input.ExclusiveStartStreamName ?? "";
    if (input.NextToken != null) {
      const [kind, name] = context.tokens.open(input.NextToken) ?? [];
      if (kind !== TOKEN_KIND) throw invalidArgument("Invalid NextToken.");
      after = String(name);
    }
    const streams = context.store.list().filter((stream) => stream.meta().name > after);
    const page = streams.slice(0, input.Limit ?? DEFAULT_LISTED_STREAMS);
    const last = page.at(-1);
    const hasMore = last !== undefined && page.length < streams.length;
    return {
      StreamNames: page.map((stream) => stream.meta().name),
      HasMoreStreams: hasMore,
      ...(hasMore && { NextToken: context.tokens.seal([TOKEN_KIND, last.meta().name]) }),
      StreamSummaries: page.map((stream) => {
        const { StreamName, StreamARN, StreamStatus, StreamModeDetails, StreamCreationTimestamp } =
          describe(stream, context);
        return { StreamName, StreamARN, StreamStatus, StreamModeDetails, StreamCreationTimestamp };
      }),
    };
  },
);

const changeRetention = (direction: "increase" | "decrease") =>
  defineOperation(
    z.object({ ...streamTarget, RetentionPeriodHours: z.int() }),
    (input, context) => {
      const stream = targetActiveStream(input, context);
      const meta = stream.meta();
      const hours = input.RetentionPeriodHours;
      if (hours < MIN_RETENTION_HOURS)
        throw invalidArgument(
          `Minimum allowed retention period is ${MIN_RETENTION_HOURS} hours. Requested retention period (${hours} hours) is too short.`,
        );
      if (hours > MAX_RETENTION_HOURS)
        throw invalidArgument(
          `Maximum allowed retention period is ${MAX_RETENTION_HOURS} hours. Requested retention period (${hours} hours) is too long.`,
        );
      if (direction === "increase" && hours < meta.retentionHours)
        throw invalidArgument(
          `Requested retention period (${hours} hours) for stream ${meta.name} can not be shorter than existing retention period (${meta.retentionHours} hours). Use DecreaseRetentionPeriod API.`,
        );
      if (direction === "decrease" && hours > meta.retentionHours)
        throw invalidArgument(
          `Requested retention period (${hours} hours) for stream ${meta.name} can not be longer than existing retention period (${meta.retentionHours} hours). Use IncreaseRetentionPeriod API.`,
        );
      // What has expired so far does not come back with a longer period.
      const trimmedBefore = stream.horizon(context.now());
      stream.update({ ...meta, retentionHours: hours, trimmedBefore });
      stream.beginTransition("UPDATING", context.now());
      stream.trimExpired(context.now());
      return undefined;
    },
  );

const updateStreamMode = defineOperation(
  z.object({ StreamARN: streamArn, StreamModeDetails: streamMode }),
  (input, context) => {
    const stream = targetActiveStream(input, context);
    stream.update({ ...stream.meta(), mode: input.StreamModeDetails.StreamMode });
    stream.beginTransition("UPDATING", context.now());
    return undefined;
  },
);

const updateMaxRecordSize = defineOperation(
  z.object({ ...streamTarget, MaxRecordSizeInKiB: maxRecordKiB }),
  (input, context) => {
    const stream = targetActiveStream(input, context);
    stream.update({ ...stream.meta(), maxRecordKiB: input.MaxRecordSizeInKiB });
    stream.beginTransition("UPDATING", context.now());
    return undefined;
  },
);

const describeLimits = defineOperation(z.object({}), (_input, context) => ({
  ShardLimit: MAX_OPEN_SHARDS,
  OpenShardCount: openShardCount(context),
  OnDemandStreamCount: context.store.list().filter((stream) => stream.meta().mode === "ON_DEMAND")
    .length,
  OnDemandStreamCountLimit: ON_DEMAND_STREAM_LIMIT,
}));

/** Throws where shards may not be counted by hand. */
export const refuseOnDemand = (stream: Stream, { account }: Context): void => {
  const { name, mode } = stream.meta();
  if (mode === "ON_DEMAND")
    throw new KinesisError(
      "ValidationException",
      `Request is invalid. Stream ${name} under account ${account} is in On-Demand mode.`,
    );
};

export const streamOperations = {
  CreateStream: createStream,
  DeleteStream: deleteStream,
  DescribeStream: describeStream,
  DescribeStreamSummary: describeStreamSummary,
  ListStreams: listStreams,
  IncreaseStreamRetentionPeriod: changeRetention("increase"),
  DecreaseStreamRetentionPeriod: changeRetention("decrease"),
  UpdateStreamMode: updateStreamMode,
  UpdateMaxRecordSize: updateMaxRecordSize,
  DescribeLimits: describeLimits,
};
