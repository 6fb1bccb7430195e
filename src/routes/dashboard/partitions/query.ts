import { METRICS, type Metric } from "../../../shared/core/dashboard/partitions/heat.ts";
import type { WalkCursor } from "../../../shared/core/dashboard/partitions/walk-cursor.ts";
import { decodeWalkCursor } from "../../../shared/core/dashboard/partitions/walk-cursor-text.ts";
import type { Query } from "../buckets/query.ts";
import { QueryError } from "../query.ts";

const DEFAULT_SAMPLES = 24;
const MAX_SAMPLES = 48;

export type PartitionsRequest = {
  service: string | undefined;
  cursor: WalkCursor | undefined;
  maxSamples: number;
  metric: Metric;
};

export const parsePartitionsRequest = ({
  service,
  cursor,
  samples,
  metric,
}: Query): PartitionsRequest => {
  if (service?.includes("/"))
    throw new QueryError("service", "service must be as it is in keys, percent-encoded.");
  const decoded = cursor ? decodeWalkCursor(cursor) : undefined;
  if (cursor && !decoded)
    throw new QueryError("cursor", "cursor must be the cursor of an earlier answer to this walk.");
  const maxSamples = samples ? Number(samples) : DEFAULT_SAMPLES;
  if (samples && !(/^\d{1,2}$/.test(samples) && maxSamples <= MAX_SAMPLES))
    throw new QueryError("samples", `samples must be a whole number from 0 to ${MAX_SAMPLES}.`);
  const chosen = METRICS.find((each) => each === (metric || "bytes"));
  if (chosen === undefined)
    throw new QueryError("metric", `metric must be ${METRICS.join(", ")} or absent.`);
  return { service: service || undefined, cursor: decoded, maxSamples, metric: chosen };
};
