import { Hono } from "hono";
import type { AreaDeps } from "../area.ts";
import { isBucketName } from "../query.ts";
import { PartitionsPage } from "./page.tsx";

export const createPartitionsPages = ({ reader, pages, now }: AreaDeps): Hono => {
  const app = new Hono();
  app.get("/buckets/:name/partitions", async (c) => {
    const bucket = c.req.param("name");
    const analysis = isBucketName(bucket) ? await reader.partitions(bucket) : undefined;
    if (!analysis) return pages.notFound(c, "bucket", bucket);
    return pages.render(
      c,
      { title: `Partitions of ${bucket}`, section: "buckets" },
      <PartitionsPage bucket={bucket} analysis={analysis} now={now()} />,
    );
  });
  return app;
};
