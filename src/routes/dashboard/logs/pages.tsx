import { Hono } from "hono";
import { showInvisible } from "../../../shared/core/dashboard/format.ts";
import type { AreaDeps } from "../area.ts";
import { isBucketName, parseLines, requireText } from "../query.ts";
import { ObjectPage } from "./object-page.tsx";

const PAGE_LINES = 100;
/** More would be a page nobody scrolls; the API gives up to 10,000. */
const MAX_PAGE_LINES = 1_000;

export const createLogsPages = ({ reader, pages }: AreaDeps): Hono => {
  const app = new Hono();

  app.get("/objects", async (c) => {
    const bucket = requireText("bucket", c.req.query("bucket"));
    const key = requireText("key", c.req.query("key"));
    const maxLines = parseLines(c.req.query("lines"), PAGE_LINES, MAX_PAGE_LINES);
    if (!isBucketName(bucket)) return pages.notFound(c, "bucket", bucket);
    const object = await reader.objectLines(bucket, key, maxLines);
    if ("missing" in object)
      return object.missing === "bucket"
        ? pages.notFound(c, "bucket", bucket)
        : pages.notFound(c, "object", key);
    return pages.render(
      c,
      { title: showInvisible(key), section: "buckets", isStill: true },
      <ObjectPage bucket={bucket} keyName={key} maxLines={maxLines} object={object} />,
    );
  });

  return app;
};
