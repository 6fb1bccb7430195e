import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { QuarantineStore } from "../../shared/core/ports.ts";
import type { StoredEntry } from "../../shared/core/quarantine-entry.ts";
import type { ReplayOutcome } from "../../shared/core/replay.ts";
import { describeOutcome, describeTotals, replaySelected } from "./replay.ts";

const entryAt = (n: number, data = ""): StoredEntry => ({
  reason: "not_json",
  detail: "",
  stream: "s",
  shardId: "shardId-0",
  sequenceNumber: String(n),
  index: 0,
  partitionKey: "",
  arrivedAt: "2025-11-14T01:00:00.000Z",
  data,
});

const storeOf = (count: number): QuarantineStore => {
  const key = "_quarantine/reason=not_json/year=2025/month=11/day=14/hour=01/part-1.jsonl";
  const lines = Array.from({ length: count }, (_, n) => `${JSON.stringify(entryAt(n))}\n`);
  return {
    async *prefixes() {
      yield "_quarantine/reason=not_json/";
    },
    async *keys() {
      yield key;
    },
    read: async () => Buffer.from(lines.join("")),
  };
};

const replayed: ReplayOutcome = { status: "replayed", keys: ["service=a/x"], lines: 1 };
const already: ReplayOutcome = { status: "already", replayedAt: "2025-11-14T02:00:00.000Z" };

const run = async (
  count: number,
  limit: number | undefined,
  replay: (entry: StoredEntry) => Promise<ReplayOutcome>,
) => {
  const tried: number[] = [];
  const result = await replaySelected(
    storeOf(count),
    async (entry) => {
      tried.push(Number(entry.sequenceNumber));
      await turn();
      return await replay(entry);
    },
    { selection: {}, limit },
    {},
    () => undefined,
  );
  return { ...result, tried };
};

test("a limit counts what was not replayed before, so that the next run gets further", async () => {
  const done = new Set<string>();
  const once = async ({ sequenceNumber }: StoredEntry) => {
    if (done.has(sequenceNumber)) return already;
    done.add(sequenceNumber);
    return replayed;
  };
  const counts: number[] = [];
  for (let round = 0; round < 4; round += 1) counts.push((await run(50, 20, once)).totals.replayed);
  expect(counts).toEqual([20, 20, 10, 0]);
});

test("a failure of storage ends the run after what is under way, and is told", async () => {
  const { totals, stopped, tried } = await run(1_000, undefined, async ({ sequenceNumber }) => {
    if (sequenceNumber === "30") throw new Error("SlowDown");
    return replayed;
  });
  expect(stopped?.message).toBe("SlowDown");
  expect(tried.length).toBeLessThan(80);
  expect(totals.replayed).toBe(tried.length - 1);
});

test("at most sixteen records are under way", async () => {
  let now = 0;
  let most = 0;
  await run(100, undefined, async () => {
    now += 1;
    most = Math.max(most, now);
    await turn();
    now -= 1;
    return replayed;
  });
  expect(most).toBeLessThanOrEqual(16);
  expect(most).toBeGreaterThan(1);
});

test("what stays is named with its reason, in rows of at most 80 columns", () => {
  const rows = describeOutcome(entryAt(7), {
    status: "kept",
    reason: "not_an_object",
    detail: `A log must be a JSON object. ${"x".repeat(100)}\u001b[2J`,
  });
  expect(rows[0]).toBe("stays: not_json 7:0");
  expect(rows[1]).toBe("    not_an_object: A log must be a JSON object.");
  for (const row of rows) expect(row).toMatch(/^\P{Cc}{1,80}$/u);
  expect(describeTotals({ chosen: 6, replayed: 1, logs: 3, already: 2, kept: 3 }, false)).toBe(
    "Replayed 1 record (3 logs), 2 replayed before, 3 stay in quarantine",
  );
});
