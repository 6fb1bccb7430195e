import { OpenAPIHono } from "@hono/zod-openapi";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../../../shared/core/prometheus.ts";
import type { AreaDeps } from "../area.ts";
import { consumerJson, ledgerJson, summaryJson } from "../present.ts";
import { dashboardMetrics } from "../prometheus.ts";

/** Health, the figures of the whole pipeline, and Prometheus' text of them. */
export const createOverviewApi = ({ reader, now }: AreaDeps): OpenAPIHono => {
  const app = new OpenAPIHono();
  const timestamp = () => new Date(now()).toISOString();

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

  return app;
};
