import type { Hono } from "hono";
import * as z from "zod";
import { LOG_CATEGORIES, LOG_TYPES, type LogType } from "../../shared/core/log-types.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { scenarioOf } from "../catalogue/scenarios.ts";
import type { UpstreamLog } from "../logs/log.ts";
import type { Influence, LogStream } from "../logs/log-stream.ts";
import type { RecentLogs } from "../logs/recent-logs.ts";
import type { Delivery } from "../traffic/delivery.ts";
import {
  busy,
  limitQuery,
  notFound,
  number,
  readBody,
  readQuery,
  resolveLogTypes,
  text,
  wholeNumber,
} from "./request.ts";
import { createServiceApp } from "./service-app.ts";

export type LogSynthesisDeps = {
  createStream: (types: readonly LogType[] | undefined, influence: () => Influence) => LogStream;
  delivery: Delivery;
  recent: RecentLogs;
  now: () => number;
  log: Logger;
};

const NAME = "log-synthesis";
const MAX_COUNT = 10_000;
const RECENT_SHOWN = 100;
/** Below the five seconds that clients wait for an answer. */
const FORWARD_WAIT_MS = 3_000;

const synthesizeBody = z.object({
  log_type: text(),
  scenario_id: text(),
  count: wholeNumber(1, MAX_COUNT),
  anomaly_score: number(0, 100),
});

/** Port base + 2: makes logs of any type on demand, and forwards them to the ingestion interface. */
export const createLogSynthesis = (deps: LogSynthesisDeps): Hono => {
  const { delivery, recent, now, log } = deps;
  const app = createServiceApp({ name: NAME, log });
  /** How many were acknowledged in time; the rest is still being delivered. */
  const forward = async (logs: readonly UpstreamLog[]): Promise<number> => {
    const outcome = await delivery.within(delivery.send(logs), FORWARD_WAIT_MS);
    return outcome?.acknowledged ?? 0;
  };

  app.get("/health", (c) => c.json({ status: "healthy", service: NAME }));

  app.post("/api/synthesize", async (c) => {
    const {
      log_type,
      scenario_id,
      count = 100,
      anomaly_score = 0,
    } = await readBody(c, synthesizeBody);
    const scenario = scenario_id === undefined ? undefined : scenarioOf(scenario_id);
    if (scenario_id !== undefined && scenario === undefined)
      throw notFound("scenario", scenario_id, "GET /api/scenarios lists them.");
    const types = log_type === undefined ? scenario?.log_types : resolveLogTypes([log_type]);
    if (!delivery.hasRoom(count))
      throw busy("The ingestion interface is behind. Try again in a second.");
    const influence = { score: anomaly_score, scenarioId: scenario?.id ?? null };
    const at = now();
    const logs = deps.createStream(types, () => influence).take(count, at, at);
    recent.add(logs);
    c.header("x-logs-acknowledged", String(await forward(logs)));
    return c.json(logs);
  });

  app.get("/api/log-types", (c) =>
    c.json({
      categories: LOG_CATEGORIES,
      total_types: LOG_TYPES.length,
      log_types: LOG_TYPES,
    }),
  );

  app.get("/api/logs", (c) => {
    const { limit } = readQuery(c, limitQuery(RECENT_SHOWN, recent.capacity));
    const logs = recent.newest(limit);
    return c.json({ logs, count: logs.length, total: recent.total() });
  });

  app.get("/api/logs/stats", (c) => c.json(recent.stats()));

  return app;
};
