import type { AlertReport } from "../../../shared/core/dashboard/alerts/source.ts";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { ConsumerStatus } from "../../../shared/core/dashboard/consumer-status.ts";
import type { History, HistoryPoint } from "../../../shared/core/dashboard/history/history.ts";
import type { Bounded, IngestStatus } from "../../../shared/core/dashboard/ports.ts";
import type { BucketRow, StreamRow } from "../../../shared/core/dashboard/reader.ts";
import type { LedgerBalance } from "../../../shared/core/ledger.ts";

export type OverviewData = {
  ingest: Attempt<IngestStatus> | undefined;
  streams: Attempt<Bounded<StreamRow>>;
  buckets: Attempt<Bounded<BucketRow>>;
  consumer: Attempt<ConsumerStatus>;
  ledger: Attempt<LedgerBalance[] | undefined>;
  history: Attempt<History>;
  alerts: Attempt<AlertReport>;
  /** Where to send a first log; undefined where that is not known. */
  ingestUrl: string | undefined;
  /** The range that was asked for, and that of the chart. */
  asked: number;
  minutes: number;
  now: number;
};

export type CounterName = Exclude<keyof HistoryPoint, "at" | "lagMs" | "spooledLogs">;

export const pointsOf = (history: OverviewData["history"]): HistoryPoint[] =>
  history.ok ? history.value.points : [];

/** Sum over the range; null where no step is known. */
export const sumOf = (points: readonly HistoryPoint[], name: CounterName): number | null => {
  const known = points.flatMap((point) => point[name] ?? []);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
};

/** The newest five closed steps against the five before, in percent; null where that says nothing. */
export const changeOf = (points: readonly HistoryPoint[], name: CounterName): number | null => {
  const closed = points.slice(0, -1).map((point) => point[name]);
  const [before, after] = [closed.slice(-10, -5), closed.slice(-5)];
  const isKnown = (values: readonly (number | null)[]): values is number[] =>
    values.length === 5 && values.every((value) => value !== null);
  if (!isKnown(before) || !isKnown(after)) return null;
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  return total(before) === 0 ? null : (total(after) / total(before) - 1) * 100;
};

/** How far back the figures reach, in words: the range, or less where watching began later. */
export const windowMinutes = ({ history, minutes, now }: OverviewData): number => {
  const since = history.ok ? history.value.since : null;
  return since === null
    ? minutes
    : Math.max(1, Math.min(minutes, Math.ceil((now - since) / 60_000)));
};

export const formatWindow = (minutes: number): string =>
  minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} m`;
