import { MIB } from "../limits.ts";
import type { DayCell, Walk } from "./partition-walk.ts";

/** Objects below this size make queries slow by their number. */
export const SMALL_OBJECT_BYTES = MIB;

/** Gaps named one by one; the rest is only counted. */
const MAX_GAPS_NAMED = 50;
/** A longer silence, such as before a backfill, is no gap. */
const MAX_GAP_HOURS = 24;
const HOUR_MS = 3_600_000;

export type ServiceSummary = {
  service: string;
  days: number;
  objects: number;
  bytes: number;
  newest: Date | undefined;
  isComplete: boolean;
};

export type SizeStats = {
  objects: number;
  bytes: number;
  mean: number;
  median: number;
  smallest: number;
  largest: number;
  smallObjects: number;
  /** Largest hour partition over the median one, by bytes. */
  skew: number | null;
};

export type PartitionAnalysis = {
  /** In order of name. */
  services: ServiceSummary[];
  /** YYYY-MM-DD, oldest first. */
  dates: string[];
  cells: DayCell[];
  levels: Walk["levels"] & { hour: number };
  totalObjects: number;
  totalBytes: number;
  unpartitionedObjects: number;
  /** Undefined where no object was looked at. */
  stats: SizeStats | undefined;
  /** Hours without an object between two that have some, at most a day apart; ISO 8601. */
  gaps: { count: number; named: { service: string; hour: string }[] };
  coverage: {
    walked: number;
    known: number;
    listCalls: number;
    stoppedBy: Walk["stoppedBy"];
  };
  isComplete: boolean;
};

const median = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
};

const byNumber = (a: number, b: number): number => a - b;

const sizeStats = (cells: readonly DayCell[]): SizeStats | undefined => {
  const sizes = cells.flatMap(({ tally }) => tally?.sizes ?? []).sort(byNumber);
  if (sizes.length === 0) return undefined;
  const hours = cells
    .flatMap(({ tally }) => [...(tally?.hours.values() ?? [])].map(({ bytes }) => bytes))
    .sort(byNumber);
  const bytes = sizes.reduce((total, size) => total + size, 0);
  const medianHour = median(hours);
  return {
    objects: sizes.length,
    bytes,
    mean: bytes / sizes.length,
    median: median(sizes),
    smallest: sizes[0] ?? 0,
    largest: sizes.at(-1) ?? 0,
    smallObjects: sizes.filter((size) => size < SMALL_OBJECT_BYTES).length,
    skew: medianHour > 0 ? (hours.at(-1) ?? 0) / medianHour : null,
  };
};

/** Hour starts (epoch ms) of a day's partitions. A date that does not exist has none. */
const hoursOf = ({ date, tally }: DayCell): number[] => {
  const day = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(day)
    ? []
    : [...(tally?.hours.keys() ?? [])].map((hour) => day + hour * HOUR_MS);
};

const findGaps = (byService: ReadonlyMap<string, DayCell[]>): PartitionAnalysis["gaps"] => {
  const gaps: PartitionAnalysis["gaps"] = { count: 0, named: [] };
  for (const [service, cells] of byService) {
    // A day that was not read to its end would show gaps that are none.
    if (!cells.every(({ tally }) => tally?.isComplete)) continue;
    const hours = cells.flatMap(hoursOf).sort(byNumber);
    for (let index = 1; index < hours.length; index += 1) {
      const previous = hours[index - 1] ?? 0;
      const missing = ((hours[index] ?? 0) - previous) / HOUR_MS - 1;
      if (missing > MAX_GAP_HOURS) continue;
      gaps.count += missing;
      for (let step = 1; step <= missing && gaps.named.length < MAX_GAPS_NAMED; step += 1)
        gaps.named.push({ service, hour: new Date(previous + step * HOUR_MS).toISOString() });
    }
  }
  return gaps;
};

const summarize = (service: string, cells: readonly DayCell[]): ServiceSummary => ({
  service,
  days: cells.length,
  objects: cells.reduce((total, { tally }) => total + (tally?.objects ?? 0), 0),
  bytes: cells.reduce((total, { tally }) => total + (tally?.bytes ?? 0), 0),
  newest: cells.reduce<Date | undefined>((newest, { tally }) => {
    const candidate = tally?.newest;
    return candidate && (!newest || candidate > newest) ? candidate : newest;
  }, undefined),
  isComplete: cells.every(({ tally }) => tally?.isComplete),
});

/** What a walk says of a bucket's partitions. Figures are floors unless `isComplete`. */
export const analyzePartitions = (walk: Walk): PartitionAnalysis => {
  const byService = new Map<string, DayCell[]>();
  for (const cell of walk.cells) {
    const ofService = byService.get(cell.service);
    if (ofService) ofService.push(cell);
    else byService.set(cell.service, [cell]);
  }
  const services = [...byService]
    .map(([service, cells]) => summarize(service, cells))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
  const hourValues = new Set(walk.cells.flatMap(({ tally }) => [...(tally?.hours.keys() ?? [])]));
  const objects = services.reduce((total, service) => total + service.objects, 0);
  const bytes = services.reduce((total, service) => total + service.bytes, 0);
  return {
    services,
    dates: [...new Set(walk.cells.map(({ date }) => date))].sort(),
    cells: walk.cells,
    levels: { ...walk.levels, hour: hourValues.size },
    totalObjects: objects + walk.unpartitioned.objects,
    totalBytes: bytes + walk.unpartitioned.bytes,
    unpartitionedObjects: walk.unpartitioned.objects,
    stats: sizeStats(walk.cells),
    gaps: findGaps(byService),
    coverage: {
      walked: walk.cells.filter(({ tally }) => tally !== null).length,
      known: walk.cells.length,
      listCalls: walk.listCalls,
      stoppedBy: walk.stoppedBy,
    },
    isComplete:
      walk.stoppedBy === "end" && walk.cells.every(({ tally }) => tally?.isComplete === true),
  };
};
