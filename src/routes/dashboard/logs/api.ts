import { OpenAPIHono } from "@hono/zod-openapi";
import { lineToJson } from "../../../shared/core/dashboard/lines.ts";
import type { SearchEvent } from "../../../shared/core/dashboard/logs/search.ts";
import { hourOf } from "../../../shared/core/partition.ts";
import { problem } from "../../problem.ts";
import { unknown } from "../errors.ts";
import { isBucketName, parseLines, QueryError, requireText, restOfPath } from "../query.ts";
import { sendBytes, sendLines } from "./bytes.ts";
import type { LogsDeps } from "./deps.ts";
import { searchJson } from "./present.ts";
import {
  encodeRangeCursor,
  parseNumber,
  parseRangeCursor,
  parseSearch,
  parseTimeRange,
  prefixOf,
} from "./query.ts";
import { objectRoute, rangeRoute, searchRoute } from "./schema.ts";
import { streamSearch } from "./search-stream.ts";

/** `/api/s3/object/{bucket}/` */
const SEGMENTS_BEFORE_KEY = 4;
const RANGE_DEADLINE_MS = 8_000;
/** A search whose answer is made whole before it is sent. */
const PAGE_BUDGET_MS = 5_000;

const notHere = (): Response =>
  problem(503, { code: "NOT_AVAILABLE", detail: "This dashboard was started without its logs." });

export const createLogsApi = ({ reader, logs, now }: LogsDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  for (const route of [objectRoute, rangeRoute, searchRoute])
    app.openAPIRegistry.registerPath(route);

  // A pattern of its own: `*` and `.` end at a line break, which a key may hold.
  app.get("/api/s3/object/:bucket/:key{[\\s\\S]+}", async (c) => {
    const bucket = c.req.param("bucket");
    const pathKey = restOfPath(c.req.url, SEGMENTS_BEFORE_KEY);
    const queryKey = c.req.query("key");
    // In a path, URL parsers resolve `..` on the way here; in a query nothing touches a key.
    const key = pathKey === "_" && queryKey ? queryKey : pathKey;
    const view = c.req.query("view");
    if (view !== undefined && view !== "raw" && view !== "lines")
      throw new QueryError("view", "view must be raw, lines or absent.");
    const maxLines = parseLines(c.req.query("lines"), 10);
    if (!isBucketName(bucket)) return unknown("bucket", bucket);
    if (view !== undefined) {
      if (logs === undefined) return notHere();
      return view === "raw" ? sendBytes(c, logs, bucket, key) : sendLines(c, logs, bucket, key);
    }
    const object = await reader.objectLines(bucket, key, maxLines);
    if ("missing" in object)
      return object.missing === "bucket" ? unknown("bucket", bucket) : unknown("object", key);
    const head = JSON.stringify({
      bucket,
      key,
      size: object.size,
      last_modified: object.lastModified?.toISOString() ?? null,
      content_type: object.contentType ?? null,
      metadata: object.metadata,
      is_compressed: object.isCompressed,
      bytes_read: object.bytesRead,
      stopped_by: object.stoppedBy,
      lines_requested: maxLines,
      lines_returned: object.lines.length,
    });
    // The lines go in as they are stored: parsing them would round their 64-bit integers.
    const lines = object.lines.map(lineToJson).join(",");
    return c.body(`${head.slice(0, -1)},"logs":[${lines}]}`, 200, {
      "Content-Type": "application/json",
    });
  });

  app.get("/api/s3/bucket/:bucket/range", async (c) => {
    const bucket = c.req.param("bucket");
    const limit = parseNumber("limit", c.req.query("limit"), { min: 1, max: 1_000, fallback: 200 });
    const after = parseRangeCursor(c.req.query("cursor"));
    const range = { ...parseTimeRange(c, now()), prefix: prefixOf(c), after, limit };
    if (!isBucketName(bucket)) return unknown("bucket", bucket);
    if (logs === undefined) return notHere();
    const signal = AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(RANGE_DEADLINE_MS)]);
    const listing = await logs.reader.range({ bucket, ...range }, signal);
    if (listing === undefined) return unknown("bucket", bucket);
    const last = listing.objects.at(-1);
    return c.json({
      bucket,
      prefix: range.prefix,
      objects: listing.objects.map(({ key, size, lastModified, hourMs }) => ({
        key,
        size,
        last_modified: lastModified?.toISOString() ?? null,
        hour: hourMs === undefined ? null : new Date(hourMs).toISOString(),
      })),
      list_calls: listing.listCalls,
      stopped_by: listing.stoppedBy,
      next_cursor:
        listing.stoppedBy === "end" || last === undefined
          ? null
          : encodeRangeCursor(hourOf(last.hourMs ?? 0), last.key),
    });
  });

  app.get("/api/search", async (c) => {
    const bucket = requireText("bucket", c.req.query("bucket"));
    const limit = parseNumber("limit", c.req.query("limit"), { min: 1, max: 1_000, fallback: 100 });
    const question = { bucket, limit, ...parseSearch(c, bucket, now()) };
    if (!isBucketName(bucket)) return unknown("bucket", bucket);
    if (logs === undefined) return notHere();
    const wantsStream = c.req.header("accept")?.includes("text/event-stream") ?? false;
    if (wantsStream && logs.canStream) {
      const events = streamSearch((emit, signal) => logs.reader.search(question, emit, { signal }));
      return c.body(events, 200, {
        "Content-Type": "text/event-stream",
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
      });
    }
    const events: SearchEvent[] = [];
    const isThere = await logs.reader.search(question, (event) => events.push(event), {
      maxMs: PAGE_BUDGET_MS,
      signal: c.req.raw.signal,
    });
    return isThere ? c.json(searchJson(events)) : unknown("bucket", bucket);
  });

  return app;
};
