import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { AreaDeps } from "../area.ts";
import { naming } from "../buckets/denied.ts";
import { bucketParam } from "../buckets/schema.ts";
import { unknown } from "../errors.ts";
import { jsonAnswer, problemAnswers } from "../openapi.ts";
import { isBucketName } from "../query.ts";
import { partitionsJson } from "./present.ts";
import { parsePartitionsRequest } from "./query.ts";
import { partitionsQuery, partitionsSchema } from "./schema.ts";

const route = createRoute({
  method: "get",
  path: "/api/s3/bucket/{name}/partitions",
  summary:
    "How a bucket is partitioned: levels, hours, gaps, sizes, schema; walked within a budget",
  request: { params: bucketParam, query: partitionsQuery },
  responses: {
    200: jsonAnswer(
      partitionsSchema,
      "One part of the walk, newest days first. Go on with `cursor`; parts add up.",
    ),
    ...problemAnswers,
  },
});

export const createPartitionsApi = ({ reader }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  app.openapi(route, async (c) => {
    const bucket = c.req.param("name");
    const { service, cursor, maxSamples } = parsePartitionsRequest(c.req.query());
    if (!isBucketName(bucket)) return unknown("bucket", bucket) as never;
    return (await naming("s3:ListBucket", bucket, async () => {
      const signal = c.req.raw.signal;
      const read = await reader.walk({ bucket, service, cursor, maxSamples, signal });
      return read ? c.json(partitionsJson(bucket, read, service)) : unknown("bucket", bucket);
    })) as never;
  });
  return app;
};
