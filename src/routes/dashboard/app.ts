import { Hono } from "hono";
import type { DashboardReader } from "../../shared/core/dashboard/reader.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { allowHost } from "../allow-host.ts";
import { problem } from "../problem.ts";
import { createDashboardApi } from "./api.ts";
import { createAssetRoutes } from "./assets.ts";
import { problemOf } from "./errors.ts";
import { protectPage, readOnly } from "./guard.ts";
import type { Frame } from "./layout.tsx";
import { createDashboardPages } from "./pages.tsx";

export type DashboardDeps = {
  reader: DashboardReader;
  frame: Frame;
  /** HOST; undefined where something in front already checks the name, as API Gateway does. */
  host?: string | undefined;
  /** ALLOWED_HOSTS. */
  allowedHosts?: readonly string[] | undefined;
  /** Where a first log may be sent, for the empty page. */
  ingestUrl?: string | undefined;
  log: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};

/** The whole dashboard: JSON API, pages and their files. Reads only. */
export const createDashboardApp = ({
  reader,
  frame,
  host,
  allowedHosts,
  ingestUrl,
  log,
  now,
}: DashboardDeps): Hono => {
  const app = new Hono();
  app.use(protectPage);
  if (host !== undefined) app.use(allowHost({ what: "dashboard", host, others: allowedHosts }));
  app.use(readOnly);
  app.route("/", createAssetRoutes());
  app.route("/", createDashboardPages({ reader, frame, ingestUrl, log, now }));
  app.route("/", createDashboardApi({ reader, now }));
  app.notFound((c) =>
    problem(404, { code: "UNKNOWN_PATH", detail: `There is nothing at ${c.req.path}.` }),
  );
  app.onError((error) => problemOf(error, log));
  return app;
};
