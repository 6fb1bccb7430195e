import { S3_LIST_MAX_KEYS } from "../limits.ts";
import { mapBounded } from "./bounded.ts";
import { classOf } from "./buckets/key-class.ts";
import { behind, compareKeys } from "./buckets/key-order.ts";
import { decodeService, levelValue, partitionOf, SMALL_OBJECT_BYTES } from "./partitions/layout.ts";
import { addSize, emptySketch, type SizeSketch } from "./partitions/size-sketch.ts";
import type { WalkCursor } from "./partitions/walk-cursor.ts";
import { createWalkQueue, orderOf, type WalkNode } from "./partitions/walk-queue.ts";
import type { ListPage, ObjectCatalog } from "./ports.ts";

/** What one walk may cost: list calls, time, and calls in flight. */
export type WalkBudget = { maxCalls: number; maxMs: number; concurrency: number };

export type HourTally = {
  objects: number;
  bytes: number;
  smallObjects: number;
  newest: Date | undefined;
  /** A key of this hour, to take a sample from. */
  sampleKey: string | undefined;
};

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
  /** By `hour=` value, 0 to 23. */
  hours: Map<number, HourTally>;
  /** Whether the last key of the day was reached. */
  isComplete: boolean;
};

export type StopReason = "end" | "calls" | "time";

/** One walk, or several that went on from each other and were put together. */
export type Walk = {
  /** Newest first. */
  cells: DayCell[];
  /** Prefixes of the services that were found. */
  services: string[];
  /** False where there are days that the walk has not heard of. */
  isStructureKnown: boolean;
  sizes: SizeSketch;
  /** Data objects that lie outside the partition layout. */
  unpartitioned: { objects: number; bytes: number; isComplete: boolean };
  listCalls: number;
  elapsedMs: number;
  stoppedBy: StopReason;
  /** Where to go on; undefined where everything was looked at. */
  next: WalkCursor | undefined;
};

export type WalkOptions = {
  budget: WalkBudget;
  /** Epoch milliseconds. */
  now: () => number;
  signal: AbortSignal;
  cursor?: WalkCursor | undefined;
  /** Only this service, as it is in keys. */
  service?: string | undefined;
  /** Services walked together, newest day first over all of them. */
  windowServices?: number;
};

const WINDOW_SERVICES = 60;
/** Of the calls of a walk, how many may go to finding days before any is counted. */
const STRUCTURE_SHARE = 0.5;
/** Of one folder: 20,000 entries, where the layout has a few hundred. */
const MAX_FOLDER_PAGES = 20;
const SERVICE = "service=";

const emptyDay = (): DayTally => ({
  objects: 0,
  bytes: 0,
  newest: undefined,
  hours: new Map(),
  isComplete: false,
});

const later = (a: Date | undefined, b: Date | undefined): Date | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

const countPage = (cell: DayCell, page: ListPage, sizes: SizeSketch): DayTally => {
  cell.tally ??= emptyDay();
  const { tally } = cell;
  for (const { key, size, lastModified } of page.objects) {
    addSize(sizes, size);
    tally.objects += 1;
    tally.bytes += size;
    tally.newest = later(tally.newest, lastModified);
    const value = /^hour=([01]\d|2[0-3])\//.exec(key.slice(cell.prefix.length))?.[1];
    if (value === undefined) continue;
    const hour = tally.hours.get(Number(value));
    tally.hours.set(Number(value), {
      objects: (hour?.objects ?? 0) + 1,
      bytes: (hour?.bytes ?? 0) + size,
      smallObjects: (hour?.smallObjects ?? 0) + (size < SMALL_OBJECT_BYTES ? 1 : 0),
      newest: later(hour?.newest, lastModified),
      sampleKey: hour?.sampleKey ?? key,
    });
  }
  return tally;
};

const cellOf = (prefix: string): DayCell => {
  const path = partitionOf(prefix);
  return {
    service: decodeService(path?.service ?? ""),
    date: path ? `${path.year}-${path.month}-${path.day}` : "",
    prefix,
    tally: null,
  };
};

/**
 * Walks `service/year/month/day` by delimiter and counts day by day, newest first, within the
 * budget. What is left over is told by `next`, which a later walk goes on from: together they count
 * every object once. Undefined where there is no such bucket.
 */
export const walkPartitions = async (
  catalog: ObjectCatalog,
  bucket: string,
  options: WalkOptions,
): Promise<Walk | undefined> => {
  const { budget, now, signal, service } = options;
  // Going on costs up to three calls a service to find the place; what is left must count days.
  const windowServices = Math.max(
    1,
    Math.min(options.windowServices ?? WINDOW_SERVICES, Math.floor(budget.maxCalls / 4) - 2),
  );
  const startedAt = now();
  const cells = new Map<string, DayCell>();
  const services: string[] = [];
  const sizes = emptySketch();
  const unpartitioned = { objects: 0, bytes: 0, isComplete: true };
  let isStructureKnown = options.cursor === undefined;
  let listCalls = 0;
  let isProgress = false;
  let isMissing = false;

  const left = (): number => budget.maxCalls - listCalls;
  // Whatever the clock says, a walk gets further than the one before it.
  const isLate = (): boolean => isProgress && now() - startedAt >= budget.maxMs;

  const list = async (request: {
    prefix: string;
    delimiter?: string;
    startAfter?: string | undefined;
    token?: string | undefined;
    maxKeys?: number;
  }): Promise<ListPage> => {
    listCalls += 1;
    const page = await catalog.list({ bucket, maxKeys: S3_LIST_MAX_KEYS, ...request }, signal);
    if (page === undefined) isMissing = true;
    return page ?? { objects: [], prefixes: [], nextToken: undefined };
  };

  const countOutside = (page: ListPage): void => {
    for (const { size } of page.objects) {
      unpartitioned.objects += 1;
      unpartitioned.bytes += size;
    }
  };

  const finish = (stoppedBy: StopReason, next: WalkCursor | undefined): Walk | undefined => {
    if (isMissing) return undefined;
    return {
      cells: [...cells.values()].sort((a, b) =>
        a.date === b.date ? (a.service < b.service ? -1 : 1) : a.date < b.date ? 1 : -1,
      ),
      services,
      isStructureKnown,
      sizes,
      unpartitioned,
      listCalls,
      elapsedMs: now() - startedAt,
      stoppedBy,
      next,
    };
  };

  /** Services of the window behind `from`, where it ends, and whether there are more behind it. */
  const readWindow = async (
    from: string,
    to: string | undefined,
  ): Promise<{ prefixes: string[]; end: string; hasMore: boolean }> => {
    if (service !== undefined)
      return { prefixes: [`${SERVICE}${service}/`], end: from, hasMore: false };
    const page = await list({
      prefix: SERVICE,
      delimiter: "/",
      startAfter: from === "" ? undefined : from,
      // Services may have been added since; the window keeps its end.
      maxKeys: to === undefined ? windowServices : S3_LIST_MAX_KEYS,
    });
    const prefixes = page.prefixes.filter((prefix) => levelValue(prefix, "service") !== undefined);
    if (to !== undefined) {
      const inWindow = prefixes.filter((prefix) => compareKeys(prefix, to) <= 0);
      const hasMore = page.nextToken !== undefined || inWindow.length < prefixes.length;
      return { prefixes: inWindow, end: to, hasMore };
    }
    countOutside(page);
    if (prefixes.length < page.prefixes.length) unpartitioned.isComplete = false;
    const ends = [page.objects.at(-1)?.key, ...page.prefixes.slice(-1).map(behind)];
    const end = ends.reduce<string>(
      (last, each) => (each !== undefined && compareKeys(each, last) > 0 ? each : last),
      from,
    );
    return { prefixes, end, hasMore: page.nextToken !== undefined };
  };

  const countOdd = async (prefix: string): Promise<void> => {
    if (left() <= 0) {
      unpartitioned.isComplete = false;
      return;
    }
    const page = await list({ prefix });
    countOutside(page);
    if (page.nextToken !== undefined) unpartitioned.isComplete = false;
  };

  /**
   * What is right below a node; undefined where the calls did not suffice to see all of it. Objects
   * there, and folders of another name, are outside the layout.
   */
  const expand = async (node: WalkNode, isFirstTime: boolean): Promise<WalkNode[] | undefined> => {
    const pages: ListPage[] = [];
    let token: string | undefined;
    do {
      if (pages.length > 0 && left() <= 0) return undefined;
      const page: ListPage = await list({ prefix: node.prefix, delimiter: "/", token });
      pages.push(page);
      token = page.nextToken;
    } while (token !== undefined && pages.length < MAX_FOLDER_PAGES);
    if (token !== undefined) isStructureKnown = false;
    const prefixes = pages.flatMap((page) => page.prefixes);
    if (isFirstTime) {
      for (const page of pages) countOutside(page);
      for (const prefix of prefixes) if (orderOf(prefix) === undefined) await countOdd(prefix);
    }
    return prefixes.flatMap((prefix) => orderOf(prefix) ?? []);
  };

  /** One window of services; undefined when it is done, else where to go on. */
  const walkWindow = async (
    prefixes: readonly string[],
    cursor: Extract<WalkCursor, { from: string }> | undefined,
  ): Promise<{ at?: [string, string]; open: [string, string][] } | undefined> => {
    const isFresh = cursor?.at === undefined;
    const queue = createWalkQueue(prefixes, cursor?.at);
    for (const [prefix, after] of cursor?.open ?? []) queue.open(prefix, `${prefix}${after}`);
    const remember = (nodes: readonly WalkNode[]) => {
      for (const node of nodes)
        if (node.level === "day" && !cells.has(node.prefix))
          cells.set(node.prefix, cellOf(node.prefix));
    };
    remember(queue.nodes());

    const expandAll = async (nodes: readonly WalkNode[]) => {
      const found = await mapBounded(nodes, budget.concurrency, (node) => expand(node, isFresh));
      for (const [index, node] of nodes.entries()) remember(queue.add(found[index] ?? [node]));
    };
    const maxStructureCalls = listCalls + Math.floor(left() * STRUCTURE_SHARE);
    while (isFresh && now() - startedAt < budget.maxMs * STRUCTURE_SHARE) {
      const room = Math.min(maxStructureCalls - listCalls, budget.concurrency);
      const nodes = queue.takeFolders(room);
      if (nodes.length === 0) break;
      await expandAll(nodes);
    }

    for (;;) {
      const room = isLate() ? 0 : Math.min(left(), budget.concurrency);
      const wave = queue.take(room);
      if (wave.length === 0) break;
      if (wave[0]?.level !== "day") {
        await expandAll(wave);
        continue;
      }
      await mapBounded(wave, budget.concurrency, async (node) => {
        const cell = cells.get(node.prefix) ?? cellOf(node.prefix);
        cells.set(node.prefix, cell);
        const page = await list({ prefix: node.prefix, startAfter: node.after });
        const tally = countPage(cell, page, sizes);
        const last = page.objects.at(-1)?.key;
        tally.isComplete = page.nextToken === undefined || last === undefined;
        if (!tally.isComplete && last !== undefined) queue.open(node.prefix, last);
      });
      isProgress = true;
    }
    if (queue.isEmpty()) return undefined;
    if (queue.hasFolders()) isStructureKnown = false;
    const open = queue
      .opened()
      .map(({ prefix, after = "" }): [string, string] => [prefix, after.slice(prefix.length)]);
    const at = queue.frontier();
    return at === undefined ? { open } : { at, open };
  };

  /** Keys of no service, in their order, without quarantine and state. */
  const walkOthers = async (from: string | undefined): Promise<string | undefined> => {
    let startAfter = from;
    for (;;) {
      if (left() <= 0 || isLate()) return startAfter ?? "";
      const page = await list({ prefix: "", startAfter });
      isProgress = true;
      countOutside({
        ...page,
        objects: page.objects.filter(
          ({ key }) => !key.startsWith(SERVICE) && classOf(key) === "data",
        ),
      });
      const last = page.objects.at(-1)?.key;
      if (page.nextToken === undefined || last === undefined) return undefined;
      const apart = [SERVICE, "_quarantine/", "_state/"].find((prefix) => last.startsWith(prefix));
      startAfter = apart === undefined ? last : behind(apart);
    }
  };

  const stopReason = (): StopReason => (left() <= 0 ? "calls" : "time");
  let cursor = options.cursor;
  while (cursor === undefined || "from" in cursor) {
    const from: string = cursor?.from ?? "";
    const { prefixes, end, hasMore } = await readWindow(from, cursor?.to);
    services.push(...prefixes);
    const rest = await walkWindow(prefixes, cursor);
    if (hasMore) isStructureKnown = false;
    if (rest) return finish(stopReason(), { from, to: end, ...rest });
    if (service !== undefined) return finish("end", undefined);
    cursor = hasMore ? { from: end, open: [] } : { others: "" };
    if (left() <= 0 || isLate()) {
      if (hasMore) unpartitioned.isComplete = false;
      return finish(stopReason(), cursor);
    }
  }
  const rest = await walkOthers(cursor.others === "" ? undefined : cursor.others);
  if (rest === undefined) return finish("end", undefined);
  unpartitioned.isComplete = false;
  return finish(stopReason(), { others: rest });
};
