/** `service=…/year=YYYY/month=MM/day=DD/hour=HH/`, as keys are made of it. */

export const LEVELS = ["service", "year", "month", "day", "hour"] as const;
export type Level = (typeof LEVELS)[number];

/** Objects below this size make queries slow by their number. */
export const SMALL_OBJECT_BYTES = 1024 * 1024;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const DIGITS: Readonly<Record<Exclude<Level, "service">, number>> = {
  year: 4,
  month: 2,
  day: 2,
  hour: 2,
};

/** The value of the last folder of `prefix`, where that folder is this level; else undefined. */
export const levelValue = (prefix: string, level: Level): string | undefined => {
  const start = prefix.lastIndexOf("/", prefix.length - 2) + 1;
  const folder = prefix.slice(start, -1);
  if (!prefix.endsWith("/") || !folder.startsWith(`${level}=`)) return undefined;
  const value = folder.slice(level.length + 1);
  if (value === "") return undefined;
  if (level === "service") return value;
  return value.length === DIGITS[level] && /^\d+$/.test(value) ? value : undefined;
};

/** As the log named it. A text that is not percent-encoded stays as it is. */
export const decodeService = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};

export type PartitionPath = { service: string; year: string; month: string; day: string };

/** Path of `service=…/year=…/month=…/day=…/…`; undefined for any other. The service is encoded. */
export const partitionOf = (
  path: string,
): (PartitionPath & { hour: string | undefined }) | undefined => {
  const found = /^service=([^/]+)\/year=(\d{4})\/month=(\d\d)\/day=(\d\d)\/(?:hour=(\d\d)\/)?/.exec(
    path,
  );
  if (!found) return undefined;
  const [, service = "", year = "", month = "", day = "", hour] = found;
  return { service, year, month, day, hour };
};

/** Epoch milliseconds of a date, `YYYY-MM-DD`; undefined for one no calendar has. */
export const dayOf = (date: string): number | undefined => {
  const at = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== date ? undefined : at;
};

const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** Prefix of one hour's partition; `service` as it is in keys. */
export const hourPrefix = (service: string, hour: number): string => {
  const at = new Date(hour);
  return `service=${service}/year=${pad(at.getUTCFullYear(), 4)}/month=${pad(at.getUTCMonth() + 1, 2)}/day=${pad(at.getUTCDate(), 2)}/hour=${pad(at.getUTCHours(), 2)}/`;
};
