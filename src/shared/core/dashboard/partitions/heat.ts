import { formatBytes, formatCount, formatDuration } from "../format.ts";
import type { DayCell, HourTally } from "../partition-walk.ts";
import { findGaps } from "./gaps.ts";
import { groupBy } from "./group-by.ts";
import { DAY_MS, dayOf, HOUR_MS, hourPrefix } from "./layout.ts";
import { browserHref, viewerHref } from "./links.ts";

export const METRICS = ["bytes", "objects", "avg", "age"] as const;
export type Metric = (typeof METRICS)[number];
export const METRIC_LABELS: Readonly<Record<Metric, string>> = {
  bytes: "Bytes",
  objects: "Objects",
  avg: "Object size",
  age: "Age",
};

/** `gap`: hour without an object between two that have some. `unwalked`: nobody looked yet. */
export type HeatState = "filled" | "gap" | "unwalked" | "empty";

export type HeatCell = {
  /** Start of the hour, epoch milliseconds. */
  at: number;
  state: HeatState;
  /** 1 to 5 where it is filled. */
  step: number;
  /** The hour that is still open. */
  isCurrent: boolean;
  /** Many objects, and most of them small. */
  isCrumbly: boolean;
  /** What the hour holds, in words. */
  label: string;
  href: string;
};

export type HeatRow =
  | { kind: "day"; date: string; label: string; cells: HeatCell[]; sum: string }
  /** Days in a row without any object, too long to be a gap. */
  | { kind: "silence"; date: string; days: number };

export type Heat = {
  rows: HeatRow[];
  metric: Metric;
  /** Value of the fullest cell, as it is shown. */
  largest: string;
  /** Days that are known and not shown. */
  hiddenDays: number;
};

export type HeatOptions = {
  bucket: string;
  metric: Metric;
  /** Epoch milliseconds. */
  now: number;
  /** As it is in keys; all services together when absent. */
  service?: string | undefined;
};

/** Newest of them; choose a service, or go on in the API, for more. */
const MAX_ROWS = 62;
const MAX_EMPTY_ROWS = 7;
/** From so many small objects on, one object would do. */
const MIN_CRUMBS = 4;

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const sumHours = (cells: readonly DayCell[], hour: number): HourTally | undefined => {
  let sum: HourTally | undefined;
  for (const { tally } of cells) {
    const found = tally?.hours.get(hour);
    if (!found) continue;
    const newest =
      sum?.newest && (!found.newest || sum.newest > found.newest) ? sum.newest : found.newest;
    sum = {
      objects: (sum?.objects ?? 0) + found.objects,
      bytes: (sum?.bytes ?? 0) + found.bytes,
      smallObjects: (sum?.smallObjects ?? 0) + found.smallObjects,
      newest,
      sampleKey: sum?.sampleKey ?? found.sampleKey,
    };
  }
  return sum;
};

const amountOf = (tally: HourTally, metric: Metric, now: number): number => {
  if (metric === "objects") return tally.objects;
  if (metric === "avg") return tally.bytes / tally.objects;
  if (metric === "age") return tally.newest ? Math.max(0, now - tally.newest.getTime()) : 0;
  return tally.bytes;
};

/** Objects of several services cannot be one, so each is looked at by itself. */
const isCrumbly = (tally: HourTally | undefined): boolean =>
  tally !== undefined && tally.smallObjects >= MIN_CRUMBS && tally.smallObjects * 2 > tally.objects;

export const formatMetric = (value: number, metric: Metric): string =>
  metric === "objects"
    ? formatCount(value)
    : metric === "age"
      ? formatDuration(value)
      : formatBytes(value);

/** One of five steps; a power spreads what is mostly small, and ages are told apart by their order. */
const stepOf = (value: number, largest: number, metric: Metric): number => {
  if (largest <= 0) return 1;
  const share =
    metric === "age" ? Math.log1p(value) / Math.log1p(largest) : (value / largest) ** 0.7;
  return Math.min(5, Math.max(1, Math.ceil(share * 5)));
};

const hourText = (at: number): string => {
  const from = new Date(at).toISOString();
  const to = new Date(at + HOUR_MS).toISOString();
  return `${from.slice(0, 10)} ${from.slice(11, 16)}–${to.slice(11, 16)}Z`;
};

const describe = (tally: HourTally, isPartial: boolean): string => {
  const more = isPartial ? "+" : "";
  const small = tally.smallObjects > 0 ? `, ${formatCount(tally.smallObjects)} under 1 MB` : "";
  return `${formatCount(tally.objects)}${more} objects, ${formatBytes(tally.bytes)}${more}${small}`;
};

/** Days from the newest to the oldest, with those between that have nothing. */
const calendar = (dates: readonly number[]): ({ day: number } | { from: number; days: number })[] =>
  dates.flatMap((day, index) => {
    const older = dates[index + 1];
    const between = older === undefined ? 0 : (day - older) / DAY_MS - 1;
    if (between > MAX_EMPTY_ROWS) return [{ day }, { from: day - DAY_MS, days: between }];
    return Array.from({ length: between + 1 }, (_, step) => ({ day: day - step * DAY_MS }));
  });

/** Days × hours of what was walked. */
export const heatOf = (
  cells: readonly DayCell[],
  { bucket, metric, now, service }: HeatOptions,
): Heat => {
  const byDay = groupBy(
    cells.filter(({ date }) => dayOf(date) !== undefined),
    ({ date }) => dayOf(date) ?? 0,
  );
  const dates = [...byDay.keys()].sort((a, b) => b - a);
  const gapHours = new Set<number>();
  for (const { from, to } of findGaps(cells.map((cell) => ({ ...cell, service: "" }))))
    for (let at = from; at < to; at += HOUR_MS) gapHours.add(at);
  const holes = new Map<number, number>();
  for (const { from, to } of findGaps(cells))
    for (let at = from; at < to; at += HOUR_MS) holes.set(at, (holes.get(at) ?? 0) + 1);

  const shown = calendar(dates).slice(0, MAX_ROWS);
  const tallies = new Map<number, HourTally>();
  for (const row of shown)
    if ("day" in row)
      for (let hour = 0; hour < 24; hour += 1) {
        const tally = sumHours(byDay.get(row.day) ?? [], hour);
        if (tally) tallies.set(row.day + hour * HOUR_MS, tally);
      }
  const largest = Math.max(
    0,
    ...[...tallies.values()].map((tally) => amountOf(tally, metric, now)),
  );
  const current = Math.floor(now / HOUR_MS) * HOUR_MS;

  const cellAt = (at: number, ofDay: readonly DayCell[]): HeatCell => {
    const tally = tallies.get(at);
    const isPartial = ofDay.some((cell) => !cell.tally?.isComplete);
    const state: HeatState = tally
      ? "filled"
      : isPartial
        ? "unwalked"
        : gapHours.has(at)
          ? "gap"
          : "empty";
    const missing = holes.get(at) ?? 0;
    const what = {
      filled: tally ? describe(tally, isPartial) : "",
      unwalked: "not walked yet",
      gap: "gap: 0 objects",
      empty: "no objects",
    }[state];
    const hole =
      service === undefined && state === "filled" && missing > 0
        ? `, ${missing} ${missing === 1 ? "service has" : "services have"} a gap`
        : "";
    const href =
      service === undefined || state !== "filled"
        ? viewerHref(bucket, {
            prefix: service === undefined ? undefined : `service=${service}/`,
            // Around a gap there is something to see.
            from: state === "gap" ? at - HOUR_MS : at,
            to: state === "gap" ? at + 2 * HOUR_MS : at + HOUR_MS,
          })
        : browserHref(bucket, hourPrefix(service, at));
    return {
      at,
      state,
      step: tally ? stepOf(amountOf(tally, metric, now), largest, metric) : 0,
      isCurrent: at === current,
      isCrumbly: ofDay.some((cell) => isCrumbly(cell.tally?.hours.get(new Date(at).getUTCHours()))),
      label: `${hourText(at)}: ${what}${hole}${at === current ? ", hour still open" : ""}`,
      href,
    };
  };

  const rows = shown.map((row): HeatRow => {
    if (!("day" in row))
      return {
        kind: "silence",
        date: new Date(row.from).toISOString().slice(0, 10),
        days: row.days,
      };
    const ofDay = byDay.get(row.day) ?? [];
    const date = new Date(row.day);
    const known = ofDay.filter(({ tally }) => tally !== null);
    const bytes = known.reduce((total, { tally }) => total + (tally?.bytes ?? 0), 0);
    const isWhole = ofDay.every(({ tally }) => tally?.isComplete);
    return {
      kind: "day",
      date: date.toISOString().slice(0, 10),
      label: `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()}`,
      cells: Array.from({ length: 24 }, (_, hour) => cellAt(row.day + hour * HOUR_MS, ofDay)),
      sum:
        known.length === 0 && ofDay.length > 0 ? "–" : `${formatBytes(bytes)}${isWhole ? "" : "+"}`,
    };
  });
  const lastShown = shown.at(-1);
  const oldest = lastShown && "day" in lastShown ? lastShown.day : Number.NEGATIVE_INFINITY;
  return {
    rows,
    metric,
    largest: formatMetric(largest, metric),
    hiddenDays: shown.length < MAX_ROWS ? 0 : dates.filter((day) => day < oldest).length,
  };
};

/** Class names of a cell, the same wherever it is drawn. */
export const heatClass = ({ state, step, isCurrent, isCrumbly }: HeatCell): string =>
  [
    state === "filled" ? `q${step}` : `is-${state}`,
    isCurrent ? "is-current" : "",
    isCrumbly ? "is-crumbly" : "",
  ]
    .filter((name) => name !== "")
    .join(" ");
