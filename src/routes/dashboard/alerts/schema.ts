import { z } from "@hono/zod-openapi";
import type { Alert } from "../../../shared/core/dashboard/alerts/alert.ts";
import { describeRule, ruleNames } from "../../../shared/core/dashboard/alerts/rules.ts";
import type { AlertReport } from "../../../shared/core/dashboard/alerts/source.ts";

const alertSchema = z
  .object({
    rule: z.enum(ruleNames),
    title: z.string(),
    state: z.enum(["ok", "pending", "firing", "unknown"]),
    since: z.string().nullable(),
    value: z.number().nullable(),
    threshold: z.number(),
    unit: z.string(),
    detail: z.string().nullable(),
    hint: z.string(),
  })
  .openapi("Alert");

/** `GET /api/alerts` */
export const alertsSchema = z
  .object({
    alerts: z.array(alertSchema),
    firing: z.number(),
    for_seconds: z.number(),
    is_watched: z.boolean().openapi({
      description: "False where nobody looks between requests; `since` is null then.",
    }),
    webhook: z.object({ is_on: z.boolean(), untold: z.number() }),
    timestamp: z.string(),
  })
  .openapi("Alerts");

const alertJson = ({ rule, state, since, value, detail }: Alert, isWatched: boolean) => {
  const { title, unit, hint } = describeRule(rule.name);
  return {
    rule: rule.name,
    title,
    state,
    since: isWatched ? new Date(since).toISOString() : null,
    value,
    threshold: rule.threshold,
    unit,
    detail,
    hint,
  };
};

export const alertsJson = (
  { alerts, isWatched, forMs, delivery }: AlertReport,
  now: number,
): z.infer<typeof alertsSchema> => ({
  alerts: alerts.map((alert) => alertJson(alert, isWatched)),
  firing: alerts.filter(({ state }) => state === "firing").length,
  for_seconds: forMs / 1_000,
  is_watched: isWatched,
  webhook: { is_on: delivery.isOn, untold: delivery.untold },
  timestamp: new Date(now).toISOString(),
});
