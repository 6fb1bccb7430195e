import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from "@tanstack/virtual-core";
import { make } from "../shell/dialog.ts";
import type { Item } from "./line.ts";
import { type RowOptions, rowOf } from "./row.ts";

export type TailList = {
  readonly element: HTMLElement;
  /** Draws what is in view of these items. */
  show(items: readonly Item[]): void;
  /** Draws rows again whose content changed although their item is the same. */
  redraw(): void;
  scrollToEnd(): void;
  isAtEnd(): boolean;
  scrollTo(index: number): void;
  /** Keeps the view where it is while rows were added above it. */
  shift(rows: number): void;
  firstVisible(): number;
  select(item: Item | undefined): void;
  itemOf(node: EventTarget | null): Item | undefined;
};

const ROW_REM = 1.7;
const OVERSCAN = 8;

/** A list of which only the rows in view are in the document, each kept while it stays in view. */
export const createTailList = (label: string, options: () => RowOptions): TailList => {
  const rowHeight = Math.round(
    ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize),
  );
  const space = make("div", { class: "tail-space", role: "rowgroup" });
  const element = make(
    "div",
    { class: "tail", role: "grid", "aria-label": label, tabindex: "0", "aria-rowcount": "0" },
    space,
  );
  element.style.lineHeight = `${rowHeight}px`;
  let items: readonly Item[] = [];
  let selected: Item | undefined;
  const rows = new Map<number, HTMLElement>();
  const itemsByRow = new WeakMap<Element, Item>();

  const virtualizer = new Virtualizer<HTMLElement, HTMLElement>({
    count: 0,
    getScrollElement: () => element,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => draw(),
  });

  const makeRow = (item: Item): HTMLElement => {
    const row = rowOf(item, options());
    row.id = `tail-${item.id}`;
    row.style.height = `${rowHeight}px`;
    if (item === selected) row.setAttribute("aria-selected", "true");
    rows.set(item.id, row);
    itemsByRow.set(row, item);
    return row;
  };

  function draw(): void {
    const wanted = new Set<number>();
    for (const { index, start } of virtualizer.getVirtualItems()) {
      const item = items[index];
      if (item === undefined) continue;
      wanted.add(item.id);
      const known = rows.get(item.id);
      const row = known ?? makeRow(item);
      const place = `translateY(${start}px)`;
      if (row.style.transform !== place) row.style.transform = place;
      const position = String(index + 1);
      if (row.getAttribute("aria-rowindex") !== position)
        row.setAttribute("aria-rowindex", position);
      if (known === undefined) space.append(row);
    }
    for (const [id, row] of rows)
      if (!wanted.has(id)) {
        row.remove();
        rows.delete(id);
      }
    const active = selected !== undefined && rows.has(selected.id) ? `tail-${selected.id}` : "";
    if ((element.getAttribute("aria-activedescendant") ?? "") !== active) {
      if (active === "") element.removeAttribute("aria-activedescendant");
      else element.setAttribute("aria-activedescendant", active);
    }
  }

  /** Tells the virtual list at once, not with the next frame, where it was scrolled to. */
  const tell = () => element.dispatchEvent(new Event("scroll"));

  let isMounted = false;
  const update = (): void => {
    if (!isMounted && element.isConnected) {
      isMounted = true;
      virtualizer._didMount();
    }
    virtualizer.setOptions({ ...virtualizer.options, count: items.length });
    virtualizer._willUpdate();
    const height = `${items.length * rowHeight}px`;
    if (space.style.height !== height) space.style.height = height;
    element.setAttribute("aria-rowcount", String(items.length));
  };

  return {
    element,
    show: (next) => {
      items = next;
      update();
      draw();
    },
    redraw: () => {
      for (const row of rows.values()) row.remove();
      rows.clear();
      draw();
    },
    scrollToEnd: () => {
      element.scrollTop = element.scrollHeight;
      tell();
    },
    isAtEnd: () => element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight,
    scrollTo: (index) => {
      const top = index * rowHeight;
      const bottom = top + rowHeight - element.clientHeight;
      if (element.scrollTop > top) element.scrollTop = top;
      else if (element.scrollTop < bottom) element.scrollTop = bottom;
      tell();
    },
    shift: (count) => {
      element.scrollTop += count * rowHeight;
      tell();
    },
    firstVisible: () => Math.floor(element.scrollTop / rowHeight),
    select: (item) => {
      if (selected) rows.get(selected.id)?.removeAttribute("aria-selected");
      selected = item;
      if (item) rows.get(item.id)?.setAttribute("aria-selected", "true");
      draw();
    },
    itemOf: (node) => {
      const row = node instanceof Element ? node.closest(".tail-row") : null;
      return row === null ? undefined : itemsByRow.get(row);
    },
  };
};
