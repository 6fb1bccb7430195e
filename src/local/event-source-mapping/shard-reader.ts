import {
  type RecordPage,
  type ShardPosition,
  SourceError,
  type StreamRecord,
  type StreamSource,
} from "../../shared/core/event-source/source.ts";
import { GET_RECORDS_MAX_RECORDS } from "../../shared/core/limits.ts";

export type ReadPage = {
  readonly records: readonly StreamRecord[];
  readonly millisBehindLatest: number;
  /** More is known to wait in the stream. */
  readonly hasMore: boolean;
  /** The shard is closed and this was its last page. */
  readonly isEnd: boolean;
};

export type ShardReader = { read(signal: AbortSignal): Promise<ReadPage> };

export type ShardReaderDeps = {
  source: StreamSource;
  /** Called before an iterator is renewed; throws where there is nothing left to read from. */
  beforeReopen(signal: AbortSignal): Promise<void>;
  /** The record after which reading was to go on is no longer in the stream. */
  onGap(lastRead: string, firstFound: string): void;
};

/**
 * Reads one shard page by page, each record once and in order, from after the checkpoint, or where
 * there is none from the first record that arrived at `startTimestamp`, or from TRIM_HORIZON. Renews iterators that expired. Throws SourceError; the next
 * call then goes on where the last good page ended.
 */
export const createShardReader = (
  { source, beforeReopen, onGap }: ShardReaderDeps,
  { streamName, shardId }: { streamName: string; shardId: string },
  checkpoint: string | null,
  startTimestamp: string | null = null,
): ShardReader => {
  const start: ShardPosition =
    startTimestamp === null
      ? { type: "TRIM_HORIZON" }
      : { type: "AT_TIMESTAMP", timestamp: startTimestamp };

  let lastRead = checkpoint;
  let iterator: string | undefined;
  let wasOpened = false;
  let isProbing = false;

  const open = async (signal: AbortSignal): Promise<string> => {
    if (wasOpened) await beforeReopen(signal);
    wasOpened = true;
    // AT the last record instead of AFTER it: that it comes again proves that nothing was trimmed.
    const position: ShardPosition =
      lastRead === null ? start : { type: "AT_SEQUENCE_NUMBER", sequenceNumber: lastRead };
    const opened = await source.getIterator(streamName, shardId, position, signal);
    isProbing = lastRead !== null;
    return opened;
  };

  const getPage = async (signal: AbortSignal): Promise<RecordPage> => {
    for (let renewals = 0; ; renewals += 1) {
      iterator ??= await open(signal);
      try {
        return await source.getRecords(iterator, GET_RECORDS_MAX_RECORDS, signal);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        const isUnusable = error.code === "ITERATOR_UNUSABLE";
        if (isUnusable || error.code === "NOT_FOUND") iterator = undefined;
        if (!isUnusable || renewals > 0) throw error;
      }
    }
  };

  const withoutSeen = (records: readonly StreamRecord[]): readonly StreamRecord[] => {
    const first = records[0];
    if (lastRead === null || first === undefined) return records;
    if (isProbing && first.sequenceNumber !== lastRead) onGap(lastRead, first.sequenceNumber);
    isProbing = false;
    const seen = BigInt(lastRead);
    const start = records.findIndex(({ sequenceNumber }) => BigInt(sequenceNumber) > seen);
    return start < 0 ? [] : records.slice(start);
  };

  return {
    read: async (signal) => {
      const page = await getPage(signal);
      const records = withoutSeen(page.records);
      lastRead = records.at(-1)?.sequenceNumber ?? lastRead;
      iterator = page.nextIterator;
      return {
        records,
        millisBehindLatest: page.millisBehindLatest,
        hasMore: page.millisBehindLatest > 0 || page.records.length >= GET_RECORDS_MAX_RECORDS,
        isEnd: page.nextIterator === undefined,
      };
    },
  };
};
