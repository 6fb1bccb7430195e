import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { RecordsRead } from "../../../shared/core/dashboard/streams/read-records.ts";
import { problem } from "../../problem.ts";
import { unknown } from "../errors.ts";
import { jsonAnswer, problemAnswers } from "../openapi.ts";
import { streamJson, streamsJson } from "../present.ts";
import { isStreamName, QueryError } from "../query.ts";
import { createStreamsData } from "./data.ts";
import type { StreamsDeps } from "./deps.ts";
import { consumersJson, shardsJson } from "./present.ts";
import {
  asList,
  MAX_RECORDS,
  POSITIONS,
  parseRecordsQuery,
  parseShards,
  parseStreamCursor,
} from "./query.ts";
import {
  consumersSchema,
  recordsSchema,
  shardsSchema,
  streamSchema,
  streamsSchema,
  tailsSchema,
} from "./schema.ts";
import { sendTail } from "./tail.ts";

const DEADLINE_MS = 8_000;

const params = z.object({
  name: z.string().openapi({ example: "stage01-logs-stream", description: "The stream's name" }),
});

const shard = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .openapi({
    type: "string",
    example: "shardId-000000000000",
    description: "Repeat it for several; all shards without it.",
  });

const streamsRoute = createRoute({
  method: "get",
  path: "/api/kinesis/streams",
  summary: "All streams",
  responses: { 200: jsonAnswer(streamsSchema, "At most 200."), ...problemAnswers },
});

const streamRoute = createRoute({
  method: "get",
  path: "/api/kinesis/stream/{name}/metrics",
  summary: "One stream and its shards",
  request: { params },
  responses: { 200: jsonAnswer(streamSchema, "The stream."), ...problemAnswers },
});

const shardsRoute = createRoute({
  method: "get",
  path: "/api/kinesis/stream/{name}/shards",
  summary: "The shards of a stream with what goes in and out",
  request: { params },
  responses: {
    200: jsonAnswer(shardsSchema, "What is not known is null, with its reason."),
    ...problemAnswers,
  },
});

const recordsRoute = createRoute({
  method: "get",
  path: "/api/kinesis/stream/{name}/records",
  summary: "Records from any place on, their text never altered",
  description:
    "At most 5 calls per shard; 8 shards per request. With `limit=1` a record comes whole, else up to 64 KiB of each.",
  request: {
    params,
    query: z.object({
      shard,
      position: z
        .string()
        .optional()
        .openapi({ example: "NEWEST", description: `One of ${POSITIONS.join(", ")}` }),
      timestamp: z.string().optional().openapi({
        example: "2026-11-22T10:00:00Z",
        description: "For AT_TIMESTAMP: RFC 3339 or epoch milliseconds; UTC without a zone.",
      }),
      sequence: z.string().optional().openapi({ description: "For AT_ and AFTER_SEQUENCE_NUMBER" }),
      limit: z
        .string()
        .optional()
        .openapi({ example: "50", description: `1 to ${MAX_RECORDS}; 50 without it` }),
      cursor: z.string().optional().openapi({ description: "nextCursor of an earlier answer" }),
      decode: z.string().optional().openapi({
        example: "none",
        description: "none, lines (unpacked, without raw) or both",
      }),
    }),
  },
  responses: { 200: jsonAnswer(recordsSchema, "Oldest first."), ...problemAnswers },
});

const tailRoute = createRoute({
  method: "get",
  path: "/api/kinesis/stream/{name}/tail",
  summary: "Records as they arrive, as server-sent events",
  description:
    "Events hello, batch, gap, ping, problem, bye. Goes on after `Last-Event-ID` or `cursor`. One reader per shard serves every viewer, at one GetRecords a second.",
  request: {
    params,
    query: z.object({
      shard,
      cursor: z.string().optional().openapi({ description: "The id of the last event seen" }),
    }),
  },
  responses: {
    200: {
      description: "Until 15 minutes have passed, or the client goes.",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...problemAnswers,
  },
});

const consumersRoute = createRoute({
  method: "get",
  path: "/api/kinesis/stream/{name}/consumers",
  summary: "How far each consumer is in each shard",
  request: { params },
  responses: {
    200: jsonAnswer(consumersSchema, "What is not known is null, with its reason; never 0."),
    ...problemAnswers,
  },
});

const tailsRoute = createRoute({
  method: "get",
  path: "/api/kinesis/tails",
  summary: "What live tails cost just now",
  responses: { 200: jsonAnswer(tailsSchema, "Those of this process.") },
});

const recordsJson = (stream: string, read: RecordsRead) => ({ stream, ...read });

const NO_RECORDS = "This dashboard is not set up to read records.";

/** Streams, their shards, records and consumers, and the live tail. */
export const createStreamsApi = (deps: StreamsDeps): OpenAPIHono => {
  const { reader, streams } = deps;
  const data = createStreamsData(deps);
  const app = new OpenAPIHono();
  const detail = async (name: string) => (isStreamName(name) ? reader.stream(name) : undefined);

  app.openapi(streamsRoute, async (c) => c.json(streamsJson(await reader.streams()), 200));

  app.openapi(streamRoute, async (c) => {
    const { name } = c.req.valid("param");
    const stream = await detail(name);
    return stream ? c.json(streamJson(stream), 200) : (unknown("stream", name) as never);
  });

  app.openapi(shardsRoute, async (c) => {
    const { name } = c.req.valid("param");
    const stream = await detail(name);
    if (!stream) return unknown("stream", name) as never;
    const [lags, rates] = await Promise.all([data.lags(stream), data.rates(stream)]);
    return c.json(shardsJson(stream, lags, rates), 200);
  });

  app.openapi(recordsRoute, async (c) => {
    const { name } = c.req.valid("param");
    if (!isStreamName(name)) return unknown("stream", name) as never;
    const request = parseRecordsQuery(name, c.req.valid("query"), {
      position: "NEWEST",
      limit: 50,
    });
    if (!streams) return problem(503, { code: "NO_RECORDS", detail: NO_RECORDS }) as never;
    const read = await streams.records.read(request, AbortSignal.timeout(DEADLINE_MS));
    if (read === undefined) return unknown("stream", name) as never;
    if ("unknownShard" in read)
      throw new QueryError("shard", `${name} has no shard ${read.unknownShard}.`);
    if ("refused" in read)
      throw new QueryError("sequence", "Kinesis knows no record of this sequence number here.");
    return c.json(recordsJson(name, read) as never, 200);
  });

  app.openapi(tailRoute, async (c) => {
    const { name } = c.req.valid("param");
    const query = c.req.valid("query");
    const stream = await detail(name);
    if (!stream) return unknown("stream", name) as never;
    const cursor = parseStreamCursor(c.req.header("last-event-id") || query.cursor);
    const shards = parseShards(asList(query.shard));
    for (const wanted of shards ?? [])
      if (!stream.shards.items.some(({ shardId }) => shardId === wanted))
        throw new QueryError("shard", `${name} has no shard ${wanted}.`);
    if (!streams?.tail)
      return problem(503, {
        code: "TAIL_NOT_HERE",
        detail: `Answers are not streamed here. Poll /api/kinesis/stream/${name}/records with its nextCursor.`,
      }) as never;
    const viewer = await streams.tail.attach({ stream: name, shards, cursor });
    if (viewer) return sendTail(c, viewer) as never;
    return problem(
      503,
      { code: "TOO_MANY_TAILS", detail: "As many live tails are open as may be. Close one." },
      { "retry-after": "10" },
    ) as never;
  });

  app.openapi(consumersRoute, async (c) => {
    const { name } = c.req.valid("param");
    const stream = await detail(name);
    if (!stream) return unknown("stream", name) as never;
    const lags = await data.lags(stream);
    return c.json(consumersJson(name, lags, streams?.consumerSource ?? "checkpoint"), 200);
  });

  app.openapi(tailsRoute, (c) => c.json({ tails: streams?.tail?.costs() ?? [] }, 200));

  return app;
};
