import { expect, test } from "vitest";
import { BackendError } from "../backend-error.ts";
import { deriveConsumerStatus } from "../consumer-status.ts";
import type { HistorySource } from "../history/history.ts";
import type { PartitionAnalysis } from "../partition-analysis.ts";
import { createMomentaryMeasure, type MomentaryOptions } from "./momentary.ts";
import { parseRules } from "./rules.ts";
import { createMomentaryAlerts } from "./source.ts";

const NOW = Date.UTC(2025, 10, 14, 1, 30);
const ALL = "lag>60,freshness>120,throttles,error_rate>0.05,ledger,gap,spool>0.5";

const down = (backend: "cloudwatch" | "s3") => () =>
  Promise.reject(new BackendError({ backend, kind: "denied", code: "AccessDenied" }));

const point = (throttled: number | null) => ({
  at: NOW,
  accepted: null,
  rejected: null,
  requests: null,
  throttled,
  landed: null,
  landedBytes: null,
  quarantined: null,
  lagMs: null,
  spooledLogs: null,
});

const historyOf = (...throttled: (number | null)[]): HistorySource => ({
  read: async () => ({
    source: "cloudwatch",
    since: NOW,
    stepMs: 60_000,
    points: throttled.map(point),
    shards: [],
  }),
});

/** What is there on Lambda: no ingestion interface to ask, no ledger, a consumer 90 s behind. */
const readAlerts = async (
  overrides: {
    history?: HistorySource;
    consumer?: () => Promise<never>;
    partitions?: () => Promise<PartitionAnalysis | undefined>;
    rules?: string;
  } = {},
  options: MomentaryOptions = {},
) => {
  const rules = parseRules(overrides.rules ?? ALL);
  if (typeof rules === "string") throw new Error(rules);
  const status = deriveConsumerStatus(
    { states: [], unreadable: [], isComplete: true },
    { now: NOW, freshMs: 60_000 },
  );
  let looks = 0;
  const measure = createMomentaryMeasure(
    {
      reader: {
        ingest: async () => undefined,
        ledger: async () => undefined,
        consumer: overrides.consumer ?? (async () => ({ ...status, millisBehindLatest: 90_000 })),
        partitions: () => {
          looks += 1;
          return overrides.partitions?.() ?? Promise.resolve(undefined);
        },
      },
      history: overrides.history ?? historyOf(7, 0, null, null),
      rules,
      bucket: "logs",
      now: () => NOW,
    },
    options,
  );
  const alerts = createMomentaryAlerts(rules, measure, () => NOW);
  const report = await alerts.read();
  await alerts.read();
  return {
    looks,
    states: Object.fromEntries(report.alerts.map((alert) => [alert.rule.name, alert])),
  };
};

test("what is over its threshold fires at once, and what nobody measures says so", async () => {
  const { states, looks } = await readAlerts();
  expect(states).toMatchObject({
    lag: { state: "firing", value: 90 },
    throttles: { state: "firing", value: 7 },
    freshness: { state: "unknown", detail: "No ledger is kept here." },
    ledger: { state: "unknown", detail: "No ledger is kept here." },
    error_rate: { state: "unknown", detail: expect.stringContaining("ingestion interface") },
    spool: { state: "unknown", detail: expect.stringContaining("ingestion interface") },
    gap: { state: "ok", value: 0 },
  });
  // Two reads, one look.
  expect(looks).toBe(1);
});

test("a dead CloudWatch or bucket makes its own rules unknown, with its words", async () => {
  const { states } = await readAlerts({
    history: { read: down("cloudwatch") },
    consumer: down("cloudwatch"),
    partitions: down("s3"),
  });
  const cloudwatch = { state: "unknown", detail: expect.stringContaining("CloudWatch refused") };
  expect(states).toMatchObject({
    lag: cloudwatch,
    throttles: cloudwatch,
    error_rate: cloudwatch,
    gap: { state: "unknown", detail: expect.stringContaining("S3 refused") },
  });
});

test("a walk over the partitions that takes longer is not waited for", async () => {
  const { states } = await readAlerts(
    { partitions: () => new Promise(() => undefined) },
    { gapsWaitMs: 1 },
  );
  expect(states.gap).toMatchObject({
    state: "unknown",
    detail: expect.stringContaining("not been"),
  });
  expect(states.lag?.state).toBe("firing");
});

test("partitions are left alone where nobody asks for gaps", async () => {
  expect((await readAlerts({ rules: "lag>60" })).looks).toBe(0);
});
