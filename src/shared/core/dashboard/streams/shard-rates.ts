import { SourceError } from "../../event-source/source.ts";
import { SHARD_WRITE_BYTES_PER_SECOND, SHARD_WRITE_RECORDS_PER_SECOND } from "../../limits.ts";
import { attempt, BackendError } from "../backend-error.ts";
import { mapBounded } from "../bounded.ts";
import { createMemo } from "../memo.ts";
import type { Known } from "./known.ts";
import type { RecordSource } from "./ports.ts";

export type ShardRate = {
  recordsPerSecond: number;
  bytesPerSecond: number;
  /** Of what one shard takes: the nearer of its two limits, 1 is all of it. */
  writeShare: number;
};

export type ShardRates = {
  /** What arrived in the last seconds, of each shard; unknown with the reason. */
  measure(
    stream: string,
    shardIds: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, Known<ShardRate>>>;
};

const WINDOW_MS = 10_000;
/** A full answer of large records would use up what the consumer may read, so it stays small. */
const MAX_RECORDS = 100;
const MAX_SHARDS = 16;
const FAN_OUT = 4;
const CACHE_MS = 10_000;

/** A shard this near to its limit is hot. */
export const HOT_SHARE = 0.8;

const rateOf = (records: number, bytes: number, ms: number): ShardRate => {
  const seconds = Math.max(ms, 1) / 1000;
  const recordsPerSecond = records / seconds;
  const bytesPerSecond = bytes / seconds;
  return {
    recordsPerSecond,
    bytesPerSecond,
    writeShare: Math.max(
      recordsPerSecond / SHARD_WRITE_RECORDS_PER_SECOND,
      bytesPerSecond / SHARD_WRITE_BYTES_PER_SECOND,
    ),
  };
};

/**
 * Measures what comes in by reading it: one GetRecords of at most 100 records per shard and 10 s.
 * Where that holds fewer than came, the rate is that of their arrival times.
 */
export const createShardRates = ({
  source,
  now,
}: {
  source: RecordSource;
  now: () => number;
}): ShardRates => {
  const memo = createMemo<Known<ShardRate>>(CACHE_MS, now);

  const measureOne = async (
    stream: string,
    shardId: string,
    signal: AbortSignal,
  ): Promise<Known<ShardRate>> => {
    const from = now() - WINDOW_MS;
    const position = {
      type: "AT_TIMESTAMP",
      timestamp: new Date(from).toISOString(),
    } as const;
    const read = await attempt(async () => {
      try {
        const iterator = await source.getIterator(stream, shardId, position, signal);
        return await source.getRecords(iterator, MAX_RECORDS, signal);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        throw new BackendError({ backend: "kinesis", kind: "failed", code: error.code });
      }
    });
    if (!read.ok) return { value: null, reason: read.error.message };
    const { records, millisBehindLatest } = read.value;
    const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
    const last = records.at(-1)?.arrivedAtMs;
    const isWhole = millisBehindLatest === 0 || last === undefined;
    return {
      value: rateOf(records.length, bytes, isWhole ? WINDOW_MS : last - from),
      reason: null,
    };
  };

  return {
    measure: async (stream, shardIds, signal) => {
      const measured = shardIds.slice(0, MAX_SHARDS);
      const rates = await mapBounded(measured, FAN_OUT, (shardId) =>
        memo(`${stream}/${shardId}`, () => measureOne(stream, shardId, signal)),
      );
      const reason = `Only ${MAX_SHARDS} shards are measured at once, to leave reads to the consumer.`;
      return new Map(
        shardIds.map((shardId, index) => [shardId, rates[index] ?? { value: null, reason }]),
      );
    },
  };
};
