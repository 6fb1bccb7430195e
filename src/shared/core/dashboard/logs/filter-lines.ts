import { createTextFinder } from "./byte-search.ts";
import { describeLine } from "./describe-line.ts";
import { decodeBytes, valueText } from "./line-roles.ts";
import { IS_JSON, type LineTable, locateLine } from "./line-table.ts";
import { type FieldTerm, LEVEL_NAMES, type LogFilter, type TextTerm } from "./log-filter.ts";
import { createLineMatcher, matchesValue } from "./match-line.ts";
import { createLineScanner, OBJECT, STRING, type ValueKind } from "./scan-line.ts";

export type FilteredLines = {
  /** Numbers of the lines that pass, ascending. */
  lines: Uint32Array<ArrayBuffer>;
  /** By line, 1 where it passes. */
  mask: Uint8Array;
  /** How many would pass of each level, were all levels asked for. */
  levelCounts: number[];
};

const NO_FIELDS = {
  texts: [],
  patterns: [],
  levels: [],
  isInvalidOnly: false,
  fromMs: undefined,
  toMs: undefined,
};

/** Marks the lines of one segment that hold the text; the whole of it is searched in one go. */
const markText = (table: LineTable, term: TextTerm, mask: Uint8Array): void => {
  const find = createTextFinder(term.text);
  for (const { bytes, starts, firstLine } of table.segments) {
    const count = starts.length - 1;
    const found = new Uint8Array(count);
    let line = 0;
    let at = find(bytes, 0, bytes.length);
    while (at >= 0) {
      // Hits come in order: look a little ahead, then halve the rest.
      if ((starts[line + 1] as number) <= at) {
        let low = line + 1;
        let high = count - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if ((starts[middle] as number) <= at) low = middle;
          else high = middle - 1;
        }
        line = low;
      }
      found[line] = 1;
      if (line + 1 >= count) break;
      at = find(bytes, starts[line + 1] as number, bytes.length);
    }
    const keep = term.isNegated ? 0 : 1;
    for (let index = 0; index < count; index += 1)
      if (found[index] !== keep) mask[firstLine + index] = 0;
  }
};

/** A field whose values are not numbered: read again from the lines that are left. */
const markKnownField = (table: LineTable, term: FieldTerm, mask: Uint8Array): void => {
  const { tree } = table;
  let bytes: Uint8Array = new Uint8Array();
  let valueStart = -1;
  let valueEnd = -1;
  let valueKind: ValueKind = STRING;
  const scan = createLineScanner((parent, nameStart, nameEnd, start, end, kind) => {
    const id = tree.child(parent, bytes, nameStart, nameEnd);
    if (kind === OBJECT || tree.nodes[id]?.path !== term.field) return id;
    valueStart = start;
    valueEnd = end;
    valueKind = kind;
    return id;
  });
  for (let line = 0; line < table.lineCount; line += 1) {
    if (mask[line] === 0) continue;
    const { segment, start, end } = locateLine(table, line);
    bytes = segment.bytes;
    valueStart = -1;
    const isMatch =
      scan(bytes, start, end) &&
      valueStart >= 0 &&
      matchesValue(term, valueText(bytes, valueStart, valueEnd, valueKind));
    if (isMatch === term.isNegated) mask[line] = 0;
  }
};

const markField = (table: LineTable, term: FieldTerm, mask: Uint8Array): void => {
  const column = table.columns.find(({ path }) => path === term.field);
  if (column !== undefined && !column.isMany) {
    const keep = Uint8Array.from([
      Number(term.isNegated),
      ...column.values.map((value) => Number(matchesValue(term, value) !== term.isNegated)),
    ]);
    for (let line = 0; line < table.lineCount; line += 1)
      if (keep[column.ids[line] as number] === 0) mask[line] = 0;
    return;
  }
  if (column !== undefined) {
    markKnownField(table, term, mask);
    return;
  }
  const { matches } = createLineMatcher({ ...NO_FIELDS, fields: [term] });
  for (let line = 0; line < table.lineCount; line += 1) {
    if (mask[line] === 0) continue;
    const { segment, start, end } = locateLine(table, line);
    const description = describeLine(segment.bytes, start, end);
    if (!matches(segment.bytes, start, end, description)) mask[line] = 0;
  }
};

const markPattern = (
  table: LineTable,
  { source, flags, isNegated }: LogFilter["patterns"][number],
  mask: Uint8Array,
): void => {
  const pattern = new RegExp(source, flags);
  for (let line = 0; line < table.lineCount; line += 1) {
    if (mask[line] === 0) continue;
    const { segment, start, end } = locateLine(table, line);
    if (pattern.test(decodeBytes(segment.bytes, start, end)) === isNegated) mask[line] = 0;
  }
};

const markTime = (table: LineTable, { fromMs, toMs }: LogFilter, mask: Uint8Array): void => {
  if (fromMs === undefined && toMs === undefined) return;
  const from = fromMs ?? Number.NEGATIVE_INFINITY;
  const to = toMs ?? Number.POSITIVE_INFINITY;
  for (let line = 0; line < table.lineCount; line += 1) {
    const time = table.times[line] as number;
    if (!(time >= from && time < to)) mask[line] = 0;
  }
};

/**
 * The lines that pass a filter. Cheap questions first; patterns last, and they may take for ever: run
 * them where they can be stopped.
 */
export const filterLines = (table: LineTable, filter: LogFilter): FilteredLines => {
  const mask = new Uint8Array(table.lineCount).fill(1);
  if (filter.isInvalidOnly)
    for (let line = 0; line < mask.length; line += 1)
      if (((table.flags[line] as number) & IS_JSON) !== 0) mask[line] = 0;
  markTime(table, filter, mask);
  for (const term of filter.texts) markText(table, term, mask);
  for (const term of filter.fields) markField(table, term, mask);
  for (const term of filter.patterns) markPattern(table, term, mask);
  const levelCounts = LEVEL_NAMES.map(() => 0);
  for (let line = 0; line < mask.length; line += 1)
    if (mask[line] === 1)
      levelCounts[table.levels[line] as number] =
        (levelCounts[table.levels[line] as number] as number) + 1;
  if (filter.levels.length > 0) {
    const allowed = LEVEL_NAMES.map((name) => filter.levels.includes(name));
    for (let line = 0; line < mask.length; line += 1)
      if (!allowed[table.levels[line] as number]) mask[line] = 0;
  }
  let count = 0;
  for (const bit of mask) count += bit;
  const lines = new Uint32Array(count);
  for (let line = 0, at = 0; line < mask.length; line += 1)
    if (mask[line] === 1) {
      lines[at] = line;
      at += 1;
    }
  return { lines, mask, levelCounts };
};
