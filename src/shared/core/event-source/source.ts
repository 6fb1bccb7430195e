/** A stream as DescribeStreamSummary tells it. */
export type StreamDescription = {
  readonly arn: string;
  /** `ACTIVE`, `UPDATING`, `CREATING` or `DELETING`. */
  readonly status: string;
  /** ISO 8601; tells a stream from an earlier one of the same name. */
  readonly createdAt: string;
};

export type ShardDescription = {
  readonly shardId: string;
  /** None, one after a split, two after a merge. Parents past the retention are no longer listed. */
  readonly parentShardIds: readonly string[];
};

export type StreamRecord = {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  /** Epoch milliseconds. */
  readonly arrivedAtMs: number;
};

export type RecordPage = {
  readonly records: readonly StreamRecord[];
  /** Undefined when the shard is closed and read to its end. */
  readonly nextIterator: string | undefined;
  readonly millisBehindLatest: number;
};

/** `AT` includes the record of that sequence number, `AFTER` does not. */
export type ShardPosition =
  | { readonly type: "TRIM_HORIZON" }
  /** The first record that arrived at or after this moment, ISO 8601. */
  | { readonly type: "AT_TIMESTAMP"; readonly timestamp: string }
  | { readonly type: "AT_SEQUENCE_NUMBER"; readonly sequenceNumber: string }
  | { readonly type: "AFTER_SEQUENCE_NUMBER"; readonly sequenceNumber: string };

export type SourceErrorCode =
  /** Stream or shard does not exist. */
  | "NOT_FOUND"
  /** Expired, or made by another incarnation of the stream: ask for a new one. */
  | "ITERATOR_UNUSABLE"
  /** Kinesis does not accept the sequence number for this shard. */
  | "POSITION_REFUSED"
  | "THROTTLED"
  /** 5xx, network, time-out, missing permission: whatever time or a person may heal. */
  | "UNAVAILABLE"
  | "ABORTED";

/** What every call of a StreamSource throws when it fails. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly code: SourceErrorCode;

  constructor(code: SourceErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Reads one stream. Makes one attempt per call: the caller knows how long it may wait. */
export type StreamSource = {
  describe(streamName: string, signal: AbortSignal): Promise<StreamDescription>;
  /** Every shard within the retention, open or closed. */
  listShards(streamName: string, signal: AbortSignal): Promise<ShardDescription[]>;
  getIterator(
    streamName: string,
    shardId: string,
    position: ShardPosition,
    signal: AbortSignal,
  ): Promise<string>;
  getRecords(iterator: string, limit: number, signal: AbortSignal): Promise<RecordPage>;
};
