import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
  showInvisible,
  toMb,
} from "./format.ts";

test("counts are grouped, and a floor carries a plus", () => {
  expect(formatCount(0)).toBe("0");
  expect(formatCount(12_000)).toBe("12,000");
  expect(formatCount(12_000, false)).toBe("12,000+");
});

test("sizes have three digits and step at 1024", () => {
  expect([0, 812, 1024, 4_200, 12_345, 999_999, 1_048_576, 1.71e11].map(formatBytes)).toEqual([
    "0 B",
    "812 B",
    "1.00 KB",
    "4.10 KB",
    "12.1 KB",
    "977 KB",
    "1.00 MB",
    "159 GB",
  ]);
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      expect(formatBytes(bytes)).toMatch(/^(\d{1,3}|\d\.\d\d|\d\d\.\d) [KMGTP]?B$/);
    }),
  );
});

test("durations keep the two units that matter, and a clock that runs ahead shows no minus", () => {
  expect(
    [-500, 0, 800, 14_000, 59_600, 185_000, 8_040_000, 356_400_000].map(formatDuration),
  ).toEqual(["0.0 s", "0.0 s", "0.8 s", "14 s", "1 m 00 s", "3 m 05 s", "2 h 14 m", "4 d 3 h"]);
});

test("times are UTC, whatever the machine's zone", () => {
  expect(formatTime(new Date("2025-11-14T08:13:03.682+07:00"))).toBe("2025-11-14 01:13:03Z");
});

test("sizes in MB have two decimals", () => {
  expect(toMb(1_300_000)).toBe(1.24);
});

test("characters that would deceive the eye are shown by their number", () => {
  expect(showInvisible("a\u202eb\u0000c\u200bd\te")).toBe("a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d\te");
  expect(showInvisible("thanh toán/đơn 🚚")).toBe("thanh toán/đơn 🚚");
});
