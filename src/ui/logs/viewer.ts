import type { ExportFormat } from "../../shared/core/dashboard/logs/export-lines.ts";
import {
  FilterError,
  type FilterParams,
  LEVEL_NAMES,
  parseField,
  parseFilter,
} from "../../shared/core/dashboard/logs/log-filter.ts";
import type { LogDetail } from "../../shared/core/dashboard/logs/log-row.ts";
import {
  filterParamsOf,
  formatView,
  type LogView,
  parseView,
} from "../../shared/core/dashboard/logs/log-view.ts";
import { isGzipKey, UNPACK_LIMITS } from "../../shared/core/dashboard/logs/unpack.ts";
import { type Engine, EngineError } from "./engine.ts";
import type { Requests } from "./protocol.ts";
import { createRangeLoader, type RangeLoader, type RangeState } from "./range-loader.ts";

export type ViewerProps = {
  bucket: string;
  /** One object … */
  key?: string;
  size?: number;
  /** … or a range. */
  prefix?: string;
  fromMs?: number | null;
  toMs?: number | null;
  chunkBytes: number | null;
  endpointUrl: string | null;
};

export type Filtered = Requests["filter"]["answer"];
export type Context = Requests["around"]["answer"] & { line: number };
export type Source = { key: string; size: number };

export type ViewerState = {
  view: LogView;
  phase: "loading" | "ready" | "failed";
  problem: string;
  loadedBytes: number;
  lineCount: number;
  byteCount: number;
  invalidCount: number;
  readyMs: number;
  sources: Source[];
  range: RangeState | undefined;
  window: { next: { line: number; byte: number } | null } | undefined;
  filtered: Filtered | undefined;
  filterProblem: string;
  isFiltering: boolean;
  /** The chosen line, in load order; -1 for none. */
  selected: number;
  detail: LogDetail | undefined;
  isDetailOpen: boolean;
  context: Context | undefined;
  mark: number | undefined;
  timeMode: "clock" | "mark";
  /** Times of the rows in view. */
  visible: { fromMs: number; toMs: number } | undefined;
  isFollowing: boolean;
  fresh: { lines: number; errors: number };
  toast: string;
};

export type DisplayItem =
  | { kind: "line"; line: number; isContext: boolean }
  | { kind: "head" | "foot" };

export type ListControl = {
  scrollTo(index: number, align: "center" | "auto" | "start" | "end"): void;
  isAtEnd(): boolean;
};

const CONTEXT_STEP = 10;
const WINDOW_LINES = 200_000;
const TOAST_MS = 2_500;
const ERROR_LEVELS = [LEVEL_NAMES.indexOf("fatal"), LEVEL_NAMES.indexOf("error")];

export const rawUrl = (bucket: string, key: string): string =>
  `/api/s3/object/${encodeURIComponent(bucket)}/_?key=${encodeURIComponent(key)}&view=raw`;

const windowUrl = (bucket: string, key: string, line: number, byte: number): string =>
  `/api/s3/object/${encodeURIComponent(bucket)}/_?key=${encodeURIComponent(key)}&view=lines&from=${line}&limit=${WINDOW_LINES}${byte > 0 ? `&at=${byte}` : ""}`;

const sameFilter = (a: LogView, b: LogView): boolean =>
  JSON.stringify(filterParamsOf(a)) === JSON.stringify(filterParamsOf(b));

/** State and actions of the log viewer; the address is its memory. */
export const createViewer = (props: ViewerProps, engine: Engine) => {
  const { bucket, key } = props;
  const isRange = key === undefined;
  const listeners = new Set<() => void>();
  const nowMs = Date.now();
  let list: ListControl | undefined;
  let filterRuns = 0;
  let filtering: Promise<void> | undefined;
  let detailRuns = 0;
  let toastTimer = 0;
  let rangeLoader: RangeLoader | undefined;
  const opened = parseView(new URLSearchParams(location.search));
  // A range's own span is what was loaded: zooming out goes back to it.
  const widest =
    props.key === undefined ? { from: opened.from, to: opened.to } : { from: "", to: "" };
  const state: ViewerState = {
    view: parseView(new URLSearchParams(location.search)),
    phase: "loading",
    problem: "",
    loadedBytes: 0,
    lineCount: 0,
    byteCount: 0,
    invalidCount: 0,
    readyMs: 0,
    sources: key === undefined ? [] : [{ key, size: props.size ?? 0 }],
    range: undefined,
    window: undefined,
    filtered: undefined,
    filterProblem: "",
    isFiltering: false,
    selected: -1,
    detail: undefined,
    isDetailOpen: false,
    context: undefined,
    mark: undefined,
    timeMode: "clock",
    visible: undefined,
    isFollowing: false,
    fresh: { lines: 0, errors: 0 },
    toast: "",
  };

  const set = (patch: Partial<ViewerState>): void => {
    Object.assign(state, patch);
    for (const listener of listeners) listener();
  };

  const base = (): Record<string, string> => {
    if (key === undefined) return props.prefix ? { prefix: props.prefix } : {};
    return location.pathname === "/objects" ? { bucket, key } : { key };
  };

  const addressOf = (view: LogView): string => {
    const query = formatView(view, base());
    return query === "" ? location.pathname : `${location.pathname}?${query}`;
  };

  /** The links that come back here should come back to what is seen now. */
  const updateReturns = (): void => {
    const here = location.pathname + location.search;
    for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href^="/preferences?"]')) {
      const url = new URL(link.href);
      url.searchParams.set("back", here);
      link.setAttribute("href", url.pathname + url.search);
    }
  };

  const toast = (text: string): void => {
    set({ toast: text });
    clearTimeout(toastTimer);
    toastTimer = window.setTimeout(() => set({ toast: "" }), TOAST_MS);
  };

  const count = (): number => {
    const { filtered, context } = state;
    const hits = filtered?.hits.length ?? 0;
    return context === undefined
      ? hits
      : hits - (context.end - context.start) + context.lines.length + 2;
  };

  const itemAt = (displayed: number): DisplayItem => {
    const { filtered, context, view } = state;
    const index = view.order === "desc" ? count() - 1 - displayed : displayed;
    const hits = filtered?.hits ?? new Uint32Array();
    const hit = (at: number): DisplayItem => ({
      kind: "line",
      line: hits[at] ?? 0,
      isContext: false,
    });
    if (context === undefined || index < context.start) return hit(index);
    const inside = index - context.start;
    if (inside === 0) return { kind: "head" };
    if (inside <= context.lines.length)
      return { kind: "line", line: context.lines[inside - 1] ?? 0, isContext: true };
    if (inside === context.lines.length + 1) return { kind: "foot" };
    return hit(index - context.lines.length - 2 + (context.end - context.start));
  };

  /** Where a line is displayed, -1 where it is not. */
  const placeOf = async (line: number): Promise<number> => {
    const { context } = state;
    let index: number;
    const inside = context?.lines.indexOf(line) ?? -1;
    if (context !== undefined && inside >= 0) index = context.start + 1 + inside;
    else {
      index = await engine.ask("indexOf", { line });
      if (index < 0) return -1;
      if (context !== undefined && index >= context.end)
        index += context.lines.length + 2 - (context.end - context.start);
    }
    return state.view.order === "desc" ? count() - 1 - index : index;
  };

  const hitIndexOf = (displayed: number): number => {
    const { context, view } = state;
    const index = view.order === "desc" ? count() - 1 - displayed : displayed;
    if (context === undefined || index < context.start) return index;
    if (index <= context.start + context.lines.length + 1) return context.start;
    return index - context.lines.length - 2 + (context.end - context.start);
  };

  const lineName = ({ number, source }: { number: number; source: number }): string =>
    isRange ? `${number}@${state.sources[source]?.key ?? ""}` : String(number);

  const navigate = (patch: Partial<LogView>, mode: "push" | "replace"): void => {
    const view = { ...state.view, ...patch };
    const needsFilter = !sameFilter(view, state.view);
    set({ view });
    if (mode === "push") history.pushState(null, "", addressOf(view));
    else history.replaceState(null, "", addressOf(view));
    updateReturns();
    if (needsFilter) void filter();
  };

  const select = async (line: number, options: { opens?: boolean; scrolls?: boolean } = {}) => {
    detailRuns += 1;
    const run = detailRuns;
    if (options.opens) state.isDetailOpen = true;
    set({ selected: line });
    if (options.scrolls) {
      const index = await placeOf(line);
      if (index >= 0) list?.scrollTo(index, "auto");
    }
    const detail = await engine.ask("detail", { line, isWhole: false });
    if (run !== detailRuns) return;
    set({ detail });
    navigate({ line: lineName(detail) }, "replace");
  };

  /** The line of the address: chosen, shown, its surroundings opened as the address says. */
  const restoreLine = async (): Promise<void> => {
    const { line: name, before, after } = state.view;
    const match = /^(\d+)(?:@([\s\S]+))?$/.exec(name);
    if (match === null) {
      if (isRange && state.view.order === "asc") list?.scrollTo(count() - 1, "end");
      return;
    }
    const source = isRange ? state.sources.findIndex((held) => held.key === match[2]) : 0;
    const { line } = await engine.ask("locate", { source, number: Number(match[1]) });
    if (line < 0) {
      if (name !== "") toast(`Line ${match[1]} is not among what was loaded.`);
      return;
    }
    set({ selected: line, detail: await engine.ask("detail", { line, isWhole: false }) });
    if (before + after > 0) await openContext(line, before, after);
    const index = await placeOf(line);
    if (index >= 0) list?.scrollTo(index, "center");
    else
      toast(
        "The line of this link does not pass the filter. Press c to see it among its neighbours.",
      );
  };

  const usesPattern = (params: FilterParams): boolean =>
    parseFilter(params, nowMs).patterns.length > 0;

  /** One at a time, and then the newest question: typing fast asks no more than can be answered. */
  const filter = (): Promise<void> => {
    filterRuns += 1;
    filtering ??= (async () => {
      try {
        for (let run = 0; run !== filterRuns; ) {
          run = filterRuns;
          await filterOnce();
        }
      } finally {
        filtering = undefined;
      }
    })();
    return filtering;
  };

  const filterOnce = async (): Promise<void> => {
    const params = filterParamsOf(state.view);
    try {
      const isSlow = usesPattern(params);
      for (const { source, flags } of parseFilter(params, nowMs).patterns)
        new RegExp(source, flags);
      set({ isFiltering: true });
      const question = { params, nowMs, byTime: isRange };
      const filtered = isSlow
        ? await engine.askLimited("filter", question)
        : await engine.ask("filter", question);
      set({ filtered, filterProblem: "", isFiltering: false, context: undefined });
      const { selected, view } = state;
      if (selected >= 0 && view.before + view.after > 0)
        await openContext(selected, view.before, view.after);
      performance.mark("logs:filtered");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isPattern = error instanceof EngineError && error.code === "pattern";
      const filterProblem =
        error instanceof SyntaxError
          ? `This is no pattern: ${message}`
          : isPattern
            ? `${message} It is not used; the lines are as they were.`
            : message;
      set({ filterProblem, isFiltering: false });
      if (!(error instanceof FilterError || error instanceof SyntaxError || isPattern)) throw error;
    }
  };

  const openContext = async (line: number, before: number, after: number): Promise<void> => {
    const around = await engine.ask("around", { line, before, after });
    set({ context: { ...around, line } });
  };

  const ready = async (startedAt: number): Promise<void> => {
    await filter();
    set({ phase: "ready", readyMs: performance.now() - startedAt });
    performance.mark("logs:ready");
    await restoreLine();
  };

  const takeCounts = (answer: Requests["load"]["answer"]): void => {
    const { lineCount, byteCount, invalidCount } = answer;
    set({ lineCount, byteCount, invalidCount });
  };

  const loadWindowed = async (startedAt: number): Promise<void> => {
    const { windowFrom, windowByte } = state.view;
    const url = windowUrl(bucket, key ?? "", windowFrom, windowByte);
    const answer = await engine.ask("load", {
      source: 0,
      url,
      chunkBytes: null,
      size: 0,
      isCompressed: false,
      isWindow: true,
    });
    takeCounts(answer);
    set({ window: { next: answer.next } });
    await ready(startedAt);
  };

  const loadOne = async (held: Source, source: number): Promise<void> => {
    const question = {
      source,
      url: rawUrl(bucket, held.key),
      chunkBytes: props.chunkBytes,
      size: held.size,
      isCompressed: isGzipKey(held.key),
      isWindow: false,
    };
    takeCounts(await engine.ask("load", question, (loadedBytes) => set({ loadedBytes })));
  };

  const start = async (): Promise<void> => {
    const startedAt = performance.now();
    try {
      if (isRange) {
        rangeLoader = createRangeLoader({
          bucket,
          prefix: props.prefix ?? "",
          fromMs: props.fromMs ?? undefined,
          toMs: props.toMs ?? undefined,
          sources: state.sources,
          load: loadOne,
          tell: (range) => set({ range }),
        });
        await rangeLoader.older();
        return await ready(startedAt);
      }
      const isLarge = (props.size ?? 0) > UNPACK_LIMITS.maxBytes || state.view.windowFrom > 1;
      if (isLarge) return await loadWindowed(startedAt);
      try {
        await loadOne({ key: key ?? "", size: props.size ?? 0 }, 0);
      } catch (error) {
        if (error instanceof EngineError && error.code === "unpack:size")
          return await loadWindowed(startedAt);
        throw error;
      }
      await ready(startedAt);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      set({ phase: "failed", problem: message });
    }
  };

  const follow = async (): Promise<void> => {
    while (state.isFollowing) {
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      if (!state.isFollowing || document.hidden || rangeLoader === undefined) continue;
      const before = state.lineCount;
      try {
        await rangeLoader.newer();
      } catch {
        continue;
      }
      if (state.lineCount === before) continue;
      const wasAtEnd = list?.isAtEnd() ?? false;
      const errorsBefore = errorCount();
      const hitsBefore = state.filtered?.hits.length ?? 0;
      await filter();
      const lines = (state.filtered?.hits.length ?? 0) - hitsBefore;
      if (wasAtEnd) await actions.toEnd();
      else
        set({
          fresh: {
            lines: state.fresh.lines + lines,
            errors: state.fresh.errors + errorCount() - errorsBefore,
          },
        });
    }
  };

  const errorCount = (): number =>
    ERROR_LEVELS.reduce((sum, level) => sum + (state.filtered?.levelCounts[level] ?? 0), 0);

  const moveTo = async (displayed: number): Promise<void> => {
    const last = count() - 1;
    if (last < 0) return;
    const at = Math.max(0, Math.min(last, displayed));
    const item = itemAt(at);
    if (item.kind !== "line") return;
    list?.scrollTo(at, "auto");
    await select(item.line);
  };

  const actions = {
    /** While typing: the address follows without a step of its own. */
    typeQuery: (q: string) => navigate({ q, before: 0, after: 0 }, "replace"),

    /** Enter: `field:value` becomes a chip, and the state a step in the history. */
    commitQuery: () => {
      const tokens = state.view.q.split(/\s+/);
      const fields = tokens.filter(
        (token) => /^-?[A-Za-z_][\w.@-]*:[^/\s]\S*$/.test(token) && token !== "is:invalid",
      );
      const valid = fields.filter((token) => {
        try {
          parseField(token);
          return true;
        } catch {
          return false;
        }
      });
      const q = tokens.filter((token) => !valid.includes(token)).join(" ");
      navigate({ q, f: [...state.view.f, ...valid] }, "push");
    },

    addField: (term: string) => {
      if (!state.view.f.includes(term)) navigate({ f: [...state.view.f, term] }, "push");
    },
    removeField: (term: string) =>
      navigate({ f: state.view.f.filter((held) => held !== term) }, "push"),
    clear: (patch: Partial<LogView>) => navigate(patch, "push"),

    toggleLevel: (name: string) => {
      const chosen = state.view.lvl.split(",").filter(Boolean);
      const next = chosen.includes(name)
        ? chosen.filter((held) => held !== name)
        : [...chosen, name];
      navigate({ lvl: LEVEL_NAMES.filter((level) => next.includes(level)).join(",") }, "push");
    },

    zoom: (fromMs: number, toMs: number) =>
      navigate({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }, "push"),
    resetZoom: () => navigate(widest, "push"),

    toggleOrder: () => {
      navigate({ order: state.view.order === "asc" ? "desc" : "asc" }, "push");
      list?.scrollTo(0, "start");
    },
    toggleWrap: () => navigate({ isWrapped: !state.view.isWrapped }, "push"),
    toggleTimes: () => set({ timeMode: state.timeMode === "clock" ? "mark" : "clock" }),

    select,
    openDetail: () => {
      if (state.selected >= 0) void select(state.selected, { opens: true });
    },
    closeDetail: () => set({ isDetailOpen: false }),
    showWhole: async () => {
      if (state.selected >= 0)
        set({ detail: await engine.ask("detail", { line: state.selected, isWhole: true }) });
    },

    move: async (step: number) => {
      const at = state.selected < 0 ? -1 : await placeOf(state.selected);
      let next = at < 0 && state.selected < 0 ? 0 : at + step;
      const item = itemAt(Math.max(0, Math.min(count() - 1, next)));
      if (item.kind !== "line") next += Math.sign(step);
      await moveTo(next);
    },
    toStart: () => moveTo(0),
    toEnd: () => {
      set({ fresh: { lines: 0, errors: 0 } });
      return moveTo(count() - 1);
    },

    /** The next hit of some levels; in a context, hits are what passes the filter. */
    nextOf: async (names: readonly string[], step: 1 | -1) => {
      const at = state.selected < 0 ? -1 : await placeOf(state.selected);
      const hit = at < 0 ? -1 : hitIndexOf(at);
      const direction = state.view.order === "desc" ? (-step as 1 | -1) : step;
      const levels = names.map((name) => LEVEL_NAMES.indexOf(name as "error"));
      const from = at < 0 && direction < 0 ? (state.filtered?.hits.length ?? 0) : hit;
      const index = await engine.ask("next", { index: from, step: direction, levels });
      const line = state.filtered?.hits[index];
      if (index < 0 || line === undefined)
        return toast(`No ${step > 0 ? "later" : "earlier"} ${names[0]}.`);
      await select(line, { scrolls: true });
    },

    context: async () => {
      const { selected, context, view } = state;
      if (selected < 0) return toast("Choose a line first.");
      const isOpen = context !== undefined && context.line === selected;
      const before = (isOpen ? view.before : 0) + CONTEXT_STEP;
      const after = (isOpen ? view.after : 0) + CONTEXT_STEP;
      await openContext(selected, before, after);
      navigate({ before, after }, isOpen ? "replace" : "push");
      const index = await placeOf(selected);
      if (index >= 0) list?.scrollTo(index, isOpen ? "auto" : "center");
    },
    widen: async (before: number, after: number) => {
      const { context, view } = state;
      if (context === undefined) return;
      const more = { before: view.before + before, after: view.after + after };
      await openContext(context.line, more.before, more.after);
      navigate(more, "replace");
    },
    closeContext: async () => {
      set({ context: undefined });
      navigate({ before: 0, after: 0 }, "push");
      const index = state.selected < 0 ? -1 : await placeOf(state.selected);
      if (index >= 0) list?.scrollTo(index, "auto");
    },

    mark: () => {
      if (state.selected < 0) return;
      const mark = state.mark === state.selected ? undefined : state.selected;
      set({ mark, timeMode: mark === undefined ? "clock" : state.timeMode });
      toast(mark === undefined ? "Mark taken away." : "Marked: t shows times since it.");
    },

    loadOlder: async () => {
      set({ phase: "loading" });
      await rangeLoader?.older();
      await filter();
      set({ phase: "ready" });
    },
    toggleFollow: () => {
      set({ isFollowing: !state.isFollowing, fresh: { lines: 0, errors: 0 } });
      if (state.isFollowing) {
        void actions.toEnd();
        void follow();
      }
    },

    download: async (format: ExportFormat) => {
      const isDescending = state.view.order === "desc";
      const blob = await engine.ask("export", { format, isDescending });
      const link = document.createElement("a");
      const name = (key ?? bucket)
        .replace(/\.gz$/, "")
        .split("/")
        .at(-1)
        ?.replace(/\.jsonl$/, "");
      link.href = URL.createObjectURL(blob);
      link.download = `${name || "logs"}-filtered.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    },

    copy: async (text: string, what: string) => {
      try {
        await navigator.clipboard.writeText(text);
        toast(`Copied ${what}.`);
      } catch {
        toast("The browser did not allow copying.");
      }
    },
    setVisible: (visible: ViewerState["visible"]) => set({ visible }),
  };

  addEventListener("popstate", () => {
    const view = parseView(new URLSearchParams(location.search));
    const needsFilter = !sameFilter(view, state.view);
    set({ view, context: undefined });
    updateReturns();
    void (async () => {
      if (needsFilter) await filter();
      await restoreLine();
    })();
  });
  updateReturns();

  /** The address of what is seen, with absolute times: who gets it sees the same. */
  const permalink = (patch: Partial<LogView> = {}): string => {
    const { fromMs, toMs } = parseFilter(filterParamsOf(state.view), nowMs);
    const absolute = {
      from: fromMs === undefined ? "" : new Date(fromMs).toISOString(),
      to: toMs === undefined ? "" : new Date(toMs).toISOString(),
    };
    return location.origin + addressOf({ ...state.view, ...absolute, ...patch });
  };

  return {
    props,
    isRange,
    state,
    isZoomed: () => state.view.from !== widest.from || state.view.to !== widest.to,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    actions,
    count,
    itemAt,
    lineName,
    permalink,
    rows: (lines: number[]) => engine.ask("rows", { lines }),
    attachList: (control: ListControl) => {
      list = control;
    },
    start,
  };
};

export type Viewer = ReturnType<typeof createViewer>;
