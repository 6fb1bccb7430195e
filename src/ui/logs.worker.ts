import { exportLines } from "../shared/core/dashboard/logs/export-lines.ts";
import { countFacets, countHistogram, timeExtent } from "../shared/core/dashboard/logs/facets.ts";
import { filterLines } from "../shared/core/dashboard/logs/filter-lines.ts";
import { createLineTable } from "../shared/core/dashboard/logs/line-table.ts";
import { parseFilter } from "../shared/core/dashboard/logs/log-filter.ts";
import { detailOf, rowOf } from "../shared/core/dashboard/logs/log-row.ts";
import { UnpackError } from "../shared/core/dashboard/logs/unpack.ts";
import { loadObject, loadWindow } from "./logs/load-bytes.ts";
import type { FromWorker, RequestName, Requests, ToWorker } from "./logs/protocol.ts";

/** The engine of the log viewer: all lines are here, as bytes; the page has only what is in view. */

const MAX_TABLE_BYTES = 96 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

const table = createLineTable();
let hits = new Uint32Array();
/** Line numbers by time, and the place of each line in it; undefined where that is the same. */
let order: Uint32Array | undefined;
let ranks: Uint32Array | undefined;
let orderedLines = 0;

const reply = (message: FromWorker): void => postMessage(message);

const arrange = (byTime: boolean): void => {
  if (!byTime) {
    order = undefined;
    ranks = undefined;
    orderedLines = 0;
    return;
  }
  if (order !== undefined && orderedLines === table.lineCount) return;
  const { times } = table;
  order = Uint32Array.from({ length: table.lineCount }, (_, line) => line).sort(
    (a, b) => (times[a] as number) - (times[b] as number) || a - b,
  );
  ranks = new Uint32Array(order.length);
  for (let rank = 0; rank < order.length; rank += 1) ranks[order[rank] as number] = rank;
  orderedLines = table.lineCount;
};

const rankOf = (line: number): number => (ranks === undefined ? line : (ranks[line] ?? line));
const lineAt = (rank: number): number => (order === undefined ? rank : (order[rank] ?? rank));

/** How many hits come before a rank. */
const hitsBefore = (rank: number): number => {
  let low = 0;
  let high = hits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rankOf(hits[middle] as number) < rank) low = middle + 1;
    else high = middle;
  }
  return low;
};

const indexOf = (line: number): number => {
  const index = hitsBefore(rankOf(line));
  return hits[index] === line ? index : -1;
};

const answers: {
  [K in RequestName]: (
    ask: Requests[K]["ask"],
    id: number,
  ) => Requests[K]["answer"] | Promise<Requests[K]["answer"]>;
} = {
  load: async (ask, id) => {
    const startedAt = performance.now();
    let next: { line: number; byte: number } | null = null;
    if (ask.isWindow) {
      const window = await loadWindow(ask.url);
      next = window.next;
      const linesBefore = window.firstLine - 1;
      table.add({ ...window, source: ask.source, linesBefore, bytesBefore: window.firstByte });
    } else {
      let told = 0;
      const room = MAX_TABLE_BYTES - table.byteCount;
      const bytes = await loadObject(ask, room, (size) => {
        if (size - told < CHUNK_BYTES) return;
        told = size;
        reply({ id, progress: size });
      });
      table.add({ source: ask.source, bytes });
    }
    const { lineCount, byteCount, invalidCount } = table;
    return { lineCount, byteCount, invalidCount, next, tookMs: performance.now() - startedAt };
  },

  filter: ({ params, nowMs, byTime }) => {
    const startedAt = performance.now();
    arrange(byTime);
    const filter = parseFilter(params, nowMs);
    const { lines, mask, levelCounts } = filterLines(table, filter);
    if (order === undefined) hits = lines;
    else hits = order.filter((line) => mask[line] === 1);
    const extent = timeExtent(table) ?? null;
    const domain = extent && {
      minMs: filter.fromMs ?? extent.minMs,
      maxMs: Math.max(
        filter.fromMs ?? extent.minMs,
        filter.toMs === undefined ? extent.maxMs : filter.toMs - 1,
      ),
    };
    return {
      hits: hits.slice(),
      levelCounts,
      total: table.lineCount,
      facets: countFacets(table, lines),
      histogram: domain && countHistogram(table, lines, domain),
      extent,
      tookMs: performance.now() - startedAt,
    };
  },

  rows: ({ lines }) => lines.map((line) => rowOf(table, line)),
  detail: ({ line, isWhole }) => detailOf(table, line, isWhole),

  around: ({ line, before, after }) => {
    const rank = rankOf(line);
    const first = Math.max(0, rank - before);
    const last = Math.min(table.lineCount - 1, rank + after);
    const lines = Array.from({ length: last - first + 1 }, (_, at) => lineAt(first + at));
    return {
      lines,
      start: hitsBefore(first),
      end: hitsBefore(last + 1),
      before: rank - first,
      after: last - rank,
    };
  },

  next: ({ index, step, levels }) => {
    for (let at = index + step; at >= 0 && at < hits.length; at += step)
      if (levels.includes(table.levels[hits[at] as number] as number)) return at;
    return -1;
  },

  locate: ({ source, number }) => {
    for (const segment of table.segments) {
      const at = number - 1 - segment.linesBefore;
      if (segment.source !== source || at < 0 || at >= segment.starts.length - 1) continue;
      const line = segment.firstLine + at;
      return { line, index: indexOf(line) };
    }
    return { line: -1, index: -1 };
  },

  indexOf: ({ line }) => indexOf(line),

  times: ({ lines: [from, to] }) => {
    const time = (line: number) => {
      const ms = table.times[line];
      return ms === undefined || Number.isNaN(ms) ? null : ms;
    };
    return [time(from), time(to)];
  },

  export: ({ format, isDescending }) => {
    const lines = isDescending ? hits.slice().reverse() : hits;
    const blobs: Blob[] = [];
    let waiting: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for (const part of exportLines(table, lines, format)) {
      waiting.push(part as Uint8Array<ArrayBuffer>);
      size += part.byteLength;
      if (size < CHUNK_BYTES) continue;
      blobs.push(new Blob(waiting));
      waiting = [];
      size = 0;
    }
    return new Blob([...blobs, ...waiting]);
  },
};

const handle = async <K extends RequestName>(
  id: number,
  name: K,
  ask: Requests[K]["ask"],
): Promise<void> => {
  try {
    reply({ id, answer: await answers[name](ask, id) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof UnpackError ? `unpack:${error.reason}` : "failed";
    reply({ id, problem: { message, code } });
  }
};

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  void handle(data.id, data.name, data.ask);
});
