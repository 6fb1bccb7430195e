import type { z } from "zod";
import type { Faults } from "../../faults.ts";
import { invalidArgument, resourceInUse, resourceNotFound } from "../errors.ts";
import { parseShardId, shardIdOf } from "../sequence-number.ts";
import type { Stream } from "../stream.ts";
import type { ShardMeta } from "../stream-meta.ts";
import type { StreamStore } from "../stream-store.ts";
import type { Tokens } from "../tokens.ts";
import { parseInput } from "../validation.ts";

/** What the operations work with. */
export type Context = {
  store: StreamStore;
  tokens: Tokens;
  faults: Faults;
  isThrottled: boolean;
  account: string;
  region: string;
  /** MaxRecordSizeInKiB of new streams. */
  defaultMaxRecordKiB: number;
  now: () => number;
  /** Resolves when what was appended to the stream is as durable as the fsync policy promises. */
  settle: (stream: Stream) => Promise<void>;
};

/** The answer's members, its finished JSON text, or nothing for an empty answer. */
export type Answer = object | string | undefined;

/** Checks the request body against the operation's members, then does the work. */
export type Operation = (body: unknown, context: Context) => Answer | Promise<Answer>;

export const defineOperation =
  <Schema extends z.ZodType>(
    schema: Schema,
    run: (input: z.output<Schema>, context: Context) => Answer | Promise<Answer>,
  ): Operation =>
  (body, context) =>
    run(parseInput(schema, body), context);

export const arnOf = ({ region, account }: Context, name: string): string =>
  `arn:aws:kinesis:${region}:${account}:stream/${name}`;

const nameInArn = (arn: string): string => arn.slice(arn.indexOf(":stream/") + ":stream/".length);

export type StreamTarget = {
  StreamName?: string | null | undefined;
  StreamARN?: string | null | undefined;
};

/** The name a request means. Of an ARN only the stream's name counts: one account, any region. */
export const targetName = ({ StreamName, StreamARN }: StreamTarget): string => {
  const fromArn = StreamARN ? nameInArn(StreamARN) : undefined;
  if (StreamName && fromArn !== undefined && fromArn !== StreamName)
    throw invalidArgument(
      `StreamName ${StreamName} and StreamARN ${StreamARN} are of different streams.`,
    );
  const name = StreamName ?? fromArn;
  if (!name) throw invalidArgument("Either StreamName or StreamARN should be provided.");
  return name;
};

export const targetStream = (target: StreamTarget, { store }: Context): Stream =>
  store.get(targetName(target));

/** The stream, where it takes and gives records: ACTIVE or UPDATING. */
export const targetDataStream = (target: StreamTarget, context: Context): Stream => {
  const stream = targetStream(target, context);
  const status = stream.status(context.now());
  if (status === "CREATING" || status === "DELETING")
    throw resourceNotFound(
      `Stream ${stream.meta().name} under account ${context.account} not found.`,
    );
  return stream;
};

/** The stream, where it may be changed: ACTIVE. */
export const targetActiveStream = (target: StreamTarget, context: Context): Stream => {
  const stream = targetStream(target, context);
  const status = stream.status(context.now());
  if (status !== "ACTIVE")
    throw resourceInUse(
      `Stream ${stream.meta().name} under account ${context.account} not ACTIVE, instead in state ${status}`,
    );
  return stream;
};

/** A shard by its id, open or closed. */
export const findShard = (stream: Stream, shardId: string, { account }: Context): ShardMeta => {
  const index = parseShardId(shardId);
  const shard = stream.meta().shards.find((candidate) => candidate.index === index);
  if (shard === undefined)
    throw resourceNotFound(
      `Could not find shard ${shardId} in stream ${stream.meta().name} under account ${account}.`,
    );
  return shard;
};

/** A shard as DescribeStream and ListShards show it. */
export const shardView = (stream: Stream, shard: ShardMeta): object => {
  const { sequenceNumber } = stream.shardOf(shard);
  const [parent, adjacent] = shard.parents;
  return {
    ShardId: shardIdOf(shard.index),
    ...(parent === undefined ? {} : { ParentShardId: shardIdOf(parent) }),
    ...(adjacent === undefined ? {} : { AdjacentParentShardId: shardIdOf(adjacent) }),
    HashKeyRange: {
      StartingHashKey: shard.startingHashKey,
      EndingHashKey: shard.endingHashKey,
    },
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceNumber(shard.startOrdinal),
      ...(shard.closed && { EndingSequenceNumber: sequenceNumber(shard.closed.endOrdinal) }),
    },
  };
};
