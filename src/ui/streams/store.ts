import type { RecordView } from "../../shared/core/dashboard/streams/record-view.ts";
import type { GapEvent } from "../../shared/core/dashboard/streams/tail-events.ts";
import { type Filter, isFiltering, matches, NO_FILTER } from "./filter.ts";
import {
  type Item,
  isAfter,
  isError,
  LAST_INDEX,
  type Line,
  linesOf,
  nextId,
  type Place,
  type Skip,
} from "./line.ts";

export type StoreLimits = { maxItems: number; maxChars: number; maxWaiting: number };

export const LIMITS: StoreLimits = { maxItems: 10_000, maxChars: 12_000_000, maxWaiting: 5_000 };

export type TailStore = {
  /** What the list shows, oldest first. */
  view(): readonly Item[];
  /** How many of their lines are new, and are errors. */
  accept(records: readonly RecordView[]): { lines: number; errors: number };
  gap(gap: GapEvent): void;
  /** Holds back what comes from now on. */
  pause(): void;
  /** Lets what was held back into the list. */
  resume(): void;
  /** Lines and errors held back that match the filter, with those that were let go. */
  waiting(): { lines: number; errors: number };
  setFilter(filter: Filter): void;
  /** Puts lines in the place of a gap; what is left of it stays. */
  fill(skip: Skip, lines: readonly Line[], rest: Skip | undefined): void;
  clear(): void;
  /** Lines taken in all, each once. */
  total(): number;
  held(): number;
};

const WHY: Readonly<Record<GapEvent["reason"], string>> = {
  slow: "this page was too slow",
  away: "they arrived while this page was away",
  behind: "the stream is faster than a tail may read",
  trimmed: "past the retention",
};

/** The lines of a tail: a ring, and while paused what waits. Both bounded; each line once. */
export const createTailStore = (limits: StoreLimits = LIMITS): TailStore => {
  let items: Item[] = [];
  let chars = 0;
  let filter = NO_FILTER;
  let filtered: Item[] | undefined;
  let waiting: Item[] = [];
  let waitingChars = 0;
  /** Stands before what waits, where some of it had to be let go. */
  let overflow: Skip | undefined;
  let isPaused = false;
  let total = 0;
  const newest = new Map<string, Place>();
  /** The last place of each shard that is in the list. */
  const shownUpTo = new Map<string, Place>();

  const sizeOf = (item: Item): number => (item.kind === "line" ? item.raw.length + 100 : 100);

  const trim = (): void => {
    let surplus = 0;
    let left = chars;
    while (
      items.length - surplus > limits.maxItems ||
      (left > limits.maxChars && surplus < items.length)
    ) {
      const item = items[surplus];
      if (item === undefined) break;
      left -= sizeOf(item);
      surplus += 1;
    }
    if (surplus === 0) return;
    const gone = items.splice(0, surplus);
    chars = left;
    if (filtered) filtered.splice(0, gone.filter((item) => matches(filter, item)).length);
  };

  const append = (added: readonly Item[]): void => {
    for (const item of added) {
      items.push(item);
      chars += sizeOf(item);
      if (item.kind === "line") shownUpTo.set(item.shard, item);
      if (filtered && matches(filter, item)) filtered.push(item);
    }
    trim();
  };

  const letGo = (item: Item): void => {
    overflow ??= {
      kind: "skip",
      id: nextId(),
      lines: 0,
      ranges: [],
      why: "more arrived while paused than is kept",
      state: "idle",
    };
    if (item.kind === "skip") {
      overflow.ranges.push(...item.ranges);
      overflow.lines =
        overflow.lines === null || item.lines === null ? null : overflow.lines + item.lines;
      return;
    }
    if (overflow.lines !== null) overflow.lines += 1;
    const last = overflow.ranges.findLast(({ shard }) => shard === item.shard);
    if (last) last.until = item;
    else
      overflow.ranges.push({
        shard: item.shard,
        after: shownUpTo.get(item.shard) ?? null,
        until: item,
      });
  };

  const hold = (added: readonly Item[]): void => {
    for (const item of added) {
      waiting.push(item);
      waitingChars += sizeOf(item);
    }
    let surplus = 0;
    while (
      waiting.length - surplus > limits.maxWaiting ||
      (waitingChars > limits.maxChars && surplus < waiting.length)
    ) {
      const item = waiting[surplus];
      if (item === undefined) break;
      waitingChars -= sizeOf(item);
      letGo(item);
      surplus += 1;
    }
    if (surplus > 0) waiting.splice(0, surplus);
  };

  const add = (added: readonly Item[]): void => {
    if (isPaused) hold(added);
    else append(added);
  };

  const refilter = (): void => {
    filtered = isFiltering(filter) ? items.filter((item) => matches(filter, item)) : undefined;
  };

  return {
    view: () => filtered ?? items,
    accept: (records) => {
      const fresh: Line[] = [];
      for (const record of records)
        for (const line of linesOf(record)) {
          const known = newest.get(line.shard);
          if (known !== undefined && !isAfter(line, known)) continue;
          newest.set(line.shard, { seq: line.seq, index: line.index });
          fresh.push(line);
        }
      total += fresh.length;
      // Those of one shard keep their order.
      if (new Set(records.map(({ shard }) => shard)).size > 1)
        fresh.sort((a, b) => (a.arrival < b.arrival ? -1 : a.arrival > b.arrival ? 1 : 0));
      add(fresh);
      return { lines: fresh.length, errors: fresh.filter(isError).length };
    },
    gap: ({ shard, after, until, lines, reason }) => {
      const known = newest.get(shard);
      if (
        until !== null &&
        known !== undefined &&
        !isAfter({ seq: until, index: LAST_INDEX }, known)
      )
        return;
      const from = after === null ? (known ?? null) : { seq: after, index: LAST_INDEX };
      const end = until === null ? null : { seq: until, index: LAST_INDEX };
      if (end !== null) newest.set(shard, end);
      add([
        {
          kind: "skip",
          id: nextId(),
          lines,
          ranges: [{ shard, after: from, until: end }],
          why: WHY[reason],
          state: "idle",
        },
      ]);
    },
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      const held = overflow ? [overflow, ...waiting] : waiting;
      overflow = undefined;
      waiting = [];
      waitingChars = 0;
      append(held);
    },
    waiting: () => {
      let lines = overflow?.lines ?? 0;
      let errors = 0;
      for (const item of waiting)
        if (item.kind === "line" && matches(filter, item)) {
          lines += 1;
          if (isError(item)) errors += 1;
        }
      return { lines, errors };
    },
    setFilter: (next) => {
      filter = next;
      refilter();
    },
    fill: (skip, lines, rest) => {
      const at = items.indexOf(skip);
      if (at < 0) return;
      items.splice(at, 1, ...lines, ...(rest ? [rest] : []));
      for (const line of lines) chars += sizeOf(line);
      refilter();
    },
    clear: () => {
      items = [];
      chars = 0;
      refilter();
    },
    total: () => total,
    held: () => items.length + waiting.length,
  };
};
