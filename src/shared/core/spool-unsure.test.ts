import { expect, test } from "vitest";
import type { Attempt } from "./record-lookup.ts";
import type { SpooledEntry } from "./spool.ts";
import { createUnsureRecords } from "./spool-unsure.ts";
import { toDrainRecord } from "./spool-window.ts";

const GRACE_MS = 5_000;
const AT = { shardId: "shardId-000000000000", sequenceNumber: "1" };

const attemptOf = (startedAt: number, until?: number): Attempt => ({ startedAt, until, after: {} });

const entryOf = (id: number, spooledAt = 0, attempt?: Attempt): SpooledEntry => ({
  id,
  spooledAt,
  attempt,
  partitionKey: "a",
  service: "a",
  data: new TextEncoder().encode(String(id)),
  logs: 1,
});

const setUp = (time = 1_000_000) => {
  const clock = { time };
  return { clock, unsure: createUnsureRecords(() => clock.time, GRACE_MS) };
};

test("what was given up long before it is read from the disk waits no more", () => {
  const { clock, unsure } = setUp();
  const from = (spooledAt: number, until?: number) => {
    unsure.addSpooled([entryOf(1, spooledAt, attemptOf(0, until))]);
    const one = unsure.next();
    if (one) unsure.settle(one, [AT], true, 0);
    return one?.conclusiveFrom;
  };
  expect(from(clock.time)).toBe(clock.time + GRACE_MS);
  expect(from(clock.time - 60_000)).toBe(clock.time - 60_000 + GRACE_MS);
  // It was answered.
  expect(from(clock.time, clock.time - 10)).toBe(clock.time - 10);
  // The clock was set back since.
  expect(from(clock.time + 3_600_000)).toBe(clock.time + GRACE_MS);
  expect(unsure.isEmpty()).toBe(true);
});

test("only a complete look that began after the grace is the last word on what is missing", () => {
  const { clock, unsure } = setUp();
  unsure.addCall(attemptOf(clock.time), 1, [toDrainRecord("a", [entryOf(1)])], true);
  const one = unsure.next();
  if (one === undefined) throw new Error("Nothing to look for.");
  const end = clock.time + GRACE_MS;
  expect(unsure.settle(one, [undefined], true, end - 1)).toEqual({ stored: [], isOver: false });
  expect(one.nextLookAt).toBe(end);
  expect(unsure.settle(one, [undefined], false, end).isOver).toBe(false);
  expect([...unsure.heldKeys()]).toEqual(["a"]);
  expect(unsure.settle(one, [undefined], true, end).isOver).toBe(true);
  expect([...unsure.heldKeys()]).toEqual([]);
});

test("an entry that two processes sent is found once, and what was sent with it is still looked for", () => {
  const { unsure } = setUp();
  const [first, second] = [entryOf(1, 0, attemptOf(0)), entryOf(2)];
  unsure.addSpooled([first]);
  const byId = new Map([first, second].map((entry) => [entry.id, entry]));
  const recovered = { attempt: attemptOf(1), attemptId: 7 };
  unsure.addRecovered({ ...recovered, records: [[1]] }, byId);
  unsure.addRecovered({ ...recovered, records: [[1, 2]] }, byId);
  const one = unsure.next();
  if (one === undefined) throw new Error("Nothing to look for.");
  expect(unsure.settle(one, [AT], true, 0)).toEqual({ stored: [first], isOver: true });
  const left: number[] = [];
  for (let next = unsure.next(); next !== undefined; next = unsure.next()) {
    left.push(next.records.length);
    unsure.settle(next, [], true, Number.POSITIVE_INFINITY);
  }
  expect(left).toEqual([0, 1]);
});
