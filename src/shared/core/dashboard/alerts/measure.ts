import type { LedgerBalance } from "../../ledger.ts";
import type { Attempt } from "../backend-error.ts";
import type { ConsumerStatus } from "../consumer-status.ts";
import type { History, HistoryPoint } from "../history/history.ts";
import type { Gap } from "../partitions/gaps.ts";
import { HOUR_MS } from "../partitions/layout.ts";
import type { IngestStatus } from "../ports.ts";
import type { Measurement, Measurements } from "./alert.ts";

export type MeasureInput = {
  ingest: Attempt<IngestStatus> | undefined;
  consumer: Attempt<ConsumerStatus>;
  ledger: Attempt<LedgerBalance[] | undefined>;
  history: History;
  /** Hours of late without an object between two that have some; undefined where nobody looked. */
  gaps: Attempt<{ count: number; first: string | undefined }> | undefined;
  now: number;
};

const NO_INGEST = "The ingestion interface keeps no figures that could be read.";
/** Rates are over the newest whole minutes. */
const RATE_MINUTES = 5;

const unknown = (reason: string): Measurement => ({ value: null, reason });

const sumOf = (points: readonly HistoryPoint[], name: "accepted" | "rejected" | "throttled") => {
  const known = points.flatMap((point) => point[name] ?? []);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
};

const lag = ({ consumer, now }: MeasureInput): Measurement => {
  if (!consumer.ok) return unknown(consumer.error.message);
  const { status, millisBehindLatest, reason, since } = consumer.value;
  if (millisBehindLatest !== null) return { value: millisBehindLatest / 1000 };
  // Nobody polls, so nobody says how far behind it is; it falls behind from then on.
  if (status === "stopped" && since !== null)
    return {
      value: Math.max(0, now - Date.parse(since)) / 1000,
      detail: reason ?? "The consumer is stopped.",
    };
  return unknown(reason ?? "No shard is being polled.");
};

/** How long ago the last batch was written, while something waits to be. */
const freshness = ({ consumer, ledger, now }: MeasureInput): Measurement => {
  if (!consumer.ok) return unknown(consumer.error.message);
  if (!ledger.ok) return unknown(ledger.error.message);
  if (ledger.value === undefined) return unknown("No ledger is kept here.");
  const waiting = ledger.value.reduce((sum, { outstanding }) => sum + (outstanding ?? 0), 0);
  if (waiting <= 0) return { value: 0, detail: "All that was accepted has landed." };
  const { lastBatch } = consumer.value;
  if (lastBatch === null) return unknown("No batch has been written yet.");
  return {
    value: Math.max(0, now - Date.parse(lastBatch)) / 1000,
    detail: `${waiting} accepted logs have not landed yet.`,
  };
};

const errorRate = ({ ingest, history }: MeasureInput): Measurement => {
  if (!ingest) return unknown(NO_INGEST);
  if (!ingest.ok) return unknown(ingest.error.message);
  const recent = history.points.slice(-RATE_MINUTES);
  const rejected = sumOf(recent, "rejected");
  const accepted = sumOf(recent, "accepted");
  if (rejected === null || accepted === null)
    return unknown("It has not been watched for long enough.");
  const all = rejected + accepted;
  return all === 0
    ? { value: 0, detail: `Nothing came in the last ${RATE_MINUTES} minutes.` }
    : { value: rejected / all, detail: `${rejected} of ${all} in ${RATE_MINUTES} minutes.` };
};

const throttles = ({ ingest, history }: MeasureInput): Measurement => {
  if (ingest?.ok === false) return unknown(ingest.error.message);
  // The newest step is still open.
  const points = history.points.slice(-2).map(({ throttled }) => throttled);
  const known = points.filter((value) => value !== null);
  if (known.length > 0) return { value: Math.max(...known) };
  return unknown(ingest ? "It has not been watched for long enough." : NO_INGEST);
};

const ledgerMissing = ({ ledger }: MeasureInput): Measurement => {
  if (!ledger.ok) return unknown(ledger.error.message);
  if (ledger.value === undefined) return unknown("No ledger is kept here.");
  const open = ledger.value.filter(({ state }) => state === "open");
  return {
    value: open.reduce((sum, { outstanding }) => sum + Math.max(1, outstanding ?? 0), 0),
    ...(open[0]?.reason ? { detail: open[0].reason } : {}),
  };
};

/** Older gaps are history: nobody has to act on them today. */
const RECENT_MS = 24 * HOUR_MS;

/** Of all gaps what lies in the last 24 hours, in hours, and where the first of it is. */
export const recentGapsOf = (
  gaps: readonly Gap[],
  now: number,
): { count: number; first: string | undefined } => {
  const oldest = Math.floor((now - RECENT_MS) / HOUR_MS) * HOUR_MS;
  const recent = gaps
    .map((gap) => ({ ...gap, from: Math.max(gap.from, oldest) }))
    .filter(({ from, to }) => from < to);
  const [first] = recent;
  return {
    count: recent.reduce((hours, { from, to }) => hours + (to - from) / HOUR_MS, 0),
    first: first && `${first.service} at ${new Date(first.from).toISOString().slice(0, 13)}Z`,
  };
};

const gap = ({ gaps }: MeasureInput): Measurement => {
  if (gaps === undefined) return unknown("The partitions have not been looked at yet.");
  if (!gaps.ok) return unknown(gaps.error.message);
  const { count, first } = gaps.value;
  return { value: count, ...(first === undefined ? {} : { detail: first }) };
};

const spool = ({ ingest }: MeasureInput): Measurement => {
  if (!ingest) return unknown(NO_INGEST);
  if (!ingest.ok) return unknown(ingest.error.message);
  const { spool } = ingest.value;
  if (!spool) return unknown("The ingestion interface has no spool.");
  return {
    value: spool.logs === 0 ? 0 : spool.bytes / spool.maxBytes,
    detail: `${spool.logs} logs wait.`,
  };
};

/** Every rule's figure. What is not known is so, with its reason, never 0. */
export const measure = (input: MeasureInput): Measurements => ({
  lag: lag(input),
  freshness: freshness(input),
  throttles: throttles(input),
  error_rate: errorRate(input),
  ledger: ledgerMissing(input),
  gap: gap(input),
  spool: spool(input),
});
