import { type KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { isJsonObject } from "../../shared/core/json.ts";
import { partitionKeyOf, serviceOf } from "../../shared/core/service.ts";

/** Puts one log as a record of its own; returns its shard and sequence number. */
export const putInStream = async (
  client: KinesisClient,
  streamName: string,
  log: string,
): Promise<string> => {
  const value: unknown = JSON.parse(log);
  const { ShardId, SequenceNumber } = await client.send(
    new PutRecordCommand({
      StreamName: streamName,
      PartitionKey: partitionKeyOf(isJsonObject(value) ? serviceOf(value) : "unknown"),
      Data: new TextEncoder().encode(log),
    }),
  );
  return `${ShardId} ${SequenceNumber}`;
};
