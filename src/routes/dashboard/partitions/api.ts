import { OpenAPIHono } from "@hono/zod-openapi";
import type { AreaDeps } from "../area.ts";
import { unknown } from "../errors.ts";
import { partitionsJson } from "../present.ts";
import { isBucketName } from "../query.ts";

export const createPartitionsApi = ({ reader }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  app.get("/api/s3/bucket/:name/partitions", async (c) => {
    const bucket = c.req.param("name");
    const analysis = isBucketName(bucket) ? await reader.partitions(bucket) : undefined;
    return analysis ? c.json(partitionsJson(bucket, analysis)) : unknown("bucket", bucket);
  });
  return app;
};
