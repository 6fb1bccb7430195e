import type { Attempt } from "../../shared/core/dashboard/backend-error.ts";
import type { ConsumerStatus } from "../../shared/core/dashboard/consumer-status.ts";
import type { Bounded } from "../../shared/core/dashboard/ports.ts";
import type { BucketRow } from "../../shared/core/dashboard/reader.ts";
import type { LedgerBalance } from "../../shared/core/ledger.ts";
import type { MetricFamily, MetricSample } from "../../shared/core/prometheus.ts";

/** Services of which something is outstanding, in one answer. */
const MAX_SERVICE_SERIES = 100;

const ledgerFamilies = (balances: readonly LedgerBalance[]): MetricFamily[] => {
  const family = (
    name: string,
    help: string,
    type: MetricFamily["type"],
    value: (balance: LedgerBalance) => number | null,
  ): MetricFamily => ({
    name,
    help,
    type,
    samples: balances.flatMap((balance) => {
      const known = value(balance);
      return known === null ? [] : [{ labels: { stream: balance.stream }, value: known }];
    }),
  });
  return [
    family(
      "ledger_open",
      "1 where accepted logs are missing and nothing is on its way: the alarm. Absent where that cannot be told.",
      "gauge",
      ({ state }) => (state === "unknown" ? null : state === "open" ? 1 : 0),
    ),
    family(
      "ledger_accepted_total",
      "Logs answered as accepted, repeats included.",
      "counter",
      ({ accepted }) => accepted,
    ),
    family(
      "ledger_deduplicated_total",
      "Of those, repeats under an Idempotency-Key.",
      "counter",
      ({ deduplicated }) => deduplicated,
    ),
    family(
      "ledger_stored_total",
      "Logs stored in part objects.",
      "counter",
      ({ stored }) => stored,
    ),
    family(
      "ledger_quarantined_total",
      "Pieces put into quarantine.",
      "counter",
      ({ quarantined }) => quarantined,
    ),
    family(
      "ledger_outstanding",
      "Accepted logs neither stored nor quarantined: in flight, or missing where ledger_open is 1.",
      "gauge",
      ({ outstanding }) => outstanding,
    ),
    family(
      "ledger_unaccounted",
      "Stored or quarantined logs that were never answered as accepted.",
      "gauge",
      ({ unaccounted }) => unaccounted,
    ),
    {
      name: "ledger_service_outstanding",
      help: "The outstanding logs by service, where there are some; at most 100 services.",
      type: "gauge",
      samples: balances
        .flatMap(({ stream, services }) =>
          services.map(({ service, outstanding }) => ({
            labels: { stream, service },
            value: outstanding ?? 0,
          })),
        )
        .filter(({ value }) => value > 0)
        .sort((a, b) => b.value - a.value)
        .slice(0, MAX_SERVICE_SERIES),
    },
  ];
};

/** A shard's or bucket's series is left out where its figure is not known. */
export const dashboardMetrics = (
  consumer: Attempt<ConsumerStatus>,
  buckets: Attempt<Bounded<BucketRow>>,
  ledger: Attempt<LedgerBalance[] | undefined>,
): MetricFamily[] => {
  const shards = consumer.ok ? consumer.value.shards : [];
  const ofShards = (value: (shard: (typeof shards)[number]) => number | null): MetricSample[] =>
    shards.flatMap((shard) => {
      const known = value(shard);
      const labels = { stream: shard.stream, shard: shard.shardId };
      return known === null ? [] : [{ labels, value: known }];
    });
  const counts = (buckets.ok ? buckets.value.items : []).flatMap((row) =>
    row.ok && row.value ? [{ labels: { bucket: row.name }, count: row.value }] : [],
  );
  return [
    {
      name: "consumer_up",
      help: "1 where every open shard is being polled and none fails.",
      type: "gauge",
      samples: consumer.ok ? [{ value: consumer.value.status === "running" ? 1 : 0 }] : [],
    },
    {
      name: "consumer_millis_behind_latest",
      help: "How far behind the newest record the shard was at its last poll.",
      type: "gauge",
      samples: ofShards(({ millisBehindLatest }) => millisBehindLatest),
    },
    {
      name: "consumer_records_total",
      help: "Kinesis records whose effects are durable.",
      type: "counter",
      samples: ofShards(({ records }) => records),
    },
    {
      name: "consumer_lines_total",
      help: "Logs stored.",
      type: "counter",
      samples: ofShards(({ lines }) => lines),
    },
    {
      name: "consumer_quarantined_total",
      help: "Records and lines put into quarantine.",
      type: "counter",
      samples: ofShards(({ quarantined }) => quarantined),
    },
    {
      name: "consumer_failed_batches_total",
      help: "Batches that failed and were tried again.",
      type: "counter",
      samples: ofShards(({ failedBatches }) => failedBatches),
    },
    {
      name: "consumer_last_poll_timestamp_seconds",
      help: "When the shard was last polled.",
      type: "gauge",
      samples: ofShards(({ lastPolledAt }) =>
        lastPolledAt === null ? null : Date.parse(lastPolledAt) / 1000,
      ),
    },
    {
      name: "bucket_data_objects",
      help: "Data objects counted; a floor where bucket_count_complete is 0.",
      type: "gauge",
      samples: counts.map(({ labels, count }) => ({ labels, value: count.data.objects })),
    },
    {
      name: "bucket_data_bytes",
      help: "Bytes of the data objects counted.",
      type: "gauge",
      samples: counts.map(({ labels, count }) => ({ labels, value: count.data.bytes })),
    },
    {
      name: "bucket_quarantine_objects",
      help: "Quarantine objects counted.",
      type: "gauge",
      samples: counts.map(({ labels, count }) => ({ labels, value: count.quarantine.objects })),
    },
    {
      name: "bucket_count_complete",
      help: "1 where the whole bucket was counted within the budget.",
      type: "gauge",
      samples: counts.map(({ labels, count }) => ({
        labels,
        value: count.data.isComplete ? 1 : 0,
      })),
    },
    ...ledgerFamilies((ledger.ok ? ledger.value : undefined) ?? []),
  ];
};
