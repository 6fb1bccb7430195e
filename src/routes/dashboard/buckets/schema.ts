import { z } from "@hono/zod-openapi";

const text = (description: string, example?: string) =>
  z
    .string()
    .optional()
    .openapi(example === undefined ? { description } : { description, example });

const count = z.number().nullable();

export const bucketParam = z.object({ name: z.string().openapi({ example: "md-raw-logs" }) });

/** `GET /api/s3/buckets` */
export const bucketsSchema = z
  .object({
    buckets: z.array(
      z.looseObject({
        name: z.string(),
        object_count: count,
        total_size: count,
        total_size_mb: count,
        newest_object: z.string().nullable(),
        is_complete: z.boolean(),
        error: z.string().nullable(),
      }),
    ),
    total_buckets: z.number(),
    total_objects: count,
    total_size: count,
    total_size_mb: count,
    quarantine_objects: count,
    state_objects: count,
    is_complete: z.boolean(),
  })
  .openapi("Buckets");

export const objectsQuery = z.object({
  prefix: text("keys that begin with this", "service=auth/"),
  delimiter: text("/ rolls keys up to the next one", "/"),
  max_keys: text("1 to 1000 objects, 100 by default", "100"),
  cursor: text("next_cursor of an earlier answer"),
  contains: text("keys that hold this; scans on behind the first page, within a budget", "part-1"),
  match: text("how contains is compared: nocase (default) or case", "nocase"),
  modified_after: text("time or date, included", "2026-11-22T09:00:00Z"),
  modified_before: text("time or date, included"),
  min_size: text("bytes, or 64k, 1.5MB", "1k"),
  max_size: text("bytes, or 64k, 1.5MB"),
});

export const coverageSchema = z
  .object({
    scanned: z.number().openapi({ description: "keys looked at since the scan began" }),
    matched: z.number(),
    complete: z.boolean(),
    stop_reason: z.enum(["end", "page", "calls", "time"]),
    last_key: z.string().nullable(),
    list_calls: z.number(),
    elapsed_ms: z.number().nullable(),
  })
  .openapi("ScanCoverage");

/** `GET /api/s3/bucket/{name}/objects` */
export const objectsSchema = z
  .object({
    bucket: z.string(),
    prefix: z.string(),
    objects: z.array(
      z.object({
        key: z.string(),
        size: z.number(),
        size_kb: z.number(),
        last_modified: z.string().nullable(),
        storage_class: z.string(),
      }),
    ),
    prefixes: z.array(z.string()).optional(),
    count: z.number(),
    is_truncated: z.boolean(),
    next_cursor: z.string().nullable(),
    coverage: coverageSchema,
  })
  .openapi("Objects");

export const summaryQuery = z.object({
  prefix: text("what lies below it is counted; all when absent", "service=auth/"),
  cursor: text("next_cursor of an earlier answer: counting goes on and adds to it"),
});

/** `GET /api/s3/bucket/{name}/summary` */
export const summarySchema = z
  .object({
    bucket: z.string(),
    prefix: z.string(),
    objects: z.number(),
    bytes: z.number(),
    largest: z.number(),
    newest_object: z.string().nullable(),
    coverage: z.object({
      complete: z.boolean(),
      stop_reason: z.enum(["end", "calls", "time"]),
      last_key: z.string().nullable(),
      list_calls: z.number(),
      elapsed_ms: z.number(),
    }),
    next_cursor: z.string().nullable(),
  })
  .openapi("PrefixSummary");

export const presignQuery = z.object({
  bucket: text("its bucket", "md-raw-logs"),
  key: text("its key", "service=auth/year=2026/month=11/day=22/hour=09/part-1.jsonl"),
});

/** `GET /api/s3/presign` */
export const presignSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    url: z.string(),
    expires_in: z.number().openapi({ description: "seconds" }),
    expires_at: z.string(),
  })
  .openapi("PresignedLink");
