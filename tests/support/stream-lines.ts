import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";

/** Every line in a stream, shard by shard in the order of the shard. */
export const linesInStream = async (
  kinesis: KinesisClient,
  StreamName: string,
): Promise<string[]> => {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const lines: string[] = [];
  for (const { ShardId } of Shards) {
    const { ShardIterator: first } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    let iterator = first;
    while (iterator !== undefined) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const { Data } of page.Records ?? [])
        lines.push(...new TextDecoder().decode(Data).split("\n"));
      if (page.MillisBehindLatest === 0) break;
      iterator = page.NextShardIterator ?? undefined;
    }
  }
  return lines;
};
