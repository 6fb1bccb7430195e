import type { Random } from "../../shared/core/random.ts";
import type { Scenario } from "../catalogue/scenarios.ts";
import { type Anomaly, type AnomalyBoard, type AnomalySpec, createAnomaly } from "./anomalies.ts";

/** Undefined where too many are going on already. */
export type StartAnomaly = (spec: AnomalySpec) => Anomaly | undefined;

export const createAnomalyStarter =
  (board: AnomalyBoard, now: () => number, random: Random): StartAnomaly =>
  (spec) => {
    if (board.isFull()) return undefined;
    const anomaly = createAnomaly(spec, now(), random);
    board.add(anomaly);
    return anomaly;
  };

/** The anomaly that a scenario describes. */
export const anomalyOfScenario = (
  scenario: Scenario,
  source: AnomalySpec["source"],
  durationMs: number,
): AnomalySpec => ({
  source,
  anomalyType: scenario.name,
  scenarioId: scenario.id,
  patternType: scenario.pattern_type,
  peakScore: scenario.peak_score,
  logTypes: scenario.log_types,
  durationMs,
});
