import fc from "fast-check";
import { expect, test } from "vitest";
import { isJson } from "../lines.ts";
import { describeLine } from "./describe-line.ts";
import { valueText } from "./line-roles.ts";
import { anyLine } from "./lines.testing.ts";
import { prettyJson } from "./pretty-json.ts";
import { createLineScanner, SKIP } from "./scan-line.ts";

const scan = createLineScanner(() => SKIP);
const encode = (text: string) => new TextEncoder().encode(text);
const isValid = (text: string) => scan(encode(text), 0, encode(text).length);

test("a line is JSON exactly where JSON.parse says so", () => {
  const jsonish = fc.string({
    unit: fc.constantFrom(...'{}[]",:\\ \t0123456789.eE+-truefalsn\u0001é'),
    maxLength: 24,
  });
  fc.assert(
    fc.property(fc.oneof(anyLine, jsonish, fc.json()), (text) => {
      expect(isValid(text)).toBe(isJson(text));
    }),
    { numRuns: 3_000 },
  );
});

test.each(['"\\u12g4"', '"\\x"', "01", "1.", ".5", "1e", "tru", '"a', "nulll", "[1,]", '{"a":1,}'])(
  "%s is no JSON",
  (text) => {
    expect(isValid(text)).toBe(false);
  },
);

test("values are told as they are written, digit for digit", () => {
  const line =
    '{"id": 9007199254740993, "f": 1.50, "s": "a\\u0041\\n", "n": null, "o": {"x": [1, 2]}}';
  const bytes = encode(line);
  const { fields } = describeLine(bytes, 0, bytes.length);
  expect(
    fields.map(({ path, start, end, kind }) => [path, valueText(bytes, start, end, kind)]),
  ).toEqual([
    ["id", "9007199254740993"],
    ["f", "1.50"],
    ["s", "aA\n"],
    ["n", "null"],
    ["o.x", "[1, 2]"],
  ]);
});

test("pretty printing changes nothing but white space", () => {
  expect(prettyJson('{"id":9007199254740993,"a":[],"b":{"c":"x, {y}\\""}}')).toBe(
    '{\n  "id": 9007199254740993,\n  "a": [],\n  "b": {\n    "c": "x, {y}\\""\n  }\n}',
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(prettyJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
      expect(prettyJson(prettyJson(text))).toBe(prettyJson(text));
    }),
  );
});
