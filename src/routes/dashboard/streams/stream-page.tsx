import type { FC } from "hono/jsx";
import type { Shard } from "../../../shared/core/dashboard/ports.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { Ago, Facts, Section, State, Table } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { streamJson } from "../present.ts";
import { StreamStatus } from "../tables.tsx";

const parents = ({ parentShardId, adjacentParentShardId }: Shard): string =>
  [parentShardId, adjacentParentShardId].filter((id) => id !== undefined).join(", ") || "–";

export const StreamPage: FC<StreamDetail & { now: number }> = ({ description, shards, now }) => {
  const shares = new Map(
    streamJson({ description, shards }).shards.map((shard) => [
      shard.shard_id,
      shard.hash_share_percent,
    ]),
  );
  const open = shards.items.filter(
    ({ endingSequenceNumber }) => endingSequenceNumber === undefined,
  );
  const closed = shards.items.length - open.length;
  return (
    <>
      <Crumbs items={[{ label: "streams", href: "/streams" }, { label: description.name }]} />
      <div class="page-head">
        <h1>{description.name}</h1>
        <StreamStatus status={description.status} />
      </div>
      <Facts
        facts={[
          ["Open shards", description.openShardCount],
          ["Retention", `${description.retentionHours} h`],
          ["Encryption", description.encryption === "NONE" ? "none" : description.encryption],
          ["Created", <Ago time={description.createdAt} now={now} reason="Kinesis did not say." />],
          ["ARN", <code>{description.arn}</code>],
        ]}
      />
      <Section
        title="Shards"
        note={`${open.length} open, ${closed} closed${shards.isComplete ? "" : ", more not listed"}`}
      >
        <div class="scroll">
          <Table
            caption="Shards of the stream"
            columns={[
              { label: "Shard" },
              { label: "State" },
              { label: "Hash share", isNumber: true },
              { label: "First hash key", isNumber: true },
              { label: "Last hash key", isNumber: true },
              { label: "Parents" },
            ]}
            rows={shards.items.map((shard) => {
              const isClosed = shard.endingSequenceNumber !== undefined;
              return {
                ...(isClosed ? { tone: "muted" as const } : {}),
                cells: [
                  <span class="mono">{shard.shardId}</span>,
                  <State tone={isClosed ? "muted" : "ok"}>{isClosed ? "Closed" : "Open"}</State>,
                  `${shares.get(shard.shardId)?.toFixed(1)} %`,
                  <span class="mono wrap">{shard.startingHashKey}</span>,
                  <span class="mono wrap">{shard.endingHashKey}</span>,
                  <span class="mono">{parents(shard)}</span>,
                ],
              };
            })}
            empty="Kinesis lists no shard."
          />
        </div>
      </Section>
    </>
  );
};
