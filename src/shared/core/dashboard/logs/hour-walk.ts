import { hourOf } from "../../partition.ts";
import { mapBounded } from "../bounded.ts";
import type { ListPage, ListRequest, ObjectEntry } from "../ports.ts";

/** Lists one page; throws BackendError, or whatever ends a walk whose budget is used up. */
export type ListPages = (request: Omit<ListRequest, "bucket">) => Promise<ListPage>;

export type HourRange = {
  /** A prefix of the partition layout, cut anywhere between its levels; "" for all. */
  prefix: string;
  /** Epoch milliseconds; `toMs` is excluded. */
  fromMs: number | undefined;
  toMs: number | undefined;
};

/** One hour that has objects, of every service that has it. */
export type HourFolders = { hour: number; prefixes: string[] };

const LEVELS = ["year", "month", "day", "hour"] as const;
const DIGITS = { year: 4, month: 2, day: 2, hour: 2 } as const;
const FAN_OUT = 8;
const MAX_PAGES = 10;

/** Every folder right below a prefix. */
const foldersBelow = async (list: ListPages, prefix: string): Promise<string[]> => {
  const folders: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { prefixes, nextToken } = await list({ prefix, delimiter: "/", maxKeys: 1_000, token });
    folders.push(...prefixes);
    if (nextToken === undefined) break;
    token = nextToken;
  }
  return folders;
};

type Parts = { year?: number; month?: number; day?: number; hour?: number };

const LAYOUT =
  /^service=[^/]+\/(?:year=(\d{4})\/(?:month=(\d{2})\/(?:day=(\d{2})\/(?:hour=(\d{2})\/)?)?)?)?$/;

const partsOf = (prefix: string): Parts | undefined => {
  const match = LAYOUT.exec(prefix);
  if (match === null) return undefined;
  const parts: Parts = {};
  for (const [index, level] of LEVELS.entries())
    if (match[index + 1] !== undefined) parts[level] = Number(match[index + 1]);
  return parts;
};

/** Whether a prefix is one of the partition layout: hours can be told by it. */
export const isPartitionPrefix = (prefix: string): boolean =>
  prefix === "" || partsOf(prefix) !== undefined;

const msOf = ({ year = 0, month = 1, day = 1, hour = 0 }: Parts): number => {
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour);
  return time.getTime();
};

/** From when to when, exclusive, a folder may hold logs. */
const spanOf = (parts: Parts): [number, number] => {
  const { year = 0, month = 1, day = 1, hour = 0 } = parts;
  if (parts.hour !== undefined) return [msOf(parts), msOf({ ...parts, hour: hour + 1 })];
  if (parts.day !== undefined) return [msOf(parts), msOf({ ...parts, day: day + 1 })];
  if (parts.month !== undefined) return [msOf(parts), msOf({ ...parts, month: month + 1 })];
  if (parts.year !== undefined) return [msOf(parts), msOf({ year: year + 1 })];
  return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
};

/** The hours of one service that exist, newest first; each list call is made only when needed. */
const hoursBelow = async function* (
  list: ListPages,
  prefix: string,
  range: HourRange,
): AsyncGenerator<{ hour: number; prefix: string }> {
  const parts = partsOf(prefix);
  if (parts === undefined) return;
  const [startMs, endMs] = spanOf(parts);
  if (range.fromMs !== undefined && endMs <= range.fromMs) return;
  if (range.toMs !== undefined && startMs >= range.toMs) return;
  const level = LEVELS.find((name) => parts[name] === undefined);
  if (level === undefined) {
    yield { hour: hourOf(startMs), prefix };
    return;
  }
  const pattern = new RegExp(`/${level}=\\d{${DIGITS[level]}}/$`);
  const folders = (await foldersBelow(list, prefix)).filter((folder) => pattern.test(folder));
  // Digits of a fixed number: the order of the text is that of time.
  for (const folder of folders.sort().reverse()) yield* hoursBelow(list, folder, range);
};

/**
 * The hours of a bucket that exist, newest first, whatever there is in between: a walk down the
 * partition layout that never lists what lies outside the range.
 */
export const walkHours = async function* (
  list: ListPages,
  range: HourRange,
): AsyncGenerator<HourFolders> {
  const roots =
    range.prefix === ""
      ? (await foldersBelow(list, "")).filter((folder) => folder.startsWith("service="))
      : [range.prefix];
  const walks = roots.map((root) => hoursBelow(list, root, range));
  const heads = await mapBounded(walks, FAN_OUT, (walk) => walk.next());
  for (;;) {
    let hour = Number.NEGATIVE_INFINITY;
    for (const head of heads) if (!head.done) hour = Math.max(hour, head.value.hour);
    if (hour === Number.NEGATIVE_INFINITY) return;
    const due = heads.flatMap((head, index) =>
      !head.done && head.value.hour === hour ? [{ index, prefix: head.value.prefix }] : [],
    );
    yield { hour, prefixes: due.map(({ prefix }) => prefix).sort() };
    await mapBounded(due, FAN_OUT, async ({ index }) => {
      heads[index] = await (walks[index] as (typeof walks)[number]).next();
    });
  }
};

/** The objects of one hour after a key, in byte order of their keys, page by page. */
export const objectsOfHour = async function* (
  list: ListPages,
  { prefixes }: HourFolders,
  afterKey: string,
): AsyncGenerator<ObjectEntry> {
  for (const prefix of prefixes) {
    if (afterKey > prefix && !afterKey.startsWith(prefix)) continue;
    let startAfter = afterKey.startsWith(prefix) ? afterKey : undefined;
    for (;;) {
      const { objects, nextToken } = await list({ prefix, maxKeys: 1_000, startAfter });
      yield* objects;
      const last = objects.at(-1)?.key;
      if (nextToken === undefined || last === undefined) break;
      startAfter = last;
    }
  }
};
