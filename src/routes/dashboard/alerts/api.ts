import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { AlertSource } from "../../../shared/core/dashboard/alerts/source.ts";
import { jsonAnswer } from "../openapi.ts";
import { alertsJson, alertsSchema } from "./schema.ts";

const alertsRoute = createRoute({
  method: "get",
  path: "/api/alerts",
  summary: "Every alert rule with its figure and state",
  responses: { 200: jsonAnswer(alertsSchema, "In the order of ALERT_RULES.") },
});

export const createAlertsApi = (alerts: AlertSource, now: () => number): OpenAPIHono => {
  const app = new OpenAPIHono();
  app.openapi(alertsRoute, async (c) => c.json(alertsJson(await alerts.read(), now()), 200));
  return app;
};
