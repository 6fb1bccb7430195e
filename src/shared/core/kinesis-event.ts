/** What Lambda hands to a consumer of Kinesis, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html */
export type KinesisEventRecord = {
  /** `<shardId>:<sequenceNumber>` */
  readonly eventID: string;
  readonly eventSource: "aws:kinesis";
  readonly eventSourceARN: string;
  readonly eventName: string;
  readonly eventVersion: string;
  readonly invokeIdentityArn: string;
  readonly awsRegion: string;
  readonly kinesis: {
    readonly kinesisSchemaVersion: string;
    readonly partitionKey: string;
    readonly sequenceNumber: string;
    /** Base64. */
    readonly data: string;
    /** Seconds since the epoch, with a fraction. */
    readonly approximateArrivalTimestamp: number;
  };
};

export type KinesisEvent = { readonly Records: readonly KinesisEventRecord[] };

/** The answer under `ReportBatchItemFailures`: the batch is tried again from the lowest number. */
export type BatchResponse = { batchItemFailures: { itemIdentifier: string }[] };

/** Where a shard batch comes from. */
export type ShardOrigin = {
  readonly streamArn: string;
  readonly stream: string;
  readonly shardId: string;
};

/**
 * The one shard a record is from. A consumer with enhanced fan-out has an ARN of its own below the
 * stream's; it is left out, so that both read the same origin.
 */
export const originOf = (record: KinesisEventRecord): ShardOrigin => {
  const [arn = "", stream, ...consumer] = record.eventSourceARN.split("/");
  const shardId = record.eventID.slice(0, record.eventID.indexOf(":"));
  if (!stream || shardId === "" || (consumer.length > 0 && consumer[0] !== "consumer"))
    throw new Error(
      `Not a Kinesis record: eventSourceARN ${record.eventSourceARN}, eventID ${record.eventID}.`,
    );
  return { streamArn: `${arn}/${stream}`, stream, shardId };
};

/** By hand: ten thousand calls of startsWith on strings this long cost more than a part object. */
const isOfShard = ({ eventID }: KinesisEventRecord, shardId: string): boolean => {
  for (let at = 0; at < shardId.length; at += 1)
    if (eventID.charCodeAt(at) !== shardId.charCodeAt(at)) return false;
  return eventID[shardId.length] === ":";
};

/** Throws unless the record is of the shard of the first: part names would not be repeatable. */
export const assertSameShard = (
  { shardId }: ShardOrigin,
  first: KinesisEventRecord,
  record: KinesisEventRecord,
): void => {
  if (record.eventSourceARN !== first.eventSourceARN || !isOfShard(record, shardId))
    throw new Error(
      `A batch must be of one shard: ${first.eventID} and ${record.eventID} came together.`,
    );
};
