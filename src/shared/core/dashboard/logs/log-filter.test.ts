import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextFinder } from "./byte-search.ts";
import {
  type FieldTerm,
  FilterError,
  formatField,
  formatTextTerm,
  isEmptyFilter,
  parseField,
  parseFilter,
  parseText,
} from "./log-filter.ts";
import { EMPTY_VIEW, formatView, type LogView, parseView } from "./log-view.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");

test("a text is words, phrases, patterns, what must not be there, and is:invalid", () => {
  expect(parseText('refund -cache "time out" /5\\d\\d/i -"no way" /v1/pay is:invalid "')).toEqual({
    texts: [
      { text: "refund", isNegated: false },
      { text: "cache", isNegated: true },
      { text: "time out", isNegated: false },
      { text: "no way", isNegated: true },
      { text: "/v1/pay", isNegated: false },
      { text: '"', isNegated: false },
    ],
    patterns: [{ source: "5\\d\\d", flags: "i", isNegated: false }],
    isInvalidOnly: true,
  });
});

test("any text term survives being written and read", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 40 }), fc.boolean(), (text, isNegated) => {
      expect(parseText(formatTextTerm({ text, isNegated })).texts).toEqual([{ text, isNegated }]);
    }),
  );
});

const anyField = fc.oneof(
  fc.record({
    field: fc.string({ minLength: 1, maxLength: 12 }),
    operator: fc.constant("=" as const),
    value: fc.oneof(fc.string(), fc.constantFrom("*", ">5", "\\", "<")),
    isAny: fc.constant(false),
    isNegated: fc.boolean(),
  }),
  fc.record({
    field: fc.string({ minLength: 1, maxLength: 12 }),
    operator: fc.constantFrom(">", "<", ">=", "<=" as const),
    value: fc.integer().map(String),
    isAny: fc.constant(false),
    isNegated: fc.boolean(),
  }),
) as fc.Arbitrary<FieldTerm>;

test("any field term survives being written and read, whatever its name and value hold", () => {
  fc.assert(
    fc.property(anyField, (term) => {
      expect(parseField(formatField(term))).toEqual(term);
    }),
    { numRuns: 2_000 },
  );
});

test("any view survives in its address", () => {
  const anyView: fc.Arbitrary<LogView> = fc.record({
    q: fc.string(),
    not: fc.string(),
    re: fc.string(),
    lvl: fc.constantFrom("", "error", "error,none"),
    f: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
    from: fc.constantFrom("", "2026-11-22T13:00:00Z", "-15m"),
    to: fc.constantFrom("", "2026-11-22T14:00:00Z"),
    order: fc.constantFrom("asc", "desc"),
    isWrapped: fc.boolean(),
    line: fc.constantFrom("", "17", "17@service=a/x y.jsonl"),
    before: fc.nat(500),
    after: fc.nat(500),
    windowFrom: fc.integer({ min: 1, max: 1e9 }),
    windowByte: fc.nat(),
  });
  fc.assert(
    fc.property(anyView, (view) => {
      const query = formatView(view, { key: "a?b&c" });
      expect(parseView(new URLSearchParams(query))).toEqual(view);
      expect(new URLSearchParams(query).get("key")).toBe("a?b&c");
    }),
  );
  expect(formatView(EMPTY_VIEW)).toBe("");
});

test.each([
  [{ f: ["status"] }, "f", "field:value"],
  [{ f: ["status:>x"] }, "f", "compares numbers"],
  [{ lvl: "error,bad" }, "lvl", "bad is not"],
  [{ from: "yesterday" }, "from", "2026-11-22T13:00:00Z"],
  [{ q: "a ".repeat(600) }, "q", "1000 characters"],
])("%j is refused, naming the parameter", (params, parameter, words) => {
  expect(() => parseFilter(params, NOW)).toThrow(
    expect.objectContaining({ parameter, message: expect.stringContaining(words) }) as Error,
  );
  expect(() => parseFilter(params, NOW)).toThrow(FilterError);
});

test("times may be relative to now", () => {
  expect(parseFilter({ from: "-15m", to: "now" }, NOW)).toMatchObject({
    fromMs: NOW - 900_000,
    toMs: NOW,
  });
  expect(isEmptyFilter(parseFilter({}, NOW))).toBe(true);
});

test("a text is found in bytes where it is in the text, ASCII letters in either case", () => {
  const unit = fc.constantFrom("a", "A", "b", "B", "é", "Đ", '"', " ");
  const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 60 }),
      fc.string({ unit, minLength: 1, maxLength: 5 }),
      (text, needle) => {
        const bytes = new TextEncoder().encode(text);
        const at = createTextFinder(needle)(bytes, 0, bytes.length);
        const index = fold(text).indexOf(fold(needle));
        expect(at).toBe(index < 0 ? -1 : new TextEncoder().encode(text.slice(0, index)).length);
      },
    ),
    { numRuns: 2_000 },
  );
});
