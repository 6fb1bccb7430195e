import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { QuarantineReader } from "../../../shared/core/dashboard/quarantine/reader.ts";
import { problem } from "../../problem.ts";
import type { AreaDeps } from "../area.ts";
import { unknown } from "../errors.ts";
import { jsonAnswer, problemAnswers } from "../openapi.ts";
import { QueryError } from "../query.ts";
import { parseLimit, parseRecordQuery, parseSelection } from "./query.ts";
import {
  quarantineJson,
  quarantineSchema,
  reasonsJson,
  reasonsSchema,
  recordDetailSchema,
  recordJson,
} from "./schema.ts";

export type QuarantineDeps = AreaDeps & {
  /** Undefined where there are no data buckets to look into. */
  quarantine: QuarantineReader | undefined;
};

const selectionQuery = z.object({
  bucket: z.string().optional().openapi({ example: "md-raw-logs", description: "All by default." }),
  reason: z.string().optional().openapi({ example: "not_json" }),
  from: z
    .string()
    .optional()
    .openapi({ example: "-3d", description: "Arrival: RFC 3339, or -2h, -3d before now." }),
  to: z
    .string()
    .optional()
    .openapi({ example: "2026-11-22T10:00Z", description: "Before this arrival." }),
  stream: z.string().optional().openapi({ example: "stage01-logs-stream" }),
  shard: z.string().optional().openapi({ example: "shardId-000000000000" }),
});

const listRoute = createRoute({
  method: "get",
  path: "/api/quarantine",
  summary: "Records that were no logs, the newest first",
  request: {
    query: selectionQuery.extend({
      cursor: z.string().optional().openapi({ description: "next_cursor of the answer before." }),
      limit: z.string().optional().openapi({ example: "50", description: "1 to 500" }),
    }),
  },
  responses: {
    200: jsonAnswer(quarantineSchema, "With what was looked at; `next_cursor` goes on from there."),
    ...problemAnswers,
  },
});

const reasonsRoute = createRoute({
  method: "get",
  path: "/api/quarantine/reasons",
  summary: "How many records there are of each bucket and reason",
  request: { query: selectionQuery },
  responses: {
    200: jsonAnswer(reasonsSchema, "Counted back from the newest, as far as the budget goes."),
    ...problemAnswers,
  },
});

const recordQuery = z.object({
  bucket: z.string().optional().openapi({ example: "md-raw-logs" }),
  key: z.string().optional().openapi({
    example: "_quarantine/reason=not_json/year=2026/month=11/day=22/hour=10/part-….jsonl",
  }),
  id: z.string().optional().openapi({ description: "<sequence number>:<index>" }),
});

const recordRoute = createRoute({
  method: "get",
  path: "/api/quarantine/record",
  summary: "One record with its raw bytes, and what a replay made of it",
  request: { query: recordQuery },
  responses: { 200: jsonAnswer(recordDetailSchema, "All of it."), ...problemAnswers },
});

const rawRoute = createRoute({
  method: "get",
  path: "/api/quarantine/record/raw",
  summary: "The raw bytes of one record, to download",
  request: { query: recordQuery },
  responses: {
    200: {
      description: "Exactly what came, never as anything a browser would show.",
      content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
    },
    ...problemAnswers,
  },
});

const unknownRecord = (): Response =>
  problem(404, {
    code: "UNKNOWN_RECORD",
    detail: "There is no such record in this object. It may have expired.",
  });

/** A cursor that the reader did not make. */
export const refuseCursor = (error: unknown): never => {
  if (error instanceof RangeError)
    throw new QueryError("cursor", "cursor must be a next_cursor of an earlier answer.");
  throw error;
};

export const createQuarantineApi = ({ quarantine, now }: QuarantineDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  if (quarantine === undefined) return app;
  const isForeign = (bucket: string | undefined) =>
    Boolean(bucket) && !quarantine.buckets.includes(bucket ?? "");

  app.openapi(listRoute, async (c) => {
    const { cursor, limit, ...query } = c.req.valid("query");
    if (isForeign(query.bucket)) return unknown("bucket", query.bucket ?? "") as never;
    const selection = parseSelection(query, quarantine.buckets, now());
    const options = { limit: parseLimit(limit), cursor: cursor || undefined };
    return c.json(
      quarantineJson(await quarantine.list(selection, options).catch(refuseCursor)),
      200,
    );
  });

  app.openapi(reasonsRoute, async (c) => {
    const query = c.req.valid("query");
    if (isForeign(query.bucket)) return unknown("bucket", query.bucket ?? "") as never;
    const selection = parseSelection(query, quarantine.buckets, now());
    return c.json(reasonsJson(await quarantine.count(selection)), 200);
  });

  app.openapi(recordRoute, async (c) => {
    const request = parseRecordQuery(c.req.valid("query"));
    const record = await quarantine.record(request);
    if (record === undefined) return unknownRecord() as never;
    return c.json(recordJson(request.bucket, request.key, record), 200);
  });

  app.openapi(rawRoute, async (c) => {
    const request = parseRecordQuery(c.req.valid("query"));
    const record = await quarantine.record(request);
    if (record === undefined) return unknownRecord() as never;
    const { sequenceNumber, index } = request.id;
    return c.body(record.data.slice().buffer, 200, {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename="record-${sequenceNumber}-${index}.bin"`,
      "X-Content-Type-Options": "nosniff",
    });
  });

  return app;
};
