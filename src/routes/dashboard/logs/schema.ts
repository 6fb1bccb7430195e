import { createRoute, z } from "@hono/zod-openapi";
import { jsonAnswer, problemAnswers } from "../openapi.ts";

const text = z.string();
const count = z.int();

const bucketParam = z.string().openapi({
  param: { name: "bucket", in: "path" },
  example: "md-raw-logs",
});

const KEY = "service=api-gateway/year=2026/month=11/day=22/hour=10/part-….jsonl";

const filterQuery = {
  q: text.optional().openapi({
    description: 'Words, all of which must be there; "a phrase"; -word must not be there.',
    example: 'refund "timed out" -cache',
  }),
  not: text.optional().openapi({ description: "Words that must not be there." }),
  lvl: text.optional().openapi({ description: "Levels.", example: "error,fatal" }),
  f: z
    .array(text)
    .optional()
    .openapi({
      description: "Fields: field:value, -field:value, field:>5 (also <, >=, <=), field:*.",
      example: ["status:>=500"],
    }),
  from: text.optional().openapi({
    description: "RFC 3339, an epoch, or -15m, -3h, -7d before now.",
    example: "2026-11-22T09:00:00Z",
  }),
  to: text.optional().openapi({ description: "As `from`; excluded." }),
};

export const objectSchema = z
  .object({
    bucket: text,
    key: text,
    size: count,
    last_modified: text.nullable(),
    content_type: text.nullable(),
    metadata: z.record(text, text),
    is_compressed: z.boolean(),
    bytes_read: count,
    stopped_by: z.enum(["end", "lines", "bytes", "broken"]),
    lines_requested: count,
    lines_returned: count,
    logs: z.array(z.unknown()).openapi({
      description: 'As they are stored; a line that is not JSON is {"raw": …}.',
    }),
  })
  .openapi("ObjectLines");

const bytesAnswer = (description: string, type: string) => ({
  description,
  content: { [type]: { schema: z.string().openapi({ format: "binary" }) } },
});

export const objectRoute = createRoute({
  method: "get",
  path: "/api/s3/object/{bucket}/{key}",
  summary: "The lines of an object; its bytes with view=raw",
  description:
    "The key is one path segment, percent-encoded whole; or `_`, with the key in the query. view=lines answers lines from a number on, byte for byte, with X-First-Byte, X-Line-Count and, where there are more, X-Next-Line and X-Next-Byte. view=raw answers the stored bytes, ranges too. Bytes always come as a download that a browser does not interpret.",
  request: {
    params: z.object({
      bucket: bucketParam,
      key: text.openapi({ param: { name: "key", in: "path" }, example: "_" }),
    }),
    query: z.object({
      key: text.optional().openapi({ description: "Where the path says `_`.", example: KEY }),
      view: z.enum(["lines", "raw"]).optional(),
      lines: count.min(1).max(10_000).optional().openapi({ description: "Without view; 10." }),
      from: count.min(1).optional().openapi({ description: "view=lines: first line, from 1." }),
      limit: count.min(1).max(200_000).optional().openapi({ description: "view=lines; 1000." }),
      at: count.min(0).optional().openapi({
        description: "view=lines: X-Next-Byte of the answer that said X-Next-Line.",
      }),
    }),
  },
  responses: {
    200: {
      description: "The lines, or the bytes.",
      content: {
        "application/json": { schema: objectSchema },
        ...bytesAnswer("", "application/octet-stream").content,
      },
    },
    206: bytesAnswer("The range of bytes that was asked for.", "application/octet-stream"),
    ...problemAnswers,
  },
});

export const rangeSchema = z
  .object({
    bucket: text,
    prefix: text,
    objects: z.array(
      z.object({
        key: text,
        size: count,
        last_modified: text.nullable(),
        hour: text.nullable(),
      }),
    ),
    list_calls: count,
    stopped_by: z.enum(["end", "limit", "calls"]),
    next_cursor: text.nullable(),
  })
  .openapi("RangeObjects");

export const rangeRoute = createRoute({
  method: "get",
  path: "/api/s3/bucket/{bucket}/range",
  summary: "The objects of a partition range, newest hour first",
  request: {
    params: z.object({ bucket: bucketParam }),
    query: z.object({
      prefix: text.optional().openapi({ example: "service=api-gateway/" }),
      from: filterQuery.from,
      to: filterQuery.to,
      limit: count.min(1).max(1_000).optional(),
      cursor: text.optional(),
    }),
  },
  responses: { 200: jsonAnswer(rangeSchema, "Objects of the range."), ...problemAnswers },
});

export const searchSchema = z
  .object({
    hits: z.array(
      z.object({
        key: text,
        line: count,
        first_byte: count,
        time: text.nullable(),
        level: text.nullable(),
        service: text.nullable(),
        raw: text,
        is_cut: z.boolean(),
      }),
    ),
    stopped_by: z.enum(["done", "limit", "time", "cancelled"]),
    next_cursor: text.nullable(),
    stats: z.object({
      objects: count,
      bytes: count,
      lines: count,
      hits: count,
      list_calls: count,
      elapsed_ms: z.number(),
      hour: text.nullable(),
      incomplete_count: count,
      incomplete: z.array(z.object({ key: text, reason: text })),
    }),
  })
  .openapi("SearchResult");

export const searchRoute = createRoute({
  method: "get",
  path: "/api/search",
  summary: "Searches the logs of a bucket, newest hour first",
  description:
    "Only partitions that can hold an answer are read. With `Accept: text/event-stream` the answer comes as it is found, as events `hits`, `progress` and `end`, where the platform can stream; else one page. Patterns are not taken here: the log viewer runs them in the browser.",
  request: {
    query: z.object({
      bucket: text.openapi({ example: "md-raw-logs" }),
      service: text.optional().openapi({ example: "api-gateway" }),
      prefix: text.optional().openapi({ description: "Instead of service: part of the layout." }),
      ...filterQuery,
      limit: count.min(1).max(1_000).optional(),
      cursor: text.optional().openapi({ description: "next_cursor of an earlier answer." }),
    }),
  },
  responses: { 200: jsonAnswer(searchSchema, "Hits, and why it stopped."), ...problemAnswers },
});
