import { describeRule, type RuleName } from "../../../shared/core/dashboard/alerts/rules.ts";
import type { AlertReport } from "../../../shared/core/dashboard/alerts/source.ts";
import type { Attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { ConsumerStatus } from "../../../shared/core/dashboard/consumer-status.ts";
import { formatBytes, formatCount, formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { IngestStatus } from "../../../shared/core/dashboard/ports.ts";
import type { LedgerBalance } from "../../../shared/core/ledger.ts";
import { formatFigure } from "../alerts/figure.ts";
import type { OverviewData } from "./data.ts";

export type AttentionItem = {
  tone: "error" | "warn";
  title: string;
  detail: string | null;
  /** The page that explains it. */
  href?: string;
  /** Since when, epoch milliseconds. */
  since?: number | null;
};

/** What other items say better, with more of the circumstances. */
const SAID_ELSEWHERE: readonly RuleName[] = ["ledger", "spool"];

const alertItems = ({ alerts, isWatched }: AlertReport): AttentionItem[] =>
  alerts
    .filter(({ state, rule }) => state === "firing" && !SAID_ELSEWHERE.includes(rule.name))
    .map(({ rule, value, detail, since }) => {
      const { title, unit, hint, href } = describeRule(rule.name);
      const figure = value === null ? "n/a" : formatFigure(value, unit);
      return {
        tone: "error",
        title: `${title}: ${figure}`,
        detail: [detail, hint].filter(Boolean).join(" "),
        href,
        since: isWatched ? since : null,
      };
    });

const failed = (parts: readonly (Attempt<unknown> | undefined)[]): AttentionItem[] => {
  // A store that is down takes several parts with it; it is one fault.
  const messages = new Set(parts.flatMap((part) => (part && !part.ok ? [part.error.message] : [])));
  return [...messages].map((message) => {
    const [title = message, ...rest] = message.split(". ");
    return { tone: "error", title, detail: rest.join(". ") || null };
  });
};

const consumerItems = (consumer: ConsumerStatus): AttentionItem[] => {
  const items: AttentionItem[] = [];
  if (consumer.status === "failing" || consumer.status === "stopped")
    items.push({
      tone: "error",
      title: `The consumer is ${consumer.status}`,
      detail: consumer.reason,
      href: "/streams",
      since: consumer.since === null ? null : Date.parse(consumer.since),
    });
  if (consumer.status === "stale")
    items.push({
      tone: "warn",
      title: "Part of the consumer stands still",
      detail: consumer.reason,
    });
  const quarantined = consumer.totals?.quarantined ?? 0;
  if (quarantined > 0)
    items.push({
      tone: "warn",
      title: `${formatCount(quarantined)} in quarantine`,
      detail: "Each line below _quarantine/ holds its reason and the raw bytes.",
      href: "/quarantine",
    });
  return items;
};

const spoolItems = ({ spool }: IngestStatus): AttentionItem[] =>
  spool && spool.logs > 0
    ? [
        {
          tone: spool.bytes > spool.maxBytes * 0.8 ? "error" : "warn",
          title: `${formatCount(spool.logs)} logs wait in the spool of the ingestion interface`,
          detail: `Kinesis does not take them; the oldest waits for ${formatDuration(spool.oldestAgeSeconds * 1000)}. ${formatBytes(spool.bytes)} of ${formatBytes(spool.maxBytes)} are used; once it is full, logs are refused.`,
        },
      ]
    : [];

const ledgerItems = (balances: readonly LedgerBalance[]): AttentionItem[] =>
  balances
    .filter(({ state }) => state === "open")
    .map(({ stream, outstanding, reason, since, services }) => {
      const short = services
        .filter((service) => (service.outstanding ?? 0) > 0)
        .sort((a, b) => (b.outstanding ?? 0) - (a.outstanding ?? 0))
        .slice(0, 5)
        .map((service) => `${service.service} ${formatCount(service.outstanding ?? 0)}`);
      return {
        tone: "error",
        title: `${formatCount(outstanding ?? 0)} accepted logs of ${stream} are missing`,
        detail: [
          reason,
          short.length > 0 ? `By service: ${short.join(", ")}.` : "",
          since === null ? "" : `Last movement: ${since}.`,
        ]
          .filter((text) => text !== "")
          .join(" "),
      };
    });

/** What a person should look at, worst first. */
export const attentionList = ({
  ingest,
  streams,
  buckets,
  consumer,
  ledger,
  alerts,
}: Pick<
  OverviewData,
  "ingest" | "streams" | "buckets" | "consumer" | "ledger" | "alerts"
>): AttentionItem[] => {
  const rows = [
    ...(streams.ok ? streams.value.items.map((row) => ["Stream", row] as const) : []),
    ...(buckets.ok ? buckets.value.items.map((row) => ["Bucket", row] as const) : []),
  ];
  const items = [
    ...failed([streams, buckets, consumer, ingest]),
    ...rows.flatMap(([kind, row]): AttentionItem[] =>
      row.ok
        ? row.value
          ? []
          : [{ tone: "error", title: `${kind} ${row.name} does not exist`, detail: null }]
        : [{ tone: "error", title: `${kind} ${row.name}`, detail: row.error.message }],
    ),
    ...(consumer.ok ? consumerItems(consumer.value) : []),
    ...(ledger.ok ? ledgerItems(ledger.value ?? []) : []),
    ...(ingest?.ok ? spoolItems(ingest.value) : []),
    ...(alerts.ok ? alertItems(alerts.value) : []),
  ];
  return items.sort((a, b) => Number(a.tone === "warn") - Number(b.tone === "warn"));
};
