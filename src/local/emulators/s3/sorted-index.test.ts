import fc from "fast-check";
import { expect, test } from "vitest";
import { createSortedIndex } from "./sorted-index.ts";
import { compareUtf8 } from "./utf8-order.ts";

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom("a", "/", "é", "\uffee", "😀", "\ud7ff", "\ue000"),
    maxLength: 5,
  }),
);

test("strings compare as their UTF-8 bytes do", () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(byBytes(a, b)));
    }),
  );
});

test("after any puts and deletes it holds what a map holds, in byte order", () => {
  const step = fc.record({ key, isDelete: fc.boolean(), value: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), key, (steps, start) => {
      const index = createSortedIndex<number>();
      const model = new Map<string, number>();
      for (const { key, isDelete, value } of steps) {
        if (isDelete) {
          expect(index.delete(key)).toBe(model.get(key));
          model.delete(key);
        } else {
          expect(index.set(key, value)).toBe(model.get(key));
          model.set(key, value);
        }
      }
      const sorted = [...model].sort(([a], [b]) => byBytes(a, b));
      expect(index.size).toBe(model.size);
      expect([...index.from(() => false)]).toEqual(sorted);
      expect([...index.from((key) => compareUtf8(key, start) < 0)]).toEqual(
        sorted.filter(([key]) => byBytes(key, start) >= 0),
      );
      for (const [key, value] of model) expect(index.get(key)).toBe(value);
      expect(index.get(`${start}?`)).toBe(model.get(`${start}?`));
    }),
  );
});

test.each(["ascending", "descending", "shuffled"])("20,000 %s keys stay in order", (order) => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `k${String(i).padStart(6, "0")}`);
  const sorted = [...keys];
  if (order === "descending") keys.reverse();
  if (order === "shuffled")
    keys.sort((a, b) => ((a.charCodeAt(6) * 7) % 10) - ((b.charCodeAt(6) * 7) % 10));
  const index = createSortedIndex<string>();
  for (const key of keys) index.set(key, key);
  expect([...index.from(() => false)].map(([key]) => key)).toEqual(sorted);
  for (const key of keys) expect(index.delete(key)).toBe(key);
  expect(index.size).toBe(0);
});
