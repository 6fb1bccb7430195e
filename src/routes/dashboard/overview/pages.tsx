import { Hono } from "hono";
import { attempt } from "../../../shared/core/dashboard/backend-error.ts";
import type { AreaDeps } from "../area.ts";
import { Overview } from "./page.tsx";

export type OverviewPageDeps = AreaDeps & {
  /** Where a first log may be sent, for the empty page. */
  ingestUrl: string | undefined;
};

export const createOverviewPages = ({ reader, pages, ingestUrl, now }: OverviewPageDeps): Hono => {
  const app = new Hono();
  app.get("/", async (c) => {
    const [ingest, streams, buckets, consumer, ledger] = await Promise.all([
      reader.ingest(),
      attempt(reader.streams),
      attempt(reader.buckets),
      attempt(reader.consumer),
      attempt(reader.ledger),
    ]);
    const data = { ingest, streams, buckets, consumer, ledger, ingestUrl, now: now() };
    return pages.render(c, { title: "Overview", section: "overview" }, <Overview {...data} />);
  });
  return app;
};
