import { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { type AlertSource, noAlerts } from "../../shared/core/dashboard/alerts/source.ts";
import type { BucketSettings } from "../../shared/core/dashboard/buckets/ports.ts";
import type { HistorySource } from "../../shared/core/dashboard/history/history.ts";
import type { QuarantineReader } from "../../shared/core/dashboard/quarantine/reader.ts";
import type { DashboardReader } from "../../shared/core/dashboard/reader.ts";
import type { StreamsPorts } from "../../shared/core/dashboard/streams/streams-ports.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { allowHost } from "../allow-host.ts";
import { problem } from "../problem.ts";
import { createAlertsApi } from "./alerts/api.ts";
import { createAlertsPages } from "./alerts/pages.tsx";
import type { AreaDeps } from "./area.ts";
import { createBucketsApi } from "./buckets/api.ts";
import { createBucketsPages } from "./buckets/pages.tsx";
import { createDocsPages } from "./docs/pages.tsx";
import { problemOf } from "./errors.ts";
import { type Access, defaultAccess, guardAccess, ownPagesOnly } from "./frame/access.ts";
import { createAssetRoutes } from "./frame/assets.ts";
import { protectPage, readOnly } from "./frame/guard.ts";
import type { Frame } from "./frame/layout.tsx";
import { createPreferenceRoutes } from "./frame/preferences.ts";
import { createPageRenderer } from "./frame/render.tsx";
import { createUiRoutes, noUiFiles, type UiFiles } from "./frame/ui-files.ts";
import { createLogsApi } from "./logs/api.ts";
import type { LogsPorts } from "./logs/deps.ts";
import { createLogsPages } from "./logs/pages.tsx";
import { createOverviewApi } from "./overview/api.ts";
import { createOverviewPages } from "./overview/pages.tsx";
import { createPartitionsApi } from "./partitions/api.ts";
import { createPartitionsPages } from "./partitions/pages.tsx";
import { createQuarantineApi } from "./quarantine/api.ts";
import { createQuarantinePages } from "./quarantine/pages.tsx";
import { createStreamsApi } from "./streams/api.ts";
import { createStreamsPages } from "./streams/pages.tsx";

export type DashboardDeps = {
  reader: DashboardReader;
  /** Undefined where nobody keeps one. */
  history?: HistorySource | undefined;
  alerts?: AlertSource | undefined;
  /** Undefined where no bucket has a quarantine to show. */
  quarantine?: QuarantineReader | undefined;
  /** Who may read. Where nothing is said: everybody on a laptop, nobody anywhere else. */
  access?: Access | undefined;
  /** Records, live tails and rates; pages say so where they cannot be read. */
  streams?: StreamsPorts | undefined;
  /** Objects' bytes and searches; undefined with a test's ports only. */
  logs?: LogsPorts | undefined;
  /** For commands to copy and links to objects. */
  storage?: BucketSettings | undefined;
  frame: Omit<Frame, "scripts">;
  /** The browser's scripts; pages are whole without them. */
  ui?: UiFiles | undefined;
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

type AppDeps = AreaDeps & {
  history: HistorySource | undefined;
  alerts: AlertSource;
  ingestUrl: string | undefined;
  storage: BucketSettings | undefined;
  quarantine: QuarantineReader | undefined;
  streams: StreamsPorts | undefined;
  logs: LogsPorts | undefined;
};

const createApi = (deps: AppDeps): OpenAPIHono => {
  const api = new OpenAPIHono();
  api.use(async (c, next) => {
    await next();
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
  api.route("/", createOverviewApi(deps));
  api.route("/", createStreamsApi(deps));
  api.route("/", createBucketsApi(deps));
  api.route("/", createPartitionsApi(deps));
  api.route("/", createLogsApi(deps));
  api.route("/", createQuarantineApi(deps));
  api.route("/", createAlertsApi(deps.alerts, deps.now));
  return api;
};

const createPages = (deps: AppDeps): Hono => {
  const app = new Hono();
  app.route("/", createOverviewPages(deps));
  app.route("/", createStreamsPages(deps));
  app.route("/", createBucketsPages(deps));
  app.route("/", createPartitionsPages(deps));
  app.route("/", createLogsPages(deps));
  app.route("/", createQuarantinePages(deps));
  app.route("/", createAlertsPages(deps, deps.alerts));
  app.onError(deps.pages.failed);
  return app;
};

/** The whole dashboard: JSON API, pages and their files. Reads only. */
export const createDashboardApp = (deps: DashboardDeps): Hono => {
  const { reader, host, allowedHosts, ui = noUiFiles, alerts = noAlerts, log, now } = deps;
  const frame = { ...deps.frame, scripts: ui.entries };
  const pages = createPageRenderer({ frame, firing: alerts.firing, log, now });
  const { history, ingestUrl, quarantine, storage, streams, logs } = deps;
  const base = { reader, pages, history, alerts, ingestUrl, now };
  const area = { ...base, quarantine, storage, streams, logs };
  const app = new Hono();
  app.use(protectPage);
  if (host !== undefined) app.use(allowHost({ what: "dashboard", host, others: allowedHosts }));
  app.use(ownPagesOnly);
  app.use(readOnly);
  app.use(guardAccess(deps.access ?? defaultAccess(frame.stage), now));
  app.use(compress());
  app.route("/", createAssetRoutes());
  app.route("/", createUiRoutes(ui));
  app.route("/", createPreferenceRoutes());
  app.route("/", createPages(area));
  const api = createApi(area);
  app.route("/", createDocsPages({ api, pages, viewerStyles: ui.entries["docs.css"] }));
  app.route("/", api);
  app.notFound((c) =>
    problem(404, { code: "UNKNOWN_PATH", detail: `There is nothing at ${c.req.path}.` }),
  );
  app.onError((error) => problemOf(error, log));
  return app;
};
