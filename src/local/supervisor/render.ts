/** How the supervisor shows its own lines and those of its parts. */
export type Render = (part: string, line: string) => string;

const PART_WIDTH = 9;
const COLORS: Readonly<Record<string, string>> = {
  error: "\u001b[31m",
  warn: "\u001b[33m",
  debug: "\u001b[2m",
};
const DIM = "\u001b[2m";
const RESET = "\u001b[0m";

type LogLine = { level?: string; time?: string; msg?: string; err?: { message?: string } };

const parse = (line: string): LogLine | undefined => {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
};

const HIDDEN_FIELDS = new Set(["level", "time", "part", "msg", "pid", "hostname", "err"]);

const detailsOf = (log: LogLine): string => {
  const fields = Object.entries(log)
    .filter(([name]) => !HIDDEN_FIELDS.has(name))
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  if (log.err?.message) fields.unshift(log.err.message);
  return fields.join(" ");
};

/**
 * One log line for a person: `08:15:03 consumer  Wrote 100 logs to s3://…`. Fields are shown for
 * warnings and errors only; in normal operation the sentence says it all.
 */
export const createPrettyRender =
  (useColor: boolean): Render =>
  (part, line) => {
    const log = parse(line);
    const time = (log?.time ?? new Date().toISOString()).slice(11, 19);
    const level = log?.level ?? "info";
    const needsDetails = level === "warn" || level === "error";
    const details = log && needsDetails ? detailsOf(log) : "";
    const text = log ? [log.msg ?? "", details].filter((s) => s !== "").join("  ") : line;
    const prefix = `${time} ${part.padEnd(PART_WIDTH)} `;
    const mark = needsDetails ? `${level.toUpperCase()} ` : "";
    if (!useColor) return `${prefix}${mark}${text}`;
    return `${DIM}${prefix}${RESET}${COLORS[level] ?? ""}${mark}${text}${RESET}`;
  };

/** Parts' lines as they are; the supervisor's own are JSON already. */
export const rawRender: Render = (_part, line) => line;
