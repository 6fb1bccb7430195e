import { roleOf } from "./line-roles.ts";
import type { LineTable } from "./line-table.ts";
import { LEVEL_NAMES } from "./log-filter.ts";

export type Facet = {
  path: string;
  /** Most frequent first. */
  values: { value: string; count: number }[];
  /** Distinct values among the filtered lines. */
  distinct: number;
};

export type Facets = {
  facets: Facet[];
  /** Fields that have one and the same value wherever they are. */
  common: { path: string; value: string }[];
};

const MAX_FACETS = 14;
const MAX_SHOWN = 10;

/** Fields people ask for first; then those with few values. */
const rankOf = (path: string, distinct: number): number => {
  if (roleOf(path)?.role === "service") return 0;
  if (/^(status|status_code|http\.status_code|code)$/.test(path)) return 1;
  return 2 + distinct;
};

/** What values fields have among the given lines, and how often. The level has a place of its own. */
export const countFacets = (table: LineTable, lines: Uint32Array): Facets => {
  const common: Facets["common"] = [];
  const ranked: { rank: number; facet: Facet }[] = [];
  for (const { path, ids, values, isMany } of table.columns) {
    const role = roleOf(path)?.role;
    if (isMany || role === "level" || role === "time" || role === "trace") continue;
    if (values.length === 1 && table.lineCount > 1) {
      common.push({ path, value: values[0] as string });
      continue;
    }
    // As many values as lines tell nothing.
    if (values.length > 20 && values.length * 4 > table.lineCount) continue;
    const counts = new Uint32Array(values.length + 1);
    for (const line of lines) {
      const id = ids[line] as number;
      counts[id] = (counts[id] as number) + 1;
    }
    const present = values
      .map((value, index) => ({ value, count: counts[index + 1] as number }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count);
    const facet = { path, values: present.slice(0, MAX_SHOWN), distinct: present.length };
    ranked.push({ rank: rankOf(path, values.length), facet });
  }
  ranked.sort((a, b) => a.rank - b.rank);
  return { facets: ranked.slice(0, MAX_FACETS).map(({ facet }) => facet), common };
};

export type Histogram = {
  startMs: number;
  stepMs: number;
  /** Bucket by bucket, one count for each of LEVEL_NAMES. */
  counts: number[][];
};

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3,
  900e3, 1_800e3, 3_600e3, 7_200e3, 10_800e3, 21_600e3, 43_200e3, 86_400e3,
];

/** A step people can read, that makes at most so many buckets of a span. */
const stepFor = (spanMs: number, maxBuckets: number): number =>
  STEPS_MS.find((step) => spanMs / step <= maxBuckets - 1) ??
  Math.ceil(spanMs / (maxBuckets - 1) / 86_400e3) * 86_400e3;

/** The earliest and latest time there is; undefined where no line states one. */
export const timeExtent = (table: LineTable): { minMs: number; maxMs: number } | undefined => {
  let minMs = Number.POSITIVE_INFINITY;
  let maxMs = Number.NEGATIVE_INFINITY;
  for (let line = 0; line < table.lineCount; line += 1) {
    const time = table.times[line] as number;
    if (time < minMs) minMs = time;
    if (time > maxMs) maxMs = time;
  }
  return minMs <= maxMs ? { minMs, maxMs } : undefined;
};

/** How many of the given lines fall into each step of time, by level. Each line is in one bucket. */
export const countHistogram = (
  table: LineTable,
  lines: Uint32Array,
  { minMs, maxMs }: { minMs: number; maxMs: number },
  maxBuckets = 120,
): Histogram => {
  const stepMs = stepFor(maxMs - minMs, maxBuckets);
  const startMs = Math.floor(minMs / stepMs) * stepMs;
  const buckets = Math.floor((maxMs - startMs) / stepMs) + 1;
  const counts = Array.from({ length: buckets }, () => LEVEL_NAMES.map(() => 0));
  for (const line of lines) {
    const at = Math.floor(((table.times[line] as number) - startMs) / stepMs);
    const bucket = counts[Math.min(buckets - 1, Math.max(0, at))];
    const level = table.levels[line] as number;
    if (bucket !== undefined) bucket[level] = (bucket[level] ?? 0) + 1;
  }
  return { startMs, stepMs, counts };
};
