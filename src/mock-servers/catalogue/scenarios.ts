import type { LogType } from "../../shared/core/log-types.ts";
import type { PatternType } from "../patterns/patterns.ts";
import {
  BUSINESS_PLACES,
  BUSINESS_SITUATIONS,
  type Happening,
  SECURITY_ATTACKS,
  SECURITY_TARGETS,
  type Severity,
  TECHNICAL_FAULTS,
  TECHNICAL_PLACES,
} from "./scenario-tables.ts";

export const SCENARIO_CATEGORIES = ["TECHNICAL", "BUSINESS", "SECURITY"] as const;
export const SEVERITIES = ["low", "medium", "high", "critical"] as const;

export type ScenarioCategory = (typeof SCENARIO_CATEGORIES)[number];

export type Scenario = {
  id: string;
  name: string;
  description: string;
  category: ScenarioCategory;
  severity: Severity;
  pattern_type: PatternType;
  log_types: readonly LogType[];
  /** The highest anomaly score it reaches. */
  peak_score: number;
  default_duration_seconds: number;
};

const PEAK_SCORES: Readonly<Record<Severity, number>> = {
  low: 74,
  medium: 80,
  high: 89,
  critical: 97,
};

const COURSES: Readonly<Record<PatternType, string>> = {
  gaussian_spike: "rises to one peak and falls again",
  step_function: "sets in at once and ends at once",
  exponential_growth: "starts slowly and grows faster and faster",
  exponential_decay: "is worst at the beginning",
  linear_ramp: "grows steadily",
  oscillation: "comes and goes in waves",
  sawtooth: "builds up and collapses, again and again",
  plateau: "rises, stays, and falls",
  double_spike: "has two peaks",
  burst: "comes in short bursts",
  random_walk: "wanders without a plan",
};

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const combine = (
  prefix: string,
  category: ScenarioCategory,
  happenings: readonly Happening[],
  places: readonly string[],
): Scenario[] =>
  happenings.flatMap(({ name, severity, pattern, logTypes }, row) =>
    places.map((place, column) => ({
      id: `${prefix}_${String(row * places.length + column + 1).padStart(3, "0")}`,
      name: `${capital(name)}: ${place}`,
      description: `${capital(name)}, ${place}. It ${COURSES[pattern]}, and shows in ${logTypes.join(", ")}.`,
      category,
      severity,
      pattern_type: pattern,
      log_types: logTypes,
      peak_score: PEAK_SCORES[severity],
      default_duration_seconds: 30 + 15 * (column % 4),
    })),
  );

/** The 200 scenarios: TEC_001 to TEC_090, BUS_001 to BUS_090, SEC_001 to SEC_020. */
export const SCENARIOS: readonly Scenario[] = [
  ...combine("TEC", "TECHNICAL", TECHNICAL_FAULTS, TECHNICAL_PLACES),
  ...combine("BUS", "BUSINESS", BUSINESS_SITUATIONS, BUSINESS_PLACES),
  ...combine("SEC", "SECURITY", SECURITY_ATTACKS, SECURITY_TARGETS),
];

const BY_ID: ReadonlyMap<string, Scenario> = new Map(SCENARIOS.map((each) => [each.id, each]));

/** Undefined where there is none of that id; upper or lower case. */
export const scenarioOf = (id: string): Scenario | undefined => BY_ID.get(id.trim().toUpperCase());
