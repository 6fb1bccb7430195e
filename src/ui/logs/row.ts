import { showInvisible } from "../../shared/core/dashboard/format.ts";
import type { LogRow } from "../../shared/core/dashboard/logs/log-row.ts";
import { make } from "../shell/dialog.ts";
import { clockOf, differenceOf, fullTimeOf, highlight } from "./format-row.ts";
import { levelName, MARKS, shapeOf } from "./level-marks.ts";
import type { Viewer } from "./viewer.ts";

const cell = (className: string, ...children: (Node | string)[]): HTMLElement =>
  make("span", { role: "gridcell", class: className }, ...children);

let markTimes: { line: number; ms: number | undefined } | undefined;

/** The mark's own time, once its row was seen. */
export const noteMarkTime = (line: number, ms: number | undefined): void => {
  markTimes = { line, ms };
};

const timeCell = (row: LogRow, viewer: Viewer): HTMLElement => {
  const { timeMode, mark } = viewer.state;
  if (row.timeMs === undefined) return cell("log-time muted", "–");
  const since = timeMode === "mark" && markTimes?.line === mark ? markTimes?.ms : undefined;
  const text = since === undefined ? clockOf(row.timeMs) : differenceOf(row.timeMs - since);
  const element = cell("log-time", text);
  element.title = fullTimeOf(row.timeMs);
  return element;
};

const button = (label: string, sign: string, action: () => void): HTMLElement => {
  const element = make(
    "button",
    { type: "button", "aria-label": label, title: label, tabindex: "-1" },
    sign,
  );
  element.addEventListener("click", action);
  return element;
};

/** A row of the list; without its line yet, an empty one of the same height. */
export const drawRow = (
  row: LogRow | undefined,
  { line, isContext }: { line: number; isContext: boolean },
  viewer: Viewer,
): HTMLElement => {
  const { view } = viewer.state;
  const element = make("div", { role: "row", id: `line-${line}`, "data-line": String(line) });
  element.className = `log-row${isContext ? " is-context" : ""}${view.isWrapped ? " is-wrapped" : ""}`;
  if (row === undefined) {
    element.append(cell("log-time"), cell("level"), cell("log-service"), cell("log-text"));
    return element;
  }
  element.dataset.drawn = "yes";
  const level = levelName(row.level);
  element.classList.add(`level-${level}`);
  const [letter = ""] = MARKS[row.level] ?? [];
  const mark = cell(`level tone-${level}`, ...(letter === "" ? [] : [shapeOf(row.level), letter]));
  mark.title = level === "none" ? "No level stated" : level;
  const service = showInvisible(row.service ?? "");
  const text = cell("log-text");
  if (!row.isValid) {
    const broken = make("b", { class: "tone-warn", title: "This line is not JSON." }, "⚠ ");
    text.append(broken);
  }
  text.append(...highlight(showInvisible(row.message), view.q));
  for (const { path, text: value, kind } of row.fields) {
    const name = make("i", {}, ` ${showInvisible(path)}=`);
    const isBad = kind === 2 && /^(status|status_code)$/.test(path) && Number(value) >= 400;
    const shown = make(
      "span",
      isBad ? { class: Number(value) >= 500 ? "tone-error" : "tone-warn" } : {},
    );
    shown.append(...highlight(showInvisible(value), view.q));
    text.append(name, shown);
  }
  if (row.byteLength > 4_096)
    text.append(make("i", {}, ` … ${row.byteLength.toLocaleString("en")} bytes`));
  const actions = cell(
    "log-actions",
    button("Copy this line", "⧉", () => void copyLine(line, viewer)),
    button("Copy a link to this line", "🔗", () => void copyLink(row, viewer)),
    button("Lines around this one", "≡", () => void showAround(line, viewer)),
  );
  element.append(timeCell(row, viewer), mark, cell("log-service", service), text, actions);
  return element;
};

const copyLine = async (line: number, viewer: Viewer): Promise<void> => {
  await viewer.actions.select(line);
  await viewer.actions.showWhole();
  const { detail } = viewer.state;
  if (detail) await viewer.actions.copy(detail.raw, "the line");
};

const copyLink = (row: LogRow, viewer: Viewer): Promise<void> =>
  viewer.actions.copy(viewer.permalink({ line: viewer.lineName(row) }), "a link to the line");

const showAround = async (line: number, viewer: Viewer): Promise<void> => {
  await viewer.actions.select(line);
  await viewer.actions.context();
};

/** The upper and the lower edge of the lines around a hit. */
export const drawSeam = (kind: "head" | "foot", viewer: Viewer): HTMLElement => {
  const { context, view } = viewer.state;
  const isDescending = view.order === "desc";
  const isBefore = kind === "head";
  const count = isBefore ? (context?.before ?? 0) : (context?.after ?? 0);
  const more = make("button", { type: "button", class: "link-button" }, "+10");
  more.setAttribute("aria-label", `10 more lines ${isBefore ? "before" : "after"}`);
  more.addEventListener(
    "click",
    () => void (isBefore ? viewer.actions.widen(10, 0) : viewer.actions.widen(0, 10)),
  );
  const words = `Unfiltered, ${count} ${isBefore ? "before" : "after"} `;
  const parts: (Node | string)[] = [words, more];
  if (isBefore === isDescending) {
    const close = make("button", { type: "button", class: "link-button" }, "Close");
    close.addEventListener("click", () => void viewer.actions.closeContext());
    parts.push(" ", close);
  }
  const element = make("div", { role: "row", class: "log-row log-seam is-context" });
  element.dataset.drawn = "yes";
  element.append(cell("", ...parts));
  return element;
};
