import type { Hono } from "hono";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import { SCENARIO_CATEGORIES, SCENARIOS, SEVERITIES, scenarioOf } from "../catalogue/scenarios.ts";
import { type PatternType, patternTypeOf } from "../patterns/patterns.ts";
import { anomalyOfScenario } from "../traffic/anomaly-starter.ts";
import type { Continuous, ContinuousConfig } from "../traffic/continuous.ts";
import {
  type Execution,
  type ExecutionSpec,
  type Executions,
  MAX_ACTIVE_EXECUTIONS,
} from "../traffic/executions.ts";
import { anomalyKindOf } from "./anomaly-types.ts";
import {
  flag,
  members,
  notFound,
  number,
  Refusal,
  readBody,
  readQuery,
  resolveLogTypes,
  text,
  unprocessable,
  wholeNumber,
  word,
} from "./request.ts";
import { createServiceApp } from "./service-app.ts";

export type OrchestratorDeps = { continuous: Continuous; executions: Executions; log: Logger };

const NAME = "scenario-orchestrator";
/** Logs a second; more than this would be a load test, which `npm run send` is better at. */
export const MAX_LOG_RATE = 5_000;
const MAX_EXECUTION_RATE = 500;
const MAX_SECONDS = 86_400;
const DEFAULT_EXECUTION_RATE = 10;
const DEFAULT_TRIGGER_SECONDS = 30;
const DEFAULT_INTENSITY = 0.8;

const RATE_RULE = `must be 0 to ${MAX_LOG_RATE} logs a second`;

const startBody = z.object({
  enabled: flag(),
  normal_log_rate: number(0, MAX_LOG_RATE, RATE_RULE),
  anomaly_frequency: wholeNumber(0, 1_000_000_000),
  anomaly_duration: number(1, MAX_SECONDS),
  log_types: z.preprocess(
    (value) => (typeof value === "string" ? value.split(",") : (value ?? [])),
    z.array(z.string("must be the name of a log type"), "must be a list of log types").max(200),
  ),
  interval_seconds: number(0.001, MAX_SECONDS),
  logs_per_interval: number(0, MAX_LOG_RATE * MAX_SECONDS),
  duration_seconds: number(0, 31 * MAX_SECONDS),
  rate_pattern: text(),
});

const executionBody = z.object({
  scenario_id: text(),
  parameters: members(),
  duration_seconds: number(1, MAX_SECONDS),
});

const triggerBody = z.object({
  anomaly_type: text(),
  intensity: z.union(
    [number(0, 100), word(["low", "medium", "high", "critical"])],
    "must be 0 to 1 (or up to 100, in percent), or one of low, medium, high, critical",
  ),
  duration_seconds: number(1, MAX_SECONDS),
});

const scenarioQuery = z.object({ category: word(SCENARIO_CATEGORIES), severity: word(SEVERITIES) });

const INTENSITIES = { low: 0.5, medium: 0.75, high: 0.88, critical: 0.97 } as const;

const ratePatternOf = (name: string | undefined): PatternType | null => {
  if (name === undefined) return null;
  const type = patternTypeOf(name);
  if (type === undefined)
    throw unprocessable(
      `rate_pattern: there is no ${JSON.stringify(name)}. GET /api/patterns of pattern-generator lists them.`,
    );
  return type;
};

type StartFields = z.output<typeof startBody>;

/** Undefined where the client speaks of a rate. */
const intervalOf = ({ interval_seconds, logs_per_interval }: StartFields) =>
  interval_seconds === undefined && logs_per_interval === undefined
    ? undefined
    : { interval_seconds: interval_seconds ?? 1, logs_per_interval: logs_per_interval ?? 100 };

const rateOf = (fields: StartFields): number => {
  const interval = intervalOf(fields);
  if (interval === undefined) return fields.normal_log_rate ?? 100;
  const rate = interval.logs_per_interval / interval.interval_seconds;
  if (rate <= MAX_LOG_RATE) return rate;
  throw unprocessable(
    `logs_per_interval over interval_seconds is ${Math.round(rate)} logs a second: it ${RATE_RULE}.`,
  );
};

const configOf = (fields: StartFields): ContinuousConfig => ({
  enabled: fields.enabled ?? true,
  normal_log_rate: rateOf(fields),
  anomaly_frequency: fields.anomaly_frequency ?? 5_000,
  anomaly_duration: fields.anomaly_duration ?? 30,
  log_types: resolveLogTypes(fields.log_types),
  duration_seconds: fields.duration_seconds || null,
  rate_pattern: ratePatternOf(fields.rate_pattern),
});

/** 0 to 1. */
const intensityOf = (value: z.output<typeof triggerBody>["intensity"]): number => {
  if (value === undefined) return DEFAULT_INTENSITY;
  if (typeof value === "string") return INTENSITIES[value];
  return value > 1 ? value / 100 : value;
};

const rateParameter = (parameters: Readonly<Record<string, unknown>>): number => {
  const given = parameters.log_rate ?? parameters.rate;
  if (given === undefined || given === null) return DEFAULT_EXECUTION_RATE;
  const { data } = z.coerce.number().min(0).max(MAX_EXECUTION_RATE).safeParse(given);
  if (data !== undefined) return data;
  throw unprocessable(`parameters.log_rate: must be 0 to ${MAX_EXECUTION_RATE} logs a second.`);
};

/** Port base + 0: continuous traffic, scenarios and what runs of them. */
export const createOrchestrator = ({ continuous, executions, log }: OrchestratorDeps): Hono => {
  const app = createServiceApp({ name: NAME, log });

  const execute = (spec: ExecutionSpec): Execution => {
    const execution = executions.start(spec);
    if (execution !== undefined) return execution;
    throw new Refusal(
      429,
      {
        code: "TOO_MANY_EXECUTIONS",
        detail: `${MAX_ACTIVE_EXECUTIONS} executions run already, which is the most at a time. Stop one, or wait.`,
      },
      { "retry-after": "5" },
    );
  };

  const executionOf = (id: string): Execution => {
    const execution = executions.get(id);
    if (execution === undefined) throw notFound("execution", id, "GET /api/executions lists them.");
    return execution;
  };

  const scenarioNamed = (id: string) => {
    const scenario = scenarioOf(id);
    if (scenario === undefined) throw notFound("scenario", id, "GET /api/scenarios lists them.");
    return scenario;
  };

  app.get("/health", (c) =>
    c.json({
      status: "healthy",
      service: NAME,
      scenarios_count: SCENARIOS.length,
      active_executions: executions.activeCount(),
    }),
  );

  app.post("/api/continuous/start", async (c) => {
    const fields = await readBody(c, startBody);
    const config = configOf(fields);
    const shown = { ...config, ...intervalOf(fields) };
    if (!config.enabled) {
      await continuous.stop();
      return c.json({ message: "Continuous generation is off.", config: shown });
    }
    const wasRunning = continuous.isEnabled();
    continuous.start(config);
    const message = wasRunning
      ? "Continuous generation goes on as configured now."
      : "Continuous generation started.";
    return c.json({ message, config: shown });
  });

  app.post("/api/continuous/stop", async (c) => {
    const wasRunning = continuous.isEnabled();
    const stats = await continuous.stop();
    const message = wasRunning
      ? "Continuous generation stopped."
      : "Continuous generation was not running.";
    return c.json({ message, stats });
  });

  app.get("/api/continuous/stats", (c) => c.json(continuous.stats()));

  app.get("/api/scenarios", (c) => {
    const { category, severity } = readQuery(c, scenarioQuery);
    const scenarios = SCENARIOS.filter(
      (scenario) =>
        (category === undefined || scenario.category === category) &&
        (severity === undefined || scenario.severity === severity),
    );
    return c.json({ scenarios, total: scenarios.length });
  });

  app.get("/api/scenarios/:id", (c) => c.json(scenarioNamed(c.req.param("id"))));

  app.post("/api/executions", async (c) => {
    const { scenario_id, parameters = {}, duration_seconds } = await readBody(c, executionBody);
    if (scenario_id === undefined) throw unprocessable("scenario_id is missing, such as TEC_001.");
    const scenario = scenarioNamed(scenario_id);
    const durationMs = (duration_seconds ?? scenario.default_duration_seconds) * 1_000;
    const anomaly = anomalyOfScenario(scenario, "execution", durationMs);
    return c.json(execute({ anomaly, parameters, rate: rateParameter(parameters) }));
  });

  app.get("/api/executions", (c) => {
    const list = executions.list();
    return c.json({ executions: list, total: list.length });
  });

  app.get("/api/executions/:id", (c) => c.json(executionOf(c.req.param("id"))));

  app.post("/api/executions/:id/stop", (c) => {
    const { execution_id } = executionOf(c.req.param("id"));
    executions.stop(execution_id);
    return c.json(executionOf(execution_id));
  });

  app.post("/api/anomaly/trigger", async (c) => {
    const body = await readBody(c, triggerBody);
    const { anomaly_type = "latency_spike", duration_seconds = DEFAULT_TRIGGER_SECONDS } = body;
    const intensity = intensityOf(body.intensity);
    const scenario = scenarioOf(anomaly_type);
    const kind = anomalyKindOf(anomaly_type);
    const anomaly = {
      source: "trigger",
      anomalyType: anomaly_type,
      scenarioId: scenario?.id ?? null,
      patternType: scenario?.pattern_type ?? kind.patternType,
      peakScore: intensity * 100,
      logTypes: scenario?.log_types ?? kind.logTypes,
      durationMs: duration_seconds * 1_000,
    } as const;
    const parameters = { intensity };
    const execution = execute({ anomaly, parameters, rate: DEFAULT_EXECUTION_RATE });
    return c.json({
      message: `Anomaly ${anomaly_type} started.`,
      anomaly_type,
      intensity,
      duration_seconds,
      execution_id: execution.execution_id,
      started_at: execution.started_at,
    });
  });

  return app;
};
