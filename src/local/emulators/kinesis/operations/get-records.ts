import * as z from "zod";
import { GET_RECORDS_MAX_BYTES, GET_RECORDS_MAX_RECORDS } from "../../../../shared/core/limits.ts";
import { invalidArgument, resourceNotFound, throughputExceeded } from "../errors.ts";
import type { StoredRecord } from "../frames.ts";
import { isOpen } from "../resharding.ts";
import { parseSequenceNumber, shardIdOf } from "../sequence-number.ts";
import { openIterator, sealIterator } from "../shard-iterator.ts";
import type { ShardHandle, Stream } from "../stream.ts";
import type { ShardMeta } from "../stream-meta.ts";
import { sequenceNumber, shardId, streamArn, streamTarget, timestamp } from "../validation.ts";
import {
  type Context,
  defineOperation,
  findShard,
  targetDataStream,
  targetName,
} from "./operation.ts";

const ITERATOR_TYPES = [
  "AT_SEQUENCE_NUMBER",
  "AFTER_SEQUENCE_NUMBER",
  "TRIM_HORIZON",
  "LATEST",
  "AT_TIMESTAMP",
] as const;

const iteratorInput = z.object({
  ...streamTarget,
  ShardId: shardId,
  ShardIteratorType: z.enum(ITERATOR_TYPES),
  StartingSequenceNumber: sequenceNumber.nullish(),
  Timestamp: timestamp.nullish(),
});

const ordinalOf = (text: string, stream: Stream, shard: ShardMeta, context: Context): number => {
  const { name, incarnation } = stream.meta();
  const id = shardIdOf(shard.index);
  const refusal = `StartingSequenceNumber ${text} used in GetShardIterator on shard ${id} in stream ${name} under account ${context.account} is invalid`;
  const parsed = parseSequenceNumber(text);
  if (parsed === undefined) throw invalidArgument(`${refusal}.`);
  if (parsed.incarnation !== incarnation)
    throw invalidArgument(`${refusal} because it did not come from this stream.`);
  if (parsed.shardIndex !== shard.index)
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${shardIdOf(parsed.shardIndex)}, while it was used in a call to a shard with ${id}`,
    );
  const lastGiven = shard.closed?.endOrdinal ?? stream.shardOf(shard).log.nextOrdinal() - 1;
  if (parsed.ordinal > lastGiven)
    throw invalidArgument(`${refusal}: this shard has not given it out yet.`);
  return parsed.ordinal;
};

const startOrdinal = (
  input: z.output<typeof iteratorInput>,
  stream: Stream,
  shard: ShardMeta,
  context: Context,
): number => {
  const type = input.ShardIteratorType;
  const { log } = stream.shardOf(shard);
  const given = input.StartingSequenceNumber;
  if (type === "AT_SEQUENCE_NUMBER" || type === "AFTER_SEQUENCE_NUMBER") {
    if (given == null)
      throw invalidArgument(
        `Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and no StartingSequenceNumber.`,
      );
    const ordinal = ordinalOf(given, stream, shard, context);
    return type === "AT_SEQUENCE_NUMBER" ? ordinal : ordinal + 1;
  }
  if (given != null)
    throw invalidArgument(
      `Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified ${type} and also a StartingSequenceNumber.`,
    );
  if (type === "TRIM_HORIZON") return 0;
  if (type === "LATEST") return log.nextOrdinal();
  if (input.Timestamp == null)
    throw invalidArgument(
      "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
    );
  const time = input.Timestamp * 1000;
  const now = context.now();
  if (time > now)
    throw invalidArgument(
      `The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: ${time}, currentTimestampInMillis: ${now}`,
    );
  return log.ordinalAt(time);
};

const getShardIterator = defineOperation(iteratorInput, (input, context) => {
  const stream = targetDataStream(input, context);
  const shard = findShard(stream, input.ShardId, context);
  const { name, incarnation } = stream.meta();
  return {
    ShardIterator: sealIterator(context.tokens, {
      stream: name,
      incarnation,
      shardIndex: shard.index,
      ordinal: startOrdinal(input, stream, shard, context),
      createdAt: context.now(),
    }),
  };
});

/** The stream and shard an iterator was made for, as long as both are there. */
const locate = (
  iterator: ReturnType<typeof openIterator>,
  context: Context,
): { stream: Stream; shard: ShardMeta } => {
  const stream = targetDataStream({ StreamName: iterator.stream }, context);
  if (stream.meta().incarnation !== iterator.incarnation)
    throw invalidArgument(
      `Invalid ShardIterator. It came from a stream named ${iterator.stream} that was deleted.`,
    );
  const shard = stream.meta().shards.find(({ index }) => index === iterator.shardIndex);
  if (shard === undefined)
    throw resourceNotFound(
      `Shard ${shardIdOf(iterator.shardIndex)} in stream ${iterator.stream} under account ${context.account} does not exist`,
    );
  return { stream, shard };
};

const childShards = (stream: Stream, parent: ShardMeta): object[] =>
  stream
    .meta()
    .shards.filter(({ parents }) => parents.includes(parent.index))
    .map((child) => ({
      ShardId: shardIdOf(child.index),
      ParentShards: child.parents.map(shardIdOf),
      HashKeyRange: {
        StartingHashKey: child.startingHashKey,
        EndingHashKey: child.endingHashKey,
      },
    }));

// Written by hand: base64 and digits need no escaping, and one answer can be 14 MB.
const recordJson = (shard: ShardHandle, record: StoredRecord): string =>
  `{"SequenceNumber":"${shard.sequenceNumber(record.ordinal)}","ApproximateArrivalTimestamp":${record.arrivedAt / 1000},"Data":"${record.data.toString("base64")}","PartitionKey":${JSON.stringify(record.partitionKey)},"EncryptionType":"NONE"}`;

const getRecords = defineOperation(
  z.object({
    ShardIterator: z.string().min(1).max(512),
    Limit: z.int().min(1).max(GET_RECORDS_MAX_RECORDS).nullish(),
    StreamARN: streamArn.nullish(),
  }),
  (input, context) => {
    const now = context.now();
    const iterator = openIterator(context.tokens, input.ShardIterator, now);
    if (input.StreamARN != null && targetName(input) !== iterator.stream)
      throw invalidArgument(
        `The ShardIterator is of stream ${iterator.stream}, not of ${input.StreamARN}.`,
      );
    const { stream, shard } = locate(iterator, context);
    const handle = stream.shardOf(shard);
    if (context.isThrottled && !handle.throttle(now).admitRead(now))
      throw throughputExceeded(handle.id, iterator.stream, context.account);

    const { records, hasMore } = handle.log.read({
      fromOrdinal: iterator.ordinal,
      notBefore: stream.horizon(now),
      maxRecords: input.Limit ?? GET_RECORDS_MAX_RECORDS,
      maxBytes: GET_RECORDS_MAX_BYTES,
    });
    if (context.isThrottled)
      handle
        .throttle(now)
        .countRead(records.reduce((sum, { keyBytes, data }) => sum + keyBytes + data.length, 0));

    const last = records.at(-1);
    const isAtEnd = !isOpen(shard) && !hasMore;
    const next = sealIterator(context.tokens, {
      ...iterator,
      ordinal: last === undefined ? iterator.ordinal : last.ordinal + 1,
      createdAt: now,
    });
    // Age of the last record read while more are waiting; 0 at the tip.
    const millisBehind = hasMore && last !== undefined ? Math.max(1, now - last.arrivedAt) : 0;
    const tail = JSON.stringify({
      NextShardIterator: isAtEnd ? null : next,
      MillisBehindLatest: millisBehind,
      ...(isAtEnd && { ChildShards: childShards(stream, shard) }),
    });
    const body = records.map((record) => recordJson(handle, record)).join(",");
    return `{"Records":[${body}],${tail.slice(1)}`;
  },
);

export const getOperations = { GetShardIterator: getShardIterator, GetRecords: getRecords };
