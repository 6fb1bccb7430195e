import { Hono } from "hono";
import type { AlertSource } from "../../../shared/core/dashboard/alerts/source.ts";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { HistorySource } from "../../../shared/core/dashboard/history/history.ts";
import type { AreaDeps } from "../area.ts";
import { parseHistoryRequest, readHistory, stepFor } from "./history.ts";
import { Overview } from "./page.tsx";

export type OverviewPageDeps = AreaDeps & {
  history: HistorySource | undefined;
  alerts: AlertSource;
  /** Where a first log may be sent, for the empty page. */
  ingestUrl: string | undefined;
};

const MIN_MINUTES = 3;

export const createOverviewPages = ({
  reader,
  pages,
  history,
  alerts,
  ingestUrl,
  now,
}: OverviewPageDeps): Hono => {
  const app = new Hono();

  /** As long as asked for, or as long as anybody has watched: an empty picture says nothing. */
  const rangeOf = async (asked: number) => {
    const known = await attempt(() => readHistory(history, { minutes: 1, stepMs: 60_000 }));
    const since = known.ok ? known.value.since : null;
    const watched = since === null ? asked : Math.ceil((now() - since) / 60_000);
    const minutes = Math.min(asked, Math.max(MIN_MINUTES, watched));
    return { minutes, stepMs: stepFor(minutes) };
  };

  app.get("/", async (c) => {
    const { minutes } = parseHistoryRequest({ minutes: c.req.query("range") });
    const range = await rangeOf(minutes);
    const [ingest, streams, buckets, consumer, ledger, past, report] = await Promise.all([
      reader.ingest(),
      attempt(reader.streams),
      attempt(reader.buckets),
      attempt(reader.consumer),
      attempt(reader.ledger),
      attempt(() => readHistory(history, range)),
      attempt(alerts.read),
    ]);
    return pages.render(
      c,
      { title: "Overview", section: "overview", scripts: ["overview"] },
      <Overview
        {...{ ingest, streams, buckets, consumer, ledger, ingestUrl }}
        history={past}
        alerts={report}
        asked={minutes}
        minutes={range.minutes}
        now={now()}
      />,
    );
  });
  return app;
};
