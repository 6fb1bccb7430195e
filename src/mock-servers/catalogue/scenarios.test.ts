import { expect, test } from "vitest";
import { LOG_TYPES } from "../../shared/core/log-types.ts";
import { PATTERN_TYPES } from "../patterns/patterns.ts";
import { SCENARIOS, SEVERITIES, scenarioOf } from "./scenarios.ts";

test("there are 200 scenarios, 90 technical, 90 business and 20 security, none twice", () => {
  const count = (category: string) =>
    SCENARIOS.filter((scenario) => scenario.category === category).length;
  expect([count("TECHNICAL"), count("BUSINESS"), count("SECURITY")]).toEqual([90, 90, 20]);
  expect(new Set(SCENARIOS.map(({ id }) => id)).size).toBe(200);
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(200);
});

test("ids run from 001 in each category and are found in any case", () => {
  for (const id of ["TEC_001", "TEC_090", "BUS_001", "BUS_090", "SEC_001", "SEC_020"])
    expect(scenarioOf(id.toLowerCase())?.id).toBe(id);
  expect(scenarioOf("TEC_091")).toBeUndefined();
});

test("every scenario names known types and a known pattern, and rises above the anomaly line", () => {
  for (const scenario of SCENARIOS) {
    expect(scenario.log_types.length).toBeGreaterThan(0);
    for (const type of scenario.log_types) expect(LOG_TYPES).toContain(type);
    expect(PATTERN_TYPES).toContain(scenario.pattern_type);
    expect(SEVERITIES).toContain(scenario.severity);
    expect(scenario.peak_score).toBeGreaterThan(70);
    expect(scenario.peak_score).toBeLessThanOrEqual(100);
  }
});
