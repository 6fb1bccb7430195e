import { STATE_PREFIX } from "../consumer-state.ts";
import { S3_LIST_MAX_KEYS } from "../limits.ts";
import { QUARANTINE_PREFIX } from "../quarantine.ts";
import { mapBounded } from "./bounded.ts";
import type { ObjectCatalog } from "./ports.ts";

/** What one walk may cost: list calls, time, and calls in flight. */
export type WalkBudget = { maxCalls: number; maxMs: number; concurrency: number };

export type HourTally = { objects: number; bytes: number };

/** One service on one day, `service=…/year=…/month=…/day=…/`. */
export type DayCell = {
  /** As the log named it, percent-decoded. */
  service: string;
  /** YYYY-MM-DD */
  date: string;
  prefix: string;
  /** Null where the budget ended before this day was looked at. */
  tally: DayTally | null;
};

export type DayTally = {
  objects: number;
  bytes: number;
  newest: Date | undefined;
  sizes: number[];
  /** By `hour=` value, 0 to 23. */
  hours: Map<number, HourTally>;
  isComplete: boolean;
};

export type Walk = {
  cells: DayCell[];
  levels: { service: number; year: number; month: number; day: number };
  /** Data objects that lie outside the partition layout. */
  unpartitioned: { objects: number; bytes: number };
  listCalls: number;
  stoppedBy: "end" | "calls" | "time";
};

const PAGES_PER_DAY = 5;

const decodeValue = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The value of a `name=value/` level right below `parent`; undefined where it is something else. */
const levelValue = (prefix: string, parent: string, name: string): string | undefined => {
  const segment = prefix.slice(parent.length, -1);
  return segment.startsWith(`${name}=`) ? segment.slice(name.length + 1) : undefined;
};

const isNumberOf = (digits: number, text: string | undefined): text is string =>
  text?.length === digits && /^\d+$/.test(text);

/**
 * Walks `service/year/month/day` by delimiter, then counts day by day, newest first, within the
 * budget: the structure comes first, what is left goes to figures. Undefined where there is no
 * such bucket.
 */
export const walkPartitions = async (
  catalog: ObjectCatalog,
  bucket: string,
  { budget, now, signal }: { budget: WalkBudget; now: () => number; signal: AbortSignal },
): Promise<Walk | undefined> => {
  const startedAt = now();
  let listCalls = 0;
  let stoppedBy: Walk["stoppedBy"] = "end";
  const unpartitioned = { objects: 0, bytes: 0 };

  const mayCall = (): boolean => {
    if (listCalls >= budget.maxCalls) stoppedBy = "calls";
    else if (listCalls > 0 && now() - startedAt >= budget.maxMs) stoppedBy = "time";
    else {
      listCalls += 1;
      return true;
    }
    return false;
  };

  /** Prefixes right below; objects that lie there are outside the layout. */
  const below = async (parent: string): Promise<string[] | undefined> => {
    const prefixes: string[] = [];
    let token: string | undefined;
    do {
      if (!mayCall()) return prefixes;
      const page = await catalog.list(
        { bucket, prefix: parent, delimiter: "/", maxKeys: S3_LIST_MAX_KEYS, token },
        signal,
      );
      if (page === undefined) return undefined;
      prefixes.push(...page.prefixes);
      for (const { size } of page.objects) {
        unpartitioned.objects += 1;
        unpartitioned.bytes += size;
      }
      token = page.nextToken;
    } while (token !== undefined);
    return prefixes;
  };

  const countOther = async (prefix: string): Promise<void> => {
    let startAfter: string | undefined;
    for (;;) {
      if (!mayCall()) return;
      const page = await catalog.list(
        { bucket, prefix, maxKeys: S3_LIST_MAX_KEYS, startAfter },
        signal,
      );
      for (const { size } of page?.objects ?? []) {
        unpartitioned.objects += 1;
        unpartitioned.bytes += size;
      }
      startAfter = page?.objects.at(-1)?.key;
      if (page?.nextToken === undefined || startAfter === undefined) return;
    }
  };

  const others: string[] = [];
  /** One level of the layout below each parent; anything else is set aside. */
  const level = async (parents: readonly string[], name: string, digits?: number) => {
    const found = await mapBounded(parents, budget.concurrency, below);
    return found.flatMap((prefixes, index) =>
      (prefixes ?? []).filter((prefix) => {
        const value = levelValue(prefix, parents[index] ?? "", name);
        const isLevel =
          digits === undefined ? value !== undefined && value !== "" : isNumberOf(digits, value);
        if (!isLevel && !prefix.startsWith(QUARANTINE_PREFIX) && !prefix.startsWith(STATE_PREFIX))
          others.push(prefix);
        return isLevel;
      }),
    );
  };

  const root = await below("");
  if (root === undefined) return undefined;
  const isService = (prefix: string) => levelValue(prefix, "", "service") !== undefined;
  const services = root.filter(isService);
  others.push(
    ...root.filter(
      (prefix) => !isService(prefix) && prefix !== QUARANTINE_PREFIX && prefix !== STATE_PREFIX,
    ),
  );
  const years = await level(services, "year", 4);
  const months = await level(years, "month", 2);
  const days = await level(months, "day", 2);

  const cells: DayCell[] = days.map((prefix) => {
    const [service = "", year = "", month = "", day = ""] = prefix
      .split("/")
      .map((segment) => segment.slice(segment.indexOf("=") + 1));
    return {
      service: decodeValue(service),
      date: `${year}-${month}-${day}`,
      prefix,
      tally: null,
    };
  });
  cells.sort((a, b) =>
    a.date === b.date ? (a.service < b.service ? -1 : 1) : a.date < b.date ? 1 : -1,
  );

  await mapBounded(cells, budget.concurrency, async (cell) => {
    let startAfter: string | undefined;
    for (let page = 0; page < PAGES_PER_DAY && mayCall(); page += 1) {
      const answer = await catalog.list(
        { bucket, prefix: cell.prefix, maxKeys: S3_LIST_MAX_KEYS, startAfter },
        signal,
      );
      cell.tally ??= {
        objects: 0,
        bytes: 0,
        newest: undefined,
        sizes: [],
        hours: new Map(),
        isComplete: false,
      };
      const { tally } = cell;
      for (const { key, size, lastModified } of answer?.objects ?? []) {
        tally.objects += 1;
        tally.bytes += size;
        tally.sizes.push(size);
        if (lastModified && (!tally.newest || lastModified > tally.newest))
          tally.newest = lastModified;
        const hour = /^hour=(\d\d)\//.exec(key.slice(cell.prefix.length))?.[1];
        if (hour === undefined) continue;
        const ofHour = tally.hours.get(Number(hour)) ?? { objects: 0, bytes: 0 };
        tally.hours.set(Number(hour), {
          objects: ofHour.objects + 1,
          bytes: ofHour.bytes + size,
        });
      }
      startAfter = answer?.objects.at(-1)?.key;
      if (answer?.nextToken === undefined || startAfter === undefined) {
        tally.isComplete = true;
        return;
      }
    }
  });
  await mapBounded(others, budget.concurrency, countOther);

  return {
    cells,
    levels: {
      service: services.length,
      year: new Set(years.map((prefix) => prefix.split("/")[1])).size,
      month: new Set(months.map((prefix) => prefix.split("/").slice(1, 3).join())).size,
      day: new Set(cells.map(({ date }) => date)).size,
    },
    unpartitioned,
    listCalls,
    stoppedBy,
  };
};
