import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addCounts,
  batchCounts,
  type Counts,
  ledgerName,
  mayHaveOverflowed,
  totalOf,
} from "./ledger-counts.ts";
import { encodePartitionValue, OTHER_SERVICES } from "./partition.ts";

const service = fc.oneof(
  fc.constantFrom("pay", "cart", "constructor", "toString", "__other__"),
  fc.string({ maxLength: 4 }).map(encodePartitionValue),
);
const entry = fc.tuple(
  service,
  fc.tuple(fc.nat({ max: 1000 }), fc.nat({ max: 1000 })) as fc.Arbitrary<Counts>,
);

const sumOf = (entries: readonly (readonly [string, Counts])[]): Counts =>
  entries.reduce<Counts>(([a, b], [, [c, d]]) => [a + c, b + d], [0, 0]);

test("nothing counted is lost, whatever the services are called and however few have room", () => {
  fc.assert(
    fc.property(fc.array(entry), fc.nat({ max: 5 }), (entries, room) => {
      const counts = addCounts({}, entries, room);
      expect(totalOf(counts)).toEqual(sumOf(entries));
      expect(
        Object.keys(counts).filter((name) => name !== OTHER_SERVICES).length,
      ).toBeLessThanOrEqual(room);
    }),
  );
});

test("with room for all, order and grouping make no difference", () => {
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), (one, other) => {
      const together = addCounts({}, [...one, ...other]);
      expect(addCounts(addCounts({}, other), one)).toEqual(together);
      expect(mayHaveOverflowed(together)).toBe(false);
    }),
  );
});

test("services that came too late are under __other__, and it shows that they may be", () => {
  const counts = addCounts({ a: [1, 0] }, [["b", [2, 1]]], 1);
  expect(counts).toEqual({ a: [1, 0], [OTHER_SERVICES]: [2, 1] });
  expect(mayHaveOverflowed(counts, 1)).toBe(true);
  // With the allow-list of SERVICES `__other__` is a service like any other.
  expect(mayHaveOverflowed(counts)).toBe(false);
});

test("ingest names a service as the consumer's partition does", () => {
  expect(ledgerName("thanh toán", undefined)).toBe("thanh%20to%C3%A1n");
  expect(ledgerName("pay", new Set(["pay"]))).toBe("pay");
  expect(ledgerName("cart", new Set(["pay"]))).toBe(OTHER_SERVICES);
});

test("a batch counts each service's lines of all hours together, quarantine apart", () => {
  const counts = batchCounts(
    [
      ["pay", 2],
      ["pay", 3],
    ],
    new Map([
      ["pay", 1],
      ["junk", 4],
    ]),
  );
  expect(counts).toEqual({ pay: [5, 1], junk: [0, 4] });
});
