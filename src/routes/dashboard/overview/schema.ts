import { z } from "@hono/zod-openapi";

const count = z.number().nullable();

/** `GET /api/history` */
export const historySchema = z
  .object({
    source: z.enum(["samples", "cloudwatch"]),
    since: z.string().nullable(),
    step_seconds: z.number(),
    points: z.array(
      z.object({
        at: z.string(),
        accepted: count,
        rejected: count,
        requests: count,
        throttled: count,
        landed: count,
        landed_bytes: count,
        quarantined: count,
        lag_ms: count,
        spooled_logs: count,
      }),
    ),
    shards: z.array(
      z.object({
        stream: z.string(),
        shard_id: z.string(),
        records_per_second: count,
        lag_ms: z.array(count),
        trend: z.enum(["rising", "falling", "steady"]).nullable(),
      }),
    ),
    reason: z.string().nullable(),
  })
  .openapi("History");

const figure = z.number().nullable();

/** `GET /api/stats/summary`, the fields that clients rely on. */
export const summarySchema = z
  .object({
    kinesis: z.object({ total_streams: figure, active_streams: figure }),
    s3: z.object({ total_buckets: figure, total_objects: figure, total_size_mb: figure }),
    consumer: z.object({
      status: z.enum(["running", "failing", "stale", "stopped", "unknown"]),
      records_processed: figure,
      last_poll: z.string().nullable(),
    }),
    ledger: z.object({ state: z.enum(["balanced", "in_flight", "open", "unknown"]) }),
    timestamp: z.string(),
  })
  .openapi("Summary");

export const consumerSchema = z
  .object({
    status: z.enum(["running", "failing", "stale", "stopped", "unknown"]),
    records_processed: figure,
    last_poll: z.string().nullable(),
    millis_behind_latest: figure,
    timestamp: z.string(),
  })
  .openapi("Consumer");

export const healthSchema = z
  .object({
    status: z.literal("ok"),
    service: z.literal("stage01-dashboard"),
    timestamp: z.string(),
  })
  .openapi("Health");
