import type { DayCell, Walk } from "./partition-walk.ts";
import { findGaps, type Gap } from "./partitions/gaps.ts";
import { groupBy } from "./partitions/group-by.ts";
import { HOUR_MS, SMALL_OBJECT_BYTES } from "./partitions/layout.ts";
import { countBelow, quantile } from "./partitions/size-sketch.ts";

/** Gaps named one by one; the rest is only counted. */
const MAX_GAPS_NAMED = 50;

export type ServiceSummary = {
  service: string;
  days: number;
  hours: number;
  objects: number;
  bytes: number;
  newest: Date | undefined;
  isComplete: boolean;
};

export type SizeStats = {
  objects: number;
  bytes: number;
  mean: number;
  /** To three digits. */
  median: number;
  smallest: number;
  largest: number;
  smallObjects: number;
  /** Largest hour partition over the median one, by bytes. */
  skew: number | null;
  largestHour: number;
  medianHour: number;
};

export type PartitionAnalysis = {
  walk: Walk;
  /** In order of name. */
  services: ServiceSummary[];
  /** YYYY-MM-DD, oldest first. */
  dates: string[];
  cells: DayCell[];
  /** How many different values each level has, as far as they are known. */
  levels: { service: number; year: number; month: number; day: number; hour: number };
  totalObjects: number;
  totalBytes: number;
  unpartitionedObjects: number;
  newest: Date | undefined;
  /** Undefined where no object was looked at. */
  stats: SizeStats | undefined;
  /** Hours without an object between two that have some, at most a week apart; ISO 8601. */
  gaps: { count: number; ranges: Gap[]; named: { service: string; hour: string }[] };
  coverage: {
    /** Days of services, and the hour partitions found on them. */
    walked: number;
    known: number;
    hoursWalked: number;
    /** Of those known days: what was found so far, spread over what is left. */
    hoursEstimated: number;
    listCalls: number;
    elapsedMs: number;
    stoppedBy: Walk["stoppedBy"];
  };
  isComplete: boolean;
};

const median = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
};

const sizeStats = ({ cells, sizes }: Walk): SizeStats | undefined => {
  if (sizes.objects === 0) return undefined;
  const hours = cells
    .flatMap(({ tally }) => [...(tally?.hours.values() ?? [])].map(({ bytes }) => bytes))
    .sort((a, b) => a - b);
  const medianHour = median(hours);
  const largestHour = hours.at(-1) ?? 0;
  return {
    objects: sizes.objects,
    bytes: sizes.bytes,
    mean: sizes.bytes / sizes.objects,
    median: quantile(sizes, 0.5) ?? 0,
    smallest: sizes.smallest,
    largest: sizes.largest,
    smallObjects: countBelow(sizes, SMALL_OBJECT_BYTES),
    skew: medianHour > 0 ? largestHour / medianHour : null,
    largestHour,
    medianHour,
  };
};

const newestOf = (cells: readonly DayCell[]): Date | undefined =>
  cells.reduce<Date | undefined>((newest, { tally }) => {
    const candidate = tally?.newest;
    return candidate && (!newest || candidate > newest) ? candidate : newest;
  }, undefined);

const sum = (cells: readonly DayCell[], of: "objects" | "bytes"): number =>
  cells.reduce((total, { tally }) => total + (tally?.[of] ?? 0), 0);

const hourCount = (cells: readonly DayCell[]): number =>
  cells.reduce((total, { tally }) => total + (tally?.hours.size ?? 0), 0);

const summarize = (service: string, cells: readonly DayCell[]): ServiceSummary => ({
  service,
  days: cells.length,
  hours: hourCount(cells),
  objects: sum(cells, "objects"),
  bytes: sum(cells, "bytes"),
  newest: newestOf(cells),
  isComplete: cells.every(({ tally }) => tally?.isComplete),
});

const nameHours = (gaps: readonly Gap[]): PartitionAnalysis["gaps"]["named"] => {
  const named: PartitionAnalysis["gaps"]["named"] = [];
  for (const { service, from, to } of gaps)
    for (let hour = from; hour < to && named.length < MAX_GAPS_NAMED; hour += HOUR_MS)
      named.push({ service, hour: new Date(hour).toISOString() });
  return named;
};

/** What a walk says of a bucket's partitions. Figures are floors unless `isComplete`. */
export const analyzePartitions = (walk: Walk): PartitionAnalysis => {
  const { cells } = walk;
  const byService = groupBy(cells, ({ service }) => service);
  const services = [...byService]
    .map(([service, ofService]) => summarize(service, ofService))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
  const dates = [...new Set(cells.map(({ date }) => date))].sort();
  const hourValues = new Set(cells.flatMap(({ tally }) => [...(tally?.hours.keys() ?? [])]));
  const walkedDays = cells.filter(({ tally }) => tally !== null);
  const hoursWalked = hourCount(cells);
  const gaps = findGaps(cells);
  return {
    walk,
    services,
    dates,
    cells,
    levels: {
      service: Math.max(walk.services.length, services.length),
      year: new Set(dates.map((date) => date.slice(0, 4))).size,
      month: new Set(dates.map((date) => date.slice(0, 7))).size,
      day: dates.length,
      hour: hourValues.size,
    },
    totalObjects: sum(cells, "objects") + walk.unpartitioned.objects,
    totalBytes: sum(cells, "bytes") + walk.unpartitioned.bytes,
    unpartitionedObjects: walk.unpartitioned.objects,
    newest: newestOf(cells),
    stats: sizeStats(walk),
    gaps: {
      count: gaps.reduce((total, { hours }) => total + hours, 0),
      ranges: gaps,
      named: nameHours(gaps),
    },
    coverage: {
      walked: walkedDays.length,
      known: cells.length,
      hoursWalked,
      hoursEstimated: Math.round(
        walkedDays.length === 0 ? 0 : (hoursWalked / walkedDays.length) * cells.length,
      ),
      listCalls: walk.listCalls,
      elapsedMs: walk.elapsedMs,
      stoppedBy: walk.stoppedBy,
    },
    isComplete:
      walk.next === undefined &&
      walk.unpartitioned.isComplete &&
      walk.isStructureKnown &&
      cells.every(({ tally }) => tally?.isComplete === true),
  };
};
