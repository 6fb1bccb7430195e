import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryCatalog } from "../../../../../tests/support/memory-catalog.ts";
import { type ScanCursor, scanObjects } from "./scan.ts";

const signal = new AbortController().signal;
const unlimited = { maxCalls: 1_000, maxMs: 60_000 };

test("scans that go on from each other find every match once, whatever stops them", async () => {
  const key = fc.string({ unit: fc.constantFrom("a", "B", "/", "é", "\u{1f69a}"), minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 40 }),
      fc.constantFrom("a", "b", "", "é"),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      async (keys, contains, maxMatches, maxCalls) => {
        const memory = createMemoryCatalog({ b: keys.map((name) => ({ key: name, size: 1 })) });
        const catalog: typeof memory = {
          ...memory,
          list: (request, abort) => memory.list({ ...request, maxKeys: 4 }, abort),
        };
        const found: string[] = [];
        let cursor: ScanCursor | undefined;
        for (let step = 0; ; step += 1) {
          expect(step).toBeLessThan(100);
          const scan = await scanObjects(
            catalog,
            { bucket: "b", prefix: "", filter: { contains }, maxMatches, cursor },
            { budget: { maxCalls, maxMs: 60_000 }, now: () => 0, signal },
          );
          if (!scan) throw new Error("no such bucket");
          found.push(...scan.objects.map((object) => object.key));
          cursor = scan.next;
          if (cursor) continue;
          expect(scan.coverage).toMatchObject({
            scanned: keys.length,
            matched: found.length,
            complete: true,
          });
          break;
        }
        const expected = keys.filter((name) => name.toLowerCase().includes(contains));
        expect(found.toSorted()).toEqual(expected.toSorted());
      },
    ),
  );
});

test("past its calls or its time a scan says how far it got, and has got further each time", async () => {
  const keys = Array.from({ length: 5_000 }, (_, index) => ({
    key: `k${String(index).padStart(5, "0")}`,
    size: 1,
  }));
  const catalog = createMemoryCatalog({ b: keys });
  const request = { bucket: "b", prefix: "", filter: { contains: "nothing" }, maxMatches: 10 };
  const few = await scanObjects(catalog, request, {
    budget: { maxCalls: 2, maxMs: 60_000 },
    now: () => 0,
    signal,
  });
  expect(few).toMatchObject({
    objects: [],
    coverage: {
      scanned: 2_000,
      matched: 0,
      complete: false,
      stopReason: "calls",
      lastKey: "k01999",
    },
  });
  let clock = 0;
  const late = await scanObjects(
    catalog,
    { ...request, cursor: few?.next },
    {
      budget: { maxCalls: 10, maxMs: 1 },
      now: () => {
        clock += 1_000;
        return clock;
      },
      signal,
    },
  );
  expect(late?.coverage).toMatchObject({ scanned: 3_000, stopReason: "time", lastKey: "k02999" });
});

test("size, age and case are asked for together", async () => {
  const at = (day: number) => new Date(Date.UTC(2026, 0, day));
  const catalog = createMemoryCatalog({
    b: [
      { key: "Part-1", size: 10, lastModified: at(1) },
      { key: "part-2", size: 20, lastModified: at(2) },
      { key: "part-3", size: 30, lastModified: at(3) },
    ],
  });
  const find = async (filter: object) =>
    (
      await scanObjects(
        catalog,
        { bucket: "b", prefix: "", filter, maxMatches: 10 },
        { budget: unlimited, now: () => 0, signal },
      )
    )?.objects.map(({ key }) => key);
  expect(await find({ contains: "part" })).toEqual(["Part-1", "part-2", "part-3"]);
  expect(await find({ contains: "part", isCaseSensitive: true })).toEqual(["part-2", "part-3"]);
  expect(await find({ minSize: 20, maxSize: 20 })).toEqual(["part-2"]);
  expect(await find({ modifiedAfter: at(2).getTime() })).toEqual(["part-2", "part-3"]);
  expect(await find({ modifiedBefore: at(1).getTime(), minSize: 11 })).toEqual([]);
});
