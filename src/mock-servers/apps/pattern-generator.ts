import type { Hono } from "hono";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import type { Random } from "../../shared/core/random.ts";
import { scenarioOf } from "../catalogue/scenarios.ts";
import { round } from "../logs/values.ts";
import {
  createPattern,
  PATTERN_TYPES,
  type PatternType,
  patternTypeOf,
  sample,
  withRiseAndFall,
} from "../patterns/patterns.ts";
import {
  members,
  notFound,
  number,
  readBody,
  readQuery,
  text,
  unprocessable,
  wholeNumber,
} from "./request.ts";
import { createServiceApp } from "./service-app.ts";

export type PatternGeneratorDeps = { random: Random; log: Logger };

const NAME = "pattern-generator";
const MAX_VALUES = 36_000;
const DEMO_VALUES = 100;

const generateBody = z.object({
  execution_id: text(),
  scenario_id: text(),
  parameters: members(),
  duration: number(0.001, 86_400),
  rate: number(0.001, 10_000),
});

const known = `There are ${PATTERN_TYPES.join(", ")}.`;

const patternNamed = (name: unknown): PatternType | undefined => {
  if (name === undefined || name === null) return undefined;
  const type = typeof name === "string" ? patternTypeOf(name) : undefined;
  if (type === undefined) throw unprocessable(`parameters.pattern_type is not known. ${known}`);
  return type;
};

const shareOf = (value: unknown): number | undefined => {
  const { data } = z.coerce
    .number()
    .min(0)
    .max(100)
    .safeParse(value ?? undefined);
  return data;
};

/** Port base + 1: series of anomaly scores. */
export const createPatternGenerator = ({ random, log }: PatternGeneratorDeps): Hono => {
  const app = createServiceApp({ name: NAME, log });

  app.get("/health", (c) => c.json({ status: "healthy", service: NAME }));

  app.post("/api/generate", async (c) => {
    const body = await readBody(c, generateBody);
    const scenario = body.scenario_id === undefined ? undefined : scenarioOf(body.scenario_id);
    if (body.scenario_id !== undefined && scenario === undefined)
      throw notFound("scenario", body.scenario_id, "GET /api/scenarios lists them.");
    const { parameters = {}, duration = 60, rate = 1 } = body;
    const type =
      patternNamed(parameters.pattern_type ?? parameters.pattern) ??
      scenario?.pattern_type ??
      "gaussian_spike";
    const count = Math.max(1, Math.round(duration * rate));
    if (count > MAX_VALUES)
      throw unprocessable(
        `duration times rate is ${count} values; at most ${MAX_VALUES} are made at once.`,
      );
    const peak = shareOf(parameters.peak_score) ?? scenario?.peak_score ?? 100;
    const course = withRiseAndFall(createPattern(type, random));
    return c.json({
      execution_id: body.execution_id ?? null,
      scenario_id: scenario?.id ?? null,
      pattern_type: type,
      duration,
      rate,
      interval_seconds: 1 / rate,
      count,
      scores: sample(course, count).map((value) => round(peak * value, 3)),
    });
  });

  app.get("/api/patterns", (c) => c.json({ patterns: PATTERN_TYPES, total: PATTERN_TYPES.length }));

  app.get("/api/patterns/demo/:type", (c) => {
    const name = c.req.param("type");
    const type = patternTypeOf(name);
    if (type === undefined) throw notFound("pattern", name, known);
    const query = readQuery(c, z.object({ points: wholeNumber(1, 10_000) }));
    const count = query.points ?? DEMO_VALUES;
    const scores = sample(createPattern(type, random), count).map((value) => round(100 * value, 3));
    return c.json({ pattern_type: type, count, scores });
  });

  return app;
};
