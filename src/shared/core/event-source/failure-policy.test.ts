import fc from "fast-check";
import { expect, test } from "vitest";
import { afterFailure, countTooOld, failurePolicy } from "./failure-policy.ts";

const recordAt = (arrivedAtMs: number) => ({
  sequenceNumber: "1",
  partitionKey: "k",
  data: new Uint8Array(),
  arrivedAtMs,
});

/** Runs a batch of which these records always fail; counts calls, and tells what was given up. */
const simulate = (size: number, bad: ReadonlySet<number>, retries: number, bisects: boolean) => {
  const policy = failurePolicy(retries, -1, bisects);
  const done: number[] = [];
  const givenUp: number[] = [];
  const work = [{ records: Array.from({ length: size }, (_, index) => index), retriesUsed: 0 }];
  let calls = 0;
  for (let piece = work.shift(); piece !== undefined; piece = work.shift()) {
    calls += 1;
    const { records, retriesUsed } = piece;
    if (!records.some((record) => bad.has(record))) {
      done.push(...records);
      continue;
    }
    const step = afterFailure(policy, { count: records.length, doneCount: 0, retriesUsed });
    if (step.kind === "discard") givenUp.push(...records);
    else if (step.kind === "retry") work.unshift({ records, retriesUsed: step.retriesUsed });
    else
      work.unshift(
        { records: records.slice(0, step.at), retriesUsed },
        { records: records.slice(step.at), retriesUsed },
      );
  }
  return { done, givenUp, calls };
};

test("every record is done or given up, once and in order; with splitting only bad ones are given up", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(39)),
      fc.integer({ min: 0, max: 3 }),
      fc.boolean(),
      (size, bad, retries, bisects) => {
        const isBad = new Set(bad.filter((record) => record < size));
        const { done, givenUp, calls } = simulate(size, isBad, retries, bisects);
        expect([...done, ...givenUp].sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
        if (bisects) expect(givenUp).toEqual([...isBad].sort((a, b) => a - b));
        else expect(calls).toBe(isBad.size === 0 ? 1 : retries + 1);
      },
    ),
  );
});

test("the oldest records are too old first, and one that is just old enough is not", () => {
  const policy = failurePolicy(-1, 60, false);
  const records = [recordAt(0), recordAt(1_000), recordAt(30_000)];
  expect(countTooOld(policy, records, 60_000)).toBe(0);
  expect(countTooOld(policy, records, 61_500)).toBe(2);
  expect(countTooOld(policy, records, 100_000)).toBe(3);
  expect(countTooOld(failurePolicy(-1, -1, false), records, 1e15)).toBe(0);
});
