import {
  elementScroll,
  measureElement,
  observeElementRect,
  Virtualizer,
} from "@tanstack/virtual-core";
import type { LogRow } from "../../shared/core/dashboard/logs/log-row.ts";
import { make } from "../shell/dialog.ts";
import { drawRow, drawSeam } from "./row.ts";
import type { DisplayItem, Viewer } from "./viewer.ts";

/** Chromium draws no element higher than 33,554,428 px: beyond this, scrolling is scaled. */
const MAX_HEIGHT_PX = 15_000_000;
const OVERSCAN = 8;
const MAX_KEPT_ROWS = 2_000;

const rowHeight = (): number => (matchMedia("(max-width: 640px)").matches ? 42 : 22);

/**
 * The list of lines: only what is in view is in the document. Rows are drawn when they come into
 * view and left alone while they stay.
 */
export const mountList = (scroller: HTMLElement, viewer: Viewer): (() => void) => {
  const sizer = make("div", { class: "log-sizer", role: "presentation" });
  scroller.replaceChildren(sizer);
  // A grid of which only a part is in the document; a table could not say so.
  for (const [name, value] of Object.entries({
    role: "grid",
    tabindex: "0",
    "aria-label": "Log lines",
    "aria-colcount": "5",
  }))
    scroller.setAttribute(name, value);
  const drawn = new Map<string, HTMLElement>();
  const kept = new Map<number, LogRow>();
  let asked = new Set<number>();
  let version = "";
  let height = rowHeight();
  let scale = 1;
  let isQueued = false;

  const isWrapped = (): boolean => viewer.state.view.isWrapped;

  const options = () => ({
    count: viewer.count(),
    getScrollElement: () => scroller,
    estimateSize: () => height,
    overscan: OVERSCAN,
    indexAttribute: "data-index",
    // Positions are those of the whole list; the element's own may be fewer.
    scrollToFn: (
      offset: number,
      more: { adjustments?: number; behavior?: ScrollBehavior },
      instance: Virtualizer<HTMLElement, HTMLElement>,
    ) => elementScroll(offset / scale, more, instance),
    observeElementRect,
    observeElementOffset: (
      _instance: Virtualizer<HTMLElement, HTMLElement>,
      tell: (offset: number, isScrolling: boolean) => void,
    ) => {
      const onScroll = () => tell(scroller.scrollTop * scale, false);
      onScroll();
      scroller.addEventListener("scroll", onScroll, { passive: true });
      return () => scroller.removeEventListener("scroll", onScroll);
    },
    measureElement,
    onChange: () => queue(),
  });

  const virtualizer = new Virtualizer<HTMLElement, HTMLElement>(options());

  const keyOf = (item: DisplayItem, index: number): string =>
    item.kind === "line" ? `${item.line}${item.isContext ? "c" : ""}` : `${item.kind}${index}`;

  const ask = async (lines: number[]): Promise<void> => {
    for (const line of lines) asked.add(line);
    const rows = await viewer.rows(lines);
    if (kept.size > MAX_KEPT_ROWS) kept.clear();
    for (const row of rows) {
      kept.set(row.line, row);
      asked.delete(row.line);
    }
    queue();
  };

  const draw = (): void => {
    isQueued = false;
    const { state } = viewer;
    const items = virtualizer.getVirtualItems();
    const total = virtualizer.getTotalSize();
    const nextScale = total > MAX_HEIGHT_PX ? total / MAX_HEIGHT_PX : 1;
    if (nextScale !== scale) scale = nextScale;
    sizer.style.height = `${Math.min(total, MAX_HEIGHT_PX)}px`;
    const shift = scale === 1 ? 0 : scroller.scrollTop - scroller.scrollTop * scale;
    const seen = new Set<string>();
    const missing: number[] = [];
    let first: number | undefined;
    let last: number | undefined;
    let above: Element | null = null;
    for (const { index, start } of items) {
      const item = viewer.itemAt(index);
      const key = keyOf(item, index);
      seen.add(key);
      let element = drawn.get(key);
      const row = item.kind === "line" ? kept.get(item.line) : undefined;
      if (item.kind === "line" && row === undefined && !asked.has(item.line))
        missing.push(item.line);
      if (element === undefined || (row !== undefined && element.dataset.drawn !== "yes")) {
        const fresh =
          item.kind === "line" ? drawRow(row, item, viewer) : drawSeam(item.kind, viewer);
        if (element) element.replaceWith(fresh);
        // In the order of the lines, whichever came into view first.
        else if (above === null) sizer.prepend(fresh);
        else above.after(fresh);
        element = fresh;
        drawn.set(key, fresh);
      }
      above = element;
      element.dataset.index = String(index);
      element.setAttribute("aria-rowindex", String(index + 1));
      element.style.transform = `translateY(${start + shift}px)`;
      if (item.kind === "line") {
        const isSelected = item.line === state.selected;
        element.setAttribute("aria-selected", String(isSelected));
        element.classList.toggle("is-marked", item.line === state.mark);
        if (isSelected) scroller.setAttribute("aria-activedescendant", element.id);
      }
      if (isWrapped()) virtualizer.measureElement(element);
      if (row?.timeMs !== undefined && start + height > (virtualizer.scrollOffset ?? 0)) {
        first ??= row.timeMs;
        last = row.timeMs;
      }
    }
    for (const [key, element] of drawn)
      if (!seen.has(key)) {
        element.remove();
        drawn.delete(key);
      }
    if (missing.length > 0) void ask(missing);
    const selected = scroller.querySelector('[aria-selected="true"]');
    if (selected === null) scroller.removeAttribute("aria-activedescendant");
    if (first !== undefined && last !== undefined) {
      const visible = { fromMs: Math.min(first, last), toMs: Math.max(first, last) };
      const old = state.visible;
      if (old?.fromMs !== visible.fromMs || old.toMs !== visible.toMs)
        viewer.actions.setVisible(visible);
    }
  };

  const queue = (): void => {
    if (isQueued) return;
    isQueued = true;
    requestAnimationFrame(draw);
  };

  const redraw = (): void => {
    for (const element of drawn.values()) element.remove();
    drawn.clear();
  };

  /** What rows are drawn from besides themselves; a change draws them again. */
  const versionOf = (): string => {
    const { view, mark, timeMode, context } = viewer.state;
    return JSON.stringify([
      view.q,
      view.isWrapped,
      timeMode,
      timeMode === "mark" ? mark : 0,
      context?.before,
      context?.after,
      context?.line,
    ]);
  };

  const update = (): void => {
    const next = versionOf();
    if (next !== version) {
      version = next;
      redraw();
    }
    scroller.setAttribute("aria-rowcount", String(viewer.count()));
    virtualizer.setOptions(options());
    if (!isWrapped()) virtualizer.itemSizeCache.clear();
    virtualizer._willUpdate();
    queue();
  };

  viewer.attachList({
    scrollTo: (index, align) => {
      update();
      virtualizer.scrollToIndex(index, { align });
    },
    isAtEnd: () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 40,
  });

  scroller.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-line]");
    const selection = getSelection();
    if (row === null || (event.target as Element).closest("button, a")) return;
    if (selection !== null && !selection.isCollapsed) return;
    scroller.focus({ preventScroll: true });
    void viewer.actions.select(Number(row.dataset.line), { opens: true });
  });

  const unmount = virtualizer._didMount();
  const unsubscribe = viewer.subscribe(update);
  const resized = new ResizeObserver(() => {
    if (height === rowHeight()) return;
    height = rowHeight();
    redraw();
    virtualizer.measure();
    update();
  });
  resized.observe(scroller);
  update();
  return () => {
    unsubscribe();
    resized.disconnect();
    unmount();
    asked = new Set();
  };
};
