import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import {
  type ShardDescription,
  type ShardPosition,
  SourceError,
  type SourceErrorCode,
  type StreamSource,
} from "../core/event-source/source.ts";

const CODES: Readonly<Record<string, SourceErrorCode>> = {
  ResourceNotFoundException: "NOT_FOUND",
  ExpiredIteratorException: "ITERATOR_UNUSABLE",
  ProvisionedThroughputExceededException: "THROTTLED",
  KMSThrottlingException: "THROTTLED",
  LimitExceededException: "THROTTLED",
  ThrottlingException: "THROTTLED",
  AbortError: "ABORTED",
};

const INVALID_ARGUMENT = new Set(["InvalidArgumentException", "ValidationException"]);

/** `onInvalid` is what a refused argument means for this call. */
const call = async <T>(
  operation: string,
  work: Promise<T>,
  onInvalid: SourceErrorCode = "UNAVAILABLE",
): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
    const code = INVALID_ARGUMENT.has(name) ? onInvalid : (CODES[name] ?? "UNAVAILABLE");
    throw new SourceError(code, `${operation}: ${name}: ${message}`, { cause });
  }
};

/** What tells GetShardIterator where, besides the type. */
const placeOf = (position: ShardPosition) => {
  switch (position.type) {
    case "TRIM_HORIZON":
      return {};
    case "AT_TIMESTAMP":
      return { Timestamp: new Date(position.timestamp) };
    default:
      return { StartingSequenceNumber: position.sequenceNumber };
  }
};

const isString = (value: string | undefined): value is string => value !== undefined;

/**
 * Reads streams with the SDK. Give it a client with one attempt per call: retries here would hide
 * time from the caller's own back-off.
 */
export const createKinesisSource = (client: KinesisClient): StreamSource => ({
  describe: async (StreamName, abortSignal) => {
    const { StreamDescriptionSummary: summary } = await call(
      "DescribeStreamSummary",
      client.send(new DescribeStreamSummaryCommand({ StreamName }), { abortSignal }),
    );
    if (!summary?.StreamARN || !summary.StreamCreationTimestamp || !summary.StreamStatus)
      throw new SourceError("UNAVAILABLE", "DescribeStreamSummary: the answer lacks fields.");
    return {
      arn: summary.StreamARN,
      status: summary.StreamStatus,
      createdAt: summary.StreamCreationTimestamp.toISOString(),
    };
  },

  listShards: async (StreamName, abortSignal) => {
    const shards: ShardDescription[] = [];
    let NextToken: string | undefined;
    do {
      const page = await call(
        "ListShards",
        client.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName }), {
          abortSignal,
        }),
      );
      for (const { ShardId, ParentShardId, AdjacentParentShardId } of page.Shards ?? [])
        if (ShardId !== undefined)
          shards.push({
            shardId: ShardId,
            parentShardIds: [ParentShardId, AdjacentParentShardId].filter(isString),
          });
      NextToken = page.NextToken;
    } while (NextToken);
    return shards;
  },

  getIterator: async (StreamName, ShardId, position: ShardPosition, abortSignal) => {
    const { ShardIterator } = await call(
      "GetShardIterator",
      client.send(
        new GetShardIteratorCommand({
          StreamName,
          ShardId,
          ShardIteratorType: position.type,
          ...placeOf(position),
        }),
        { abortSignal },
      ),
      // A timestamp is refused while it is in the future by Kinesis' clock: time heals that.
      "sequenceNumber" in position ? "POSITION_REFUSED" : "UNAVAILABLE",
    );
    if (!ShardIterator)
      throw new SourceError("UNAVAILABLE", "GetShardIterator: the answer holds no iterator.");
    return ShardIterator;
  },

  getRecords: async (ShardIterator, Limit, abortSignal) => {
    const page = await call(
      "GetRecords",
      client.send(new GetRecordsCommand({ ShardIterator, Limit }), { abortSignal }),
      "ITERATOR_UNUSABLE",
    );
    return {
      records: (page.Records ?? []).map((record) => ({
        sequenceNumber: record.SequenceNumber ?? "",
        partitionKey: record.PartitionKey ?? "",
        data: record.Data ?? new Uint8Array(),
        arrivedAtMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
      })),
      nextIterator: page.NextShardIterator || undefined,
      millisBehindLatest: page.MillisBehindLatest ?? 0,
    };
  },
});
