import type { Child, FC } from "hono/jsx";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { ConsumerStatus } from "../../../shared/core/dashboard/consumer-status.ts";
import { formatBytes, formatCount, formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { Bounded, IngestStatus } from "../../../shared/core/dashboard/ports.ts";
import type { BucketRow, StreamRow } from "../../../shared/core/dashboard/reader.ts";
import type { LedgerBalance, LedgerState } from "../../../shared/core/ledger.ts";
import { Ago, Count, Failure, Section, Shape, State, type Tone, Unknown } from "../components.tsx";
import { bucketTotals, ledgerJson } from "../present.ts";
import { BucketTable, ShardStateTable, StreamTable } from "../tables.tsx";
import { type AttentionItem, attentionList } from "./attention.ts";

export type OverviewData = {
  ingest: Attempt<IngestStatus> | undefined;
  streams: Attempt<Bounded<StreamRow>>;
  buckets: Attempt<Bounded<BucketRow>>;
  consumer: Attempt<ConsumerStatus>;
  ledger: Attempt<LedgerBalance[] | undefined>;
  /** Where to send a first log; undefined where that is not known. */
  ingestUrl: string | undefined;
  now: number;
};

const NO_INGEST = "The ingestion interface keeps no figures that this dashboard could read.";

const Node: FC<{
  tone: Tone;
  title: string;
  aside?: Child;
  figure: Child;
  unit?: string;
  note: Child;
}> = ({ tone, title, aside, figure, unit, note }) => (
  <div class="node">
    <h2>
      <Shape name={tone} />
      <span class="hidden">{tone === "muted" ? "not known" : tone}</span>
      {title} {aside ? <span class="muted">{aside}</span> : null}
    </h2>
    <p class="figure">
      {figure} {unit ? <small>{unit}</small> : null}
    </p>
    <p>{note}</p>
  </div>
);

const Flow: FC<{ label: Child; note?: Child; isCut?: boolean }> = ({ label, note, isCut }) => (
  <div class={isCut ? "flow flow-cut" : "flow"}>
    <b>{label}</b>
    <span class="wire" aria-hidden="true" />
    <span>{note ?? ""}</span>
  </div>
);

const HttpNode: FC<{ ingest: OverviewData["ingest"] }> = ({ ingest }) => {
  if (!ingest?.ok) {
    const reason = ingest ? ingest.error.message : NO_INGEST;
    return (
      <Node
        tone={ingest ? "error" : "muted"}
        title="HTTP"
        figure={<Unknown reason={reason} />}
        note={ingest ? "ingestion interface does not answer" : "no figures kept"}
      />
    );
  }
  const { logsPerSecond, accepted, rejected } = ingest.value;
  const missing = "The ingestion interface did not say.";
  return (
    <Node
      tone="ok"
      title="HTTP"
      figure={logsPerSecond === null ? <Unknown reason={missing} /> : formatRate(logsPerSecond)}
      unit="logs/s"
      note={
        <>
          <Count value={accepted} reason={missing} /> accepted ·{" "}
          <Count value={rejected} reason={missing} /> rejected since it started
        </>
      }
    />
  );
};

const formatRate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 100 ? perSecond.toFixed(1) : formatCount(perSecond);

const KinesisNode: FC<{ streams: OverviewData["streams"] }> = ({ streams }) => {
  if (!streams.ok)
    return (
      <Node
        tone="error"
        title="Kinesis"
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

const S3Node: FC<{ buckets: OverviewData["buckets"]; now: number }> = ({ buckets, now }) => {
  if (!buckets.ok)
    return (
      <Node
        tone="error"
        title="S3"
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
    />
  );
};

const TONES: Readonly<Record<ConsumerStatus["status"], Tone>> = {
  running: "ok",
  stale: "warn",
  stopped: "error",
  failing: "error",
  unknown: "muted",
};

const LEDGER: Readonly<Record<LedgerState, { tone: Tone; word: string }>> = {
  balanced: { tone: "ok", word: "balanced" },
  in_flight: { tone: "ok", word: "in flight" },
  open: { tone: "error", word: "open" },
  unknown: { tone: "muted", word: "unknown" },
};

/** Whether what was accepted is stored. */
const LedgerFigure: FC<{ ledger: OverviewData["ledger"] }> = ({ ledger }) => {
  const { state, reason } = ledgerJson(ledger);
  const { tone, word } = LEDGER[state];
  return (
    <span title={reason ?? "Every accepted log is stored or quarantined."}>
      <State tone={tone}>{word}</State>
    </span>
  );
};

const Tiles: FC<Pick<OverviewData, "consumer" | "ledger" | "now">> = ({
  consumer,
  ledger,
  now,
}) => {
  const value = consumer.ok ? consumer.value : undefined;
  const reason = consumer.ok
    ? (consumer.value.reason ?? "Not recorded yet.")
    : consumer.error.message;
  const lag = value?.millisBehindLatest ?? undefined;
  const tiles: [string, Child][] = [
    [
      "Consumer",
      value ? (
        <span title={value.reason ?? undefined}>
          <State tone={TONES[value.status]}>{value.status}</State>
        </span>
      ) : (
        <Unknown reason={reason} />
      ),
    ],
    [
      "Lag, worst shard",
      lag === undefined ? (
        <Unknown reason={value?.totals ? "No shard is being polled." : reason} />
      ) : (
        <span class={lag > 60_000 ? "tone-warn" : undefined}>{formatDuration(lag)}</span>
      ),
    ],
    ["Records processed", <Count value={value?.totals?.records} reason={reason} />],
    ["Logs stored", <Count value={value?.totals?.lines} reason={reason} />],
    ["Quarantined", <Count value={value?.totals?.quarantined} reason={reason} />],
    ["Ledger", <LedgerFigure ledger={ledger} />],
    ["Last poll", <Ago time={value?.lastPoll} now={now} reason={reason} />],
  ];
  return (
    <dl class="tiles" aria-label="Consumer">
      {tiles.map(([name, figure]) => (
        <div>
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  );
};

const Attention: FC<{ items: AttentionItem[] }> = ({ items }) => (
  <Section title="Needs attention" note={items.length > 0 ? String(items.length) : undefined}>
    {items.length === 0 ? (
      <p class="muted">Nothing.</p>
    ) : (
      <ul class="attention">
        {items.map(({ tone, title, detail }) => (
          <li>
            <Shape name={tone} />
            <b>
              <span class="hidden">{tone}: </span>
              {title}
            </b>
            {detail ? <p>{detail}</p> : null}
          </li>
        ))}
      </ul>
    )}
  </Section>
);

const FirstLog: FC<{ ingestUrl: string | undefined }> = ({ ingestUrl }) =>
  ingestUrl === undefined ? null : (
    <div class="empty">
      Nothing is stored yet. Send a first log:
      <pre>{`curl ${ingestUrl}/api/ingest/batch -H 'content-type: application/json' -d '{"logs":[{"service":"demo","level":"INFO","message":"hello"}]}'`}</pre>
    </div>
  );

const spooledLogs = ({ spool }: IngestStatus): number => spool?.logs ?? 0;

export const Overview: FC<OverviewData> = ({
  ingest,
  streams,
  buckets,
  consumer,
  ledger,
  ingestUrl,
  now,
}) => {
  const status = consumer.ok ? consumer.value.status : "unknown";
  const lag = consumer.ok ? consumer.value.millisBehindLatest : null;
  const isEmpty = buckets.ok && bucketTotals(buckets.value.items).total_objects === 0;
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <section class="pipe" aria-label="From HTTP through Kinesis to S3">
        <HttpNode ingest={ingest} />
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
        <S3Node buckets={buckets} now={now} />
      </section>
      <Tiles consumer={consumer} ledger={ledger} now={now} />
      {isEmpty ? <FirstLog ingestUrl={ingestUrl} /> : null}
      <Attention items={attentionList({ ingest, streams, buckets, consumer, ledger })} />
      <div class="columns">
        <div>
          <Section title="Streams">
            {streams.ok ? (
              <StreamTable {...streams.value} />
            ) : (
              <Failure message={streams.error.message} />
            )}
          </Section>
          <Section title="Buckets" note="data objects; quarantine apart">
            {buckets.ok ? (
              <BucketTable {...buckets.value} now={now} />
            ) : (
              <Failure message={buckets.error.message} />
            )}
          </Section>
        </div>
        <Section title="Consumer" note="by shard">
          {consumer.ok ? (
            <ShardStateTable consumer={consumer.value} now={now} />
          ) : (
            <Failure message={consumer.error.message} />
          )}
        </Section>
      </div>
    </>
  );
};
