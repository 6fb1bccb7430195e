import type { Attempt } from "../../shared/core/dashboard/backend-error.ts";
import type { ConsumerStatus } from "../../shared/core/dashboard/consumer-status.ts";
import type { Tally } from "../../shared/core/dashboard/count.ts";
import { toKb, toMb } from "../../shared/core/dashboard/format.ts";
import type { Bounded, ObjectEntry } from "../../shared/core/dashboard/ports.ts";
import type { BucketRow, StreamDetail, StreamRow } from "../../shared/core/dashboard/reader.ts";
import { type LedgerBalance, worstState } from "../../shared/core/ledger.ts";

/** The API's JSON, field by field. Unknown figures are null and come with a reason, never 0. */

const iso = (time: Date | undefined): string | null => time?.toISOString() ?? null;

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

export const streamsJson = ({ items, isComplete }: Bounded<StreamRow>) => {
  const streams = items.map((row) => {
    const stream = row.ok ? row.value : undefined;
    return {
      name: row.name,
      status: stream?.status ?? null,
      shard_count: stream?.openShardCount ?? null,
      retention_hours: stream?.retentionHours ?? null,
      created_at: iso(stream?.createdAt),
      error: row.ok ? (stream ? null : "The stream does not exist.") : row.error.message,
    };
  });
  return {
    streams,
    total: streams.length,
    active: streams.filter(({ status }) => status === "ACTIVE").length,
    is_complete: isComplete,
  };
};

const HASH_SPACE = 2n ** 128n;

/** Share of the hash key space in percent, two decimals. */
const hashShare = (start: string, end: string): number =>
  Number(((BigInt(end) - BigInt(start) + 1n) * 10_000n) / HASH_SPACE) / 100;

export const streamJson = ({ description, shards }: StreamDetail) => ({
  stream_name: description.name,
  status: description.status,
  arn: description.arn,
  retention_hours: description.retentionHours,
  created_at: iso(description.createdAt),
  shards: shards.items.map((shard) => ({
    shard_id: shard.shardId,
    status: shard.endingSequenceNumber === undefined ? "OPEN" : "CLOSED",
    hash_range: { start: shard.startingHashKey, end: shard.endingHashKey },
    hash_share_percent: hashShare(shard.startingHashKey, shard.endingHashKey),
    sequence_range: {
      start: shard.startingSequenceNumber,
      end: shard.endingSequenceNumber ?? null,
    },
    parent_shard_id: shard.parentShardId ?? null,
    adjacent_parent_shard_id: shard.adjacentParentShardId ?? null,
  })),
  shard_count: shards.items.length,
  open_shard_count: shards.items.filter((shard) => shard.endingSequenceNumber === undefined).length,
  shards_complete: shards.isComplete,
  encryption: description.encryption,
});

const apart = (name: string, tally: Tally | undefined) => ({
  [`${name}_objects`]: tally?.objects ?? null,
  [`${name}_size`]: tally?.bytes ?? null,
  [`${name}_is_complete`]: tally?.isComplete ?? null,
});

/** Sums of the buckets that could be counted; null where none could. */
export const bucketTotals = (rows: readonly BucketRow[]) => {
  const counts = rows.flatMap((row) => (row.ok && row.value ? [row.value] : []));
  const isKnown = counts.length > 0 || rows.length === 0;
  const bytes = sum(counts.map(({ data }) => data.bytes));
  return {
    total_buckets: rows.length,
    total_objects: isKnown ? sum(counts.map(({ data }) => data.objects)) : null,
    total_size: isKnown ? bytes : null,
    total_size_mb: isKnown ? toMb(bytes) : null,
    quarantine_objects: isKnown ? sum(counts.map(({ quarantine }) => quarantine.objects)) : null,
    state_objects: isKnown ? sum(counts.map(({ state }) => state.objects)) : null,
    is_complete: counts.length === rows.length && counts.every(({ data }) => data.isComplete),
  };
};

export const bucketsJson = ({ items, isComplete }: Bounded<BucketRow>) => {
  const totals = bucketTotals(items);
  return {
    buckets: items.map((row) => {
      const count = row.ok ? row.value : undefined;
      return {
        name: row.name,
        object_count: count?.data.objects ?? null,
        total_size: count?.data.bytes ?? null,
        total_size_mb: count ? toMb(count.data.bytes) : null,
        newest_object: iso(count?.data.newest),
        is_complete: count?.data.isComplete ?? false,
        counted_up_to: count && !count.data.isComplete ? (count.data.countedUpTo ?? null) : null,
        ...apart("quarantine", count?.quarantine),
        ...apart("state", count?.state),
        error: row.ok ? (count ? null : "The bucket does not exist.") : row.error.message,
      };
    }),
    ...totals,
    is_complete: totals.is_complete && isComplete,
  };
};

export const objectJson = ({ key, size, lastModified, storageClass }: ObjectEntry) => ({
  key,
  size,
  size_kb: toKb(size),
  last_modified: iso(lastModified),
  storage_class: storageClass,
});

export const consumerJson = (consumer: Attempt<ConsumerStatus>) => {
  if (!consumer.ok)
    return {
      status: "unknown" as const,
      records_processed: null,
      last_poll: null,
      millis_behind_latest: null,
      reason: consumer.error.message,
      error: consumer.error.message,
    };
  const { value } = consumer;
  return {
    status: value.status,
    records_processed: value.totals?.records ?? null,
    last_poll: value.lastPoll,
    reason: value.reason,
    since: value.since,
    millis_behind_latest: value.millisBehindLatest,
    lines_stored: value.totals?.lines ?? null,
    bytes_stored: value.totals?.bytes ?? null,
    parts_written: value.totals?.parts ?? null,
    quarantined: value.totals?.quarantined ?? null,
    failed_batches: value.totals?.failedBatches ?? null,
    last_batch: value.lastBatch,
    shards: value.shards.map((shard) => ({
      stream: shard.stream,
      shard_id: shard.shardId,
      drained: shard.drained,
      records: shard.records,
      sequence_number: shard.sequenceNumber,
      millis_behind_latest: shard.millisBehindLatest,
      last_batch: shard.lastBatchAt,
      last_poll: shard.lastPolledAt,
      error: shard.error,
    })),
    shards_complete: value.isComplete,
    unreadable_states: value.unreadable,
    error: null,
  };
};

/** Those with most outstanding first. */
const MAX_LEDGER_SERVICES = 200;

const balanceJson = (balance: LedgerBalance) => {
  const { state, outstanding, services } = balance;
  const isKnown = state !== "unknown";
  return {
    stream: balance.stream,
    state,
    reason: balance.reason,
    since: balance.since,
    accepted: balance.accepted,
    deduplicated: balance.deduplicated,
    stored: balance.stored,
    quarantined: balance.quarantined,
    in_flight: isKnown ? (state === "open" ? 0 : outstanding) : null,
    missing: isKnown ? (state === "open" ? outstanding : 0) : null,
    spooled: balance.spooled,
    unaccounted: balance.unaccounted,
    discarded_records: balance.discardedRecords,
    ingest_instances: balance.instances,
    services: [...services]
      .sort((a, b) => (b.outstanding ?? 0) - (a.outstanding ?? 0) || b.accepted - a.accepted)
      .slice(0, MAX_LEDGER_SERVICES),
    service_count: services.length,
    services_complete: balance.areServicesComplete,
  };
};

const NO_LEDGER = "Nobody counts accepted logs here: on Lambda an ingest function has no place to.";
const EMPTY_LEDGER = "Nothing has been counted yet.";

/** The conservation ledger: the state of the stream that wants a look first, and each stream's. */
export const ledgerJson = (ledger: Attempt<LedgerBalance[] | undefined>) => {
  const balances = (ledger.ok ? ledger.value : undefined) ?? [];
  const state = worstState(balances.map((balance) => balance.state));
  const worst = balances.find((balance) => balance.state === state);
  const absence = ledger.ok ? (ledger.value ? EMPTY_LEDGER : NO_LEDGER) : ledger.error.message;
  return {
    state,
    reason: worst === undefined ? absence : worst.reason,
    since: worst?.since ?? null,
    streams: balances.map(balanceJson),
  };
};

export const summaryJson = (
  streams: Attempt<Bounded<StreamRow>>,
  buckets: Attempt<Bounded<BucketRow>>,
  consumer: Attempt<ConsumerStatus>,
) => {
  const listed = streams.ok ? streamsJson(streams.value) : undefined;
  const totals = buckets.ok ? bucketTotals(buckets.value.items) : undefined;
  return {
    kinesis: {
      total_streams: listed?.total ?? null,
      active_streams: listed?.active ?? null,
      open_shards: listed ? sum(listed.streams.map(({ shard_count }) => shard_count ?? 0)) : null,
      error: streams.ok ? null : streams.error.message,
    },
    s3: {
      total_buckets: totals?.total_buckets ?? null,
      total_objects: totals?.total_objects ?? null,
      total_size: totals?.total_size ?? null,
      total_size_mb: totals?.total_size_mb ?? null,
      quarantine_objects: totals?.quarantine_objects ?? null,
      state_objects: totals?.state_objects ?? null,
      is_complete: totals?.is_complete ?? false,
      error: buckets.ok ? null : buckets.error.message,
    },
    consumer: consumerJson(consumer),
  };
};
