import fc from "fast-check";
import { expect, test } from "vitest";
import { createLocalLogPath, dayOf, LOCAL_LOG_FOLDERS } from "./local-log-path.ts";
import { LOG_CATEGORIES } from "./log-types.ts";

const DAY = "20251114";

test("each known type has its file in the folder of its category, with and without _log", () => {
  const pathOf = createLocalLogPath();
  for (const [category, logTypes] of Object.entries(LOG_CATEGORIES))
    for (const logType of logTypes) {
      const file = `${category}/${logType}_${DAY}.log`;
      expect(pathOf(logType, undefined, DAY)).toBe(file);
      expect(pathOf(`${logType}_log`, 70, DAY)).toBe(file);
    }
});

test("a score above 70 goes to anomaly/, whatever the type", () => {
  const pathOf = createLocalLogPath();
  expect(pathOf("payment_log", 70.1, DAY)).toBe(`anomaly/payment_${DAY}.log`);
  expect(pathOf(undefined, 99, DAY)).toBe(`anomaly/unknown_${DAY}.log`);
});

test("an unknown type is an application log under its own name, none under unknown", () => {
  const pathOf = createLocalLogPath();
  expect(pathOf("server_log", 0, DAY)).toBe(`application/server_log_${DAY}.log`);
  expect(pathOf(undefined, undefined, DAY)).toBe(`application/unknown_${DAY}.log`);
});

test("no type can name another folder, a hidden file, or a name that is too long", () => {
  const pathOf = createLocalLogPath(Number.POSITIVE_INFINITY);
  const hostile = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.constantFrom(
      "../../etc/passwd",
      "..",
      ".",
      ".env",
      "a/../../b",
      "C:\\x",
      "a\0b",
      "~",
      "con",
    ),
  );
  fc.assert(
    fc.property(hostile, fc.option(fc.double(), { nil: undefined }), (logType, score) => {
      const [folder = "", name = "", ...more] = pathOf(logType, score, DAY).split("/");
      expect(more).toEqual([]);
      expect(LOCAL_LOG_FOLDERS).toContain(folder);
      expect(name).toMatch(/^[a-z0-9_%-][a-z0-9._%-]*_20251114\.log$/);
      expect(name.length).toBeLessThanOrEqual(150);
    }),
  );
});

test("a client that invents types without end gets a bounded number of files", () => {
  const pathOf = createLocalLogPath(3);
  const files = new Set(Array.from({ length: 50 }, (_, i) => pathOf(`invented_${i}`, 0, DAY)));
  expect(files.size).toBe(4);
  expect(files).toContain(`application/other_${DAY}.log`);
  expect(pathOf("invented_0", 0, DAY)).toBe(`application/invented_0_${DAY}.log`);
});

test("days are those of UTC", () => {
  expect(dayOf(Date.parse("2025-11-14T23:59:59.999Z"))).toBe("20251114");
  expect(dayOf(Date.parse("2025-11-15T00:30:00+01:00"))).toBe("20251114");
});
