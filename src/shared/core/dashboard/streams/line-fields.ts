/** A member of a JSON object as its text has it: no number is read, so none is rounded. */
export type Field = { readonly name: string; readonly value: string };

const MAX_FIELDS = 200;
const SPACE = /[ \t\r\n]/;

/** The end of the string that starts at `start`, behind its closing quote; -1 where it has none. */
const stringEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return -1;
};

/** The end of any value: at the comma or bracket of its own level. */
const valueEnd = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = stringEnd(text, at) - 1;
      if (at < 0) return -1;
    } else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") {
      if (depth === 0) return at;
      depth -= 1;
    } else if (character === "," && depth === 0) return at;
  }
  return -1;
};

/** Text of a JSON string without its quotes; anything else as it stands. */
export const plainValue = (value: string): string => {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
};

/** The members of a JSON object in their order, at most 200. Undefined where the text is none. */
export const fieldsOf = (text: string): Field[] | undefined => {
  let at = 0;
  const skip = () => {
    while (at < text.length && SPACE.test(text[at] ?? "")) at += 1;
  };
  skip();
  if (text[at] !== "{") return undefined;
  at += 1;
  const fields: Field[] = [];
  while (fields.length < MAX_FIELDS) {
    skip();
    if (text[at] === "}") return fields;
    if (text[at] !== '"') return undefined;
    const nameEnd = stringEnd(text, at);
    if (nameEnd < 0) return undefined;
    const name = plainValue(text.slice(at, nameEnd));
    at = nameEnd;
    skip();
    if (text[at] !== ":") return undefined;
    at += 1;
    skip();
    const end = valueEnd(text, at);
    if (end < 0) return undefined;
    fields.push({ name, value: text.slice(at, end).trimEnd() });
    at = end;
    if (text[at] === ",") at += 1;
  }
  return fields;
};

export type LineSummary = {
  readonly time: string | undefined;
  readonly service: string | undefined;
  readonly message: string | undefined;
  /** What is left, as `name=value`. */
  readonly rest: readonly Field[];
};

const TIMES = new Set(["timestamp", "@timestamp", "time", "ts"]);
const SERVICES = new Set(["service", "service.name", "source"]);
const MESSAGES = new Set(["message", "msg", "body", "event"]);
const LEVELS = new Set(["level", "severity", "severityText", "severity_text", "log.level", "lvl"]);

/** What a row shows of a log; undefined where the text is no JSON object. */
export const summaryOf = (text: string): LineSummary | undefined => {
  const outer = fieldsOf(text);
  if (outer === undefined) return undefined;
  const data = outer.find(({ name, value }) => name === "data" && value.startsWith("{"));
  const inner = data && fieldsOf(data.value);
  const fields = inner ? [...outer.filter((field) => field !== data), ...inner] : outer;
  const find = (names: ReadonlySet<string>) =>
    fields.find(({ name, value }) => names.has(name) && value !== '""' && value !== "null");
  const [time, service, message] = [find(TIMES), find(SERVICES), find(MESSAGES)];
  return {
    time: time && plainValue(time.value),
    service: service && plainValue(service.value),
    message: message && plainValue(message.value),
    rest: fields.filter(
      (field) =>
        field !== time && field !== service && field !== message && !LEVELS.has(field.name),
    ),
  };
};
