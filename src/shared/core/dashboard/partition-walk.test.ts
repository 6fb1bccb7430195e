import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createMemoryCatalog,
  type MemoryObject,
} from "../../../../tests/support/memory-catalog.ts";
import { analyzePartitions } from "./partition-analysis.ts";
import { type Walk, walkPartitions } from "./partition-walk.ts";
import { mergeWalks } from "./partitions/merge.ts";
import type { WalkCursor } from "./partitions/walk-cursor.ts";
import { decodeWalkCursor, encodeWalkCursor } from "./partitions/walk-cursor-text.ts";
import type { ListRequest } from "./ports.ts";

const signal = new AbortController().signal;

const part = (service: string, day: string, hour: number, size = 100, count = 1): MemoryObject[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `service=${service}/year=2025/month=11/day=${day}/hour=${String(hour).padStart(2, "0")}/part-${index}.jsonl`,
    size,
  }));

const walk = (objects: MemoryObject[], maxCalls = 400) =>
  walkPartitions(createMemoryCatalog({ b: objects }), "b", {
    budget: { maxCalls, maxMs: 60_000, concurrency: 4 },
    now: () => 0,
    signal,
  });

const analyze = async (objects: MemoryObject[], maxCalls?: number) => {
  const walked = await walk(objects, maxCalls);
  if (!walked) throw new Error("no such bucket");
  return analyzePartitions(walked);
};

test("services, dates, hours, objects and sizes are what the bucket holds", async () => {
  const analysis = await analyze([
    ...part("auth", "14", 1, 100, 3),
    ...part("auth", "13", 23, 50),
    ...part("pay", "14", 1, 2_000_000),
  ]);
  expect(analysis).toMatchObject({
    dates: ["2025-11-13", "2025-11-14"],
    totalObjects: 5,
    totalBytes: 2_000_350,
    levels: { service: 2, year: 1, month: 1, day: 2, hour: 2 },
    stats: { objects: 5, smallest: 50, median: 100, largest: 2_000_000, smallObjects: 4 },
    isComplete: true,
  });
  expect(analysis.services.map(({ service, days, objects }) => [service, days, objects])).toEqual([
    ["auth", 2, 4],
    ["pay", 1, 1],
  ]);
});

test("a service is shown as the log named it, and its prefix as it is stored", async () => {
  const analysis = await analyze([
    ...part("thanh%20to%C3%A1n%2F%C4%91%C6%A1n", "14", 1),
    ...part("%ZZ", "14", 1),
  ]);
  expect(analysis.cells.map(({ service, prefix }) => [service, prefix])).toEqual([
    ["%ZZ", "service=%ZZ/year=2025/month=11/day=14/"],
    ["thanh toán/đơn", "service=thanh%20to%C3%A1n%2F%C4%91%C6%A1n/year=2025/month=11/day=14/"],
  ]);
});

test("what lies outside the layout is counted apart; quarantine and state are not data", async () => {
  const analysis = await analyze([
    ...part("auth", "14", 1),
    { key: "readme.txt" },
    { key: "other/deep/file" },
    { key: "service=auth/notes.txt" },
    { key: "service=auth/year=x/file" },
    { key: "_quarantine/reason=x/file" },
    { key: "_state/logs/shard.json" },
  ]);
  expect(analysis).toMatchObject({ totalObjects: 5, unpartitionedObjects: 4, isComplete: true });
});

test("with a small budget the newest days have figures, the rest is named without any", async () => {
  const days = Array.from({ length: 20 }, (_, index) => String(index + 1).padStart(2, "0"));
  const analysis = await analyze(
    days.flatMap((day) => part("auth", day, 1)),
    9,
  );
  expect(analysis).toMatchObject({
    isComplete: false,
    coverage: { walked: 5, known: 20, listCalls: 9, stoppedBy: "calls" },
  });
  expect(analysis.dates).toHaveLength(20);
  expect(analysis.cells.filter(({ tally }) => tally).map(({ date }) => date)).toEqual(
    ["20", "19", "18", "17", "16"].map((day) => `2025-11-${day}`),
  );
});

test("a missing hour is a gap; the silence before a backfill is none", async () => {
  const old = part("auth", "14", 3).map(({ key }) => ({
    key: key.replace("year=2025", "year=1999"),
  }));
  const { gaps } = await analyze([...part("auth", "13", 22), ...part("auth", "14", 1), ...old]);
  expect(gaps).toMatchObject({
    count: 2,
    ranges: [{ service: "auth", hours: 2 }],
    named: [
      { service: "auth", hour: "2025-11-13T23:00:00.000Z" },
      { service: "auth", hour: "2025-11-14T00:00:00.000Z" },
    ],
  });
});

test("walks that go on from each other count every object once, whatever the keys and the budget", async () => {
  const object = fc.record({
    service: fc.constantFrom("a", "b", "b-c", "%C3%A9", "z", "zz"),
    date: fc.constantFrom("2024/12/31", "2025/01/01", "2025/11/13", "2025/11/14", "1999/01/01"),
    hour: fc.integer({ min: 0, max: 23 }),
    name: fc.string({ unit: fc.constantFrom("a", "é", "\u{1f69a}", "\uffee", "."), minLength: 1 }),
  });
  const strays = fc.constantFrom("readme", "a/b", "_quarantine/x", "_state/y", "service=", "é/x");
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(object, {
        minLength: 1,
        maxLength: 60,
        selector: ({ service, date, hour, name }) => `${service}/${date}/${hour}/${name}`,
      }),
      fc.uniqueArray(strays),
      fc.record({
        maxCalls: fc.integer({ min: 12, max: 40 }),
        maxKeys: fc.integer({ min: 1, max: 7 }),
        windowServices: fc.integer({ min: 1, max: 3 }),
        concurrency: fc.integer({ min: 1, max: 4 }),
      }),
      async (parts, others, { maxCalls, maxKeys, windowServices, concurrency }) => {
        const objects = parts.map(({ service, date, hour, name }, index) => {
          const [year, month, day] = date.split("/");
          return {
            key: `service=${service}/year=${year}/month=${month}/day=${day}/hour=${String(hour).padStart(2, "0")}/${name}`,
            size: 2 ** (index % 20),
          };
        });
        const memory = createMemoryCatalog({
          b: [...objects, ...others.map((key) => ({ key, size: 1 }))],
        });
        // Small pages, so that days and folders go over several of them.
        const catalog = {
          ...memory,
          list: (request: ListRequest, abort: AbortSignal) =>
            memory.list(
              { ...request, maxKeys: request.delimiter ? request.maxKeys : maxKeys },
              abort,
            ),
        };
        let merged: Walk | undefined;
        let cursor: WalkCursor | undefined;
        for (let step = 0; ; step += 1) {
          expect(step).toBeLessThan(200);
          const part = await walkPartitions(catalog, "b", {
            budget: { maxCalls, maxMs: 60_000, concurrency },
            now: () => 0,
            signal,
            cursor,
            windowServices,
          });
          if (!part) throw new Error("no such bucket");
          merged = merged ? mergeWalks(merged, part) : part;
          cursor = part.next && decodeWalkCursor(encodeWalkCursor(part.next));
          if (part.next === undefined) break;
          expect(cursor).toEqual(part.next);
        }
        const analysis = analyzePartitions(merged);
        const bytes = objects.reduce((total, { size }) => total + size, 0);
        const stray = others.filter((key) => !key.startsWith("_")).length;
        expect(analysis).toMatchObject({
          totalObjects: objects.length + stray,
          totalBytes: bytes + stray,
          stats: { objects: objects.length, bytes },
        });
        for (const { prefix, tally } of analysis.cells) {
          const ofDay = objects.filter(({ key }) => key.startsWith(prefix));
          expect(tally).toMatchObject({ objects: ofDay.length, isComplete: true });
          for (const [hour, { objects: ofHour }] of tally?.hours ?? [])
            expect(ofHour).toBe(
              ofDay.filter(({ key }) =>
                key.startsWith(`${prefix}hour=${String(hour).padStart(2, "0")}/`),
              ).length,
            );
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("an empty bucket has no partitions, and one that is not there is told apart", async () => {
  expect(await analyze([])).toMatchObject({ totalObjects: 0, stats: undefined, isComplete: true });
  expect(
    await walkPartitions(createMemoryCatalog({}), "b", {
      budget: { maxCalls: 1, maxMs: 1, concurrency: 1 },
      now: () => 0,
      signal,
    }),
  ).toBeUndefined();
});
