import type { PartitionsRead } from "../../../shared/core/dashboard/buckets/bucket-reader.ts";
import { toMb } from "../../../shared/core/dashboard/format.ts";
import type { PartitionAnalysis } from "../../../shared/core/dashboard/partition-analysis.ts";
import { costOf, PRICES } from "../../../shared/core/dashboard/partitions/cost.ts";
import { groupBy } from "../../../shared/core/dashboard/partitions/group-by.ts";
import { findDrift } from "../../../shared/core/dashboard/partitions/schema-drift.ts";
import { encodeWalkCursor } from "../../../shared/core/dashboard/partitions/walk-cursor-text.ts";
import { walkToWire } from "../../../shared/core/dashboard/partitions/wire.ts";

const iso = (at: number): string => new Date(at).toISOString();

/** One node for each service: what lies below it, as far as it is known. */
const nodesOf = ({ cells }: PartitionAnalysis) =>
  [...groupBy(cells, ({ prefix }) => prefix.slice(0, prefix.indexOf("/") + 1))].map(
    ([prefix, days]) => ({
      level: "service" as const,
      value: days[0]?.service ?? "",
      prefix,
      years: new Set(days.map(({ date }) => date.slice(0, 4))).size,
      months: new Set(days.map(({ date }) => date.slice(0, 7))).size,
      days: days.length,
      hours: days.reduce((total, { tally }) => total + (tally?.hours.size ?? 0), 0),
      objects: days.reduce((total, { tally }) => total + (tally?.objects ?? 0), 0),
      size: days.reduce((total, { tally }) => total + (tally?.bytes ?? 0), 0),
    }),
  );

const statsJson = ({ stats }: PartitionAnalysis) =>
  stats
    ? {
        mean: Math.round(stats.mean),
        median: Math.round(stats.median),
        smallest: stats.smallest,
        largest: stats.largest,
        under_1_mb: stats.smallObjects,
        hour_skew: stats.skew,
      }
    : null;

/** `GET /api/s3/bucket/{name}/partitions` */
export const partitionsJson = (
  bucket: string,
  { analysis, sampling }: PartitionsRead,
  service: string | undefined,
) => {
  const { walk, coverage } = analysis;
  const cursor = walk.next ? encodeWalkCursor(walk.next) : null;
  const wire = walkToWire(walk, sampling, cursor);
  const cost = costOf(analysis.stats?.objects ?? 0, analysis.stats?.bytes ?? 0);
  const stats = statsJson(analysis);
  return {
    bucket,
    service: service ?? null,
    services: analysis.services.map((each) => each.service),
    service_count: analysis.services.length,
    dates: analysis.dates,
    date_count: analysis.dates.length,
    total_objects: analysis.totalObjects,
    total_size: analysis.totalBytes,
    total_size_mb: toMb(analysis.totalBytes),
    unpartitioned_objects: analysis.unpartitionedObjects,
    newest_object: analysis.newest?.toISOString() ?? null,
    is_complete: analysis.isComplete,
    levels: analysis.levels,
    nodes: nodesOf(analysis),
    by_service: analysis.services.map((each) => ({
      service: each.service,
      days: each.days,
      objects: each.objects,
      size: each.bytes,
      newest_object: each.newest?.toISOString() ?? null,
      is_complete: each.isComplete,
    })),
    object_sizes: stats,
    stats,
    gaps: {
      count: analysis.gaps.count,
      hours: analysis.gaps.named,
      ranges: analysis.gaps.ranges.map((gap) => ({
        service: gap.service,
        from: iso(gap.from),
        to: iso(gap.to),
        hours: gap.hours,
      })),
    },
    drift: findDrift(sampling.samples).map(({ hour, ...drift }) => ({ ...drift, hour: iso(hour) })),
    cost: {
      scanned_bytes: cost.scannedBytes,
      athena_usd: cost.athenaUsd,
      get_usd: cost.getUsd,
      prices: PRICES,
    },
    ...wire,
    coverage: {
      ...wire.coverage,
      days_walked: coverage.walked,
      days_known: coverage.known,
      partitions_walked: coverage.hoursWalked,
      partitions_estimated: coverage.hoursEstimated,
    },
  };
};
