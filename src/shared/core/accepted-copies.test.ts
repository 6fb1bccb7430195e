import { expect, test } from "vitest";
import { type AcceptedItem, createAcceptedCopies } from "./accepted-copies.ts";

const item = (text: string): AcceptedItem => ({
  signal: "logs",
  service: "s",
  bytes: new TextEncoder().encode(text),
});
const textOf = ({ bytes }: AcceptedItem) => new TextDecoder().decode(bytes);

const createWorld = (maxHeldBytes = 1_000) => {
  const taken: string[] = [];
  const tasks: (() => void)[] = [];
  let skipped = 0;
  const sink = { take: (given: AcceptedItem) => void taken.push(textOf(given)) };
  const copies = createAcceptedCopies([sink], {
    maxHeldBytes,
    defer: (task) => void tasks.push(task),
    onSkipped: (count) => {
      skipped += count;
    },
  });
  /** Lets deferred work run; returns how many turns it took. */
  const settle = (): number => {
    let turns = 0;
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      task();
      turns += 1;
    }
    return turns;
  };
  return { copies, taken, settle, skipped: () => skipped };
};

test("what was accepted is handed on once it is known, in its order, and nothing else", () => {
  const { copies, taken, settle } = createWorld();
  const held = copies.hold(["a", "b", "c"].map(item));
  held.release((position) => position !== 1);
  expect(taken).toEqual([]);
  settle();
  expect(taken).toEqual(["a", "c"]);
});

test("without room the accepted ones are counted instead, and room comes back", () => {
  const { copies, taken, settle, skipped } = createWorld(10);
  const first = copies.hold([item("12345678")]);
  const second = copies.hold(["abc", "def"].map(item));
  second.release((position) => position === 0);
  expect([taken, skipped()]).toEqual([[], 1]);
  first.release(() => true);
  settle();
  copies.hold([item("again")]).release(() => true);
  settle();
  expect([taken, skipped()]).toEqual([["12345678", "again"], 1]);
});

test("a small log counts as much as the body it keeps in memory", () => {
  const { copies, skipped } = createWorld(100);
  const body = new Uint8Array(200);
  const small = { ...item(""), bytes: body.subarray(0, 3) };
  copies.hold([small]).release(() => true);
  expect(skipped()).toBe(1);
});

test("a large request is handed on in portions, so that others get their turn", () => {
  const { copies, taken, settle } = createWorld(100_000);
  const texts = Array.from({ length: 1_000 }, (_, i) => String(i));
  copies.hold(texts.map(item)).release(() => true);
  expect(settle()).toBeGreaterThan(3);
  expect(taken).toEqual(texts);
});
