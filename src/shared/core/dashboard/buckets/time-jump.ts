import { HOUR_MS, hourPrefix, partitionOf } from "../partitions/layout.ts";

/** What a person types to get to a date: a prefix of its partition, or a key to start behind. */
export type Jump = { prefix: string; what: "hour" | "day" | "month" | "year" };

const TYPED = /^(\d{4})(?:-(\d\d?))?(?:-(\d\d?))?(?:[T ](\d\d?)(?::?\d\d.*)?)?Z?$/;

const pad = (text: string): string => text.padStart(2, "0");

/**
 * `2026-11-22`, `2026-11-22T09`, `2026-11`: the partition's prefix below a service's, all UTC.
 * Undefined for any other text, or for a date that no calendar has.
 */
export const parseJump = (text: string): Jump | undefined => {
  const [found, year, month, day, hour] = TYPED.exec(text.trim()) ?? [];
  if (found === undefined || year === undefined) return undefined;
  if (hour !== undefined && day === undefined) return undefined;
  const date = `${year}-${pad(month ?? "1")}-${pad(day ?? "1")}`;
  const at = Date.parse(`${date}T${pad(hour ?? "0")}:00:00Z`);
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date) return undefined;
  const parts = [
    `year=${year}/`,
    ...(month === undefined ? [] : [`month=${pad(month)}/`]),
    ...(day === undefined ? [] : [`day=${pad(day)}/`]),
    ...(hour === undefined ? [] : [`hour=${pad(hour)}/`]),
  ];
  const what = (["year", "month", "day", "hour"] as const)[parts.length - 1] ?? "year";
  return { prefix: parts.join(""), what };
};

/** `service=a/` of `service=a/year=2026/…`; undefined outside of every service. */
export const serviceFolder = (prefix: string): string | undefined =>
  /^service=[^/]+\//.exec(prefix)?.[0];

export type HourStep = { label: string; prefix: string; isHere: boolean };

/**
 * The hours of the day that a prefix lies in, and the partitions right before and after it; a day
 * has the days around it. Undefined outside of a day.
 */
export const stepsOf = (
  prefix: string,
): { hours: HourStep[]; previous: HourStep; next: HourStep } | undefined => {
  const path = partitionOf(prefix);
  if (!path) return undefined;
  const { service, year, month, day, hour } = path;
  const midnight = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(midnight)) return undefined;
  const step = (at: number): HourStep => {
    const whole = hourPrefix(service, at);
    const iso = new Date(at).toISOString();
    return hour === undefined
      ? { label: iso.slice(0, 10), prefix: whole.slice(0, whole.indexOf("hour=")), isHere: false }
      : { label: `${iso.slice(0, 13)}Z`, prefix: whole, isHere: false };
  };
  const at = midnight + Number(hour ?? 0) * HOUR_MS;
  const distance = hour === undefined ? 24 * HOUR_MS : HOUR_MS;
  return {
    hours: Array.from({ length: 24 }, (_, each) => ({
      label: pad(String(each)),
      prefix: hourPrefix(service, midnight + each * HOUR_MS),
      isHere: hour !== undefined && Number(hour) === each,
    })),
    previous: step(at - distance),
    next: step(at + distance),
  };
};
