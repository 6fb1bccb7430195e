import { OpenAPIHono } from "@hono/zod-openapi";
import type { AreaDeps } from "../area.ts";
import { unknown } from "../errors.ts";
import { streamJson, streamsJson } from "../present.ts";
import { isStreamName } from "../query.ts";

export const createStreamsApi = ({ reader }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();

  app.get("/api/kinesis/streams", async (c) => c.json(streamsJson(await reader.streams())));

  app.get("/api/kinesis/stream/:name/metrics", async (c) => {
    const name = c.req.param("name");
    const stream = isStreamName(name) ? await reader.stream(name) : undefined;
    return stream ? c.json(streamJson(stream)) : unknown("stream", name);
  });

  return app;
};
