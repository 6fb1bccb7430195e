import { describeRule } from "../shared/core/dashboard/alerts/rules.ts";
import type { Notice } from "../shared/core/dashboard/alerts/watch.ts";

const DEADLINE_MS = 5_000;

/** What a receiver gets; `text` is what chat tools show of a message. */
export const webhookBody = ({ id, change, alert }: Notice, stage: string, dashboardUrl: string) => {
  const { title, unit, hint, href } = describeRule(alert.rule.name);
  const figure = alert.value === null ? "n/a" : `${alert.value} ${unit}`;
  const state = change === "firing" ? "FIRING" : "resolved";
  return {
    id,
    state: change,
    rule: alert.rule.name,
    title,
    value: alert.value,
    threshold: alert.rule.threshold,
    unit,
    since: new Date(alert.since).toISOString(),
    detail: alert.detail,
    hint,
    stage,
    url: `${dashboardUrl}${href}`,
    text: `[${stage}] ${state}: ${title} (${figure}, threshold ${alert.rule.threshold} ${unit}). ${alert.detail ?? ""}`.trim(),
  };
};

/** Posts each change as JSON to `url`, under an Idempotency-Key. Rejects unless it answers 2xx. */
export const createAlertWebhook =
  (url: string, { stage, dashboardUrl }: { stage: string; dashboardUrl: string }) =>
  async (notice: Notice): Promise<void> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `"${notice.id}"` },
      body: JSON.stringify(webhookBody(notice, stage, dashboardUrl)),
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: "error",
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`ALERT_WEBHOOK_URL answered ${answer.status}.`);
  };
