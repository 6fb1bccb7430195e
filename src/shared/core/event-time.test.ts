import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { eventTimeMs, parseTime, partitionTimeMs } from "./event-time.ts";

const originalZone = process.env.TZ;
afterEach(() => {
  if (originalZone === undefined) delete process.env.TZ;
  else process.env.TZ = originalZone;
});

const iso = (value: unknown): string | undefined => {
  const ms = parseTime(value);
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

test.each([
  ["2025-11-14T01:13:03.682499", "2025-11-14T01:13:03.682Z"],
  ["2025-11-14T01:13:03.682499Z", "2025-11-14T01:13:03.682Z"],
  ["2025-11-14T01:13:03", "2025-11-14T01:13:03.000Z"],
  ["2025-11-14 01:13:03.5", "2025-11-14T01:13:03.500Z"],
  ["2025-11-14t01:13:03z", "2025-11-14T01:13:03.000Z"],
  ["2025-11-14T01:13Z", "2025-11-14T01:13:00.000Z"],
  ["2025-11-14T01:13:03,682", "2025-11-14T01:13:03.682Z"],
  ["2025-11-14T01:13:03.123456789012345678901Z", "2025-11-14T01:13:03.123Z"],
  ["2025-11-14T00:13:03+07:00", "2025-11-13T17:13:03.000Z"],
  ["2025-11-14T00:13:03+0700", "2025-11-13T17:13:03.000Z"],
  ["2025-11-14T00:13:03+07", "2025-11-13T17:13:03.000Z"],
  ["2025-11-14 23:13:03 -05:30", "2025-11-15T04:43:03.000Z"],
  ["2025-11-14 23:13:03 UTC", "2025-11-14T23:13:03.000Z"],
  [" 2025-11-14T01:13:03Z ", "2025-11-14T01:13:03.000Z"],
  ["2025-11-14", "2025-11-14T00:00:00.000Z"],
  ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"],
  ["1999-12-31T23:59:59Z", "1999-12-31T23:59:59.000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["0000-02-29T00:00:00Z", "0000-02-29T00:00:00.000Z"],
  ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"],
  [1_763_082_783, "2025-11-14T01:13:03.000Z"],
  [1_763_082_783.682, "2025-11-14T01:13:03.682Z"],
  [1_763_082_783_682, "2025-11-14T01:13:03.682Z"],
  [1_763_082_783_682_499, "2025-11-14T01:13:03.682Z"],
  [1_763_082_783_682_499_000, "2025-11-14T01:13:03.682Z"],
  ["1763082783", "2025-11-14T01:13:03.000Z"],
  ["1763082783.682", "2025-11-14T01:13:03.682Z"],
  ["+1763082783682", "2025-11-14T01:13:03.682Z"],
  ["1763085599999999999", "2025-11-14T01:59:59.999Z"],
  ["1763085599999999", "2025-11-14T01:59:59.999Z"],
  ["-1000000000000000001", "1938-04-24T22:13:19.999Z"],
  [0, "1970-01-01T00:00:00.000Z"],
  [-1, "1969-12-31T23:59:59.000Z"],
])("%j is %s", (value, expected) => {
  expect(iso(value)).toBe(expected);
});

test.each([
  "2025-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z",
  "2025-02-30",
  "2025-04-31T00:00:00Z",
  "2025-13-01T00:00:00Z",
  "2025-00-10T00:00:00Z",
  "2025-11-00T00:00:00Z",
  "2025-11-14T24:00:00Z",
  "2025-11-14T01:60:00Z",
  "2025-11-14T01:13:61Z",
  "2025-11-14T01:13:03.Z",
  "2025-11-14T01:13:03.12x4Z",
  "2025-11-14T01:13:03+24:00",
  "2025-11-14T01:13:03+07:60",
  "2025-11-14T01:13:03ZZ",
  "2025-11-14T",
  "2025-11-14Z",
  "٢٠٢٥-11-14T01:13:03Z",
  "25-11-14T01:13:03Z",
  "+002025-11-14T01:13:03Z",
  "0000-01-01T00:00:00+00:01",
  "9999-12-31T23:59:59-00:01",
  "14/Nov/2025:01:13:03 +0000",
  "not a time",
  "",
  " ",
  "0x10",
  "1e9",
  "9".repeat(30),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  -1e18 * 100,
  null,
  true,
  {},
  ["2025-11-14T01:13:03Z"],
])("%j is no time", (value) => {
  expect(parseTime(value)).toBeUndefined();
});

const two = (value: number) => String(value).padStart(2, "0");

test("every layout of a date and time agrees with the platform's own parser, also on dates that do not exist", () => {
  const part = (max: number) => fc.integer({ min: 0, max });
  fc.assert(
    fc.property(
      fc.record({
        year: part(9999),
        month: part(13),
        day: part(32),
        hour: part(24),
        minute: part(60),
        second: part(59),
        fraction: fc.stringMatching(/^(\.\d{1,12})?$/),
        separator: fc.constantFrom("T", " "),
        offset: fc.constantFrom(
          "",
          "Z",
          "+00:00",
          "-00:00",
          "+07:00",
          "-03:30",
          "+14:00",
          "-23:59",
        ),
      }),
      ({ year, month, day, hour, minute, second, fraction, separator, offset }) => {
        const date = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
        const time = `${two(hour)}:${two(minute)}:${two(second)}`;
        const zone = offset === "" ? "Z" : offset;
        const millis = fraction === "" ? "" : fraction.slice(0, 4).padEnd(4, "0");
        const expected = Date.parse(`${date}T${time}${millis}${zone}`);
        const isReal = hour < 24 && new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) === date;
        const isFourDigitYear = /^\d{4}-/.test(
          Number.isNaN(expected) ? "" : new Date(expected).toISOString(),
        );
        expect(parseTime(`${date}${separator}${time}${fraction}${offset}`)).toBe(
          isReal && isFourDigitYear ? expected : undefined,
        );
      },
    ),
    { numRuns: 3000 },
  );
});

test("an epoch means the same in seconds, milli-, micro- and nanoseconds, as number and as text", () => {
  const from = Date.UTC(1980, 0, 1) / 1000;
  const to = Date.UTC(2116, 0, 1) / 1000;
  fc.assert(
    fc.property(fc.integer({ min: from, max: to }), (seconds) => {
      for (const zeros of ["", "000", "000000", "000000000"]) {
        expect(parseTime(`${seconds}${zeros}`)).toBe(seconds * 1000);
        expect(parseTime(Number(`${seconds}${zeros}`))).toBe(seconds * 1000);
      }
      expect(parseTime(`${seconds}999999999`)).toBe(seconds * 1000 + 999);
    }),
  );
});

test("anything at all is a time of a four-digit year or none", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const ms = parseTime(value);
      if (ms === undefined) return;
      expect(Number.isInteger(ms)).toBe(true);
      expect(new Date(ms).toISOString()).toMatch(/^\d{4}-/);
    }),
  );
});

test("the first field that is a time decides, in the documented order", () => {
  const order = ["timestamp", "@timestamp", "time", "ts", "timeUnixNano"];
  const times = Object.fromEntries(order.map((name, at) => [name, `2025-11-1${at}T00:00:00Z`]));
  const log: Record<string, unknown> = { ...times, data: { timestamp: "2025-11-19" } };
  for (const [at, name] of order.entries()) {
    expect(eventTimeMs(log)).toBe(Date.UTC(2025, 10, 10 + at));
    log[name] = "2025-02-30";
  }
  expect(eventTimeMs(log)).toBe(Date.UTC(2025, 10, 19));
  expect(eventTimeMs({ timestamp: "n/a", data: ["2025-11-19"] })).toBeUndefined();
  expect(eventTimeMs({ timeUnixNano: "0" })).toBeUndefined();
});

test("a log is stored by its event time at any age, by its arrival when that is missing or too far ahead", () => {
  const arrival = Date.UTC(2025, 10, 14, 1);
  const skew = 86_400_000;
  const at = (timestamp?: unknown) => partitionTimeMs({ timestamp }, arrival, skew);
  expect(at("1999-01-01")).toBe(Date.UTC(1999, 0, 1));
  expect(at("2025-11-15T01:00:00Z")).toBe(arrival + skew);
  expect(at("2025-11-15T01:00:00.001Z")).toBe(arrival);
  expect(at("2099-01-01")).toBe(arrival);
  expect(at()).toBe(arrival);
  expect(at("yesterday")).toBe(arrival);
});

test.each(["Asia/Ho_Chi_Minh", "America/St_Johns", "UTC"])(
  "a time without a zone is UTC under TZ=%s",
  (zone) => {
    process.env.TZ = zone;
    expect(new Date(2025, 10, 14).getTimezoneOffset()).toBe(
      { "Asia/Ho_Chi_Minh": -420, "America/St_Johns": 210, UTC: 0 }[zone],
    );
    for (const text of ["2025-11-14T01:13:03.682499", "2025-11-14 01:13:03.682"])
      expect(iso(text)).toBe("2025-11-14T01:13:03.682Z");
    expect(iso("2025-11-14")).toBe("2025-11-14T00:00:00.000Z");
  },
);
