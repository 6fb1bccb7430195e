import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import {
  encodeScanCursor,
  encodeSummaryCursor,
} from "../../../shared/core/dashboard/buckets/cursors.ts";
import { type Coverage, isFiltering } from "../../../shared/core/dashboard/buckets/scan.ts";
import { problem } from "../../problem.ts";
import { unknown } from "../errors.ts";
import { jsonAnswer, problemAnswers } from "../openapi.ts";
import { bucketsJson, objectJson } from "../present.ts";
import {
  isBucketName,
  parseCursor,
  parseDelimiter,
  parseMaxKeys,
  QueryError,
  requireText,
} from "../query.ts";
import { naming } from "./denied.ts";
import { parseFilter, parseScanCursor, parseSummaryCursor } from "./query.ts";
import {
  bucketParam,
  bucketsSchema,
  objectsQuery,
  objectsSchema,
  presignQuery,
  presignSchema,
  summaryQuery,
  summarySchema,
} from "./schema.ts";
import type { BucketsDeps } from "./settings.ts";

const bucketsRoute = createRoute({
  method: "get",
  path: "/api/s3/buckets",
  summary: "Buckets, with how much is in them as far as it was counted",
  responses: {
    200: jsonAnswer(bucketsSchema, "Counts are floors unless complete."),
    ...problemAnswers,
  },
});

const objectsRoute = createRoute({
  method: "get",
  path: "/api/s3/bucket/{name}/objects",
  summary: "Objects by prefix, one list call a page; or a scan for those of a kind",
  request: { params: bucketParam, query: objectsQuery },
  responses: {
    200: jsonAnswer(
      objectsSchema,
      "A page. `coverage` says what was looked at and why it stopped.",
    ),
    ...problemAnswers,
  },
});

const summaryRoute = createRoute({
  method: "get",
  path: "/api/s3/bucket/{name}/summary",
  summary: "How many objects and bytes lie below a prefix, counted within a budget",
  request: { params: bucketParam, query: summaryQuery },
  responses: { 200: jsonAnswer(summarySchema, "Go on with `next_cursor`."), ...problemAnswers },
});

const presignRoute = createRoute({
  method: "get",
  path: "/api/s3/presign",
  summary: "A link that lets anybody download one object for a while",
  request: { query: presignQuery },
  responses: { 200: jsonAnswer(presignSchema, "The link and when it ends."), ...problemAnswers },
});

const coverageJson = (coverage: Coverage) => ({
  scanned: coverage.scanned,
  matched: coverage.matched,
  complete: coverage.complete,
  stop_reason: coverage.stopReason,
  last_key: coverage.lastKey ?? null,
  list_calls: coverage.listCalls,
  elapsed_ms: Math.round(coverage.elapsedMs),
});

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export const createBucketsApi = ({ reader, now, storage }: BucketsDeps): OpenAPIHono => {
  const app = new OpenAPIHono();

  app.openapi(bucketsRoute, async (c) => c.json(bucketsJson(await reader.buckets()), 200));

  app.openapi(objectsRoute, async (c) => {
    const bucket = c.req.param("name");
    const query = c.req.query();
    const prefix = query.prefix ?? "";
    const isFolded = parseDelimiter(query.delimiter);
    const maxKeys = parseMaxKeys(query.max_keys);
    const filter = parseFilter(query);
    const isScan = isFiltering(filter);
    if (isScan && isFolded)
      throw new QueryError(
        "delimiter",
        "delimiter must be absent in a search: it looks below every folder.",
      );
    const cursor = isScan ? undefined : parseCursor(query.cursor);
    const scanCursor = isScan ? parseScanCursor(query.cursor) : undefined;
    if (!isBucketName(bucket)) return unknown("bucket", bucket) as never;
    return (await naming("s3:ListBucket", bucket, async () => {
      if (isScan) {
        const scan = await reader.scan({
          bucket,
          prefix,
          filter,
          maxMatches: maxKeys,
          cursor: scanCursor,
          signal: c.req.raw.signal,
        });
        if (!scan) return unknown("bucket", bucket);
        return c.json({
          bucket,
          prefix,
          objects: scan.objects.map(objectJson),
          count: scan.objects.length,
          is_truncated: scan.next !== undefined,
          next_cursor: scan.next ? encodeScanCursor(scan.next) : null,
          coverage: coverageJson(scan.coverage),
        });
      }
      const page = await reader.objectsPage({ bucket, prefix, maxKeys, cursor, isFolded });
      if (!page) return unknown("bucket", bucket);
      const listed = page.objects.length;
      return c.json({
        bucket,
        prefix,
        objects: page.objects.map(objectJson),
        ...(isFolded ? { prefixes: page.prefixes } : {}),
        count: listed,
        is_truncated: page.nextCursor !== undefined,
        next_cursor: page.nextCursor ?? null,
        coverage: {
          scanned: listed,
          matched: listed,
          complete: page.nextCursor === undefined,
          stop_reason: page.nextCursor === undefined ? "end" : "page",
          last_key: page.objects.at(-1)?.key ?? null,
          list_calls: 1,
          elapsed_ms: null,
        },
      });
    })) as never;
  });

  app.openapi(summaryRoute, async (c) => {
    const bucket = c.req.param("name");
    const prefix = c.req.query("prefix") ?? "";
    const cursor = parseSummaryCursor(c.req.query("cursor"));
    if (!isBucketName(bucket)) return unknown("bucket", bucket) as never;
    return (await naming("s3:ListBucket", bucket, async () => {
      const summary = await reader.summarize({ bucket, prefix, cursor, signal: c.req.raw.signal });
      if (!summary) return unknown("bucket", bucket);
      return c.json({
        bucket,
        prefix,
        objects: summary.objects,
        bytes: summary.bytes,
        largest: summary.largest,
        newest_object: iso(summary.newest),
        coverage: {
          complete: summary.complete,
          stop_reason: summary.stopReason,
          last_key: summary.lastKey ?? null,
          list_calls: summary.listCalls,
          elapsed_ms: Math.round(summary.elapsedMs),
        },
        next_cursor: summary.next ? encodeSummaryCursor(summary.next) : null,
      });
    })) as never;
  });

  app.openapi(presignRoute, async (c) => {
    const bucket = requireText("bucket", c.req.query("bucket"));
    const key = requireText("key", c.req.query("key"));
    const signer = storage?.signer;
    if (signer === undefined)
      return problem(404, {
        code: "PRESIGN_OFF",
        detail: "Presigned links are switched off here: PRESIGN_SECONDS is 0.",
      }) as never;
    const url = isBucketName(bucket) ? await signer.sign(bucket, key) : undefined;
    if (url === undefined) return unknown("bucket", bucket) as never;
    const expiresAt = new Date(now() + signer.expiresSeconds * 1_000).toISOString();
    return c.json(
      { bucket, key, url, expires_in: signer.expiresSeconds, expires_at: expiresAt },
      200,
    );
  });

  return app;
};
