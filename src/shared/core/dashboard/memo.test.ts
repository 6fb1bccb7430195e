import { expect, test } from "vitest";
import { createMemo } from "./memo.ts";

test("callers of the same key share one load, until it is too old", async () => {
  let clock = 0;
  let loads = 0;
  const memo = createMemo<number>(1_000, () => clock);
  const load = async () => {
    loads += 1;
    return loads;
  };
  expect(await Promise.all([memo("a", load), memo("a", load), memo("b", load)])).toEqual([1, 1, 2]);
  clock = 999;
  expect(await memo("a", load)).toBe(1);
  clock = 1_000;
  expect(await memo("a", load)).toBe(3);
});

test("a failed load is thrown to all who wait and then forgotten", async () => {
  const memo = createMemo<number>(1_000, () => 0);
  const fail = () => Promise.reject(new Error("down"));
  const results = await Promise.allSettled([memo("a", fail), memo("a", fail)]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await memo("a", async () => 7)).toBe(7);
});
