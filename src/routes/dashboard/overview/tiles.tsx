import type { Child, FC } from "hono/jsx";
import { formatBytes, formatCount, formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { Trend } from "../../../shared/core/dashboard/history/history.ts";
import { trendOf } from "../../../shared/core/dashboard/history/history.ts";
import type { LedgerState } from "../../../shared/core/ledger.ts";
import { State, type Tone, Unknown } from "../components.tsx";
import { ledgerJson } from "../present.ts";
import {
  type CounterName,
  changeOf,
  formatWindow,
  type OverviewData,
  pointsOf,
  sumOf,
  windowMinutes,
} from "./data.ts";
import { formatRate } from "./pipe.tsx";
import { Spark } from "./spark.tsx";

/** A lag a person would want to know of. */
export const HIGH_LAG_MS = 60_000;

const TRENDS: Readonly<Record<Trend, { mark: string; word: string }>> = {
  rising: { mark: "▲", word: "rising" },
  falling: { mark: "▼", word: "falling" },
  steady: { mark: "–", word: "steady" },
};

export const TrendMark: FC<{ trend: Trend | null; hasWord?: boolean }> = ({ trend, hasWord }) =>
  trend === null ? null : (
    <span class={trend === "rising" ? "trend tone-warn" : "trend muted"} title={TRENDS[trend].word}>
      {TRENDS[trend].mark}
      <span class={hasWord ? undefined : "hidden"}> {TRENDS[trend].word}</span>
    </span>
  );

const LEDGER: Readonly<Record<LedgerState, { tone: Tone; word: string }>> = {
  balanced: { tone: "ok", word: "balanced" },
  in_flight: { tone: "ok", word: "in flight" },
  open: { tone: "error", word: "open" },
  unknown: { tone: "muted", word: "unknown" },
};

/** Whether what was accepted is stored. */
export const LedgerFigure: FC<Pick<OverviewData, "ledger">> = ({ ledger }) => {
  const { state, reason } = ledgerJson(ledger);
  const { tone, word } = LEDGER[state];
  return (
    <span title={reason ?? "Every accepted log is stored or quarantined."}>
      <State tone={tone}>{word}</State>
    </span>
  );
};

type Tile = {
  name: string;
  figure: Child;
  aside?: Child;
  spark?: (number | null)[];
  isHigh?: boolean;
};

const Change: FC<{ percent: number | null }> = ({ percent }) =>
  percent === null ? null : (
    <span title="The newest five steps of the chart against the five before">
      {percent >= 0 ? "▲" : "▼"} {Math.abs(percent).toFixed(0)} %
    </span>
  );

const tilesOf = (data: OverviewData): Tile[] => {
  const { ingest, consumer, history, ledger } = data;
  const points = pointsOf(history);
  const closed = points.slice(0, -1);
  const window = formatWindow(windowMinutes(data));
  const reason = history.ok ? "It has not been watched for long enough." : history.error.message;
  const total = (name: CounterName, show: (sum: number) => Child): Child => {
    const sum = sumOf(points, name);
    return sum === null ? <Unknown reason={reason} /> : show(sum);
  };
  const line = (name: CounterName) => closed.map((point) => point[name]);
  const value = consumer.ok ? consumer.value : undefined;
  const lag = value?.millisBehindLatest ?? null;
  const lags = closed.map(({ lagMs }) => lagMs);
  const perSecond = ingest?.ok ? ingest.value.logsPerSecond : null;
  const rejected = sumOf(points, "rejected");
  const accepted = sumOf(points, "accepted");
  return [
    {
      name: "Logs in",
      figure:
        perSecond === null ? (
          <Unknown reason={ingest?.ok === false ? ingest.error.message : "Nobody says."} />
        ) : (
          <>
            {formatRate(perSecond)} <small>/s</small>
          </>
        ),
      aside: <Change percent={changeOf(points, "accepted")} />,
      spark: line("accepted"),
    },
    {
      name: "Lag, worst shard",
      figure:
        lag === null ? (
          <Unknown
            reason={
              value?.reason ?? (consumer.ok ? "No shard is being polled." : consumer.error.message)
            }
          />
        ) : (
          <span class={lag > HIGH_LAG_MS ? "tone-warn" : undefined}>{formatDuration(lag)}</span>
        ),
      aside: <TrendMark trend={trendOf(lags.slice(-10))} />,
      spark: lags,
      isHigh: (lag ?? 0) > HIGH_LAG_MS,
    },
    {
      name: `Landed, ${window}`,
      figure: total("landed", (sum) => formatCount(sum)),
      aside: total("landedBytes", (sum) => formatBytes(sum)),
      spark: line("landed"),
    },
    {
      name: `Throttles, ${window}`,
      figure: total("throttled", (sum) => (
        <span class={sum > 0 ? "tone-warn" : undefined}>{formatCount(sum)}</span>
      )),
      spark: line("throttled"),
    },
    {
      name: `Rejected, ${window}`,
      figure: total("rejected", (sum) => formatCount(sum)),
      aside:
        rejected !== null && accepted !== null && rejected + accepted > 0
          ? `${((rejected / (rejected + accepted)) * 100).toFixed(2)} %`
          : undefined,
      spark: line("rejected"),
    },
    {
      name: `Quarantined, ${window}`,
      figure: total("quarantined", (sum) => (
        <span class={sum > 0 ? "tone-warn" : undefined}>{formatCount(sum)}</span>
      )),
      spark: line("quarantined"),
    },
    { name: "Ledger", figure: <LedgerFigure ledger={ledger} /> },
  ];
};

/** The figures of the range, each with its line. */
export const Tiles: FC<OverviewData> = (data) => (
  <dl class="tiles" aria-label="Key figures">
    {tilesOf(data).map(({ name, figure, aside, spark, isHigh }) => (
      <div>
        <dt>{name}</dt>
        <dd>
          {figure} {aside ? <small class="muted">{aside}</small> : null}
        </dd>
        {spark ? (
          <dd>
            <Spark values={spark} isHigh={isHigh ?? false} />
          </dd>
        ) : null}
      </div>
    ))}
  </dl>
);
