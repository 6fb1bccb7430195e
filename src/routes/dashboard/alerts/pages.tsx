import { Hono } from "hono";
import type { Child, FC } from "hono/jsx";
import type { Alert, AlertState } from "../../../shared/core/dashboard/alerts/alert.ts";
import { describeRule } from "../../../shared/core/dashboard/alerts/rules.ts";
import type { AlertReport, AlertSource } from "../../../shared/core/dashboard/alerts/source.ts";
import { formatDuration } from "../../../shared/core/dashboard/format.ts";
import type { AreaDeps } from "../area.ts";
import { Ago, Facts, Section, State, Table, type Tone, Unknown } from "../components.tsx";
import { formatFigure } from "./figure.ts";

const TONES: Readonly<Record<AlertState, Tone>> = {
  ok: "ok",
  pending: "warn",
  firing: "error",
  unknown: "muted",
};
const ORDER: readonly AlertState[] = ["firing", "pending", "unknown", "ok"];

const rowOf = (alert: Alert, isWatched: boolean, now: number) => {
  const { rule, state, since, value, detail } = alert;
  const { title, unit, hint, href } = describeRule(rule.name);
  const tone = TONES[state];
  const cells: Child[] = [
    <a href={href}>{title}</a>,
    <State tone={tone}>{state}</State>,
    value === null ? (
      <Unknown reason={detail ?? "There is no figure."} />
    ) : (
      formatFigure(value, unit)
    ),
    `> ${formatFigure(rule.threshold, unit)}`,
    isWatched ? (
      <Ago time={new Date(since)} now={now} reason="" />
    ) : (
      <Unknown reason="Nobody looks between requests here." />
    ),
    <span class="wrap">{state === "ok" ? (detail ?? "") : `${detail ?? ""} ${hint}`.trim()}</span>,
  ];
  return { cells, ...(tone === "error" || tone === "warn" ? { tone } : {}) };
};

const AlertsPage: FC<{ report: AlertReport; now: number }> = ({ report, now }) => {
  const { alerts, isWatched, forMs, delivery } = report;
  const sorted = [...alerts].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const webhook = delivery.isOn
    ? delivery.untold > 0
      ? `${delivery.untold} not delivered yet`
      : "each change is posted once"
    : "off: set ALERT_WEBHOOK_URL";
  return (
    <>
      <h1>Alerts</h1>
      <Facts
        facts={[
          ["Looked at", isWatched ? "every 10 s" : "when this page is opened"],
          ["Fires after", isWatched ? formatDuration(forMs) : "at once"],
          ["Webhook", isWatched ? webhook : "CloudWatch alarms tell, see docs/deploy.md"],
        ]}
      />
      <Section title="Rules" note="ALERT_RULES">
        <Table
          caption="Alert rules"
          columns={[
            { label: "What" },
            { label: "State" },
            { label: "Figure", isNumber: true },
            { label: "Fires at", isNumber: true },
            { label: "Since" },
            { label: "Why" },
          ]}
          rows={sorted.map((alert) => rowOf(alert, isWatched, now))}
          empty="ALERT_RULES is empty: nothing is watched."
        />
      </Section>
    </>
  );
};

export const createAlertsPages = ({ pages, now }: AreaDeps, alerts: AlertSource): Hono => {
  const app = new Hono();
  app.get("/alerts", async (c) =>
    pages.render(
      c,
      { title: "Alerts", section: "alerts" },
      <AlertsPage report={await alerts.read()} now={now()} />,
    ),
  );
  return app;
};
