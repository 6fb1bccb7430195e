import type { ExportFormat } from "../../shared/core/dashboard/logs/export-lines.ts";
import type { Facets, Histogram } from "../../shared/core/dashboard/logs/facets.ts";
import type { FilterParams } from "../../shared/core/dashboard/logs/log-filter.ts";
import type { LogDetail, LogRow } from "../../shared/core/dashboard/logs/log-row.ts";

/** What the page asks of its worker, and what it is answered. Lines are numbers in load order. */
export type Requests = {
  load: {
    ask: {
      source: number;
      url: string;
      /** Bytes of one answer, where answers are bounded; the object is asked for in pieces. */
      chunkBytes: number | null;
      size: number;
      isCompressed: boolean;
      isWindow: boolean;
    };
    answer: {
      lineCount: number;
      byteCount: number;
      invalidCount: number;
      /** Where the next window begins, and whether there is one before. */
      next: { line: number; byte: number } | null;
      tookMs: number;
    };
  };
  filter: {
    ask: { params: FilterParams; nowMs: number; byTime: boolean };
    answer: {
      /** In the order of the view. */
      hits: Uint32Array<ArrayBuffer>;
      levelCounts: number[];
      total: number;
      facets: Facets;
      histogram: Histogram | null;
      /** From the first to the last time of all that was loaded. */
      extent: { minMs: number; maxMs: number } | null;
      tookMs: number;
    };
  };
  rows: { ask: { lines: number[] }; answer: LogRow[] };
  detail: { ask: { line: number; isWhole: boolean }; answer: LogDetail };
  /** Lines around one that no filter hides; `start` to `end` are the hits that are among them. */
  around: {
    ask: { line: number; before: number; after: number };
    answer: { lines: number[]; start: number; end: number; before: number; after: number };
  };
  /** The next hit of one of these levels, or -1. */
  next: { ask: { index: number; step: 1 | -1; levels: number[] }; answer: number };
  /** The line a permalink names, and its place among the hits, or -1 each. */
  locate: { ask: { source: number; number: number }; answer: { line: number; index: number } };
  indexOf: { ask: { line: number }; answer: number };
  export: { ask: { format: ExportFormat; isDescending: boolean }; answer: Blob };
  times: { ask: { lines: [number, number] }; answer: [number | null, number | null] };
};

export type RequestName = keyof Requests;
export type ToWorker = {
  [K in RequestName]: { id: number; name: K; ask: Requests[K]["ask"] };
}[RequestName];
export type FromWorker =
  | { id: number; answer: unknown }
  | { id: number; problem: { message: string; code: string } }
  | { id: number; progress: number };
