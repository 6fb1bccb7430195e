import { type Column, createFieldTree, type FieldTree } from "./field-tree.ts";
import { levelIndexOf, NO_LEVEL, timeOf, valueText } from "./line-roles.ts";
import { createLineScanner, OBJECT, SKIP } from "./scan-line.ts";

/** Lines of one object, or of a window into it. */
export type Segment = {
  /** What the reader knows this object by. */
  source: number;
  bytes: Uint8Array;
  /** Where each line begins; one more entry marks the end of the last. */
  starts: Uint32Array;
  /** Number of its first line among all lines here. */
  firstLine: number;
  /** Lines and bytes of the object that come before this segment. */
  linesBefore: number;
  bytesBefore: number;
};

/** All lines that were loaded, as bytes, with what is asked of them most. */
export type LineTable = {
  readonly segments: readonly Segment[];
  readonly columns: readonly Column[];
  /** Every field that was seen, by the bytes of its name. */
  readonly tree: FieldTree;
  readonly lineCount: number;
  readonly byteCount: number;
  readonly invalidCount: number;
  /** By line, position in LEVEL_NAMES. */
  readonly levels: Uint8Array;
  /** By line, epoch ms; a line that states no time has that of the line before it. */
  readonly times: Float64Array;
  /** By line: 1 = is JSON, 2 = states a time of its own. */
  readonly flags: Uint8Array;
  add(segment: {
    source: number;
    bytes: Uint8Array;
    linesBefore?: number;
    bytesBefore?: number;
  }): void;
};

export const IS_JSON = 1;
export const HAS_TIME = 2;

const NEWLINE = 0x0a;

const grown = <T extends Uint8Array | Uint16Array | Float64Array>(
  array: T,
  length: number,
  make: (length: number) => T,
): T => {
  if (array.length >= length) return array;
  const next = make(Math.max(length, array.length * 2));
  next.set(array as never);
  return next;
};

const countLines = (bytes: Uint8Array): number => {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return bytes.length > 0 && bytes[bytes.length - 1] !== NEWLINE ? count + 1 : count;
};

const startsOf = (bytes: Uint8Array): Uint32Array => {
  const starts = new Uint32Array(countLines(bytes) + 1);
  let line = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    line += 1;
    starts[line] = at + 1;
  }
  // A last line without its line break still ends one byte before "the next line".
  if (line < starts.length - 1) starts[starts.length - 1] = bytes.length + 1;
  return starts;
};

/** The segment a line is in, and where its bytes lie, without their line break. */
export const locateLine = (
  table: Pick<LineTable, "segments">,
  line: number,
): { segment: Segment; index: number; start: number; end: number } => {
  let low = 0;
  let high = table.segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((table.segments[middle] as Segment).firstLine <= line) low = middle;
    else high = middle - 1;
  }
  const segment = table.segments[low];
  if (segment === undefined) throw new RangeError(`There is no line ${line}.`);
  const index = line - segment.firstLine;
  const start = segment.starts[index] ?? 0;
  return { segment, index, start, end: Math.max(start, (segment.starts[index + 1] ?? 1) - 1) };
};

/** An empty table. Numbers of lines are 32 bit, sizes those of one browser tab: keep to 64 MB or so. */
export const createLineTable = (): LineTable => {
  const tree = createFieldTree();
  const segments: Segment[] = [];
  const columns: Column[] = [];
  let levels = new Uint8Array();
  let times = new Float64Array();
  let flags = new Uint8Array();
  let lineCount = 0;
  let byteCount = 0;
  let invalidCount = 0;
  let capacity = 0;
  let lastTime = Number.NaN;
  let isTimeless = true;

  // What the scanner tells of the line it reads.
  let bytes: Uint8Array = new Uint8Array();
  let line = 0;
  let level = NO_LEVEL;
  let levelRank = 0;
  let time = Number.NaN;
  let timeRank = 0;
  const touched: Column[] = [];

  const scan = createLineScanner((parent, nameStart, nameEnd, start, end, kind) => {
    const id = tree.child(parent, bytes, nameStart, nameEnd);
    const node = tree.nodes[id];
    if (node === undefined) return SKIP;
    if (kind === OBJECT) return id;
    if (node.column === undefined) {
      // A path may be spelled as nested objects here and as one dotted name there.
      node.column = columns.find(({ path }) => path === node.path);
      if (node.column !== undefined) node.column.isMany = true;
      node.column ??= {
        path: node.path,
        ids: new Uint16Array(capacity),
        values: [],
        kinds: [],
        isMany: false,
      };
      if (!columns.includes(node.column)) columns.push(node.column);
    }
    const { column, role } = node;
    const value = tree.valueId(node, column, bytes, start, end, kind);
    if (value > 0) {
      column.ids[line] = value;
      touched.push(column);
    }
    if (role === undefined) return SKIP;
    if (role.role === "time" && role.rank <= timeRank) {
      const ms = timeOf(node.path, valueText(bytes, start, end, kind), kind);
      if (ms !== undefined) {
        time = ms;
        timeRank = role.rank;
      }
    } else if (role.role === "level" && role.rank <= levelRank && end - start < 40) {
      const index = levelIndexOf(valueText(bytes, start, end, kind), kind);
      if (index !== undefined) {
        level = index;
        levelRank = role.rank;
      }
    }
    return SKIP;
  });

  const grow = (length: number): void => {
    levels = grown(levels, length, (size) => new Uint8Array(size));
    times = grown(times, length, (size) => new Float64Array(size));
    flags = grown(flags, length, (size) => new Uint8Array(size));
    capacity = levels.length;
    for (const column of columns)
      if (!column.isMany) column.ids = grown(column.ids, capacity, (size) => new Uint16Array(size));
  };

  const addLine = (start: number, end: number): void => {
    level = NO_LEVEL;
    levelRank = Number.MAX_SAFE_INTEGER;
    time = Number.NaN;
    timeRank = Number.MAX_SAFE_INTEGER;
    touched.length = 0;
    const isValid = scan(bytes, start, end);
    if (!isValid) {
      // What was read of a broken line before it broke is not to be relied on.
      for (const column of touched) if (!column.isMany) column.ids[line] = 0;
      level = NO_LEVEL;
      time = Number.NaN;
      invalidCount += 1;
    }
    const hasTime = !Number.isNaN(time);
    levels[line] = level;
    flags[line] = (isValid ? IS_JSON : 0) | (hasTime ? HAS_TIME : 0);
    if (hasTime) {
      if (isTimeless) times.fill(time, 0, line);
      isTimeless = false;
      lastTime = time;
    }
    times[line] = lastTime;
  };

  return {
    segments,
    columns,
    tree,
    get lineCount() {
      return lineCount;
    },
    get byteCount() {
      return byteCount;
    },
    get invalidCount() {
      return invalidCount;
    },
    get levels() {
      return levels;
    },
    get times() {
      return times;
    },
    get flags() {
      return flags;
    },
    add: ({ source, bytes: added, linesBefore = 0, bytesBefore = 0 }) => {
      const starts = startsOf(added);
      const count = starts.length - 1;
      segments.push({
        source,
        bytes: added,
        starts,
        firstLine: lineCount,
        linesBefore,
        bytesBefore,
      });
      grow(lineCount + count);
      bytes = added;
      for (let index = 0; index < count; index += 1) {
        line = lineCount + index;
        const start = starts[index] as number;
        addLine(start, Math.max(start, (starts[index + 1] as number) - 1));
      }
      lineCount += count;
      byteCount += added.length;
    },
  };
};
