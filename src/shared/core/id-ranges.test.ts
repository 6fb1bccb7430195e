import fc from "fast-check";
import { expect, test } from "vitest";
import { createIdRanges } from "./id-ranges.ts";

test("it holds what was added, whatever the order, in ranges that do not touch", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(60)), fc.nat(60), (ids, below) => {
      const ranges = createIdRanges();
      for (const id of ids) ranges.add(id);
      const expected = new Set(ids);
      for (let id = 0; id <= 61; id += 1) expect(ranges.has(id)).toBe(expected.has(id));
      const list = ranges.list();
      for (const [index, [first, last]] of list.entries()) {
        expect(first).toBeLessThanOrEqual(last);
        expect(first).toBeGreaterThan((list[index - 1]?.[1] ?? -5) + 1);
      }
      const copy = createIdRanges(list);
      copy.dropBelow(below);
      for (let id = below; id <= 61; id += 1) expect(copy.has(id)).toBe(expected.has(id));
    }),
  );
});
