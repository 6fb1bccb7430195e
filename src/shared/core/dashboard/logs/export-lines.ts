import { describeLine } from "./describe-line.ts";
import { valueText } from "./line-roles.ts";
import { type LineTable, locateLine } from "./line-table.ts";
import { LEVEL_NAMES } from "./log-filter.ts";

export type ExportFormat = "jsonl" | "csv" | "txt";

const MAX_COLUMNS = 200;
const NEWLINE = new Uint8Array([0x0a]);
const encoder = new TextEncoder();

/** A spreadsheet would calculate a cell that begins like this. */
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** One CSV cell (RFC 4180). What a spreadsheet would take for a formula gets a `'` before it. */
export const csvCell = (text: string): string => {
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const fieldsOf = (
  table: LineTable,
  line: number,
): { values: Map<string, string>; raw: Uint8Array; level: number; timeMs: number | undefined } => {
  const { segment, start, end } = locateLine(table, line);
  const description = describeLine(segment.bytes, start, end);
  return {
    values: new Map(
      description.fields.map((field) => [
        field.path,
        valueText(segment.bytes, field.start, field.end, field.kind),
      ]),
    ),
    raw: segment.bytes.subarray(start, end),
    level: description.level,
    timeMs: description.timeMs,
  };
};

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Lines as csv: a column for each field there is, `raw` for lines that are no JSON object. */
const csvParts = function* (table: LineTable, lines: Iterable<number>): Generator<Uint8Array> {
  const paths = table.columns.slice(0, MAX_COLUMNS).map(({ path }) => path);
  const hasRaw = table.invalidCount > 0;
  yield encoder.encode(`${[...paths, ...(hasRaw ? ["raw"] : [])].map(csvCell).join(",")}\r\n`);
  for (const line of lines) {
    const { values, raw } = fieldsOf(table, line);
    const cells = paths.map((path) => csvCell(values.get(path) ?? ""));
    if (hasRaw) cells.push(values.size === 0 ? csvCell(decoder.decode(raw)) : "");
    yield encoder.encode(`${cells.join(",")}\r\n`);
  }
};

const textParts = function* (table: LineTable, lines: Iterable<number>): Generator<Uint8Array> {
  for (const line of lines) {
    const { segment, start, end } = locateLine(table, line);
    const { isValid, fields, level, timeMs, service, message } = describeLine(
      segment.bytes,
      start,
      end,
    );
    if (!isValid || fields.length === 0) {
      yield segment.bytes.subarray(start, end);
      yield NEWLINE;
      continue;
    }
    const time = timeMs === undefined ? "-" : new Date(timeMs).toISOString();
    const name = (LEVEL_NAMES[level] ?? "none").toUpperCase();
    const rest = fields
      .map((field) => [field.path, valueText(segment.bytes, field.start, field.end, field.kind)])
      .filter(([, value]) => value !== message && value !== service)
      .map(([path, value]) => `${path}=${value}`);
    const text = [time, name, service ?? "-", message ?? "", ...rest].join(" ");
    yield encoder.encode(`${text.replace(/[\r\n]+/g, " ")}\n`);
  }
};

const jsonlParts = function* (table: LineTable, lines: Iterable<number>): Generator<Uint8Array> {
  for (const line of lines) {
    const { segment, start, end } = locateLine(table, line);
    yield segment.bytes.subarray(start, end);
    yield NEWLINE;
  }
};

/** Exactly the given lines, in their order. As jsonl they have the bytes they are stored with. */
export const exportLines = (
  table: LineTable,
  lines: Iterable<number>,
  format: ExportFormat,
): Generator<Uint8Array> => {
  if (format === "csv") return csvParts(table, lines);
  return format === "txt" ? textParts(table, lines) : jsonlParts(table, lines);
};
