import type { FC } from "hono/jsx";
import type { ConsumerStatus } from "../../shared/core/dashboard/consumer-status.ts";
import { showInvisible } from "../../shared/core/dashboard/format.ts";
import type { Bounded } from "../../shared/core/dashboard/ports.ts";
import type { BucketRow, StreamRow } from "../../shared/core/dashboard/reader.ts";
import { Ago, Bytes, Count, Shape, State, Table, type Tone, Unknown } from "./components.tsx";
import { bucketLink, partitionsLink, streamLink } from "./links.ts";

const streamTone = (status: string): Tone =>
  status === "ACTIVE" ? "ok" : status === "UPDATING" || status === "CREATING" ? "warn" : "error";

/** `ACTIVE` as `Active`. */
export const sentenceCase = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();

export const StreamStatus: FC<{ status: string }> = ({ status }) => (
  <State tone={streamTone(status)}>{sentenceCase(status)}</State>
);

const More: FC<{ what: string }> = ({ what }) => (
  <p class="pager">There are more {what} than are shown here.</p>
);

export const StreamTable: FC<Bounded<StreamRow>> = ({ items, isComplete }) => (
  <>
    <Table
      caption="Streams"
      columns={[
        { label: "Name" },
        { label: "Status" },
        { label: "Open shards", isNumber: true },
        { label: "Retention", isNumber: true },
      ]}
      rows={items.map((row) => {
        const stream = row.ok ? row.value : undefined;
        const reason = row.ok ? "The stream does not exist." : row.error.message;
        const name = (
          <a class="mono" href={streamLink(row.name)}>
            {row.name}
          </a>
        );
        return {
          ...(stream ? {} : { tone: "error" as const }),
          cells: [
            name,
            stream ? <StreamStatus status={stream.status} /> : <Unknown reason={reason} />,
            <Count value={stream?.openShardCount} reason={reason} />,
            stream ? `${stream.retentionHours} h` : <Unknown reason={reason} />,
          ],
        };
      })}
      empty="There is no stream yet."
    />
    {isComplete ? null : <More what="streams" />}
  </>
);

export const BucketTable: FC<Bounded<BucketRow> & { now: number }> = ({
  items,
  isComplete,
  now,
}) => (
  <>
    <Table
      caption="Buckets"
      columns={[
        { label: "Name" },
        { label: "Objects", isNumber: true },
        { label: "Size", isNumber: true },
        { label: "Newest", isNumber: true },
        { label: "Quarantine", isNumber: true },
        { label: "", isNumber: true },
      ]}
      rows={items.map((row) => {
        const count = row.ok ? row.value : undefined;
        const reason = row.ok ? "The bucket does not exist." : row.error.message;
        const isWhole = count?.data.isComplete ?? true;
        return {
          ...(count ? {} : { tone: "error" as const }),
          cells: [
            <a class="mono" href={bucketLink(row.name)}>
              {row.name}
            </a>,
            <Count value={count?.data.objects} isComplete={isWhole} reason={reason} />,
            <Bytes value={count?.data.bytes} isComplete={isWhole} reason={reason} />,
            <Ago time={count?.data.newest} now={now} reason={count ? "No object yet." : reason} />,
            <Count
              value={count?.quarantine.objects}
              isComplete={count?.quarantine.isComplete ?? true}
              reason={reason}
            />,
            <a class="link" href={partitionsLink(row.name)}>
              Partitions<span class="hidden"> of {row.name}</span>
            </a>,
          ],
        };
      })}
      empty="There is no bucket yet."
    />
    {isComplete ? null : <More what="buckets" />}
  </>
);

/** State objects that are there and cannot be understood, and a list that was cut. */
export const UnreadableStates: FC<{ consumer: ConsumerStatus }> = ({ consumer }) => (
  <>
    {consumer.unreadable.map(({ key, reason }) => (
      <p class="failure">
        <Shape name="error" />
        <span>
          <code>{showInvisible(key)}</code>: {showInvisible(reason)}
        </span>
      </p>
    ))}
    {consumer.isComplete ? null : <More what="shards" />}
  </>
);
