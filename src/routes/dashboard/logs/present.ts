import type {
  Hit,
  SearchEvent,
  SearchStats,
  SearchStop,
} from "../../../shared/core/dashboard/logs/search.ts";
import {
  encodeSearchCursor,
  type SearchCursor,
} from "../../../shared/core/dashboard/logs/search-cursor.ts";

const isoOf = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString();

export const hitJson = ({ key, line, firstByte, timeMs, level, service, raw, isCut }: Hit) => ({
  key,
  line,
  first_byte: firstByte,
  time: isoOf(timeMs),
  level: level === "none" ? null : level,
  service: service ?? null,
  raw,
  is_cut: isCut,
});

export const statsJson = (stats: SearchStats) => ({
  objects: stats.objects,
  bytes: stats.bytes,
  lines: stats.lines,
  hits: stats.hits,
  list_calls: stats.listCalls,
  elapsed_ms: stats.elapsedMs,
  hour: isoOf(stats.hourMs),
  incomplete_count: stats.incompleteCount,
  incomplete: stats.incomplete,
});

const endJson = (stats: SearchStats, stoppedBy: SearchStop, cursor: SearchCursor | undefined) => ({
  stopped_by: stoppedBy,
  next_cursor: cursor === undefined ? null : encodeSearchCursor(cursor),
  stats: statsJson(stats),
});

/** What one event says on the wire, under its own name. */
export const eventJson = (event: SearchEvent): object => {
  if (event.type === "hits") return { hits: event.hits.map(hitJson) };
  if (event.type === "progress") return { stats: statsJson(event.stats) };
  return endJson(event.stats, event.stoppedBy, event.cursor);
};

export type SearchJson = ReturnType<typeof endJson> & { hits: ReturnType<typeof hitJson>[] };

/** All events of a search as one answer. */
export const searchJson = (events: readonly SearchEvent[]): SearchJson => {
  const end = events.at(-1);
  if (end?.type !== "end") throw new Error("A search tells its end.");
  const hits = events.flatMap((event) => (event.type === "hits" ? event.hits.map(hitJson) : []));
  return { hits, ...endJson(end.stats, end.stoppedBy, end.cursor) };
};
