import { make } from "../shell/dialog.ts";
import { createConnection } from "./connection.ts";
import { drawerOf, recordHref } from "./drawer.ts";
import { isFiltering, NO_FILTER, parseFilter } from "./filter.ts";
import { type Item, isError, type Line, nextId, type Skip } from "./line.ts";
import { createTailList } from "./list.ts";
import { loadMissing } from "./missing.ts";
import { createStatus, type TailState } from "./status.ts";
import { createTailStore } from "./store.ts";

type Props = { stream: string; mode: "sse" | "poll"; shard: string };

const SHORTCUT_SWITCH = "shortcuts";

const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);

/** Enter is theirs. */
const isOnControl = ({ target }: Event): boolean =>
  target instanceof HTMLElement && target.closest("a, button, summary") !== null;

/** The live tail in its island: follows, pauses for the reader, and never moves what is being read. */
export const startLive = (island: HTMLElement, form: HTMLFormElement): void => {
  const props = JSON.parse(island.dataset.props ?? "{}") as Props;
  const isLocal = document.querySelector("[data-zone=local]") !== null;
  const empty = island.querySelector<HTMLElement>(".live-empty");
  const store = createTailStore();
  const status = createStatus();
  let filter = NO_FILTER;
  let state: TailState = "following";
  /** What ends a pause by itself: only the end of the list, if scrolling began it. */
  let pausedBy: "scroll" | "other" = "other";
  let millisBehind: number | null = null;
  let problem: string | null = null;
  let how = "";
  let open: Line | undefined;
  let cursorItem: Item | undefined;
  let isDirty = true;
  let frame = 0;
  let rateFrom = { total: 0, at: performance.now() };
  let linesPerSecond = 0;

  const list = createTailList(`Lines of ${props.stream}`, () => ({
    isLocal,
    words: filter.words,
  }));
  const pill = make("button", { type: "button", class: "pill", hidden: "" });
  const tailFrame = make("div", { class: "tail-frame" }, list.element, pill);
  island.append(status.element, status.spoken, tailFrame);

  const buttons = {
    pause: form.querySelector<HTMLButtonElement>("[data-live=pause]"),
    stop: form.querySelector<HTMLButtonElement>("[data-live=stop]"),
    clear: form.querySelector<HTMLButtonElement>("[data-live=clear]"),
  };

  const flush = (): void => {
    frame = 0;
    const { lines, errors } = state === "following" ? { lines: 0, errors: 0 } : store.waiting();
    pill.hidden = lines === 0;
    const words = `▼ ${lines.toLocaleString("en-US")} new${errors > 0 ? ` · ${errors.toLocaleString("en-US")} ${errors === 1 ? "error" : "errors"}` : ""}`;
    if (pill.textContent !== words) pill.textContent = words;
    if (isDirty) {
      isDirty = false;
      list.show(store.view());
      if (state === "following") list.scrollToEnd();
    }
    if (empty) empty.hidden = store.total() > 0 || problem !== null;
    island.dataset.state = state;
    island.dataset.total = String(store.total());
    island.dataset.waiting = String(lines);
  };
  const schedule = () => {
    if (frame === 0) frame = requestAnimationFrame(flush);
  };

  const writeStatus = (): void => {
    const now = performance.now();
    if (now - rateFrom.at >= 2_000) {
      linesPerSecond = Math.round(((store.total() - rateFrom.total) * 1000) / (now - rateFrom.at));
      rateFrom = { total: store.total(), at: now };
    }
    status.update({
      state,
      linesPerSecond,
      shown: store.view().length,
      held: isFiltering(filter) ? store.held() : store.view().length,
      millisBehind,
      problem,
      how,
    });
  };

  const setState = (next: TailState): void => {
    state = next;
    if (buttons.pause) {
      buttons.pause.textContent = next === "following" ? "Pause" : "Follow";
      buttons.pause.disabled = next === "stopped";
    }
    if (buttons.stop) buttons.stop.textContent = next === "stopped" ? "Start" : "Stop";
    writeStatus();
    schedule();
  };
  const pause = (by: "scroll" | "other"): void => {
    if (state !== "following") return;
    pausedBy = by;
    store.pause();
    setState("paused");
  };
  const closeDrawer = (): void => {
    open = undefined;
    island.classList.remove("has-drawer");
    island.querySelector(".drawer")?.remove();
  };
  const resume = (): void => {
    if (state === "stopped") connection.start();
    closeDrawer();
    list.select(undefined);
    cursorItem = undefined;
    getSelection()?.removeAllRanges();
    store.resume();
    isDirty = true;
    setState("following");
  };

  const connection = createConnection(props, {
    onRecords: (records) => {
      const { lines, errors } = store.accept(records);
      if (lines === 0) return;
      status.count(lines, errors);
      if (state === "following") isDirty = true;
      schedule();
    },
    onGap: (gap) => {
      store.gap(gap);
      if (state === "following") isDirty = true;
      schedule();
    },
    onBehind: (behind) => {
      millisBehind = behind;
    },
    onProblem: (words) => {
      problem = words;
    },
    onHello: ({ mode, notRead }) => {
      how =
        mode === "sse"
          ? `reads 1 of 5 GetRecords/s of each shard${notRead > 0 ? `; ${notRead} shards are not read` : ""}`
          : "asks again every 2 s";
    },
  });

  const show = (item: Item | undefined): void => {
    if (item === undefined) return;
    pause("other");
    cursorItem = item;
    list.scrollTo(store.view().indexOf(item));
    list.select(item);
    if (open !== undefined) openDrawer(item);
  };
  const openDrawer = (item: Item | undefined): void => {
    if (item?.kind !== "line") return;
    pause("other");
    closeDrawer();
    open = item;
    cursorItem = item;
    list.select(item);
    island.classList.add("has-drawer");
    island.append(
      drawerOf(props.stream, item, () => {
        closeDrawer();
        list.element.focus();
      }),
    );
  };
  const step = (by: 1 | -1, isWanted: (item: Item) => boolean = () => true): void => {
    const items = store.view();
    const from = cursorItem
      ? items.indexOf(cursorItem)
      : by < 0
        ? items.length
        : list.firstVisible() - 1;
    for (let at = from + by; at >= 0 && at < items.length; at += by) {
      const item = items[at];
      if (item && isWanted(item)) {
        show(item);
        return;
      }
    }
  };
  const isErrorLine = (item: Item): boolean => item.kind === "line" && isError(item);

  const load = async (skip: Skip): Promise<void> => {
    if (skip.state === "loading") return;
    pause("other");
    skip.state = "loading";
    list.redraw();
    try {
      const { lines, rest } = await loadMissing(props.stream, skip);
      const isAbove = store.view().indexOf(skip) < list.firstVisible();
      const before = store.view().length;
      const left: Skip | undefined =
        rest.length > 0
          ? {
              ...skip,
              id: nextId(),
              lines: skip.lines === null ? null : Math.max(0, skip.lines - lines.length),
              ranges: rest,
              state: "idle",
            }
          : undefined;
      store.fill(skip, lines, left);
      list.show(store.view());
      if (isAbove) list.shift(store.view().length - before);
    } catch {
      skip.state = "failed";
      list.redraw();
    }
    writeStatus();
    schedule();
  };

  list.element.addEventListener("scroll", () => {
    if (state === "following" && !list.isAtEnd()) pause("scroll");
    else if (state === "paused" && pausedBy === "scroll" && list.isAtEnd()) resume();
  });
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (selection && !selection.isCollapsed && list.element.contains(selection.anchorNode))
      pause("other");
  });
  list.element.addEventListener("click", (event) => {
    const item = list.itemOf(event.target);
    if (item?.kind === "skip") {
      if (event.target instanceof HTMLButtonElement) void load(item);
      return;
    }
    if (getSelection()?.isCollapsed !== false) openDrawer(item);
  });
  new ResizeObserver(() => {
    if (state === "following") list.scrollToEnd();
  }).observe(list.element);

  pill.addEventListener("click", resume);
  buttons.pause?.addEventListener("click", () =>
    state === "following" ? pause("other") : resume(),
  );
  buttons.stop?.addEventListener("click", () => {
    if (state === "stopped") return resume();
    connection.stop();
    store.pause();
    setState("stopped");
  });
  buttons.clear?.addEventListener("click", () => {
    closeDrawer();
    store.clear();
    isDirty = true;
    schedule();
  });

  const applyFilter = (): void => {
    const data = new FormData(form);
    const [q, level, shard] = ["q", "lvl", "shard"].map((name) => String(data.get(name) ?? ""));
    const url = new URL(location.href);
    for (const [name, value] of Object.entries({ q, lvl: level, shard }))
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    history.replaceState(history.state, "", url);
    filter = parseFilter(q ?? "", level ?? "");
    store.setFilter(filter);
    list.show(store.view());
    list.redraw();
    if (state === "following") list.scrollToEnd();
    writeStatus();
    schedule();
  };
  form.addEventListener("input", (event) => {
    const { target } = event;
    // Another shard is another tail.
    if (target instanceof HTMLSelectElement && target.name === "shard") form.submit();
    else applyFilter();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    applyFilter();
  });

  const KEYS: Readonly<Record<string, () => void>> = {
    p: () => (state === "following" ? pause("other") : resume()),
    G: resume,
    End: resume,
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    e: () => step(1, isErrorLine),
    E: () => step(-1, isErrorLine),
    Enter: () => {
      if (cursorItem?.kind === "skip") void load(cursorItem);
      else openDrawer(cursorItem);
    },
    Escape: () => {
      if (open === undefined) {
        form.reset();
        const input = form.querySelector<HTMLInputElement>("[name=q]");
        if (input) input.value = "";
        applyFilter();
      } else closeDrawer();
    },
    y: () => {
      if (cursorItem?.kind === "line") void navigator.clipboard.writeText(cursorItem.raw);
    },
    Y: () => {
      if (cursorItem?.kind === "line")
        void navigator.clipboard.writeText(
          new URL(recordHref(props.stream, cursorItem), location.href).href,
        );
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || (isTyping(event) && event.key !== "Escape"))
      return;
    if (event.key === "Enter" && isOnControl(event)) return;
    if (/^[a-z]$/i.test(event.key) && localStorage.getItem(SHORTCUT_SWITCH) === "off") return;
    const act = KEYS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });

  applyFilter();
  setInterval(writeStatus, 1_000);
  connection.start();
};
