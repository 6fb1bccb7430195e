import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { HistorySource } from "../../../shared/core/dashboard/history/history.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../../../shared/core/prometheus.ts";
import type { AreaDeps } from "../area.ts";
import { jsonAnswer, problemAnswers } from "../openapi.ts";
import { consumerJson, ledgerJson, summaryJson } from "../present.ts";
import { dashboardMetrics } from "../prometheus.ts";
import { historyJson, NO_HISTORY, parseHistoryRequest, readHistory } from "./history.ts";
import { consumerSchema, healthSchema, historySchema, summarySchema } from "./schema.ts";

export type OverviewApiDeps = AreaDeps & {
  /** Undefined where nobody keeps one. */
  history: HistorySource | undefined;
};

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether the dashboard itself answers; asks nobody else",
  responses: { 200: jsonAnswer(healthSchema, "It does.") },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  summary: "The figures of consumer, buckets and ledger, as Prometheus' text",
  responses: {
    200: {
      description: "Text format 0.0.4",
      content: { "text/plain": { schema: z.string() } },
    },
  },
});

const summaryRoute = createRoute({
  method: "get",
  path: "/api/stats/summary",
  summary: "Streams, buckets, consumer and ledger at a glance",
  responses: { 200: jsonAnswer(summarySchema, "What is not known is null, with an `error`.") },
});

const consumerRoute = createRoute({
  method: "get",
  path: "/api/consumer",
  summary: "The consumer, shard by shard",
  responses: { 200: jsonAnswer(consumerSchema, "As it last recorded.") },
});

const historyRoute = createRoute({
  method: "get",
  path: "/api/history",
  summary: "In, landed, lag and errors over time",
  request: {
    query: z.object({
      minutes: z.string().optional().openapi({ example: "60", description: "1 to 180" }),
      step: z.string().optional().openapi({ example: "60", description: "seconds, 1 to 3600" }),
    }),
  },
  responses: {
    200: jsonAnswer(historySchema, "Counts within each step; null where no two samples say."),
    400: problemAnswers[400],
  },
});

/** Health, the figures of the whole pipeline now and over time, and Prometheus' text of them. */
export const createOverviewApi = ({ reader, history, now }: OverviewApiDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  const timestamp = () => new Date(now()).toISOString();

  app.openapi(healthRoute, (c) =>
    c.json(
      { status: "ok" as const, service: "stage01-dashboard" as const, timestamp: timestamp() },
      200,
    ),
  );

  app.openapi(metricsRoute, async (c) => {
    const [consumer, buckets, ledger] = await Promise.all([
      attempt(reader.consumer),
      attempt(reader.buckets),
      attempt(reader.ledger),
    ]);
    return c.text(renderPrometheus(dashboardMetrics(consumer, buckets, ledger)), 200, {
      "Content-Type": PROMETHEUS_CONTENT_TYPE,
    });
  });

  app.openapi(summaryRoute, async (c) => {
    const [streams, buckets, consumer, ledger] = await Promise.all([
      attempt(reader.streams),
      attempt(reader.buckets),
      attempt(reader.consumer),
      attempt(reader.ledger),
    ]);
    return c.json(
      {
        ...summaryJson(streams, buckets, consumer),
        ledger: ledgerJson(ledger),
        timestamp: timestamp(),
      },
      200,
    );
  });

  app.openapi(consumerRoute, async (c) =>
    c.json({ ...consumerJson(await attempt(reader.consumer)), timestamp: timestamp() }, 200),
  );

  app.openapi(historyRoute, async (c) => {
    const request = parseHistoryRequest(c.req.query());
    const reason = history === undefined ? NO_HISTORY : null;
    return c.json(historyJson(await readHistory(history, request), reason), 200);
  });

  return app;
};
