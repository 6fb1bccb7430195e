import { expect, test } from "vitest";
import { fieldsOf, findDrift } from "./schema-drift.ts";

const sampleAt = (hour: number, line: object, service = "a") => ({
  service,
  hour: hour * 3_600_000,
  key: `k${hour}`,
  fields: fieldsOf(JSON.stringify(line)) ?? new Map<string, string>(),
});

test("fields that came, went away for a while, or changed their type are told apart", () => {
  const drift = findDrift([
    sampleAt(1, { id: 1, region: "x", same: null }),
    sampleAt(2, { id: 2, region: "x", same: "s" }),
    sampleAt(3, { id: "3", same: "s", retries: 1 }),
    sampleAt(4, { id: "4", region: "x", same: "s", retries: 2 }),
  ]);
  expect(drift.map(({ field, kind }) => [field, kind])).toEqual([
    ["id", "type"],
    ["region", "missing"],
    ["retries", "added"],
  ]);
  expect(drift[0]).toMatchObject({ from: "number", to: "string", hour: 3 * 3_600_000 });
  expect(drift[1]).toMatchObject({ missingIn: 1, samples: 4 });
});

test("services are not held against each other, and one sample says nothing", () => {
  expect(findDrift([sampleAt(1, { a: 1 }), sampleAt(2, { b: 1 }, "other")])).toEqual([]);
});

test("nested fields have paths; a line that is no object has none", () => {
  expect([...(fieldsOf('{"a":{"b":{"c":[1]}},"d":null}') ?? [])]).toEqual([
    ["a.b.c", "array"],
    ["d", "null"],
  ]);
  for (const line of ["", "nonsense", "[1]", "1", "null"]) expect(fieldsOf(line)).toBeUndefined();
  const wide = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, 1]));
  expect(fieldsOf(JSON.stringify(wide))?.size).toBe(200);
});
