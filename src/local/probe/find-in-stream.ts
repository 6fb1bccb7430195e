import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";

/** Pages of one shard read in one look; the next look goes on behind them. */
const PAGES_AT_ONCE = 20;

/**
 * A look at the stream for a text that stands in a record as it is: `shard, sequence number` of the
 * first record that holds it, or undefined. Each look goes on where the one before it ended.
 */
export const findInStream = (
  client: KinesisClient,
  streamName: string,
  { text, since }: { readonly text: string; readonly since: Date },
) => {
  const iterators = new Map<string, string | undefined>();
  const target = Buffer.from(text);

  const open = async (abortSignal: AbortSignal): Promise<void> => {
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: streamName }), {
      abortSignal,
    });
    for (const { ShardId = "" } of Shards) {
      if (iterators.has(ShardId)) continue;
      const { ShardIterator } = await client.send(
        new GetShardIteratorCommand({
          StreamName: streamName,
          ShardId,
          ShardIteratorType: "AT_TIMESTAMP",
          Timestamp: since,
        }),
        { abortSignal },
      );
      iterators.set(ShardId, ShardIterator);
    }
  };

  const readShard = async (
    shardId: string,
    abortSignal: AbortSignal,
  ): Promise<string | undefined> => {
    for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
      const iterator = iterators.get(shardId);
      if (iterator === undefined) return undefined;
      const { Records, NextShardIterator, MillisBehindLatest } = await client.send(
        new GetRecordsCommand({ ShardIterator: iterator }),
        { abortSignal },
      );
      iterators.set(shardId, NextShardIterator);
      const record = Records?.find(({ Data }) => Data && Buffer.from(Data).includes(target));
      if (record) return `${shardId} ${record.SequenceNumber}`;
      if (MillisBehindLatest === 0) return undefined;
    }
    return undefined;
  };

  return async (abortSignal: AbortSignal): Promise<string | undefined> => {
    await open(abortSignal);
    for (const shardId of iterators.keys()) {
      const found = await readShard(shardId, abortSignal);
      if (found !== undefined) return found;
    }
    return undefined;
  };
};
