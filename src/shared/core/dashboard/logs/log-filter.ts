import { parseTime } from "../../event-time.ts";
import { LOG_LEVELS, type LogLevel } from "../log-level.ts";

/**
 * What lines are asked for. One grammar for the address, the filter bar and the API:
 * `q`: words, all of which must be there; `"a phrase"`; `-word` must not be; `/pattern/i`, in the
 * browser only; `is:invalid` for lines that are not JSON. `not`: more words that must not be there.
 * `re`: one more pattern. `lvl`: levels, `error,fatal`. `f`, repeated: `field:value`,
 * `-field:value`, `field:>5`, also `<`, `>=`, `<=`, and `field:*` for any value. `from`, `to`: times.
 */
export type LogFilter = {
  texts: TextTerm[];
  patterns: PatternTerm[];
  fields: FieldTerm[];
  /** Empty for all. */
  levels: LevelName[];
  isInvalidOnly: boolean;
  /** Epoch milliseconds; `toMs` is excluded. */
  fromMs: number | undefined;
  toMs: number | undefined;
};

export type TextTerm = { text: string; isNegated: boolean };
export type PatternTerm = { source: string; flags: string; isNegated: boolean };
export type FieldOperator = "=" | ">" | "<" | ">=" | "<=";
export type FieldTerm = {
  /** Path of a field: `status`, `data.user.id`. */
  field: string;
  operator: FieldOperator;
  /** `*` with `=` is any value. */
  value: string;
  isAny: boolean;
  isNegated: boolean;
};

/** `none`: the line states no level. */
export type LevelName = LogLevel | "none";
export const LEVEL_NAMES: readonly LevelName[] = [...LOG_LEVELS, "none"];

export type FilterParams = {
  q?: string | undefined;
  not?: string | undefined;
  re?: string | undefined;
  lvl?: string | undefined;
  f?: readonly string[] | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** The parameter that cannot be understood, and what to do about it. */
export class FilterError extends Error {
  override readonly name = "FilterError";
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

const MAX_TEXT_LENGTH = 1_000;
const MAX_TERMS = 20;

/** A phrase, a pattern, or what stands up to the next space: a path such as /v1/pay is a word. */
const TOKEN = /(-?)(?:"((?:[^"\\]|\\.)*)"|\/((?:[^/\\]|\\.)+)\/(i?)(?=\s|$)|(\S+))/gu;

const unquote = (text: string): string => text.replace(/\\(["\\])/g, "$1");

/** The terms of a text as it is typed. A lone quote or slash is an ordinary character. */
export const parseText = (
  text: string,
): Pick<LogFilter, "texts" | "patterns" | "isInvalidOnly"> => {
  const texts: TextTerm[] = [];
  const patterns: PatternTerm[] = [];
  let isInvalidOnly = false;
  for (const [, minus, phrase, source, flags = "", word] of text.matchAll(TOKEN)) {
    const isNegated = minus === "-";
    if (source !== undefined) patterns.push({ source, flags, isNegated });
    else if (phrase !== undefined) {
      if (phrase !== "") texts.push({ text: unquote(phrase), isNegated });
    } else if (word === "is:invalid" && !isNegated) isInvalidOnly = true;
    else if (word !== undefined) texts.push({ text: word, isNegated });
  }
  return { texts, patterns, isInvalidOnly };
};

/** A text term as it is typed; the reverse of parseText for one term. */
export const formatTextTerm = ({ text, isNegated }: TextTerm): string =>
  `${isNegated ? "-" : ""}"${text.replace(/["\\]/g, "\\$&")}"`;

const OPERATOR = /^(>=|<=|>|<)/;

/** The part before the first colon that no backslash guards. */
const FIELD = /^(-?)((?:[^:\\]|\\.)+):([\s\S]*)$/u;

/** Throws FilterError where the text is no `field:value`. */
export const parseField = (text: string): FieldTerm => {
  const match = FIELD.exec(text);
  if (match === null)
    throw new FilterError("f", `f must be field:value, such as status:500; ${text} is not.`);
  const [, minus, name = "", rest = ""] = match;
  const operator = (OPERATOR.exec(rest)?.[0] ?? "=") as FieldOperator;
  const value = operator === "=" ? rest : rest.slice(operator.length);
  if (operator !== "=" && (value.trim() === "" || !Number.isFinite(Number(value))))
    throw new FilterError(
      "f",
      `f compares numbers: ${name}:${rest} needs one, as in ${name}:>500.`,
    );
  return {
    field: name.replace(/\\([\s\S])/gu, "$1"),
    operator,
    value: operator === "=" && value.startsWith("\\") ? value.slice(1) : value,
    isAny: operator === "=" && value === "*",
    isNegated: minus === "-",
  };
};

/** The reverse of parseField. */
export const formatField = ({ field, operator, value, isAny, isNegated }: FieldTerm): string => {
  const name = field.replace(/[\\:]/g, "\\$&").replace(/^-/, "\\-");
  const needsGuard = operator === "=" && !isAny && (/^[<>\\]/.test(value) || value === "*");
  return `${isNegated ? "-" : ""}${name}:${operator === "=" ? "" : operator}${needsGuard ? "\\" : ""}${value}`;
};

const parseLevels = (text: string): LevelName[] => {
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !LEVEL_NAMES.includes(name as LevelName));
  if (unknown !== undefined)
    throw new FilterError(
      "lvl",
      `lvl must be some of ${LEVEL_NAMES.join(", ")}; ${unknown} is not.`,
    );
  return LEVEL_NAMES.filter((name) => names.includes(name));
};

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time: RFC 3339, an epoch, `now`, or `-15m` (s, m, h, d) before it. */
export const parseWhen = (
  name: string,
  text: string | undefined,
  nowMs: number,
): number | undefined => {
  if (text === undefined || text === "") return undefined;
  if (text === "now") return nowMs;
  const ago = /^-(\d{1,6})([smhd])$/.exec(text);
  if (ago) return nowMs - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS];
  const ms = parseTime(text);
  if (ms !== undefined) return ms;
  throw new FilterError(
    name,
    `${name} must be a time such as 2026-11-22T13:00:00Z, or -15m, -3h, -7d before now.`,
  );
};

const requireShort = (parameter: string, text: string): string => {
  if (text.length <= MAX_TEXT_LENGTH) return text;
  throw new FilterError(parameter, `${parameter} may have ${MAX_TEXT_LENGTH} characters.`);
};

/** Throws FilterError naming the parameter that cannot be understood. */
export const parseFilter = (params: FilterParams, nowMs: number): LogFilter => {
  const { texts, patterns, isInvalidOnly } = parseText(requireShort("q", params.q ?? ""));
  const not = parseText(requireShort("not", params.not ?? "")).texts;
  const source = requireShort("re", params.re ?? "");
  const fields = (params.f ?? []).map((text) => parseField(requireShort("f", text)));
  const filter = {
    texts: [...texts, ...not.map(({ text }) => ({ text, isNegated: true }))],
    patterns: source === "" ? patterns : [...patterns, { source, flags: "i", isNegated: false }],
    fields,
    levels: parseLevels(params.lvl ?? ""),
    isInvalidOnly,
    fromMs: parseWhen("from", params.from, nowMs),
    toMs: parseWhen("to", params.to, nowMs),
  };
  if (filter.texts.length + filter.patterns.length > MAX_TERMS || fields.length > MAX_TERMS)
    throw new FilterError("q", `At most ${MAX_TERMS} terms can be asked for at once.`);
  return filter;
};

/** Whether every line passes. */
export const isEmptyFilter = (filter: LogFilter): boolean =>
  filter.texts.length === 0 &&
  filter.patterns.length === 0 &&
  filter.fields.length === 0 &&
  filter.levels.length === 0 &&
  !filter.isInvalidOnly &&
  filter.fromMs === undefined &&
  filter.toMs === undefined;
