import type { RecordPage, ShardPosition } from "../../event-source/source.ts";

/**
 * Reads records of any stream, one attempt per call. Throws SourceError where the reader can do
 * something about it (NOT_FOUND, ITERATOR_UNUSABLE, POSITION_REFUSED, THROTTLED, ABORTED) and
 * BackendError for everything else.
 */
export type RecordSource = {
  getIterator(
    stream: string,
    shardId: string,
    position: ShardPosition,
    signal: AbortSignal,
  ): Promise<string>;
  getRecords(iterator: string, limit: number, signal: AbortSignal): Promise<RecordPage>;
};

/** Resolves after `ms`, or as soon as the signal is aborted. Never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;
