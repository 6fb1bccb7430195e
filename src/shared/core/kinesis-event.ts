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

/** Throws unless the record is of the shard of the first: part names would not be repeatable. */
export const assertSameShard = (
  { shardId }: ShardOrigin,
  first: KinesisEventRecord,
  record: KinesisEventRecord,
): void => {
  const { eventID, eventSourceARN } = record;
  const isOfShard = eventID.startsWith(shardId) && eventID[shardId.length] === ":";
  if (!isOfShard || eventSourceARN !== first.eventSourceARN)
    throw new Error(`A batch must be of one shard: ${first.eventID} and ${eventID} came together.`);
};
