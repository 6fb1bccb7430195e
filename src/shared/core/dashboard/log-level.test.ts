import { expect, test } from "vitest";
import { levelOf } from "./log-level.ts";

test("the level is found where loggers put it", () => {
  expect(levelOf({ level: "WARN" })).toBe("warn");
  expect(levelOf({ severity: "Critical" })).toBe("fatal");
  expect(levelOf({ log_type: "x", data: { level: "error" } })).toBe("error");
  expect(levelOf({ level: 30 })).toBe("info");
  expect(levelOf({ "log.level": "debug" })).toBe("debug");
});

test("what states no level has none", () => {
  for (const log of [null, [], "error", {}, { level: "constructor" }, { level: 35 }, { level: {} }])
    expect(levelOf(log)).toBeUndefined();
});
