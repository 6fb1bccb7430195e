import fc from "fast-check";
import { expect, test } from "vitest";
import { encodePartitionValue, hourOf, OTHER_SERVICES, partitionPrefix } from "./partition.ts";

/** Strings as producers and attackers write them: long, broken, full of dots and percents. */
const anyService = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(".", "_", "%", "-", "2", "D", "/", "é", "😀"), maxLength: 8 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({ unit: fc.constantFrom("a", "đ", "\ud83d", "\ude00"), minLength: 20, maxLength: 200 }),
  fc.constantFrom("__other__", "__empty__", "__HIVE_DEFAULT_PARTITION__", ".", "..", "unknown"),
);

test.each([
  ["payment-service", "payment-service"],
  ["A.b_c-9", "A.b_c-9"],
  ["thanh toán/đơn", "thanh%20to%C3%A1n%2F%C4%91%C6%A1n"],
  ["../../etc", "..%2F..%2Fetc"],
  [".", "%2E"],
  ["..", "%2E%2E"],
  ["...", "..."],
  ["a%2Fb", "a%252Fb"],
  ["a=b", "a%3Db"],
  ["\u0000", "%00"],
  ["😀", "%F0%9F%98%80"],
  ["\ud800", "%ED%A0%80"],
  ["__other__", "%5F_other__"],
  ["__HIVE_DEFAULT_PARTITION__", "%5F_HIVE_DEFAULT_PARTITION__"],
  ["", "__empty__"],
  ["a".repeat(128), "a".repeat(128)],
])("%j is stored under %s", (service, value) => {
  expect(encodePartitionValue(service)).toBe(value);
});

test("an over-long service is cut between characters and stays distinct", () => {
  const value = encodePartitionValue(`${"a".repeat(92)}${"é".repeat(40)}`);
  expect(value).toMatch(/^a{92}%2D[0-9a-f]{32}$/);
  expect(encodePartitionValue("é".repeat(50))).toMatch(/^(%C3%A9){15}%2D[0-9a-f]{32}$/);
  const long = "x".repeat(10_000);
  expect(encodePartitionValue(`${long}1`)).not.toBe(encodePartitionValue(`${long}2`));
  // A service that spells out the result of another is not stored with it.
  expect(encodePartitionValue(value)).not.toBe(value);
});

test("every partition prefix is safe, whatever the service", () => {
  fc.assert(
    fc.property(
      anyService,
      fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
      (service, ms) => {
        expect(partitionPrefix(encodePartitionValue(service), hourOf(ms))).toMatch(
          /^service=(?!\.{1,2}\/)[A-Za-z0-9._%-]{1,128}\/year=\d{4}\/month=\d{2}\/day=\d{2}\/hour=\d{2}\/$/,
        );
      },
    ),
    { numRuns: 2000 },
  );
});

test("percent-decoding gives the service back, unless it was cut", () => {
  fc.assert(
    fc.property(anyService, (service) => {
      const value = encodePartitionValue(service);
      if (value.includes("%2D") || service === "") return;
      const isWellFormed = !/\p{Surrogate}/u.test(service);
      if (isWellFormed) expect(decodeURIComponent(value)).toBe(service);
      else expect(() => decodeURIComponent(value)).toThrow();
    }),
    { numRuns: 2000 },
  );
});

test("two services never share a partition value, nor one of ours", () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyService, { minLength: 2, maxLength: 60 }), (services) => {
      const values = services.map(encodePartitionValue);
      expect(new Set(values).size).toBe(services.length);
      expect(values).not.toContain(OTHER_SERVICES);
    }),
    { numRuns: 1000 },
  );
});

test.each([
  ["2024-02-29T23:59:59.999Z", "year=2024/month=02/day=29/hour=23"],
  ["1969-12-31T23:59:59.999Z", "year=1969/month=12/day=31/hour=23"],
  ["0001-01-01T00:00:00.000Z", "year=0001/month=01/day=01/hour=00"],
])("%s lies in %s", (time, path) => {
  expect(partitionPrefix("a", hourOf(Date.parse(time)))).toBe(`service=a/${path}/`);
});
