import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type AcceptedCounts,
  createAcceptedCounts,
  expectedOf,
  NOTHING_ACCEPTED,
} from "./accepted-ledger.ts";
import { totalOf } from "./ledger-counts.ts";

const twoOf = (services: string[], refused: number[] = []) => ({ services, refused });

test("what was refused does not count, and each service counts by itself", () => {
  const counts = createAcceptedCounts(NOTHING_ACCEPTED, undefined);
  expect(counts.count(twoOf(["pay", "pay", "cart"], [1]))).toEqual({
    services: { pay: [1, 0], cart: [1, 0] },
  });
  expect(counts.count(twoOf(["cart"], [0]))).toBeUndefined();
  // Only what changed has to be written.
  expect(counts.count(twoOf(["cart"]))).toEqual({ services: { cart: [2, 0] } });
});

test("a batch that comes again under its key counts as deduplicated", () => {
  const counts = createAcceptedCounts(NOTHING_ACCEPTED, undefined);
  const services = ["pay", "pay"];
  const key = "k";
  counts.count({ services, refused: [1], keyed: { key, open: undefined } });
  counts.settle(key, [1]);
  counts.count({ services, refused: [], keyed: { key, open: new Set([1]) } });
  counts.settle(key, []);
  // Nothing is new, so that nothing has to be remembered.
  const repeat = counts.count({ services, refused: [], keyed: { key, open: new Set() } });
  expect(repeat).not.toHaveProperty("inPart");
  expect(counts.read().services).toEqual({ pay: [5, 3] });
  expect(expectedOf(counts.read())).toBe(2);
});

/**
 * One batch under one key, sent again until each of its logs is accepted, by processes that die. As
 * ingest does it, what is open outlives a process only once an answer that was sure of it is noted.
 */
type Round = {
  refuses: number[];
  isSure: boolean;
  dies: "not" | "before the key is noted" | "before the counts are settled" | "after both";
};

const SIZE = 6;

const play = (rounds: readonly Round[]): AcceptedCounts => {
  let counts = createAcceptedCounts(NOTHING_ACCEPTED, undefined);
  let open: ReadonlySet<number> | undefined;
  let noted: ReadonlySet<number> | undefined;
  const last: Round = { refuses: [], isSure: true, dies: "not" };
  for (const { refuses, isSure, dies } of [...rounds, last]) {
    const refused = refuses.filter((position) => open === undefined || open.has(position));
    counts.count({
      services: Array.from({ length: SIZE }, (_, position) => `svc-${position % 2}`),
      refused,
      keyed: { key: "k", open },
    });
    open = new Set(refused);
    if (isSure && dies !== "before the key is noted") {
      noted = open;
      if (dies !== "before the counts are settled") counts.settle("k", refused);
    }
    if (dies === "not") continue;
    counts = createAcceptedCounts(counts.read(), undefined);
    open = noted;
  }
  return counts.read();
};

test("under a key every log counts once in the end, whatever is refused and whoever dies", () => {
  const round = fc.record({
    refuses: fc.uniqueArray(fc.nat({ max: SIZE - 1 })),
    isSure: fc.boolean(),
    dies: fc.constantFrom<Round["dies"]>(
      "not",
      "before the key is noted",
      "before the counts are settled",
      "after both",
    ),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 6 }), (rounds) => {
      const { services, inPart } = play(rounds);
      expect(expectedOf({ services })).toBe(SIZE);
      expect(inPart).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

test("counts go on from where an earlier process left them", () => {
  const first = createAcceptedCounts(NOTHING_ACCEPTED, undefined);
  first.count(twoOf(["pay", "cart"]));
  const second = createAcceptedCounts(first.read(), undefined);
  second.count(twoOf(["pay"]));
  expect(totalOf(second.read().services)).toEqual([3, 0]);
});
