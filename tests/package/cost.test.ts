import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
// @ts-expect-error: a plain script without types.
import * as cost from "../../scripts/cost.mjs";
import { runTool } from "../support/tools.ts";

type Line = { id: string; quantity: number; usd: number };
type Flow = Record<
  "requests" | "records" | "recordBytes" | "shards" | "batchSeconds" | "objects" | "objectBytes",
  number
>;
type Given = Record<string, number | string>;
type Price = { usd: number; per: string; as_of: string; source: string };

const root = path.dirname(path.dirname(import.meta.dirname));
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const prices = JSON.parse(read("scripts/cost-prices.json"));
const estimate = (given: Given): { lines: Line[]; flow: Flow; usd: number } =>
  cost.estimate(given, prices);
const usdOf = (given: Given, id: string): number => {
  const line = estimate(given).lines.find((candidate) => candidate.id === id);
  if (!line) throw new Error(`No line ${id}.`);
  return line.usd;
};

/** What docs/cost.md works through, and its second and third case. */
const CASES: Given[] = [
  { logsPerSecond: 100, bytes: 500 },
  { logsPerSecond: 1, bytes: 500 },
  { logsPerSecond: 10_000, bytes: 500, services: 50 },
];

test("100 logs/s of 500 bytes cost what a pencil says", () => {
  const seconds = 730 * 3600;
  const gib = 2 ** 30;
  const given = { logsPerSecond: 100, bytes: 500 };
  const { flow, lines, usd } = estimate(given);
  // Five producers fill requests of 100 logs each in 5 s: one request, one record a second.
  expect(flow).toMatchObject({ requests: 1, records: 1, recordBytes: 50_000, shards: 1 });
  expect(flow).toMatchObject({ batchSeconds: 10, objects: 0.5, objectBytes: 100_000 });
  const pencil: Record<string, number> = {
    "ingest-requests": seconds * 0.2e-6,
    "ingest-compute": seconds * 0.02 * 0.5 * 0.0000133334,
    "kinesis-shards": 2 * 730 * 0.015,
    "kinesis-puts": 2 * seconds * 0.014e-6,
    "consumer-requests": (seconds / 10) * 0.2e-6,
    "consumer-compute": (seconds / 10) * 0.09 * 0.0000133334,
    "s3-puts": 0.5 * seconds * 5e-6,
    // 97.7 KB is below the 128 KB from which objects move to colder classes.
    "s3-moves": 0,
    "s3-storage": ((50_000 * 86_400 * 365) / gib) * 0.023,
    "cloudwatch-logs": ((seconds * 450 + (seconds / 10) * 1150) / gib) * 0.5,
    "cloudwatch-metrics": 12 * 0.3,
    "cloudwatch-alarms": cost.DEFAULTS.alarms * 0.1,
    dashboard: 5000 * (0.2e-6 + 0.3 * 0.0000133334 + 10 * 5e-6),
    athena: 100 * 0.005,
  };
  expect(lines.map(({ id }) => id)).toEqual(Object.keys(pencil));
  for (const line of lines)
    expect([line.id, line.usd]).toEqual([line.id, expect.closeTo(pencil[line.id] ?? -1, 6)]);
  expect(usd).toBeCloseTo(
    Object.values(pencil).reduce((sum, value) => sum + value, 0),
    6,
  );
});

test("no byte is lost on the way, whatever the load, and the lines add up to the total", () => {
  const load = fc.record({
    logsPerSecond: fc.integer({ min: 1, max: 200_000 }),
    bytes: fc.integer({ min: 50, max: 20_000 }),
    services: fc.integer({ min: 1, max: 500 }),
    requestLogs: fc.integer({ min: 1, max: 1000 }),
    packBytes: fc.constantFrom(0, 10_240, 102_400),
    batchWindow: fc.integer({ min: 1, max: 300 }),
    mode: fc.constantFrom("provisioned", "on-demand"),
  });
  fc.assert(
    fc.property(load, (given) => {
      const { flow, lines, usd } = estimate(given);
      const bytesPerSecond = given.logsPerSecond * given.bytes;
      expect(flow.records * flow.recordBytes).toBeCloseTo(bytesPerSecond, 3);
      expect((flow.objects * flow.objectBytes) / bytesPerSecond).toBeCloseTo(1, 6);
      expect(flow.requests).toBeLessThanOrEqual(given.logsPerSecond);
      for (const line of lines) expect(line.usd).toBeGreaterThanOrEqual(0);
      expect(lines.reduce((sum, line) => sum + line.usd, 0)).toBeCloseTo(usd, 6);
    }),
  );
});

test("each lever moves the line it is about", () => {
  const base = { logsPerSecond: 100, bytes: 500 };
  expect(usdOf({ ...base, batchWindow: 20 }, "s3-puts")).toBeLessThan(usdOf(base, "s3-puts"));
  expect(usdOf({ ...base, compression: "gzip" }, "s3-storage")).toBeLessThan(
    usdOf(base, "s3-storage"),
  );
  expect(usdOf({ ...base, packBytes: 0 }, "kinesis-puts")).toBeGreaterThan(
    usdOf(base, "kinesis-puts"),
  );
  expect(usdOf({ ...base, services: 50 }, "s3-puts")).toBeGreaterThan(usdOf(base, "s3-puts"));
  expect(usdOf({ ...base, mode: "on-demand" }, "kinesis-in")).toBeGreaterThan(0);
  expect(usdOf({ ...base, frontDoor: "http-api" }, "http-api")).toBeGreaterThan(0);
});

test("objects of 128 KB and more move to the colder classes, and moving is charged", () => {
  const small = { logsPerSecond: 100, bytes: 500 };
  const large = { ...small, batchWindow: 60, batchSize: 10_000 };
  expect(usdOf(small, "s3-moves")).toBe(0);
  expect(usdOf(large, "s3-moves")).toBeGreaterThan(0);
  expect(usdOf(large, "s3-storage")).toBeLessThan(usdOf(small, "s3-storage") / 2);
});

test("a parameter that is unknown or out of range is named", () => {
  expect(() => estimate({ logPerSecond: 1 })).toThrow("--log-per-second is not a parameter");
  expect(() => estimate({ mode: "free" })).toThrow("--mode must be provisioned or on-demand");
  expect(() => estimate({ bytes: 0 })).toThrow("--bytes must be above 0");
  expect(() => estimate({ services: Number.NaN })).toThrow("--services must be a number");
});

test("every price says what it is for, of when it is, and where it can be checked", () => {
  const { region, note, ...items } = prices as Record<string, Price>;
  expect([region, note]).not.toContain(undefined);
  for (const [name, price] of Object.entries(items))
    expect([name, price]).toEqual([
      name,
      {
        usd: expect.any(Number),
        per: expect.any(String),
        as_of: expect.stringMatching(/^20\d\d-\d\d$/),
        source: expect.stringMatching(/^https:\/\/aws\.amazon\.com\//),
      },
    ]);
});

test("the defaults are those of the deployment", () => {
  const yaml = read("serverless.yml");
  const defaults = yaml.slice(yaml.indexOf("  default:"), yaml.indexOf("  local:"));
  const param = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(defaults)?.[1]);
  expect(cost.DEFAULTS).toMatchObject({
    batchSize: param("batchSize"),
    batchWindow: param("batchWindowSeconds"),
    consumerMemory: param("consumerMemory"),
    retentionDays: param("dataExpirationDays"),
    infrequentAfterDays: param("dataToInfrequentDays"),
    archiveAfterDays: param("dataToArchiveDays"),
    alarms: read("infra/alarms.yml").match(/Type: AWS::CloudWatch::Alarm$/gm)?.length,
  });
});

test("docs/cost.md shows what the script says today", () => {
  const page = read("docs/cost.md");
  for (const given of CASES) expect(page).toContain(cost.report(given, prices));
});

test("npm run cost prints the table, and refuses what it does not know", async () => {
  const script = path.join(root, "scripts/cost.mjs");
  const run = await runTool(process.execPath, [
    script,
    "--logs-per-second",
    "100",
    "--bytes",
    "500",
  ]);
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toContain(cost.report({ logsPerSecond: 100, bytes: 500 }, prices));
  const wrong = await runTool(process.execPath, [script, "--mode", "free"]);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toContain("--mode must be");
});
