import type { LogLevel } from "../../shared/core/dashboard/log-level.ts";
import type { Item } from "./line.ts";

export type Filter = { readonly words: readonly string[]; readonly level: LogLevel | "" };

const RANKS: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
  fatal: 5,
};

export const NO_FILTER: Filter = { words: [], level: "" };

/** Every word must be in the line, whatever its case. */
export const parseFilter = (text: string, level: string): Filter => ({
  words: text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== ""),
  level: level in RANKS ? (level as LogLevel) : "",
});

export const isFiltering = ({ words, level }: Filter): boolean => words.length > 0 || level !== "";

/** What says that lines are missing is always shown. */
export const matches = ({ words, level }: Filter, item: Item): boolean => {
  if (item.kind === "skip") return true;
  if (level !== "" && (item.level === null || RANKS[item.level] < RANKS[level])) return false;
  if (words.length === 0) return true;
  const text = item.raw.toLowerCase();
  return words.every((word) => text.includes(word));
};
