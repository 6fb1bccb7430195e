import { createTextFinder, type FindText } from "./byte-search.ts";
import { describeLine, type LineDescription } from "./describe-line.ts";
import { decodeBytes, valueText } from "./line-roles.ts";
import { type FieldTerm, LEVEL_NAMES, type LogFilter } from "./log-filter.ts";

/** Whether a field's value, as text, is what the term asks for; its negation aside. */
export const matchesValue = (term: FieldTerm, value: string): boolean => {
  if (term.isAny) return true;
  if (term.operator === "=") return value === term.value;
  const given = value.trim() === "" ? Number.NaN : Number(value);
  const bound = Number(term.value);
  if (term.operator === ">") return given > bound;
  if (term.operator === "<") return given < bound;
  return term.operator === ">=" ? given >= bound : given <= bound;
};

const matchesField = (bytes: Uint8Array, line: LineDescription, term: FieldTerm): boolean => {
  // Of a name that is there twice, the last counts, as for every JSON reader.
  const field = line.fields.findLast(({ path }) => path === term.field);
  const isMatch =
    field !== undefined && matchesValue(term, valueText(bytes, field.start, field.end, field.kind));
  return isMatch !== term.isNegated;
};

export type LineMatcher = {
  /** The lines a text search lets through; cheap, and asked first. */
  mayMatch(bytes: Uint8Array, start: number, end: number): boolean;
  matches(bytes: Uint8Array, start: number, end: number, line: LineDescription): boolean;
};

/**
 * A filter for one line after another, as searching a store needs. `timeMs` of a line that states no
 * time is `fallbackMs`. Patterns are for those who can stop them: a pattern is refused here.
 */
export const createLineMatcher = (
  filter: LogFilter,
  fallbackMs?: (line: LineDescription) => number | undefined,
): LineMatcher => {
  if (filter.patterns.length > 0) throw new TypeError("Patterns are not matched here.");
  const finders: [FindText, boolean][] = filter.texts.map(({ text, isNegated }) => [
    createTextFinder(text),
    isNegated,
  ]);
  const { fromMs, toMs, levels, fields, isInvalidOnly } = filter;
  const allowed = new Set(levels.map((name) => LEVEL_NAMES.indexOf(name)));
  return {
    mayMatch: (bytes, start, end) =>
      finders.every(([find, isNegated]) => find(bytes, start, end) < 0 === isNegated),
    matches: (bytes, _start, _end, line) => {
      if (isInvalidOnly && line.isValid) return false;
      if (allowed.size > 0 && !allowed.has(line.level)) return false;
      if (fromMs !== undefined || toMs !== undefined) {
        const timeMs = line.timeMs ?? fallbackMs?.(line);
        if (timeMs === undefined) return false;
        if (fromMs !== undefined && timeMs < fromMs) return false;
        if (toMs !== undefined && timeMs >= toMs) return false;
      }
      return fields.every((term) => matchesField(bytes, line, term));
    },
  };
};

/** Whether one line passes a filter; the reference the faster ways are held to. */
export const matchLine = (
  filter: LogFilter,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean => {
  const { patterns, ...rest } = filter;
  const matcher = createLineMatcher({ ...rest, patterns: [] });
  if (!matcher.mayMatch(bytes, start, end)) return false;
  if (!matcher.matches(bytes, start, end, describeLine(bytes, start, end))) return false;
  const text = decodeBytes(bytes, start, end);
  return patterns.every(
    ({ source, flags, isNegated }) => new RegExp(source, flags).test(text) !== isNegated,
  );
};
