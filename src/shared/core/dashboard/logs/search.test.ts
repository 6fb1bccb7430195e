import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryBytes } from "../../../../../tests/support/memory-bytes.ts";
import {
  createMemoryCatalog,
  type MemoryObject,
} from "../../../../../tests/support/memory-catalog.ts";
import { hourOf, partitionPrefix } from "../../partition.ts";
import { parseFilter } from "./log-filter.ts";
import { createLogReader } from "./log-reader.ts";
import type { Hit, SearchBudget, SearchEvent, SearchRequest } from "./search.ts";
import {
  decodeSearchCursor,
  encodeSearchCursor,
  fingerprintOf,
  type SearchCursor,
} from "./search-cursor.ts";

const BUCKET = "md-raw-logs";
const BASE = Date.parse("2026-11-22T10:00:00Z");
const HOUR = 3_600_000;

const part = (
  service: string,
  ms: number,
  name: string,
  lines: readonly string[],
): MemoryObject => ({
  key: `${partitionPrefix(service, hourOf(ms))}part-${name}.jsonl`,
  body: lines.map((line) => `${line}\n`).join(""),
});

const logAt = (ms: number, more: object = {}) =>
  JSON.stringify({ timestamp: new Date(ms).toISOString(), level: "INFO", message: "m", ...more });

const request = (over: Partial<SearchRequest> = {}): SearchRequest => ({
  bucket: BUCKET,
  prefix: "",
  filter: parseFilter({}, 0),
  limit: 100,
  cursor: undefined,
  fingerprint: "x",
  ...over,
});

const setUp = (objects: readonly MemoryObject[], budget: Partial<SearchBudget> = {}) => {
  const catalog = createMemoryCatalog({ [BUCKET]: objects });
  const bytes = createMemoryBytes(catalog);
  const reader = createLogReader({ objects: catalog, bytes, now: () => Date.now() }, budget);
  const search = async (
    over: Partial<SearchRequest> = {},
    signal = new AbortController().signal,
  ) => {
    const events: SearchEvent[] = [];
    const isThere = await reader.search(request(over), (event) => events.push(event), { signal });
    const end = events.at(-1);
    const hits = events.flatMap((event) => (event.type === "hits" ? event.hits : []));
    if (isThere && end?.type !== "end") throw new Error("The search did not say that it ended.");
    return { isThere, hits, events, end: end as SearchEvent & { type: "end" } };
  };
  return { catalog, bytes, reader, search };
};

const idOf = ({ key, line }: Hit) => `${key}#${line}`;

test("hits come newest hour first, and the newest of an hour first", async () => {
  const { search } = setUp([
    part("a", BASE, "1", [logAt(BASE + 1, { n: 1 }), logAt(BASE + 5, { n: 2 })]),
    part("b", BASE, "1", [logAt(BASE + 3, { n: 3 })]),
    part("a", BASE + 2 * HOUR, "1", [logAt(BASE + 2 * HOUR, { n: 4 })]),
    part("a", BASE - 400 * 24 * HOUR, "1", [logAt(BASE - 400 * 24 * HOUR, { n: 5 })]),
    { key: "_state/x.json", body: "{}" },
  ]);
  const { hits, end } = await search();
  expect(hits.map(({ raw }) => (JSON.parse(raw) as { n: number }).n)).toEqual([4, 2, 3, 1, 5]);
  expect(end).toMatchObject({ stoppedBy: "done", cursor: undefined });
  expect(end.stats).toMatchObject({ objects: 4, lines: 5, hits: 5, incompleteCount: 0 });
});

test("only partitions that can hold an answer are listed or read", async () => {
  const { search, catalog, bytes } = setUp(
    ["a", "b"].flatMap((service) =>
      Array.from({ length: 48 }, (_, hour) =>
        part(service, BASE + hour * HOUR, "1", [logAt(BASE + hour * HOUR)]),
      ),
    ),
  );
  const filter = parseFilter({ from: "2026-11-22T12:30:00Z", to: "2026-11-22T14:00:00Z" }, 0);
  const { hits } = await search({ filter, prefix: "service=b/" });
  expect(hits).toHaveLength(1);
  expect(bytes.opened).toEqual([
    "service=b/year=2026/month=11/day=22/hour=13/part-1.jsonl",
    "service=b/year=2026/month=11/day=22/hour=12/part-1.jsonl",
  ]);
  expect(catalog.calls.every(({ prefix }) => prefix?.startsWith("service=b/"))).toBe(true);
  expect(catalog.calls.length).toBeLessThanOrEqual(6);
});

test("however often a search is continued, every hit comes once, in the same order", async () => {
  const anyHit = fc.record({
    service: fc.constantFrom("a", "b"),
    hour: fc.nat(3),
    file: fc.nat(4),
    ms: fc.nat(5),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyHit, { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      async (drawn, limit, maxGroupObjects) => {
        const files = new Map<
          string,
          { service: string; at: number; file: number; lines: string[] }
        >();
        for (const { service, hour, file, ms } of drawn) {
          const at = BASE + hour * HOUR;
          const name = `${service}/${hour}/${file}`;
          const held = files.get(name) ?? { service, at, file, lines: [] };
          held.lines.push(logAt(at + ms), "noise");
          files.set(name, held);
        }
        const objects = [...files.values()].map(({ service, at, file, lines }) =>
          part(service, at, String(file), lines),
        );
        const { search } = setUp(objects, { maxGroupObjects });
        const filter = parseFilter({ q: "message" }, 0);
        const whole = (await search({ filter, limit: 1_000 })).hits.map(idOf);
        expect(whole).toHaveLength(drawn.length);
        const pieces: string[] = [];
        let cursor: SearchCursor | undefined;
        for (let round = 0; round < 200; round += 1) {
          const { hits, end } = await search({ filter, limit, cursor });
          pieces.push(...hits.map(idOf));
          cursor = end.cursor && decodeSearchCursor(encodeSearchCursor(end.cursor));
          if (cursor === undefined) break;
        }
        expect(pieces).toEqual(whole);
      },
    ),
    { numRuns: 60 },
  );
});

test("a search whose time is over says where it got to, and goes on from there", async () => {
  const objects = Array.from({ length: 6 }, (_, hour) =>
    part("a", BASE + hour * HOUR, "1", [logAt(BASE + hour * HOUR)]),
  );
  const { search } = setUp(objects, { maxMs: 0 });
  const hits: string[] = [];
  let cursor: SearchCursor | undefined;
  let rounds = 0;
  do {
    const found = await search({ cursor, prefix: "service=a/year=2026/month=11/day=22/" });
    hits.push(...found.hits.map(idOf));
    cursor = found.end.cursor;
    rounds += 1;
    if (rounds === 1) expect(found.end.stoppedBy).toBe("time");
  } while (cursor !== undefined && rounds < 50);
  expect(new Set(hits).size).toBe(6);
});

test("nothing more is read once nobody listens", async () => {
  const lines = Array.from({ length: 30_000 }, () => logAt(BASE));
  const objects = Array.from({ length: 40 }, (_, file) =>
    part("a", BASE, String(file + 10), lines),
  );
  const { search, bytes } = setUp(objects, { concurrency: 2 });
  const stop = new AbortController();
  const searching = search({ filter: parseFilter({ q: "nowhere" }, 0) }, stop.signal);
  while (bytes.opened.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  const { end } = await searching;
  expect(end.stoppedBy).toBe("cancelled");
  expect(bytes.opened.length).toBeLessThan(10);
  expect(bytes.cancelled.length).toBeGreaterThan(0);
});

test("a bomb, a damaged object and one that is gone are told, and the rest is found", async () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  const good = gzipSync(`${logAt(BASE)}\n`);
  const folder = partitionPrefix("a", hourOf(BASE));
  const { search } = setUp([
    { key: `${folder}part-1.jsonl.gz`, body: bomb },
    { key: `${folder}part-2.jsonl.gz`, body: good.subarray(0, good.length - 9) },
    { key: `${folder}part-3.jsonl.gz`, body: good },
  ]);
  const { hits, end } = await search({ filter: parseFilter({ q: "message" }, 0) });
  expect(hits.map(({ key }) => key)).toContain(`${folder}part-3.jsonl.gz`);
  const reasons = new Map(end.stats.incomplete.map(({ key, reason }) => [key, reason]));
  expect(reasons.size).toBe(2);
  expect(reasons.get(`${folder}part-1.jsonl.gz`)).toContain("200 times");
  expect(reasons.get(`${folder}part-2.jsonl.gz`)).toContain("damaged");
});

test("a cursor says only where to go on; anything else is no cursor", () => {
  const cursor = {
    of: fingerprintOf(["a", 1]),
    hour: 498_000,
    afterKey: "service=é/x",
    group: { lastKey: "z", timeMs: 1, key: "k", line: 3 },
  };
  expect(decodeSearchCursor(encodeSearchCursor(cursor))).toEqual(cursor);
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(decodeSearchCursor(text)).toBeUndefined();
    }),
  );
  expect(fingerprintOf(["a", 1])).not.toBe(fingerprintOf(["a", 2]));
});

test("windows into an object hold each line once, with its place", async () => {
  const { reader } = setUp([
    { key: "big.jsonl", body: "one\ntwo\n\nfour\nfive" },
    { key: "big.jsonl.gz", body: gzipSync("one\ntwo\n\nfour\nfive") },
  ]);
  const signal = new AbortController().signal;
  for (const key of ["big.jsonl", "big.jsonl.gz"]) {
    const seen: string[] = [];
    let at: { line: number; byte: number } | undefined = { line: 1, byte: 0 };
    while (at !== undefined) {
      const window = await reader.window(
        { bucket: BUCKET, key },
        { fromLine: at.line, maxLines: 2, maxBytes: 1_000 },
        at,
        signal,
      );
      if ("missing" in window) throw new Error(window.missing);
      expect(window.firstByte).toBe(at.byte);
      seen.push(...new TextDecoder().decode(window.bytes).split("\n").slice(0, -1));
      at = window.next;
    }
    expect(seen).toEqual(["one", "two", "", "four", "five"]);
  }
});

test("the objects of a range come newest hour first, in pages that neither miss nor repeat", async () => {
  const { reader } = setUp(
    Array.from({ length: 9 }, (_, n) =>
      part(n % 2 ? "a" : "b", BASE + (n % 3) * HOUR, `${n}`, ["x"]),
    ),
  );
  const signal = new AbortController().signal;
  const keys: string[] = [];
  let after: { hour: number; key: string } | undefined;
  for (let round = 0; round < 9; round += 1) {
    const range = {
      bucket: BUCKET,
      prefix: "",
      fromMs: undefined,
      toMs: undefined,
      after,
      limit: 2,
    };
    const listing = await reader.range(range, signal);
    keys.push(...(listing?.objects.map(({ key }) => key) ?? []));
    const last = listing?.objects.at(-1);
    if (listing?.stoppedBy === "end" || last?.hourMs === undefined) break;
    after = { hour: hourOf(last.hourMs), key: last.key };
  }
  expect(new Set(keys).size).toBe(9);
  const hours = keys.map((key) => key.slice(key.indexOf("/"), key.lastIndexOf("/")));
  expect(hours).toEqual([...hours].sort().reverse());
});
