import { formatBytes, formatCount, formatDuration, formatTime } from "../format.ts";
import type { PartitionAnalysis } from "../partition-analysis.ts";
import { costOf, formatUsd, PRICES } from "./cost.ts";
import type { Gap } from "./gaps.ts";
import type { FieldDrift } from "./schema-drift.ts";

export type Fact = {
  label: string;
  /** Undefined where it is not known; `note` says why. */
  value: string | undefined;
  note?: string;
  tone?: "ok" | "warn";
};

/** Younger than this is fresh: a consumer writes at least every few minutes while logs come. */
const FRESH_MS = 15 * 60_000;
const MANY_SMALL = 0.5;
const MUCH_SKEW = 10;

const NOTHING = "no object was looked at";

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** The figures of a walk, as the page states them. */
export const factsOf = (analysis: PartitionAnalysis, now: number): Fact[] => {
  const { stats, gaps, newest, isComplete, coverage } = analysis;
  const plus = isComplete ? "" : "+";
  const cost = costOf(stats?.objects ?? 0, stats?.bytes ?? 0);
  const age = newest && now - newest.getTime();
  const smallShare = stats ? stats.smallObjects / stats.objects : 0;
  return [
    {
      label: "Objects",
      value: `${formatCount(analysis.totalObjects)}${plus}`,
      note: `in ${formatCount(coverage.hoursWalked)}${plus} hours${analysis.unpartitionedObjects > 0 ? `, ${formatCount(analysis.unpartitionedObjects)} of them outside the layout` : ""}`,
    },
    { label: "Bytes", value: `${formatBytes(analysis.totalBytes)}${plus}` },
    {
      label: "Object size",
      value: stats && formatBytes(stats.mean),
      note: stats
        ? `mean · p50 ${formatBytes(stats.median)} · ${formatBytes(stats.smallest)} to ${formatBytes(stats.largest)}`
        : NOTHING,
    },
    {
      label: "Small files",
      value: stats && percent(smallShare),
      note: stats ? `${formatCount(stats.smallObjects)} under 1 MB` : NOTHING,
      ...(stats && smallShare > MANY_SMALL ? { tone: "warn" as const } : {}),
    },
    {
      label: "Skew",
      value: stats?.skew === null || !stats ? undefined : `${stats.skew.toFixed(1)}×`,
      note: stats
        ? `largest hour ${formatBytes(stats.largestHour)}, median ${formatBytes(stats.medianHour)}`
        : NOTHING,
      ...(stats?.skew && stats.skew > MUCH_SKEW ? { tone: "warn" as const } : {}),
    },
    {
      label: "Freshness",
      value: age === undefined ? undefined : formatDuration(age),
      note: newest ? `newest object ${formatTime(newest)}` : NOTHING,
      ...(age === undefined ? {} : { tone: age < FRESH_MS ? ("ok" as const) : ("warn" as const) }),
    },
    {
      label: "Gaps",
      value: `${formatCount(gaps.count)}${plus} ${gaps.count === 1 ? "hour" : "hours"}`,
      note:
        gaps.count === 0
          ? "between the first and the last object of each service"
          : `in ${formatCount(gaps.ranges.length)} ${gaps.ranges.length === 1 ? "place" : "places"}`,
      tone: gaps.count > 0 ? "warn" : "ok",
    },
    {
      label: "Cost of one query",
      value: stats ? `${formatUsd(cost.athenaUsd + cost.getUsd)}${plus}` : undefined,
      note: stats
        ? `Athena scans ${formatBytes(cost.scannedBytes)}${plus} (${formatUsd(cost.athenaUsd)} at $${PRICES.athenaPerTb.usd} a TB, ${PRICES.athenaPerTb.asOf}) in ${formatCount(stats.objects)}${plus} GETs (${formatUsd(cost.getUsd)})`
        : NOTHING,
    },
  ];
};

const hour = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 13).replace("T", " ")}Z`;

/** `2026-11-22 09Z`, or `… 09Z to 11Z` for more than an hour. */
export const gapText = ({ from, to, hours }: Gap): string =>
  hours === 1 ? hour(from) : `${hour(from)} to ${hour(to)}, ${formatCount(hours)} hours`;

/** What changed, without the field's name. */
export const driftText = ({ kind, hour: at, from, to, missingIn, samples }: FieldDrift): string => {
  if (kind === "added") return `added since ${hour(at)}, ${to}`;
  if (kind === "type") return `${from} became ${to} at ${hour(at)}`;
  return `missing in ${missingIn} of ${samples} samples, last at ${hour(at)}`;
};

const STOPPED: Readonly<Record<PartitionAnalysis["coverage"]["stoppedBy"], string>> = {
  end: "all of it",
  calls: "stopped by budget",
  time: "stopped by its time budget",
};

/** `walked 412 of ~744 partitions · 61 list calls · 3.1 s · stopped by budget` */
export const coverageText = ({ coverage, walk }: PartitionAnalysis): string => {
  const isDone = walk.next === undefined;
  const known = isDone
    ? ""
    : ` of ~${formatCount(Math.max(coverage.hoursEstimated, coverage.hoursWalked))}${walk.isStructureKnown ? "" : "+"}`;
  return `walked ${formatCount(coverage.hoursWalked)}${known} partitions · ${formatCount(coverage.listCalls)} list calls · ${formatDuration(coverage.elapsedMs)} · ${STOPPED[isDone ? "end" : coverage.stoppedBy]}`;
};
