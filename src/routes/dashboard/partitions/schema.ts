import { z } from "@hono/zod-openapi";

const text = (description: string, example?: string) =>
  z
    .string()
    .optional()
    .openapi(example === undefined ? { description } : { description, example });

export const partitionsQuery = z.object({
  service: text("only this service, as it is in keys", "auth-service"),
  cursor: text("cursor of an earlier answer: the walk goes on and answers with the next part"),
  samples: text("0 to 48 lines to sample for the schema, 24 by default", "24"),
});

const time = z.string().nullable();

/** `GET /api/s3/bucket/{name}/partitions` */
export const partitionsSchema = z
  .object({
    bucket: z.string(),
    service: z.string().nullable(),
    services: z.array(z.string()),
    service_count: z.number(),
    dates: z.array(z.string()),
    date_count: z.number(),
    total_objects: z.number(),
    total_size: z.number(),
    total_size_mb: z.number(),
    unpartitioned_objects: z.number(),
    newest_object: time,
    is_complete: z.boolean(),
    levels: z.record(z.string(), z.number()).openapi({
      description: "how many different values of service, year, month, day and hour there are",
    }),
    nodes: z.array(z.looseObject({ level: z.string(), value: z.string(), prefix: z.string() })),
    by_service: z.array(z.looseObject({ service: z.string(), days: z.number() })),
    partitions: z.array(
      z.object({
        service: z.string(),
        date: z.string(),
        prefix: z.string(),
        objects: z.number().nullable(),
        size: z.number().nullable(),
        newest_object: time,
        hours: z
          .array(
            z.object({
              hour: z.number(),
              objects: z.number(),
              size: z.number(),
              small_objects: z.number(),
              newest_object: time,
            }),
          )
          .nullable(),
        is_complete: z.boolean(),
      }),
    ),
    stats: z.looseObject({}).nullable(),
    object_sizes: z.looseObject({}).nullable(),
    gaps: z.object({
      count: z.number(),
      hours: z.array(z.object({ service: z.string(), hour: z.string() })),
      ranges: z.array(
        z.object({ service: z.string(), from: z.string(), to: z.string(), hours: z.number() }),
      ),
    }),
    drift: z.array(
      z.looseObject({
        service: z.string(),
        field: z.string(),
        kind: z.enum(["added", "missing", "type"]),
        hour: z.string(),
      }),
    ),
    cost: z.looseObject({ scanned_bytes: z.number(), athena_usd: z.number(), get_usd: z.number() }),
    coverage: z.looseObject({
      days_walked: z.number(),
      days_known: z.number(),
      partitions_walked: z.number(),
      partitions_estimated: z.number(),
      list_calls: z.number(),
      elapsed_ms: z.number(),
      stopped_by: z.enum(["end", "calls", "time"]),
      structure_known: z.boolean(),
    }),
    cursor: z.string().nullable(),
  })
  .openapi("Partitions");
