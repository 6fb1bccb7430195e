import type { DayCell } from "../partition-walk.ts";
import { groupBy } from "./group-by.ts";
import { dayOf, HOUR_MS } from "./layout.ts";

/** A longer silence, such as before a backfill, is no gap. */
export const MAX_GAP_HOURS = 7 * 24;

/** Hours without an object between two that have some, of one service. Epoch ms, `to` excluded. */
export type Gap = { service: string; from: number; to: number; hours: number };

/** Hour starts of what was counted on a day, epoch ms. A date that does not exist has none. */
const hoursOf = ({ date, tally }: DayCell): number[] => {
  const day = dayOf(date);
  return day === undefined ? [] : [...(tally?.hours.keys() ?? [])].map((h) => day + h * HOUR_MS);
};

/** Hours missing between those that are there, in order. */
export const gapsBetween = (hours: readonly number[]): Omit<Gap, "service">[] => {
  const sorted = [...hours].sort((a, b) => a - b);
  return sorted.slice(1).flatMap((to, index) => {
    const from = (sorted[index] ?? 0) + HOUR_MS;
    const missing = (to - from) / HOUR_MS;
    return missing >= 1 && missing <= MAX_GAP_HOURS ? [{ from, to, hours: missing }] : [];
  });
};

/**
 * The gaps of each service, in order of time. A day that was not counted to its end would show gaps
 * that are none: only what is newer than the last such day is looked at.
 */
export const findGaps = (cells: readonly DayCell[]): Gap[] => {
  const byService = groupBy(cells, ({ service }) => service);
  return [...byService]
    .flatMap(([service, all]) => {
      const newestFirst = [...all].sort((a, b) => (a.date < b.date ? 1 : -1));
      const end = newestFirst.findIndex(({ tally }) => !tally?.isComplete);
      const known = end < 0 ? newestFirst : newestFirst.slice(0, end);
      return gapsBetween(known.flatMap(hoursOf)).map((gap) => ({ service, ...gap }));
    })
    .sort((a, b) => a.from - b.from || (a.service < b.service ? -1 : 1));
};
