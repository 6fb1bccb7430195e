import { Hono } from "hono";
import type { Logger } from "../shared/core/logger.ts";
import { PROMETHEUS_CONTENT_TYPE, renderPrometheus } from "../shared/core/prometheus.ts";
import type { Signal } from "../shared/core/signals.ts";
import { allowHost, refuseOtherOrigins } from "./allow-host.ts";
import { createBatchHandler } from "./ingest-batch.ts";
import { createIngestGate, type IngestGateDeps } from "./ingest-gate.ts";
import { healthOf, metricsOf } from "./ingest-reports.ts";
import { ingestMetricFamilies } from "./ingest-totals.ts";
import { createOtlpRoutes, otlpStatusBodies } from "./otlp.ts";
import { methodNotAllowed, problem } from "./problem.ts";
import { requireToken } from "./require-token.ts";
import {
  logStatsOf,
  type SideEffectReports,
  sideEffectFamilies,
  sideEffectMetricsOf,
} from "./side-effect-reports.ts";

export type IngestDeps = IngestGateDeps & {
  log: Logger;
  /** HOST and ALLOWED_HOSTS; undefined where something in front already checks the name. */
  hosts?: { readonly host: string; readonly others: readonly string[] } | undefined;
  /** What callers must know, for everything but /health; undefined where none is asked for. */
  token?: string | undefined;
  /** What is told of LOG_DIR and CONSOLIDATION_URL. */
  sideEffects?: SideEffectReports | undefined;
};

const BATCH_PATHS: Readonly<Record<string, Signal>> = {
  "/api/ingest/batch": "logs",
  "/api/ingest/metrics": "metrics",
  "/api/ingest/apm": "apm",
};

const ENDPOINTS =
  "POST /api/ingest/batch, /api/ingest/metrics, /api/ingest/apm, /v1/logs, /v1/metrics and /v1/traces, GET /health, /api/metrics, /api/logs/stats and /metrics";

/**
 * The ingestion interface. An item counts as accepted once Kinesis has given its record a sequence
 * number, or the spool has it on the disk. Whatever takes items does so through the gate, behind
 * the checks of host, origin and token.
 */
export const createIngestRoutes = (deps: IngestDeps): Hono => {
  const { now, log, hosts, token, sideEffects } = deps;
  const startedAt = now();
  const gate = createIngestGate(deps);
  const { door, totals } = gate;

  const app = new Hono();

  app.route("/", otlpStatusBodies());

  if (hosts !== undefined) {
    const rule = { what: "ingestion interface", ...hosts };
    app.use(allowHost(rule), refuseOtherOrigins(rule));
  }

  app.get("/health", (c) => {
    const { body, canTakeLogs } = healthOf(door.streams(), now());
    const windowSeconds = door.keyWindowMs / 1000;
    return c.json(
      { ...body, idempotency_window_seconds: windowSeconds === 0 ? null : windowSeconds },
      canTakeLogs ? 200 : 503,
    );
  });

  if (token !== undefined) app.use(requireToken(token));

  for (const [path, signal] of Object.entries(BATCH_PATHS)) {
    const take = createBatchHandler(gate, signal);
    app.post(path, (c) => take(c.req.raw));
    app.all(path, (c) => methodNotAllowed(c.req.path, "POST"));
  }

  app.route("/", createOtlpRoutes({ gate, log }));

  app.get("/api/metrics", (c) =>
    c.json({
      ...metricsOf(totals.read(), door.streams(), startedAt, now()),
      ...sideEffectMetricsOf(sideEffects),
    }),
  );

  app.get("/api/logs/stats", (c) => c.json(logStatsOf(sideEffects)));

  app.get("/metrics", (c) => {
    const families = [
      ...ingestMetricFamilies(totals.read(), door.streams(), now()),
      ...sideEffectFamilies(sideEffects),
    ];
    return c.body(renderPrometheus(families), 200, { "content-type": PROMETHEUS_CONTENT_TYPE });
  });

  for (const path of ["/health", "/api/metrics", "/api/logs/stats", "/metrics"])
    app.all(path, (c) => methodNotAllowed(c.req.path, "GET"));

  app.notFound((c) =>
    problem(404, { code: "NOT_FOUND", detail: `No ${c.req.path} here. There is ${ENDPOINTS}.` }),
  );

  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, "A request failed unexpectedly.");
    return problem(500, {
      code: "INTERNAL",
      detail: "Something failed here. The log of the ingestion interface says more.",
    });
  });

  return app;
};
