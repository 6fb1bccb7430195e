import type { Child, FC } from "hono/jsx";
import type { ConsumerStatus } from "../../../shared/core/dashboard/consumer-status.ts";
import { formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { History, HistoryPoint } from "../../../shared/core/dashboard/history/history.ts";
import type { LedgerBalance } from "../../../shared/core/ledger.ts";
import { Ago, Count, Failure, Section, Shape, Table, Unknown } from "../components.tsx";
import { streamLink } from "../links.ts";
import type { AttentionItem } from "./attention.ts";
import { formatWindow, type OverviewData, windowMinutes } from "./data.ts";
import { formatRate } from "./pipe.tsx";
import { Spark } from "./spark.tsx";
import { HIGH_LAG_MS, LedgerFigure, TrendMark } from "./tiles.tsx";

export const Attention: FC<{ items: AttentionItem[]; now: number }> = ({ items, now }) => (
  <Section
    title="Needs attention"
    note={
      <>
        {items.length > 0 ? `${items.length} · ` : ""}
        <a class="link" href="/alerts">
          all alerts
        </a>
      </>
    }
  >
    {items.length === 0 ? (
      <p class="muted">Nothing.</p>
    ) : (
      <ul class="attention">
        {items.map(({ tone, title, detail, href, since }) => (
          <li>
            <Shape name={tone} />
            <b>
              <span class="hidden">{tone}: </span>
              {href ? <a href={href}>{title}</a> : title}
            </b>
            {since === undefined || since === null ? null : (
              <span class="muted">{formatDuration(now - since)}</span>
            )}
            {detail ? <p>{detail}</p> : null}
          </li>
        ))}
      </ul>
    )}
  </Section>
);

const PointsTable: FC<{ points: readonly HistoryPoint[] }> = ({ points }) => (
  <details>
    <summary>As a table</summary>
    <div class="scroll">
      <Table
        caption="Logs in each step"
        columns={[
          { label: "From" },
          { label: "In", isNumber: true },
          { label: "Landed", isNumber: true },
          { label: "Lag", isNumber: true },
        ]}
        rows={[...points].reverse().map(({ at, accepted, landed, lagMs }) => ({
          cells: [
            <time datetime={new Date(at).toISOString()}>
              {new Date(at).toISOString().slice(11, 19)}Z
            </time>,
            <Count value={accepted} reason="Not watched." />,
            <Count value={landed} reason="Not watched." />,
            lagMs === null ? <Unknown reason="Not watched." /> : formatDuration(lagMs),
          ],
        }))}
        empty="Nothing has been watched yet."
      />
    </div>
  </details>
);

const RANGES = [15, 60, 180] as const;

/** In against landed over the range. The picture is drawn by a script, the table by nobody. */
export const FlowChart: FC<OverviewData> = (data) => {
  const { history, asked, minutes } = data;
  if (!history.ok) return <Failure message={history.error.message} />;
  const { points, since } = history.value;
  const known = points.filter(({ accepted, landed }) => accepted !== null || landed !== null);
  return (
    <Section
      title="Logs per second"
      note={
        <span class="ranges">
          {since === null
            ? "nothing watched yet"
            : `last ${formatWindow(windowMinutes(data))}${minutes < asked ? ", since this dashboard started" : ""}`}
          {RANGES.map((range) => (
            <>
              {" "}
              <a
                class="link"
                href={range === 60 ? "/" : `/?range=${range}`}
                aria-current={range === asked ? "true" : undefined}
              >
                {formatWindow(range)}
              </a>
            </>
          ))}
        </span>
      }
    >
      <div
        class="chart"
        data-island="overview-chart"
        data-minutes={String(minutes)}
        data-step={String(history.value.stepMs / 1_000)}
      />
      <PointsTable points={known} />
    </Section>
  );
};

const Outstanding: FC<{ balance: LedgerBalance }> = ({ balance }) => {
  const isMissing = balance.state === "open" && (balance.outstanding ?? 0) > 0;
  return (
    <span class={isMissing ? "tone-error" : undefined}>
      <Count value={balance.outstanding} reason={balance.reason ?? "Not known."} />
    </span>
  );
};

/** Accepted = stored + quarantined + in flight, stream by stream. */
export const Conservation: FC<Pick<OverviewData, "ledger">> = ({ ledger }) => (
  <Section title="Conservation" note={<LedgerFigure ledger={ledger} />}>
    {ledger.ok ? (
      <Table
        caption="Accepted logs and where they are"
        columns={[
          { label: "Stream" },
          { label: "Accepted", isNumber: true },
          { label: "= Stored", isNumber: true },
          { label: "+ Quarantined", isNumber: true },
          { label: "+ Doubles of clients", isNumber: true },
          { label: "+ In flight", isNumber: true },
        ]}
        rows={(ledger.value ?? []).map((balance) => {
          const reason = balance.reason ?? "Not known.";
          const cells: Child[] = [
            <a class="mono" href={streamLink(balance.stream)}>
              {balance.stream}
            </a>,
            <Count value={balance.accepted} reason={reason} />,
            <Count value={balance.stored} reason={reason} />,
            <Count value={balance.quarantined} reason={reason} />,
            <Count value={balance.deduplicated} reason={reason} />,
            <Outstanding balance={balance} />,
          ];
          return { cells, ...(balance.state === "open" ? { tone: "error" as const } : {}) };
        })}
        empty={
          ledger.value === undefined
            ? "Nobody counts accepted logs here, as on Lambda."
            : "Nothing has been counted yet."
        }
      />
    ) : (
      <Failure message={ledger.error.message} />
    )}
  </Section>
);

const shortShard = (shardId: string): string => shardId.replace(/^shardId-0*(?=\d)/, "");

const shortStream = (stream: string): string => stream.replace(/^stage01-|-stream$/g, "");

const RECENT_MS = 10 * 60_000;

/** How far behind each shard is, and where that goes. */
export const LagTable: FC<{
  consumer: ConsumerStatus;
  history: History | undefined;
  now: number;
}> = ({ consumer, history, now }) => (
  <Table
    caption="Lag by shard"
    columns={[
      { label: "Shard" },
      { label: "Behind", isNumber: true },
      { label: "Last 10 min" },
      { label: "Records/s", isNumber: true },
      { label: "Checkpoint", isNumber: true },
      { label: "Last poll", isNumber: true },
    ]}
    rows={consumer.shards
      .filter(({ drained }) => !drained)
      .map((shard) => {
        const past = history?.shards.find(
          ({ stream, shardId }) => stream === shard.stream && shardId === shard.shardId,
        );
        const lag = shard.millisBehindLatest;
        const isHigh = lag !== null && lag > HIGH_LAG_MS;
        const cells: Child[] = [
          <a
            href={`${streamLink(shard.stream)}?tab=consumers`}
            title={`${shard.stream} ${shard.shardId}`}
          >
            <span class="muted">{shortStream(shard.stream)}</span>{" "}
            <span class="mono">{shortShard(shard.shardId)}</span>
          </a>,
          lag === null ? (
            <Unknown reason="Not polled yet." />
          ) : (
            <span class={isHigh ? "tone-warn" : undefined}>{formatDuration(lag)}</span>
          ),
          past ? (
            <span class="lag-trend">
              <TrendMark trend={past.trend} hasWord />
              <Spark
                values={past.lagMs.slice(-Math.ceil(RECENT_MS / (history?.stepMs ?? RECENT_MS)))}
                isHigh={isHigh}
              />
            </span>
          ) : (
            <Unknown reason="It has not been watched for long enough." />
          ),
          past?.recordsPerSecond === null || past === undefined ? (
            <Unknown reason="It has not been watched for long enough." />
          ) : (
            formatRate(past.recordsPerSecond)
          ),
          <Ago time={shard.lastBatchAt} now={now} reason="No batch yet." />,
          <Ago time={shard.lastPolledAt} now={now} reason="Not polled yet." />,
        ];
        const tone = shard.error ? ("error" as const) : isHigh ? ("warn" as const) : undefined;
        return { cells, ...(tone ? { tone } : {}) };
      })}
    empty={consumer.reason ?? "No shard is recorded."}
  />
);
