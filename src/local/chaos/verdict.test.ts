import fc from "fast-check";
import { expect, test } from "vitest";
import type { SentLog, Try } from "./logs.ts";
import { type Copy, isKept, judge, percentile } from "./verdict.ts";

const tried = (...outcomes: Try["outcome"][]): Try[] =>
  outcomes.map((outcome) => ({ at: 1_000, status: undefined, outcome, code: undefined }));

const log = (id: string, key: string | undefined, tries: Try[]): SentLog => ({
  id,
  line: `{"id":"${id}"}`,
  service: "pay",
  key,
  sentAt: 1_000,
  tries,
});

const copies = (count: number, isSame = true): Copy[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `part-${index}`,
    storedAt: 3_000 + index,
    isSame,
  }));

const judgeOne = (one: SentLog, stored: Copy[], quarantined = 0) =>
  judge([one], {
    stored: new Map([[one.id, stored]]),
    quarantined: new Map([[one.id, quarantined]]),
    strangers: 0,
  });

test("accepted and nowhere is lost; refused and nowhere is not; quarantined is not lost either", () => {
  expect(judgeOne(log("a", "k", tried("accepted")), []).lost).toHaveLength(1);
  expect(judgeOne(log("a", "k", tried("refused")), []).lost).toEqual([]);
  expect(judgeOne(log("a", "k", tried("accepted")), [], 1)).toMatchObject({ lost: [] });
});

test("twice under one key is ours, however often the client had to ask", () => {
  const tries = tried("noAnswer", "noAnswer", "accepted");
  expect(judgeOne(log("a", "k", tries), copies(2))).toMatchObject({
    copiesOurs: 1,
    copiesOfClient: 0,
  });
});

test("twice without a key is the client's where it repeated without an answer, else ours", () => {
  expect(judgeOne(log("a", undefined, tried("noAnswer", "accepted")), copies(2))).toMatchObject({
    copiesOurs: 0,
    copiesOfClient: 1,
    doubled: [],
  });
  expect(judgeOne(log("a", undefined, tried("noAnswer", "accepted")), copies(3))).toMatchObject({
    copiesOurs: 1,
    copiesOfClient: 1,
  });
  expect(judgeOne(log("a", undefined, tried("accepted")), copies(2)).copiesOurs).toBe(1);
});

test("refused each time, clearly, and stored all the same is ours as well", () => {
  expect(judgeOne(log("a", undefined, tried("refused")), copies(1)).copiesOurs).toBe(1);
});

test("other bytes than were sent break the promise, and so do lines nobody sent", () => {
  expect(isKept(judgeOne(log("a", "k", tried("accepted")), copies(1, false)))).toBe(false);
  expect(isKept(judge([], { stored: new Map(), quarantined: new Map(), strangers: 1 }))).toBe(
    false,
  );
  expect(isKept(judgeOne(log("a", "k", tried("accepted")), copies(1)))).toBe(true);
});

test("time to object is that of the first copy", () => {
  expect(judgeOne(log("a", "k", tried("accepted")), copies(2)).timesToObject).toEqual([2_000]);
});

test("every copy found is the first, ours or the client's", () => {
  const outcome = fc.constantFrom<Try["outcome"]>(
    "accepted",
    "refused",
    "unconfirmed",
    "noAnswer",
    "notSent",
  );
  const arbitrary = fc.tuple(fc.array(outcome, { maxLength: 5 }), fc.boolean(), fc.nat({ max: 4 }));
  fc.assert(
    fc.property(arbitrary, ([outcomes, hasKey, count]) => {
      const one = log("a", hasKey ? "k" : undefined, tried(...outcomes));
      const verdict = judgeOne(one, copies(count));
      const first = verdict.copiesOurs + verdict.copiesOfClient < count ? 1 : 0;
      expect(first + verdict.copiesOurs + verdict.copiesOfClient).toBe(count);
    }),
  );
});

test("percentiles of nothing are not known", () => {
  expect(percentile([], 50)).toBeUndefined();
  expect(percentile([1, 2, 3, 4], 50)).toBe(3);
  expect(percentile([1, 2, 3, 4], 99)).toBe(4);
});
