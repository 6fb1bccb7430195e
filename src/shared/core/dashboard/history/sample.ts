import type { Attempt } from "../backend-error.ts";
import type { ConsumerStatus } from "../consumer-status.ts";
import type { IngestStatus } from "../ports.ts";

/** What counts up for ever, or until its process starts again. Null where nobody said. */
export type Counters = {
  /** Logs accepted over HTTP, and refused. */
  accepted: number | null;
  rejected: number | null;
  requests: number | null;
  /** Kinesis records that were throttled. */
  throttled: number | null;
  /** Logs stored, and their bytes. */
  landed: number | null;
  landedBytes: number | null;
  quarantined: number | null;
};

export type ShardSample = {
  stream: string;
  shardId: string;
  lagMs: number | null;
  records: number;
};

/** The whole pipeline at one moment. */
export type Sample = {
  /** Epoch milliseconds. */
  at: number;
  counters: Counters;
  /** Worst of the polled shards. */
  lagMs: number | null;
  spooledLogs: number | null;
  shards: readonly ShardSample[];
};

/** More shards than these have no history of their own. */
const MAX_SHARDS = 64;

/** One sample from what ingestion interface and consumer say of themselves. */
export const sampleOf = (
  at: number,
  ingest: Attempt<IngestStatus> | undefined,
  consumer: Attempt<ConsumerStatus>,
): Sample => {
  const status = ingest?.ok ? ingest.value : undefined;
  const totals = consumer.ok ? consumer.value.totals : null;
  return {
    at,
    counters: {
      accepted: status?.accepted ?? null,
      rejected: status?.rejected ?? null,
      requests: status?.requests ?? null,
      throttled: status?.throttledRecords ?? null,
      landed: totals?.lines ?? null,
      landedBytes: totals?.bytes ?? null,
      quarantined: totals?.quarantined ?? null,
    },
    lagMs: consumer.ok ? consumer.value.millisBehindLatest : null,
    spooledLogs: status?.spool?.logs ?? null,
    shards: (consumer.ok ? consumer.value.shards : [])
      .filter(({ drained }) => !drained)
      .slice(0, MAX_SHARDS)
      .map(({ stream, shardId, millisBehindLatest, records }) => ({
        stream,
        shardId,
        lagMs: millisBehindLatest,
        records,
      })),
  };
};
