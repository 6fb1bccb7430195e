import { lineCommands } from "./details.tsx";
import { noteMarkTime } from "./row.ts";
import type { Viewer } from "./viewer.ts";

const isTyping = ({ target }: Event): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

const SEQUENCE_MS = 3_000;
const PAGE = 20;

/** The viewer's keys; what `?` lists. Letters do nothing while typing, and can be switched off. */
export const startKeyboard = (viewer: Viewer): void => {
  const { actions, state } = viewer;
  let goUntil = 0;

  const withDetail = (use: (commands: ReturnType<typeof lineCommands>) => void): void => {
    if (state.detail === undefined) return;
    use(lineCommands(viewer, state.detail));
  };

  const leave = (): void => {
    const menu = document.querySelector("details.menu[open]");
    if (menu) menu.removeAttribute("open");
    else if (state.isDetailOpen) actions.closeDetail();
    else if (state.context !== undefined) void actions.closeContext();
    else if (viewer.isZoomed()) actions.resetZoom();
  };

  const letters: Readonly<Record<string, () => unknown>> = {
    j: () => actions.move(1),
    k: () => actions.move(-1),
    G: () => actions.toEnd(),
    c: () => actions.context(),
    n: () => actions.nextOf(["fatal", "error", "warn", "info", "debug", "trace", "none"], 1),
    N: () => actions.nextOf(["fatal", "error", "warn", "info", "debug", "trace", "none"], -1),
    e: () => actions.nextOf(["error", "fatal"], 1),
    E: () => actions.nextOf(["error", "fatal"], -1),
    w: () => actions.nextOf(["warn"], 1),
    W: () => actions.nextOf(["warn"], -1),
    m: () => {
      noteMarkTime(state.selected, state.detail?.timeMs);
      actions.mark();
    },
    y: () => withDetail(({ raw }) => raw()),
    Y: () => withDetail(({ link }) => link()),
    z: () => actions.toggleWrap(),
    t: () => actions.toggleTimes(),
  };

  const moves: Readonly<Record<string, () => unknown>> = {
    ArrowDown: () => actions.move(1),
    ArrowUp: () => actions.move(-1),
    PageDown: () => actions.move(PAGE),
    PageUp: () => actions.move(-PAGE),
    " ": () => actions.move(PAGE),
    Home: () => actions.toStart(),
    End: () => actions.toEnd(),
    Enter: () => actions.openDetail(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event) || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return leave();
    const target = event.target as Element;
    const isOnControl =
      target.closest("button, a, summary, [role=slider], .log-details-body") !== null;
    const move = isOnControl ? undefined : moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      move();
      return;
    }
    if (localStorage.getItem("shortcuts") === "off") return;
    const isSecond = event.timeStamp < goUntil;
    goUntil = event.key === "g" && !isSecond ? event.timeStamp + SEQUENCE_MS : 0;
    if (isSecond && event.key === "g") void actions.toStart();
    if (event.key === "g" || isSecond) return;
    const letter = letters[event.key];
    if (letter === undefined) return;
    event.preventDefault();
    letter();
  });

  document.addEventListener("click", ({ target }) => {
    for (const menu of document.querySelectorAll("details.menu[open]"))
      if (!menu.contains(target as Node)) menu.removeAttribute("open");
  });
};
