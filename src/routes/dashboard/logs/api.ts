import { OpenAPIHono } from "@hono/zod-openapi";
import { lineToJson } from "../../../shared/core/dashboard/lines.ts";
import type { AreaDeps } from "../area.ts";
import { unknown } from "../errors.ts";
import { isBucketName, parseLines, restOfPath } from "../query.ts";

/** `/api/s3/object/{bucket}/` */
const SEGMENTS_BEFORE_KEY = 4;

export const createLogsApi = ({ reader }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();

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
