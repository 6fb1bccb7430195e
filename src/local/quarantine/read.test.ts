import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createMemoryBucket,
  type ShardRecord,
  toEvent,
} from "../../../tests/support/shard-batch.ts";
import { createCodec } from "../../shared/aws/codec.ts";
import { createConsumer } from "../../shared/core/consume.ts";
import { silentLogger } from "../../shared/core/logger.ts";
import type { QuarantineStore, StateStore } from "../../shared/core/ports.ts";
import {
  isSelected,
  type Selection,
  type StoredEntry,
} from "../../shared/core/quarantine-entry.ts";
import { describeSummary, summarise } from "./list.ts";
import { listObjects, readNewest, readObjects } from "./read.ts";

const createStore = (objects: ReadonlyMap<string, Uint8Array>) => {
  const reads: string[] = [];
  const sorted = [...objects.keys()].sort();
  const store: QuarantineStore = {
    async *prefixes(prefix) {
      const found = sorted
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(0, key.indexOf("/", prefix.length) + 1));
      yield* new Set(found);
    },
    async *keys(prefix, startAfter = "") {
      yield* sorted.filter((key) => key.startsWith(prefix) && key > startAfter);
    },
    read: async (key) => {
      reads.push(key);
      return objects.get(key);
    },
  };
  return { store, reads };
};

const noMarkers = { list: async () => [] } as unknown as StateStore;

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2025, 10, 14);

/** A quarantine as the consumer writes it: one batch an hour and shard. */
const quarantineOf = async (
  arrivals: readonly { hour: number; minute: number; shard: number }[],
) => {
  const { objects, sink } = createMemoryBucket();
  const consume = createConsumer(
    { sink, codec: createCodec(), log: silentLogger },
    { compression: "none", maxFutureSkewMs: 0, bucket: "b" },
  );
  const batches = new Map<string, ShardRecord[]>();
  for (const [at, { hour, minute, shard }] of arrivals.entries()) {
    const key = `${hour}/${shard}`;
    batches.set(key, [
      ...(batches.get(key) ?? []),
      {
        data: at % 3 === 0 ? "" : "not json",
        sequenceNumber: String(1_000 + at),
        shardId: `shardId-${shard}`,
        arrivedAtMs: START_MS + hour * HOUR_MS + minute * 60_000,
      },
    ]);
  }
  for (const records of batches.values()) await consume(toEvent(records));
  return createStore(new Map([...objects].map(([key, { body }]) => [key, body])));
};

const everything = async (store: QuarantineStore, selection: Selection) => {
  const entries: StoredEntry[] = [];
  const keys = (await listObjects(store, selection)).map(({ key }) => key);
  for await (const { found } of readObjects(store, selection, keys))
    entries.push(...found.map(({ entry }) => entry));
  return entries;
};

const arrivals = fc.array(
  fc.record({
    hour: fc.nat({ max: 30 }),
    minute: fc.nat({ max: 59 }),
    shard: fc.nat({ max: 2 }),
  }),
  { maxLength: 25 },
);
const selection = fc.record(
  {
    reasons: fc.constantFrom(["empty"], ["not_json"], ["empty", "not_json"]),
    sinceMs: fc.nat({ max: 31 * 60 }).map((minutes) => START_MS + minutes * 60_000),
    untilMs: fc.nat({ max: 31 * 60 }).map((minutes) => START_MS + minutes * 60_000),
    shardId: fc.constantFrom("shardId-0", "shardId-1"),
  },
  { requiredKeys: [] },
);

test("a selection finds exactly the records it describes, though it lists and reads fewer objects", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, selection, async (all, chosen) => {
      const { store } = await quarantineOf(all);
      const whole = await everything(store, {});
      expect(whole).toHaveLength(all.length);
      const wanted = whole.filter((entry) => isSelected(chosen, entry));
      const found = await everything(store, chosen);
      const numbers = (entries: StoredEntry[]) =>
        entries.map((entry) => entry.sequenceNumber).sort();
      expect(numbers(found)).toEqual(numbers(wanted));
      const { records } = await summarise(store, noMarkers, chosen);
      expect(records).toBe(wanted.length);
      const newest = await readNewest(store, chosen, 5);
      expect(newest.map(({ entry }) => entry.arrivedAt)).toEqual(
        wanted
          .map((entry) => entry.arrivedAt)
          .sort()
          .reverse()
          .slice(0, 5),
      );
    }),
    { numRuns: 150 },
  );
});

test("hours outside the times asked for are not read", async () => {
  const { store, reads } = await quarantineOf(
    [1, 2, 3].map((hour) => ({ hour, minute: 30, shard: 0 })),
  );
  await everything(store, { sinceMs: START_MS + 2 * HOUR_MS, untilMs: START_MS + 3 * HOUR_MS });
  expect(reads).toEqual([expect.stringContaining("hour=02/")]);
});

test("lines that are no entries are counted, and nothing else is taken for a quarantine object", async () => {
  const { store } = createStore(
    new Map(
      [
        ["_quarantine/reason=x/year=2025/month=11/day=14/hour=01/part-1.jsonl", "{}\nnot json\n\n"],
        ["_quarantine/reason=x/readme.txt", "hello"],
        ["_quarantine/_replayed/s/shardId-0/1-0.json", "{}"],
      ].map(([key = "", text]) => [key, Buffer.from(text ?? "")]),
    ),
  );
  const summary = await summarise(store, noMarkers, {});
  expect(summary).toEqual({ groups: [], records: 0, replayed: 0, unreadable: 2 });
  expect(describeSummary(summary, { place: "s3://b", limit: undefined }).join("\n")).toContain(
    "2 lines there are no entries",
  );
});

test("the table has a row for each reason, day and shard, the newest first, in 80 columns", async () => {
  const { store } = await quarantineOf([
    { hour: 1, minute: 0, shard: 0 },
    { hour: 1, minute: 5, shard: 0 },
    { hour: 1, minute: 9, shard: 0 },
    { hour: 25, minute: 0, shard: 1 },
  ]);
  const rows = describeSummary(await summarise(store, noMarkers, {}), {
    place: "s3://b",
    limit: undefined,
  });
  expect(rows.slice(0, 6)).toEqual([
    "stream stage01-logs-stream",
    "REASON         DAY        SHARD                   RECORDS   REPLAYED   NEWEST",
    "empty          2025-11-15 shardId-1                     1          0 01:00:00",
    "not_json       2025-11-14 shardId-0                     2          0 01:09:00",
    "empty          2025-11-14 shardId-0                     1          0 01:00:00",
    "",
  ]);
  for (const text of rows) expect(text.length).toBeLessThanOrEqual(80);
});
