import { expect, test } from "vitest";
import { createRetryMemory } from "./retry-memory.ts";

const setUp = (maxItems = 10) => {
  let at = 0;
  const memory = createRetryMemory(() => at, { windowMs: 100, maxItems });
  return { ...memory, wait: (ms: number) => (at += ms) };
};

test("what is open of a request is known until it is settled or too old", () => {
  const { openOf, settle, wait } = setUp();
  expect(openOf("a")).toBeUndefined();
  settle("a", [1, 4]);
  expect(openOf("a")).toEqual(new Set([1, 4]));
  settle("a", [4]);
  expect(openOf("a")).toEqual(new Set([4]));
  settle("a", []);
  expect(openOf("a")).toBeUndefined();
  settle("b", [0]);
  wait(99);
  expect(openOf("b")).toEqual(new Set([0]));
  wait(1);
  expect(openOf("b")).toBeUndefined();
});

test("the oldest requests are forgotten where there are too many items", () => {
  const { openOf, settle } = setUp(3);
  settle("a", [0, 1]);
  settle("b", [0]);
  expect(openOf("a")).toBeDefined();
  settle("c", [0]);
  expect(openOf("a")).toBeUndefined();
  expect(openOf("b")).toBeDefined();
  settle("d", [0, 1, 2, 3]);
  expect(openOf("d")).toBeUndefined();
});
