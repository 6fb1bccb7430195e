import { showInvisible } from "../../shared/core/dashboard/format.ts";
import type { LogLevel } from "../../shared/core/dashboard/log-level.ts";
import { plainValue, summaryOf } from "../../shared/core/dashboard/streams/line-fields.ts";
import { make } from "../shell/dialog.ts";
import type { Item, Line, Skip } from "./line.ts";

const SVG = "http://www.w3.org/2000/svg";
/** More than this of a line is in its details. */
const SHOWN = 1_000;

/** As on the server's pages. */
const SHAPES: Readonly<Record<LogLevel, string>> = {
  fatal: "M5 0l5 5-5 5-5-5z",
  error: "M1 1h8v8H1z",
  warn: "M5 .8 9.6 9H.4z",
  info: "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  debug: "M5 1a4 4 0 1 1 0 8 4 4 0 0 1 0-8zm0 1.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z",
  trace: "M5 3.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
};

export const shapeOf = (level: LogLevel): SVGElement => {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "shape");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[level]);
  svg.append(path);
  return svg;
};

/** A level's shape and letter. */
export const levelMark = ({ level, reason }: Line): HTMLElement => {
  if (reason !== null)
    return make("span", { class: "level tone-warn", title: reason }, shapeOf("warn"), "!");
  if (level === null) return make("span", { class: "level" });
  return make(
    "span",
    { class: `level tone-${level}`, title: level },
    shapeOf(level),
    level.charAt(0).toUpperCase(),
  );
};

const clock = (time: string, isLocal: boolean): string => {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  if (!isLocal) return date.toISOString().slice(11, 23);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(11, 23);
};

const short = (shard: string): string => shard.replace(/^shardId-0*(?=\d)/, "");

/** Text with the words looked for marked. */
const marked = (text: string, words: readonly string[]): (Node | string)[] => {
  const shown = showInvisible(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
  if (words.length === 0) return [shown];
  const lower = shown.toLowerCase();
  // Some letters are longer in lower case: then places in it would be wrong.
  if (lower.length !== shown.length) return [shown];
  const parts: (Node | string)[] = [];
  let at = 0;
  while (at < shown.length) {
    let next = -1;
    let length = 0;
    for (const word of words) {
      const found = lower.indexOf(word, at);
      if (found >= 0 && (next < 0 || found < next)) {
        next = found;
        length = word.length;
      }
    }
    if (next < 0) break;
    parts.push(shown.slice(at, next), make("mark", {}, shown.slice(next, next + length)));
    at = next + length;
  }
  return [...parts, shown.slice(at)];
};

const contentOf = (line: Line, words: readonly string[]) => {
  const summary = line.encoding === "utf8" && !line.truncated ? summaryOf(line.raw) : undefined;
  if (summary === undefined || summary.message === undefined)
    return { service: summary?.service ?? line.key, text: marked(line.raw, words) };
  const text = marked(summary.message, words);
  let length = summary.message.length;
  for (const { name, value } of summary.rest) {
    if (length > SHOWN) break;
    length += name.length + value.length;
    text.push(" ", make("i", {}, `${showInvisible(name)}=`), ...marked(plainValue(value), words));
  }
  return { service: summary.service ?? line.key, text };
};

export type RowOptions = { isLocal: boolean; words: readonly string[] };

const lineRow = (line: Line, { isLocal, words }: RowOptions): HTMLElement => {
  const { service, text } = contentOf(line, words);
  const row = make(
    "div",
    { class: `tail-row${line.level ? ` level-${line.level}` : ""}`, role: "row" },
    make(
      "span",
      { role: "gridcell", class: "muted", title: line.arrival },
      clock(line.arrival, isLocal),
    ),
    make(
      "span",
      { role: "gridcell", class: "muted wide-cell", title: line.shard },
      short(line.shard),
    ),
    make("span", { role: "gridcell" }, levelMark(line)),
    make("span", { role: "gridcell", class: "muted wide-cell" }, showInvisible(service)),
    make("span", { role: "gridcell" }, ...text),
  );
  row.dataset.seq = line.seq;
  row.dataset.index = String(line.index);
  return row;
};

/** `1,204 lines skipped: … – load` */
const skipRow = (skip: Skip): HTMLElement => {
  const count =
    skip.lines === null
      ? "Some lines"
      : `${skip.lines.toLocaleString("en-US")} ${skip.lines === 1 ? "line" : "lines"}`;
  const canLoad = skip.ranges.every(({ after }) => after !== null);
  const action =
    skip.state === "loading"
      ? "loading …"
      : skip.state === "failed"
        ? "could not be loaded: try again"
        : "load";
  return make(
    "div",
    { class: "tail-row is-skip", role: "row" },
    make(
      "span",
      { role: "gridcell" },
      `⋯ ${count} skipped: ${skip.why} `,
      canLoad
        ? make("button", { type: "button", "data-load": String(skip.id), tabindex: "-1" }, action)
        : "",
    ),
  );
};

export const rowOf = (item: Item, options: RowOptions): HTMLElement =>
  item.kind === "line" ? lineRow(item, options) : skipRow(item);
