import fc from "fast-check";
import { expect, test } from "vitest";
import { isJson } from "../lines.ts";
import { describeLine } from "./describe-line.ts";
import { countFacets, countHistogram, timeExtent } from "./facets.ts";
import { filterLines } from "./filter-lines.ts";
import { createLineTable, HAS_TIME, IS_JSON, locateLine } from "./line-table.ts";
import { anyLine, bytesOf } from "./lines.testing.ts";
import { parseFilter } from "./log-filter.ts";
import { detailOf, rowOf } from "./log-row.ts";
import { matchLine } from "./match-line.ts";

const tableOf = (...segments: string[][]) => {
  const table = createLineTable();
  for (const [source, lines] of segments.entries()) table.add({ source, bytes: bytesOf(lines) });
  return table;
};

test("the table says of every line what reading the line alone says", () => {
  fc.assert(
    fc.property(
      fc.array(anyLine, { maxLength: 30 }),
      fc.array(anyLine, { maxLength: 9 }),
      (a, b) => {
        const table = tableOf(a, b);
        expect(table.lineCount).toBe(a.length + b.length);
        let lastTime = Number.NaN;
        for (const [line, text] of [...a, ...b].entries()) {
          const { segment, start, end } = locateLine(table, line);
          expect(new TextDecoder().decode(segment.bytes.subarray(start, end))).toBe(text);
          const { level, timeMs, isValid } = describeLine(segment.bytes, start, end);
          expect(isValid).toBe(isJson(text));
          expect(table.levels[line]).toBe(level);
          const flags = (isValid ? IS_JSON : 0) | (timeMs === undefined ? 0 : HAS_TIME);
          expect(table.flags[line]).toBe(flags);
          if (timeMs !== undefined) {
            lastTime = timeMs;
            expect(table.times[line]).toBe(timeMs);
          } else if (!Number.isNaN(lastTime)) expect(table.times[line]).toBe(lastTime);
        }
      },
    ),
    { numRuns: 300 },
  );
});

const anyParams = fc.record({
  q: fc.constantFrom("", "error", "-error", "20", '"status":200', "/e+R/i", "is:invalid", "ơ", '"'),
  not: fc.constantFrom("", "api"),
  lvl: fc.constantFrom("", "error", "none,fatal", "info"),
  f: fc.subarray(
    [
      "status:200",
      "-status:200",
      "status:>=404",
      "service:*",
      "-data.user:a",
      "a\\:b:\\>5",
      "message:",
    ],
    { maxLength: 2 },
  ),
});

test("what passes a filter is what passes line by line, in the same order", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), anyParams, (lines, params) => {
      const filter = parseFilter(params, 0);
      const table = tableOf(lines.slice(0, 10), lines.slice(10));
      const expected = lines.flatMap((text, line) => {
        const bytes = new TextEncoder().encode(text);
        return matchLine(filter, bytes, 0, bytes.length) ? [line] : [];
      });
      expect([...filterLines(table, filter).lines]).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});

test("a field with more values than are numbered is filtered all the same", () => {
  const lines = Array.from({ length: 1_000 }, (_, n) => JSON.stringify({ trace: `t${n}`, n }));
  const found = filterLines(tableOf(lines), parseFilter({ f: ["trace:t700"] }, 0));
  expect([...found.lines]).toEqual([700]);
  const above = filterLines(tableOf(lines), parseFilter({ f: ["n:>989"] }, 0));
  expect(above.lines).toHaveLength(10);
  const others = filterLines(tableOf(lines), parseFilter({ f: ["-trace:t700"] }, 0));
  expect(others.lines).toHaveLength(999);
});

test("the buckets of the histogram hold every line once, by level", () => {
  fc.assert(
    fc.property(fc.array(anyLine, { minLength: 1, maxLength: 40 }), (lines) => {
      const table = tableOf(lines);
      const extent = timeExtent(table);
      if (extent === undefined) return;
      const all = filterLines(table, parseFilter({}, 0));
      const { counts } = countHistogram(table, all.lines, extent);
      expect(counts.flat().reduce((sum, count) => sum + count, 0)).toBe(lines.length);
      expect(counts.length).toBeLessThanOrEqual(121);
      expect(all.levelCounts.reduce((sum, count) => sum + count, 0)).toBe(lines.length);
    }),
  );
});

test("facets count the filtered lines; what all lines share is told apart", () => {
  const line = (service: string, status: number) =>
    JSON.stringify({ service, status, region: "eu", id: `${service}${Math.random()}` });
  const table = tableOf([line("a", 200), line("a", 500), line("b", 200), line("a", 200)]);
  const { lines } = filterLines(table, parseFilter({ f: ["status:200"] }, 0));
  const { facets, common } = countFacets(table, lines);
  expect(common).toEqual([{ path: "region", value: "eu" }]);
  expect(facets[0]).toEqual({
    path: "service",
    distinct: 2,
    values: [
      { value: "a", count: 2 },
      { value: "b", count: 1 },
    ],
  });
});

test("a 64-bit integer is the same in the row and in the details", () => {
  const table = tableOf(['{"message":"m","id":9007199254740993}']);
  expect(rowOf(table, 0).fields).toEqual([{ path: "id", text: "9007199254740993", kind: 2 }]);
  const { raw, allFields } = detailOf(table, 0, false);
  expect(raw).toContain("9007199254740993");
  expect(allFields[1]?.text).toBe("9007199254740993");
});

test("a line of a megabyte is previewed, and whole on request", () => {
  const table = tableOf([JSON.stringify({ message: "x".repeat(1_200_000), n: 1 })]);
  expect(rowOf(table, 0).message.length).toBeLessThan(5_000);
  expect(detailOf(table, 0, false)).toMatchObject({ isRawCut: true });
  expect(detailOf(table, 0, true).raw.length).toBeGreaterThan(1_200_000);
});
