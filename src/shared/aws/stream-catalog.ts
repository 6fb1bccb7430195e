import {
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-kinesis";
import type { Shard, StreamCatalog, StreamDescription } from "../core/dashboard/ports.ts";
import { callBackend } from "./backend-errors.ts";

export type StreamCatalogOptions = {
  /** Shows these streams and denies that there are others; every stream when absent. */
  only?: readonly string[] | undefined;
};

const MAX_STREAMS = 200;
const MAX_SHARDS = 2_000;

const isUnknownStream = (code: string): boolean => code === "ResourceNotFoundException";

/** Streams and shards of an account, by name. At most 200 streams, 2,000 shards each. */
export const createStreamCatalog = (
  kinesis: KinesisClient,
  { only }: StreamCatalogOptions = {},
): StreamCatalog => ({
  listStreamNames: (signal) =>
    callBackend("kinesis", async () => {
      if (only) return { items: [...only], isComplete: true };
      const items: string[] = [];
      let token: string | undefined;
      let hasMore = true;
      while (hasMore && items.length < MAX_STREAMS) {
        const page = await kinesis.send(
          new ListStreamsCommand(
            token === undefined ? { Limit: 100 } : { Limit: 100, NextToken: token },
          ),
          { abortSignal: signal },
        );
        items.push(...(page.StreamNames ?? []));
        token = page.NextToken;
        hasMore = page.HasMoreStreams === true && token !== undefined;
      }
      return { items, isComplete: !hasMore };
    }),

  describe: (name, signal) =>
    callBackend<StreamDescription | undefined>(
      "kinesis",
      async () => {
        if (only && !only.includes(name)) return undefined;
        const { StreamDescriptionSummary: summary } = await kinesis.send(
          new DescribeStreamSummaryCommand({ StreamName: name }),
          { abortSignal: signal },
        );
        return (
          summary && {
            name: summary.StreamName ?? name,
            arn: summary.StreamARN ?? "",
            status: summary.StreamStatus ?? "UNKNOWN",
            openShardCount: summary.OpenShardCount ?? 0,
            retentionHours: summary.RetentionPeriodHours ?? 0,
            createdAt: summary.StreamCreationTimestamp,
            encryption: summary.EncryptionType ?? "NONE",
          }
        );
      },
      (code) => (isUnknownStream(code) ? { value: undefined } : undefined),
    ),

  listShards: (name, signal) =>
    callBackend("kinesis", async () => {
      const items: Shard[] = [];
      let token: string | undefined;
      do {
        // A page's token goes alone: it stands for the stream, too.
        const page = await kinesis.send(
          new ListShardsCommand(
            token === undefined ? { StreamName: name, MaxResults: 1_000 } : { NextToken: token },
          ),
          { abortSignal: signal },
        );
        for (const shard of page.Shards ?? [])
          items.push({
            shardId: shard.ShardId ?? "",
            parentShardId: shard.ParentShardId,
            adjacentParentShardId: shard.AdjacentParentShardId,
            startingHashKey: shard.HashKeyRange?.StartingHashKey ?? "",
            endingHashKey: shard.HashKeyRange?.EndingHashKey ?? "",
            startingSequenceNumber: shard.SequenceNumberRange?.StartingSequenceNumber ?? "",
            endingSequenceNumber: shard.SequenceNumberRange?.EndingSequenceNumber,
          });
        token = page.NextToken;
      } while (token !== undefined && items.length < MAX_SHARDS);
      return { items, isComplete: token === undefined };
    }),
});
