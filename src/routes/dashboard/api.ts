import { Hono } from "hono";
import { attempt } from "../../shared/core/dashboard/backend-error.ts";
import { lineToJson } from "../../shared/core/dashboard/lines.ts";
import type { DashboardReader } from "../../shared/core/dashboard/reader.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../../shared/core/prometheus.ts";
import { unknown } from "./errors.ts";
import {
  bucketsJson,
  consumerJson,
  ledgerJson,
  objectJson,
  partitionsJson,
  streamJson,
  streamsJson,
  summaryJson,
} from "./present.ts";
import { dashboardMetrics } from "./prometheus.ts";
import {
  isBucketName,
  isStreamName,
  parseCursor,
  parseDelimiter,
  parseLines,
  parseMaxKeys,
  restOfPath,
} from "./query.ts";

export type ApiDeps = { reader: DashboardReader; now: () => number };

/** `/api/s3/object/{bucket}/` */
const SEGMENTS_BEFORE_KEY = 4;

/** The JSON endpoints. Errors are thrown; the app that mounts this turns them into problems. */
export const createDashboardApi = ({ reader, now }: ApiDeps): Hono => {
  const app = new Hono();
  const timestamp = () => new Date(now()).toISOString();

  app.use(async (c, next) => {
    await next();
    c.header("Cache-Control", "no-store");
  });

  app.get("/health", (c) =>
    c.json({ status: "ok", service: "stage01-dashboard", timestamp: timestamp() }),
  );

  app.get("/metrics", async (c) => {
    const [consumer, buckets, ledger] = await Promise.all([
      attempt(reader.consumer),
      attempt(reader.buckets),
      attempt(reader.ledger),
    ]);
    return c.body(renderPrometheus(dashboardMetrics(consumer, buckets, ledger)), 200, {
      "Content-Type": PROMETHEUS_CONTENT_TYPE,
    });
  });

  app.get("/api/stats/summary", async (c) => {
    const [streams, buckets, consumer, ledger] = await Promise.all([
      attempt(reader.streams),
      attempt(reader.buckets),
      attempt(reader.consumer),
      attempt(reader.ledger),
    ]);
    return c.json({
      ...summaryJson(streams, buckets, consumer),
      ledger: ledgerJson(ledger),
      timestamp: timestamp(),
    });
  });

  app.get("/api/consumer", async (c) =>
    c.json({ ...consumerJson(await attempt(reader.consumer)), timestamp: timestamp() }),
  );

  app.get("/api/kinesis/streams", async (c) => c.json(streamsJson(await reader.streams())));

  app.get("/api/kinesis/stream/:name/metrics", async (c) => {
    const name = c.req.param("name");
    const stream = isStreamName(name) ? await reader.stream(name) : undefined;
    return stream ? c.json(streamJson(stream)) : unknown("stream", name);
  });

  app.get("/api/s3/buckets", async (c) => c.json(bucketsJson(await reader.buckets())));

  app.get("/api/s3/bucket/:name/objects", async (c) => {
    const bucket = c.req.param("name");
    const prefix = c.req.query("prefix") ?? "";
    const isFolded = parseDelimiter(c.req.query("delimiter"));
    const maxKeys = parseMaxKeys(c.req.query("max_keys"));
    const cursor = parseCursor(c.req.query("cursor"));
    const page = isBucketName(bucket)
      ? await reader.objectsPage({ bucket, prefix, maxKeys, cursor, isFolded })
      : undefined;
    if (!page) return unknown("bucket", bucket);
    return c.json({
      bucket,
      prefix,
      objects: page.objects.map(objectJson),
      ...(isFolded ? { prefixes: page.prefixes } : {}),
      count: page.objects.length,
      is_truncated: page.nextCursor !== undefined,
      next_cursor: page.nextCursor ?? null,
    });
  });

  app.get("/api/s3/bucket/:name/partitions", async (c) => {
    const bucket = c.req.param("name");
    const analysis = isBucketName(bucket) ? await reader.partitions(bucket) : undefined;
    return analysis ? c.json(partitionsJson(bucket, analysis)) : unknown("bucket", bucket);
  });

  // A pattern of its own: `*` and `.` end at a line break, which a key may hold.
  app.get("/api/s3/object/:bucket/:key{[\\s\\S]+}", async (c) => {
    const bucket = c.req.param("bucket");
    const pathKey = restOfPath(c.req.url, SEGMENTS_BEFORE_KEY);
    const queryKey = c.req.query("key");
    // In a path, URL parsers resolve `..` on the way here; in a query nothing touches a key.
    const key = pathKey === "_" && queryKey ? queryKey : pathKey;
    const maxLines = parseLines(c.req.query("lines"), 10);
    if (!isBucketName(bucket)) return unknown("bucket", bucket);
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
    const logs = object.lines.map(lineToJson).join(",");
    return c.body(`${head.slice(0, -1)},"logs":[${logs}]}`, 200, {
      "Content-Type": "application/json",
    });
  });

  return app;
};
