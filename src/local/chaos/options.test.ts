import { expect, test } from "vitest";
import { parseOptions, UsageError } from "./options.ts";

test("without options it is one seed of about two minutes", () => {
  expect(parseOptions([])).toEqual({ logs: 30_000, rate: 300, seeds: [1], isKept: false });
});

test("seeds come one by one, as a range or as a list", () => {
  expect(parseOptions(["--seed", "7"])?.seeds).toEqual([7]);
  expect(parseOptions(["--seed", "1..5"])?.seeds).toEqual([1, 2, 3, 4, 5]);
  expect(parseOptions(["--seed", "1,8..9"])?.seeds).toEqual([1, 8, 9]);
});

test("a duration gives the rate", () => {
  expect(parseOptions(["--logs", "1200", "--duration", "60"])?.rate).toBe(20);
});

test("help is no run", () => {
  expect(parseOptions(["--help"])).toBeUndefined();
});

test.each([
  [["--logs", "many"], "--logs"],
  [["--logs", "5"], "--logs"],
  [["--rate", "0"], "--rate"],
  [["--seed", "5..1"], "--seed"],
  [["--seed", "1..99999"], "seeds"],
  [["--rate", "1", "--duration", "10"], "--duration"],
  [["--unknown"], "--unknown"],
])("%j is refused with what is wrong", (args, named) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(args)).toThrow(named);
});
