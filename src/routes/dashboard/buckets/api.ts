import { OpenAPIHono } from "@hono/zod-openapi";
import type { AreaDeps } from "../area.ts";
import { unknown } from "../errors.ts";
import { bucketsJson, objectJson } from "../present.ts";
import { isBucketName, parseCursor, parseDelimiter, parseMaxKeys } from "../query.ts";

export const createBucketsApi = ({ reader }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();

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

  return app;
};
