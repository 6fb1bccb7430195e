import { expect, test } from "vitest";
import { categoryOf, LOG_TYPES } from "../../shared/core/log-types.ts";
import { createRandom } from "../../shared/core/random.ts";
import { logTypeOf } from "./log-type-names.ts";
import { createTypePicker, TRAFFIC_WEIGHTS } from "./traffic-shape.ts";

const shareOf = (counts: ReadonlyMap<string, number>, ...categories: string[]): number => {
  let share = 0;
  for (const [type, weight] of counts) if (categories.includes(categoryOf(type))) share += weight;
  return share;
};

test("the weights are the traffic's shape, and come to one", () => {
  expect(TRAFFIC_WEIGHTS.size).toBe(59);
  expect([...TRAFFIC_WEIGHTS.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
  expect(shareOf(TRAFFIC_WEIGHTS, "infrastructure")).toBeCloseTo(0.4, 10);
  expect(shareOf(TRAFFIC_WEIGHTS, "monitoring")).toBeCloseTo(0.0015, 10);
  const rest = ["business_intelligence", "specialized", "log_management"];
  expect(shareOf(TRAFFIC_WEIGHTS, ...rest)).toBeCloseTo(0.0005, 10);
});

test("the first 59 types dealt are each of them once, and the rest follows the weights", () => {
  const pick = createTypePicker(createRandom(4));
  expect(Array.from({ length: 59 }, pick).sort()).toEqual([...LOG_TYPES].sort());
  const counts = new Map<string, number>();
  const deals = 40_000;
  for (let deal = 0; deal < deals; deal += 1) {
    const type = pick();
    counts.set(type, (counts.get(type) ?? 0) + 1 / deals);
  }
  expect(shareOf(counts, "infrastructure")).toBeCloseTo(0.4, 1);
  expect(shareOf(counts, "application")).toBeCloseTo(0.25, 1);
  expect(shareOf(counts, "fraud")).toBeCloseTo(0.02, 2);
});

test("a narrowed choice deals only what it was narrowed to", () => {
  const pick = createTypePicker(createRandom(1), ["payment", "loan"]);
  expect(new Set(Array.from({ length: 500 }, pick))).toEqual(new Set(["payment", "loan"]));
});

test("log types are known with the _log suffix and by their short names; others are not", () => {
  for (const type of LOG_TYPES) {
    expect(logTypeOf(type)).toBe(type);
    expect(logTypeOf(`${type}_log`)).toBe(type);
  }
  expect(logTypeOf("server_log")).toBe("server_metrics");
  expect(logTypeOf("API-Gateway")).toBe("api_gateway");
  for (const name of ["", "nothing", "constructor", "__proto___log"])
    expect(logTypeOf(name)).toBeUndefined();
});
