import type { FilterParams } from "./log-filter.ts";

/** What the log viewer shows, all of it in the address: the same address shows the same lines. */
export type LogView = {
  q: string;
  not: string;
  re: string;
  /** `error,fatal` */
  lvl: string;
  f: readonly string[];
  from: string;
  to: string;
  order: "asc" | "desc";
  isWrapped: boolean;
  /** The chosen line: its number in the object, from 1; in a range, `<number>@<key>`. */
  line: string;
  /** Lines shown around it that no filter hides, before and after; 0 for none. */
  before: number;
  after: number;
  /** First line of the window into an object that is too large to be loaded. */
  windowFrom: number;
  /** Where the window begins, in bytes, as the one before it said. */
  windowByte: number;
};

export const EMPTY_VIEW: LogView = {
  q: "",
  not: "",
  re: "",
  lvl: "",
  f: [],
  from: "",
  to: "",
  order: "asc",
  isWrapped: false,
  line: "",
  before: 0,
  after: 0,
  windowFrom: 1,
  windowByte: 0,
};

const MAX_CONTEXT = 100_000;

const numberOf = (text: string | null, min: number, max: number): number => {
  const value = /^\d{1,12}$/.test(text ?? "") ? Number(text) : min;
  return Math.min(max, Math.max(min, value));
};

/** The view an address names; what it names wrongly is left out. */
export const parseView = (query: URLSearchParams): LogView => {
  const text = (name: string) => query.get(name) ?? "";
  const [before = "0", after = before] = text("ctx").split(",");
  return {
    q: text("q"),
    not: text("not"),
    re: text("re"),
    lvl: text("lvl"),
    f: query.getAll("f").filter((field) => field !== ""),
    from: text("from"),
    to: text("to"),
    order: query.get("order") === "desc" ? "desc" : "asc",
    isWrapped: query.get("wrap") === "1",
    line: text("L"),
    before: numberOf(before, 0, MAX_CONTEXT),
    after: numberOf(after, 0, MAX_CONTEXT),
    windowFrom: numberOf(query.get("win"), 1, Number.MAX_SAFE_INTEGER),
    windowByte: numberOf(query.get("at"), 0, Number.MAX_SAFE_INTEGER),
  };
};

/** The view's part of an address, without a question mark; what is as usual is left out. */
export const formatView = (view: LogView, base: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams(base);
  const set = (name: string, value: string) => {
    if (value !== "") query.set(name, value);
  };
  set("q", view.q);
  set("not", view.not);
  set("re", view.re);
  set("lvl", view.lvl);
  for (const field of view.f) query.append("f", field);
  set("from", view.from);
  set("to", view.to);
  if (view.order === "desc") query.set("order", "desc");
  if (view.isWrapped) query.set("wrap", "1");
  set("L", view.line);
  if (view.before > 0 || view.after > 0)
    query.set(
      "ctx",
      view.before === view.after ? String(view.before) : `${view.before},${view.after}`,
    );
  if (view.windowFrom > 1) query.set("win", String(view.windowFrom));
  if (view.windowByte > 0) query.set("at", String(view.windowByte));
  return query.toString();
};

export const filterParamsOf = ({ q, not, re, lvl, f, from, to }: LogView): FilterParams => ({
  q,
  not,
  re,
  lvl,
  f,
  from,
  to,
});
