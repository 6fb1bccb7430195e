import type { FC } from "hono/jsx";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import type { Known } from "../../../shared/core/dashboard/streams/known.ts";
import { isClosedShard, parentsOf } from "../../../shared/core/dashboard/streams/shard-graph.ts";
import { HOT_SHARE, type ShardRate } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import { Count, Section, State, Table } from "../components.tsx";
import { streamJson } from "../present.ts";
import { isHot, type StreamLags } from "./data.ts";
import { BytesRate, RateFigure, ShardName, WriteShare } from "./figures.tsx";
import { shortShard, tabLink } from "./links.ts";

const CLOSED = "Closed: nothing comes in any more.";

/** Every shard with its part of the keys, what comes in and what the consumer takes out. */
export const ShardsTab: FC<{
  stream: StreamDetail;
  lags: Attempt<StreamLags>;
  rates: ReadonlyMap<string, Known<ShardRate>>;
}> = ({ stream, lags, rates }) => {
  const { description, shards } = stream;
  const shares = new Map(
    streamJson(stream).shards.map((shard) => [shard.shard_id, shard.hash_share_percent]),
  );
  const closed = shards.items.filter(isClosedShard).length;
  const absence = lags.ok
    ? (lags.value.reason ?? "No consumer has recorded this shard.")
    : lags.error.message;
  const lagOf = (shardId: string) =>
    lags.ok ? lags.value.lags.find((lag) => lag.shardId === shardId) : undefined;
  return (
    <>
      <Section
        title="Shards"
        note={`${shards.items.length - closed} open, ${closed} closed${shards.isComplete ? "" : ", more not listed"} · in: read from the last 10 s; ${HOT_SHARE * 100} % of a shard's write limit is hot`}
      >
        <Table
          caption="Shards of the stream"
          columns={[
            { label: "Shard" },
            { label: "State" },
            { label: "Keys", isNumber: true },
            { label: "Records in/s", isNumber: true },
            { label: "Bytes in", isNumber: true },
            { label: "Of write limit", isNumber: true },
            { label: "Records out/s", isNumber: true },
            { label: "Read in all", isNumber: true },
            { label: "Parents" },
            { label: "", isNumber: true },
          ]}
          rows={shards.items.map((shard) => {
            const { shardId } = shard;
            const isClosed = isClosedShard(shard);
            const rate = rates.get(shardId);
            const lag = lagOf(shardId);
            const parents = parentsOf(shard);
            const hot = rate?.value && isHot(rate.value);
            return {
              ...(isClosed ? { tone: "muted" as const } : hot ? { tone: "warn" as const } : {}),
              cells: [
                <ShardName id={shardId} />,
                <State tone={isClosed ? "muted" : "ok"}>{isClosed ? "Closed" : "Open"}</State>,
                <span
                  title={`Hash keys ${shard.startingHashKey} to ${shard.endingHashKey}`}
                >{`${shares.get(shardId)?.toFixed(1)} %`}</span>,
                <RateFigure
                  rate={
                    rate?.value
                      ? { value: rate.value.recordsPerSecond, reason: null }
                      : { value: null, reason: rate?.reason ?? CLOSED }
                  }
                />,
                <BytesRate rate={rate} closed={CLOSED} />,
                <WriteShare rate={rate} closed={CLOSED} />,
                <RateFigure rate={lag?.recordsPerSecond ?? { value: null, reason: absence }} />,
                <Count value={lag?.records} reason={absence} />,
                <span class="mono">{parents.map(shortShard).join(", ") || "–"}</span>,
                <a class="link" href={tabLink(description.name, "records", { shard: shardId })}>
                  Records<span class="hidden"> of shard {shortShard(shardId)}</span>
                </a>,
              ],
            };
          })}
          empty="Kinesis lists no shard."
        />
      </Section>
      <details class="section">
        <summary>Hash key and sequence ranges</summary>
        <div class="scroll">
          <Table
            caption="Ranges of each shard"
            columns={[
              { label: "Shard" },
              { label: "First hash key", isNumber: true },
              { label: "Last hash key", isNumber: true },
              { label: "First sequence number", isNumber: true },
              { label: "Last", isNumber: true },
            ]}
            rows={shards.items.map((shard) => ({
              cells: [
                <ShardName id={shard.shardId} />,
                <span class="mono wrap">{shard.startingHashKey}</span>,
                <span class="mono wrap">{shard.endingHashKey}</span>,
                <span class="mono wrap">{shard.startingSequenceNumber}</span>,
                <span class="mono wrap">{shard.endingSequenceNumber ?? "open"}</span>,
              ],
            }))}
            empty="Kinesis lists no shard."
          />
        </div>
      </details>
    </>
  );
};
