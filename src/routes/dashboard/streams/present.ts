import type { z } from "@hono/zod-openapi";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import type { Known } from "../../../shared/core/dashboard/streams/known.ts";
import { isClosedShard, parentsOf } from "../../../shared/core/dashboard/streams/shard-graph.ts";
import type { ShardRate } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import { streamJson } from "../present.ts";
import { isHot, type StreamLags } from "./data.ts";
import type { consumersSchema, shardsSchema } from "./schema.ts";

const CLOSED = "Closed: nothing comes in any more.";

export const shardsJson = (
  detail: StreamDetail,
  lags: Attempt<StreamLags>,
  rates: ReadonlyMap<string, Known<ShardRate>>,
): z.infer<typeof shardsSchema> => {
  const shares = new Map(
    streamJson(detail).shards.map((shard) => [shard.shard_id, shard.hash_share_percent]),
  );
  return {
    stream: detail.description.name,
    complete: detail.shards.isComplete,
    shards: detail.shards.items.map((shard) => {
      const { shardId } = shard;
      const rate = rates.get(shardId);
      const lag = lags.ok
        ? lags.value.lags.find((candidate) => candidate.shardId === shardId)
        : undefined;
      return {
        shardId,
        state: isClosedShard(shard) ? "closed" : "open",
        parents: parentsOf(shard),
        hashRange: { start: shard.startingHashKey, end: shard.endingHashKey },
        hashSharePercent: shares.get(shardId) ?? 0,
        in: rate?.value ? { ...rate.value, hot: isHot(rate.value) } : null,
        inReason: rate ? rate.reason : CLOSED,
        outRecordsPerSecond: lag?.recordsPerSecond.value ?? null,
        outReason: lag
          ? lag.recordsPerSecond.reason
          : lags.ok
            ? (lags.value.reason ?? "No consumer has recorded this shard.")
            : lags.error.message,
        recordsRead: lag?.records ?? null,
      };
    }),
  };
};

export const consumersJson = (
  stream: string,
  lags: Attempt<StreamLags>,
  source: "checkpoint" | "cloudwatch",
): z.infer<typeof consumersSchema> => {
  if (!lags.ok) return { stream, consumers: [], reason: lags.error.message };
  const { lags: shards, reason } = lags.value;
  return {
    stream,
    reason,
    consumers: [
      {
        name: `${stream}-consumer`,
        source,
        shards: shards.map((lag) => ({
          shardId: lag.shardId,
          drained: lag.isDrained,
          millisBehind: lag.millisBehind.value,
          reason: lag.millisBehind.reason,
          trend: lag.trend.value,
          trendReason: lag.trend.reason,
          checkpointAgeMs: lag.checkpointAgeMs.value,
          sequenceNumber: lag.sequenceNumber,
          records: lag.records,
          recordsPerSecond: lag.recordsPerSecond.value,
          owner: lag.owner,
          asOf: lag.lastPolledAt,
          error: lag.error,
        })),
      },
    ],
  };
};
