import type { Child, FC } from "hono/jsx";
import { formatBytes, formatCount, formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { IngestStatus } from "../../../shared/core/dashboard/ports.ts";
import type { BucketRow } from "../../../shared/core/dashboard/reader.ts";
import { Ago, Count, Shape, type Tone, Unknown } from "../components.tsx";
import { bucketTotals } from "../present.ts";
import { type OverviewData, pointsOf } from "./data.ts";
import { Spark } from "./spark.tsx";

const NO_INGEST = "The ingestion interface keeps no figures that this dashboard could read.";
const NOT_SAID = "The ingestion interface did not say.";

const Node: FC<{
  tone: Tone;
  title: string;
  aside?: Child;
  figure: Child;
  unit?: string;
  note: Child;
  spark?: readonly (number | null)[];
  href: string;
}> = ({ tone, title, aside, figure, unit, note, spark, href }) => (
  <div class="node">
    <h2>
      <Shape name={tone} />
      <span class="hidden">{tone === "muted" ? "not known" : tone}</span>
      <a href={href}>{title}</a> {aside ? <span class="muted">{aside}</span> : null}
    </h2>
    <p class="figure">
      {figure} {unit ? <small>{unit}</small> : null}
    </p>
    <p>{note}</p>
    {spark ? <Spark values={spark} /> : null}
  </div>
);

const Flow: FC<{ label: Child; note?: Child; isCut?: boolean }> = ({ label, note, isCut }) => (
  <div class={isCut ? "flow flow-cut" : "flow"}>
    <b>{label}</b>
    <span class="wire" aria-hidden="true" />
    <span>{note ?? ""}</span>
  </div>
);

export const formatRate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond);

const HttpNode: FC<Pick<OverviewData, "ingest" | "history">> = ({ ingest, history }) => {
  if (!ingest?.ok) {
    const reason = ingest ? ingest.error.message : NO_INGEST;
    return (
      <Node
        tone={ingest ? "error" : "muted"}
        title="HTTP"
        href="/streams"
        figure={<Unknown reason={reason} />}
        note={ingest ? "ingestion interface does not answer" : "no figures kept"}
      />
    );
  }
  const { logsPerSecond, accepted, rejected } = ingest.value;
  return (
    <Node
      tone="ok"
      title="HTTP"
      href="/streams"
      figure={logsPerSecond === null ? <Unknown reason={NOT_SAID} /> : formatRate(logsPerSecond)}
      unit="logs/s"
      note={
        <>
          <Count value={accepted} reason={NOT_SAID} /> accepted ·{" "}
          <Count value={rejected} reason={NOT_SAID} /> rejected since it started
        </>
      }
      spark={pointsOf(history)
        .slice(0, -1)
        .map((point) => point.accepted)}
    />
  );
};

const KinesisNode: FC<Pick<OverviewData, "streams">> = ({ streams }) => {
  if (!streams.ok)
    return (
      <Node
        tone="error"
        title="Kinesis"
        href="/streams"
        figure={<Unknown reason={streams.error.message} />}
        note={streams.error.code}
      />
    );
  const rows = streams.value.items;
  const described = rows.flatMap((row) => (row.ok && row.value ? [row.value] : []));
  const active = described.filter(({ status }) => status === "ACTIVE" || status === "UPDATING");
  return (
    <Node
      tone={rows.length > 0 && active.length === rows.length ? "ok" : "warn"}
      title="Kinesis"
      href="/streams"
      aside={`${rows.length} ${rows.length === 1 ? "stream" : "streams"}`}
      figure={formatCount(
        described.reduce((total, { openShardCount }) => total + openShardCount, 0),
      )}
      unit="open shards"
      note={`${active.length} of ${rows.length} streams active`}
    />
  );
};

const newestOf = (rows: readonly BucketRow[]): Date | undefined =>
  rows.reduce<Date | undefined>((newest, row) => {
    const candidate = row.ok ? row.value?.data.newest : undefined;
    return candidate && (!newest || candidate > newest) ? candidate : newest;
  }, undefined);

const S3Node: FC<Pick<OverviewData, "buckets" | "history" | "now">> = ({
  buckets,
  history,
  now,
}) => {
  if (!buckets.ok)
    return (
      <Node
        tone="error"
        title="S3"
        href="/buckets"
        figure={<Unknown reason={buckets.error.message} />}
        note={buckets.error.code}
      />
    );
  const rows = buckets.value.items;
  const totals = bucketTotals(rows);
  const newest = newestOf(rows);
  return (
    <Node
      tone={rows.every((row) => row.ok && row.value) && rows.length > 0 ? "ok" : "warn"}
      title="S3"
      href="/buckets"
      aside={`${rows.length} ${rows.length === 1 ? "bucket" : "buckets"}`}
      figure={
        <Count
          value={totals.total_objects}
          isComplete={totals.is_complete}
          reason="No bucket could be counted."
        />
      }
      unit="objects"
      note={
        totals.total_size === null ? (
          "no bucket could be counted"
        ) : (
          <>
            {formatBytes(totals.total_size)}
            {totals.is_complete ? "" : "+"}
            {newest ? (
              <>
                {" · newest "}
                <Ago time={newest} now={now} reason="" />
              </>
            ) : (
              " · nothing stored yet"
            )}
          </>
        )
      }
      spark={pointsOf(history)
        .slice(0, -1)
        .map((point) => point.landed)}
    />
  );
};

const spooledLogs = ({ spool }: IngestStatus): number => spool?.logs ?? 0;

/** The pipe: what comes in, what moves, what lands; an arrow is cut where flow stops. */
export const Pipe: FC<OverviewData> = ({ ingest, streams, buckets, consumer, history, now }) => {
  const status = consumer.ok ? consumer.value.status : "unknown";
  const lag = consumer.ok ? consumer.value.millisBehindLatest : null;
  return (
    <section class="pipe" aria-label="From HTTP through Kinesis to S3">
      <HttpNode ingest={ingest} history={history} />
      <Flow
        label={
          ingest?.ok && ingest.value.queueSize !== null
            ? `${formatCount(ingest.value.queueSize + spooledLogs(ingest.value))} waiting`
            : "queue n/a"
        }
        note={
          ingest?.ok && spooledLogs(ingest.value) > 0
            ? `${formatCount(spooledLogs(ingest.value))} of them on the disk`
            : "accepted once stored"
        }
        isCut={!streams.ok || ingest?.ok === false}
      />
      <KinesisNode streams={streams} />
      <Flow
        label={`consumer ${status}`}
        note={lag === null ? "lag n/a" : `${formatDuration(lag)} behind`}
        isCut={!buckets.ok || status === "failing" || status === "stopped"}
      />
      <S3Node buckets={buckets} history={history} now={now} />
    </section>
  );
};
