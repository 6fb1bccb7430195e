import { expect, test } from "vitest";
import { createMemoryCatalog } from "../../../../../tests/support/memory-catalog.ts";
import { analyzePartitions } from "../partition-analysis.ts";
import { walkPartitions } from "../partition-walk.ts";
import { coverageText, factsOf } from "./facts.ts";
import { type HeatCell, heatClass, heatOf } from "./heat.ts";
import { hourPrefix } from "./layout.ts";
import { samplingFromWire, walkFromWire, walkToWire } from "./wire.ts";

const NOW = Date.parse("2026-11-22T10:20:00Z");
const at = (text: string) => Date.parse(`${text}:00:00Z`);
const part = (service: string, hour: string, count = 1, size = 2_000_000) =>
  Array.from({ length: count }, (_, index) => ({
    key: `${hourPrefix(service, at(hour))}part-${index}.jsonl`,
    size,
    lastModified: new Date(at(hour) + 60_000),
  }));

const walkOf = async (objects: { key: string; size: number }[], maxCalls = 400) => {
  const walk = await walkPartitions(createMemoryCatalog({ b: objects }), "b", {
    budget: { maxCalls, maxMs: 60_000, concurrency: 4 },
    now: () => 0,
    signal: new AbortController().signal,
  });
  if (!walk) throw new Error("no such bucket");
  return walk;
};

const cellsOf = (heat: ReturnType<typeof heatOf>, date: string): HeatCell[] =>
  heat.rows.flatMap((row) => (row.kind === "day" && row.date === date ? row.cells : []));

const OPTIONS = { bucket: "b", metric: "bytes", now: NOW } as const;

test("an hour is full, a gap, small files, still open or not there; and says so", async () => {
  const walk = await walkOf([
    ...part("a", "2026-11-21T22"),
    ...part("a", "2026-11-22T00", 5, 1_000),
    ...part("a", "2026-11-22T10"),
  ]);
  const heat = heatOf(walk.cells, OPTIONS);
  const today = cellsOf(heat, "2026-11-22");
  expect(heat.rows.map((row) => row.kind === "day" && row.label)).toEqual(["Sun 22", "Sat 21"]);
  expect(today.map(({ state }) => state.charAt(0)).join("")).toBe("fgggggggggfeeeeeeeeeeeee");
  expect(heatClass(today[0] as HeatCell)).toBe("q1 is-crumbly");
  expect(heatClass(today[10] as HeatCell)).toBe("q5 is-current");
  expect(today[3]?.label).toBe("2026-11-22 03:00–04:00Z: gap: 0 objects");
  expect(today[3]?.href).toBe("/logs/b?from=2026-11-22T02%3A00%3A00Z&to=2026-11-22T05%3A00%3A00Z");
  expect(
    cellsOf(heat, "2026-11-21")
      .slice(21)
      .map(({ state }) => state),
  ).toEqual(["empty", "filled", "gap"]);
  expect(heatOf(walk.cells, { ...OPTIONS, service: "a" }).rows[0]).toMatchObject({
    cells: expect.arrayContaining([
      expect.objectContaining({
        href: `/buckets/b?prefix=${encodeURIComponent(hourPrefix("a", at("2026-11-22T10")))}`,
      }),
    ]),
  });
});

test("a gap of one service among others is said, and is no gap of all", async () => {
  const walk = await walkOf([
    ...part("a", "2026-11-22T01"),
    ...part("a", "2026-11-22T03"),
    ...part("b", "2026-11-22T02"),
  ]);
  const [cell] = cellsOf(heatOf(walk.cells, OPTIONS), "2026-11-22").slice(2);
  expect(cell).toMatchObject({
    state: "filled",
    label: expect.stringContaining("1 service has a gap"),
  });
});

test("days that the budget did not reach are outlined, not empty; a long silence is one row", async () => {
  const days = ["22", "21", "20", "19"].flatMap((day) => part("a", `2026-11-${day}T05`));
  const walk = await walkOf([...days, ...part("a", "2026-10-01T05")], 7);
  const analysis = analyzePartitions(walk);
  const heat = heatOf(walk.cells, OPTIONS);
  expect(cellsOf(heat, "2026-11-22")[5]?.state).toBe("filled");
  expect(new Set(cellsOf(heat, "2026-11-19").map(({ state }) => state))).toEqual(
    new Set(["unwalked"]),
  );
  expect(coverageText(analysis)).toMatch(
    /^walked \d of ~\d\+? partitions · 7 list calls · .* stopped by budget$/,
  );
  const whole = heatOf((await walkOf([...days, ...part("a", "2026-10-01T05")])).cells, OPTIONS);
  expect(whole.rows.map((row) => (row.kind === "silence" ? row.days : row.date))).toContain(48);
});

test("figures are of what is there; what nobody looked at has none", async () => {
  const walk = await walkOf([
    ...part("a", "2026-11-22T01", 3, 1_000),
    ...part("a", "2026-11-22T09"),
  ]);
  const facts = new Map(factsOf(analyzePartitions(walk), NOW).map((fact) => [fact.label, fact]));
  expect(facts.get("Objects")?.value).toBe("4");
  expect(facts.get("Small files")).toMatchObject({ value: "75 %", tone: "warn" });
  expect(facts.get("Gaps")).toMatchObject({ value: "7 hours", tone: "warn" });
  expect(facts.get("Freshness")).toMatchObject({ value: "1 h 19 m", tone: "warn" });
  expect(facts.get("Cost of one query")?.note).toContain("Athena scans 10.0 MB");
  const empty = new Map(factsOf(analyzePartitions(await walkOf([])), NOW).map((f) => [f.label, f]));
  for (const label of ["Object size", "Small files", "Skew", "Freshness", "Cost of one query"])
    expect(empty.get(label)?.value).toBeUndefined();
});

test("a walk that went over the wire is the same walk", async () => {
  const walk = await walkOf([...part("a", "2026-11-22T01", 3), ...part("é", "2026-11-22T02")], 5);
  const sampling = {
    samples: [
      { service: "a", hour: NOW - (NOW % 3_600_000), key: "k", fields: new Map([["f", "number"]]) },
    ],
    candidates: 3,
    unreadable: 1,
  };
  const wire = JSON.parse(JSON.stringify(walkToWire(walk, sampling, null)));
  const { next, ...back } = walkFromWire(wire);
  expect(next).toBeUndefined();
  expect(analyzePartitions({ ...back, next: walk.next })).toMatchObject({
    stats: analyzePartitions(walk).stats,
    services: analyzePartitions(walk).services,
    gaps: analyzePartitions(walk).gaps,
  });
  expect(samplingFromWire(wire)).toEqual(sampling);
});
