import { expect, test } from "vitest";
import { baseLogType, categoryOf, LOG_CATEGORIES, LOG_TYPES } from "./log-types.ts";

test("there are 59 log types in 13 categories, none twice", () => {
  expect(Object.keys(LOG_CATEGORIES)).toHaveLength(13);
  expect(LOG_TYPES).toHaveLength(59);
  expect(new Set(Object.values(LOG_CATEGORIES).flat()).size).toBe(59);
});

test("a type is of its category with and without the _log suffix", () => {
  for (const [category, logTypes] of Object.entries(LOG_CATEGORIES)) {
    for (const logType of logTypes) {
      expect(categoryOf(logType)).toBe(category);
      expect(categoryOf(`${logType}_log`)).toBe(category);
      expect(baseLogType(`${logType}_log`)).toBe(logType);
    }
  }
});

test("an unknown type is an application log and keeps its name", () => {
  for (const logType of ["server_log", "", "constructor", "__proto__", "_log"]) {
    expect(categoryOf(logType)).toBe("application");
    expect(baseLogType(logType)).toBe(logType);
  }
});
