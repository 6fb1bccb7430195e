import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createMemoryCatalog,
  type MemoryObject,
} from "../../../../../tests/support/memory-catalog.ts";
import { hourPath } from "../../partition.ts";
import type { QuarantineEntry } from "../../quarantine.ts";
import type { QuarantineBudget } from "./budget.ts";
import { createQuarantineReader, type QuarantinePage } from "./reader.ts";
import type { QuarantineSelection } from "./records.ts";

const HOUR_MS = 3_600_000;
const START = Date.parse("2026-11-20T00:00:00Z");
const BUCKETS = ["logs", "metrics"];

type Made = { bucket: number; reason: number; hour: number; records: number };

const REASONS = ["not_json", "bad_gzip", "empty"] as const;

let sequence = 0n;

const entryOf = (reason: QuarantineEntry["reason"], atMs: number): QuarantineEntry => {
  sequence += 1n;
  return {
    reason,
    detail: "It is no JSON.",
    stream: "stage01-logs-stream",
    shardId: `shardId-00000000000${sequence % 2n}`,
    sequenceNumber: String(sequence),
    index: 0,
    partitionKey: "k",
    arrivedAt: new Date(atMs).toISOString(),
    data: btoa(`record ${sequence}`),
  };
};

/** Quarantine objects as the consumer writes them, beside data that is none of it. */
const makeWorld = (made: readonly Made[]) => {
  const buckets: Record<string, MemoryObject[]> = {};
  for (const name of BUCKETS)
    buckets[name] = [{ key: "service=a/year=2026/part-x.jsonl", body: "{}\n" }];
  const ids: string[] = [];
  for (const [at, { bucket, reason, hour, records }] of made.entries()) {
    const code = REASONS[reason] ?? "empty";
    const start = START + hour * HOUR_MS;
    const entries = Array.from({ length: records }, (_, index) =>
      entryOf(code, start + index * 1_000),
    );
    ids.push(...entries.map(({ sequenceNumber }) => sequenceNumber));
    buckets[BUCKETS[bucket] ?? "logs"]?.push({
      key: `_quarantine/reason=${code}/${hourPath(start / HOUR_MS)}/part-${at}.jsonl`,
      body: entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
      lastModified: new Date(start + at),
    });
  }
  return { catalog: createMemoryCatalog(buckets), ids };
};

const readerOf = (
  catalog: ReturnType<typeof makeWorld>["catalog"],
  budget: Partial<QuarantineBudget> = {},
) =>
  createQuarantineReader(
    { objects: catalog, now: () => START },
    { buckets: BUCKETS, list: budget, count: budget },
  );

const everything: QuarantineSelection = { buckets: BUCKETS };

const readAll = async (
  reader: ReturnType<typeof readerOf>,
  selection: QuarantineSelection,
  limit: number,
) => {
  const pages: QuarantinePage[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.list(selection, { limit, cursor });
    pages.push(page);
    cursor = page.nextCursor;
  } while (cursor !== undefined && pages.length < 500);
  return pages;
};

const made = fc.array(
  fc.record({
    bucket: fc.nat(1),
    reason: fc.nat(2),
    hour: fc.nat(60),
    records: fc.integer({ min: 1, max: 7 }),
  }),
  { maxLength: 12 },
);

test("page by page every record is shown once, the newest hour first, whatever the bounds", async () => {
  await fc.assert(
    fc.asyncProperty(
      made,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      async (objects, limit, maxObjects) => {
        const { catalog, ids } = makeWorld(objects);
        const pages = await readAll(readerOf(catalog, { maxObjects }), everything, limit);
        const records = pages.flatMap((page) => page.records);
        expect(records.map(({ sequenceNumber }) => sequenceNumber).sort()).toEqual(ids.sort());
        const hours = records.map(({ arrivedAt }) => arrivedAt.slice(0, 13));
        expect(hours).toEqual([...hours].sort().reverse());
        for (const page of pages) expect(page.records.length).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 60 },
  );
});

test("the newest page costs the same in a quarantine of any age", async () => {
  const objects = Array.from({ length: 600 }, (_, hour) => ({
    bucket: 0,
    reason: 0,
    hour,
    records: 3,
  }));
  const { catalog } = makeWorld(objects);
  const page = await readerOf(catalog).list(everything, { limit: 3 });
  expect(page.records).toHaveLength(3);
  expect(catalog.calls.length).toBeLessThan(15);
});

test("a range reads only the hours that can hold it, and cuts within them", async () => {
  const objects = Array.from({ length: 48 }, (_, hour) => ({
    bucket: 0,
    reason: 0,
    hour,
    records: 4,
  }));
  const { catalog } = makeWorld(objects);
  const sinceMs = START + 10 * HOUR_MS + 1_000;
  const untilMs = START + 11 * HOUR_MS + 2_000;
  const page = await readerOf(catalog).list({ ...everything, sinceMs, untilMs }, { limit: 50 });
  expect(page.records).toHaveLength(5);
  expect(page.coverage).toMatchObject({ objects: 2, stoppedBy: "end" });
});

test("reasons are counted in each bucket; where the budget ends, the count says how far it came", async () => {
  const { catalog } = makeWorld([
    { bucket: 0, reason: 0, hour: 5, records: 3 },
    { bucket: 0, reason: 0, hour: 4, records: 2 },
    { bucket: 1, reason: 1, hour: 4, records: 1 },
  ]);
  const all = await readerOf(catalog).count(everything);
  expect(all.reasons).toMatchObject([
    { bucket: "logs", reason: "not_json", records: 5, objects: 2 },
    { bucket: "metrics", reason: "bad_gzip", records: 1 },
  ]);
  expect(all.coverage.stoppedBy).toBe("end");
  // Four are read at a time, so that one is over its bound.
  const many = makeWorld(
    Array.from({ length: 9 }, (_, hour) => ({ bucket: 0, reason: 0, hour, records: 1 })),
  );
  const cut = await readerOf(many.catalog, { maxObjects: 2 }).count(everything);
  expect(cut.coverage).toMatchObject({
    stoppedBy: "objects",
    backTo: hourPath(START / HOUR_MS + 7),
  });
});

test("a record comes with its exact bytes, and what a replay made of it", async () => {
  const key = `_quarantine/reason=invalid_utf8/${hourPath(START / HOUR_MS)}/part-a.jsonl`;
  const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  const entry = { ...entryOf("invalid_utf8", START), data: btoa(bytes) };
  const marker = {
    version: 1,
    run: "r",
    keys: ["service=a/x"],
    lines: 2,
    replayedAt: "2026-11-21T00:00:00Z",
  };
  const catalog = createMemoryCatalog({
    logs: [
      { key, body: `not ours\n${JSON.stringify(entry)}\n` },
      {
        key: `_quarantine/_replayed/${entry.stream}/${entry.shardId}/${entry.sequenceNumber}-0.json`,
        body: JSON.stringify(marker),
      },
    ],
  });
  const reader = readerOf(catalog);
  const id = { sequenceNumber: entry.sequenceNumber, index: 0 };
  const detail = await reader.record({ bucket: "logs", key, id });
  expect([...(detail?.data ?? [])]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
  expect(detail?.replay).toEqual(marker);
  expect(await reader.record({ bucket: "logs", key, id: { ...id, index: 1 } })).toBeUndefined();
  expect(await reader.record({ bucket: "other", key, id })).toBeUndefined();
  const { coverage } = await reader.list(everything, { limit: 9 });
  expect(coverage.unreadable).toBe(1);
});

test("a cursor that was not made here is refused", async () => {
  const { catalog } = makeWorld([]);
  for (const cursor of ["", "x", btoa("{}"), btoa('{"hour":"year=1"}'), "bnVsbA"])
    await expect(readerOf(catalog).list(everything, { limit: 1, cursor })).rejects.toThrow(
      RangeError,
    );
});
