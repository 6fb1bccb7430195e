import { expect, test } from "vitest";
import { createTestDashboard, downCatalogs, NOW } from "../../../tests/support/dashboard-app.ts";
import type { IngestAccount } from "../../shared/core/accepted-ledger.ts";
import type { ShardState } from "../../shared/core/consumer-state.ts";

const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

const account = (services: IngestAccount["services"]): IngestAccount => ({
  version: 1,
  stream: "logs",
  instance: "i1",
  services,
  lastMovedAt: ago(300),
  spooledLogs: 0,
  queuedLogs: 0,
  publishedAt: ago(1),
  isClosed: false,
});

const shard = (services: NonNullable<ShardState["services"]>): ShardState => ({
  version: 1,
  stream: "logs",
  shardId: "shardId-000000000000",
  streamCreatedAt: ago(9_999),
  parentShardIds: [],
  sequenceNumber: "1",
  drained: false,
  records: 1,
  lines: 1,
  bytes: 1,
  parts: 1,
  quarantined: 0,
  services,
  failedBatches: 0,
  lastBatchAt: ago(280),
  lastBatchRecords: 1,
  lastPolledAt: ago(1),
  millisBehindLatest: 0,
  error: null,
});

const dashboard = (stored: NonNullable<ShardState["services"]>) =>
  createTestDashboard({
    accounts: {
      read: async () => ({
        accounts: [account({ pay: [10, 2], "<b>": [1, 0] })],
        unreadable: [],
        isComplete: true,
      }),
    },
    consumer: { read: async () => ({ states: [shard(stored)], unreadable: [], isComplete: true }) },
  });

const BALANCED = { pay: [7, 1], "<b>": [1, 0] } as const;
const SHORT = { pay: [5, 1], "<b>": [1, 0] } as const;

const ledgerOf = async (app: ReturnType<typeof dashboard>) => {
  const summary = (await (await app.request("/api/stats/summary")).json()) as {
    ledger: Record<string, unknown>;
  };
  return summary.ledger;
};

test("the summary holds the ledger, by stream and by service", async () => {
  expect(await ledgerOf(dashboard(BALANCED))).toMatchObject({
    state: "balanced",
    reason: null,
    since: null,
    streams: [
      {
        stream: "logs",
        state: "balanced",
        accepted: 11,
        deduplicated: 2,
        stored: 8,
        quarantined: 1,
        in_flight: 0,
        missing: 0,
        unaccounted: 0,
        ingest_instances: 1,
        services: [
          { service: "pay", accepted: 10, outstanding: 0 },
          { service: "<b>", accepted: 1, outstanding: 0 },
        ],
        services_complete: true,
      },
    ],
  });
});

test("a ledger that stands open says how many, of which service and since when", async () => {
  expect(await ledgerOf(dashboard(SHORT))).toMatchObject({
    state: "open",
    since: ago(280),
    streams: [{ missing: 2, in_flight: 0, services: [{ service: "pay", outstanding: 2 }, {}] }],
  });
  const metrics = await (await dashboard(SHORT).request("/metrics")).text();
  expect(metrics).toContain('ledger_open{stream="logs"} 1');
  expect(metrics).toContain('ledger_accepted_total{stream="logs"} 11');
  expect(metrics).toContain('ledger_service_outstanding{stream="logs",service="pay"} 2');
});

test("the overview shows the state, and the alarm among what needs attention", async () => {
  const calm = await (await dashboard(BALANCED).request("/")).text();
  expect(calm).toContain("balanced");
  expect(calm).not.toContain("accepted logs of logs are missing");
  const alarmed = await (await dashboard(SHORT).request("/")).text();
  expect(alarmed).toContain("2 accepted logs of logs are missing");
  expect(alarmed).not.toContain("<b>:");
});

test("where nobody counts, or nothing can be read, it is unknown with the reason", async () => {
  const nobody = await ledgerOf(createTestDashboard());
  expect(nobody).toMatchObject({ state: "unknown", streams: [] });
  expect(nobody.reason).toContain("Lambda");
  const down = createTestDashboard({
    ...downCatalogs(),
    accounts: { read: downCatalogs().consumer.read },
  });
  expect(await ledgerOf(down)).toMatchObject({
    state: "unknown",
    reason: expect.stringContaining("ECONNREFUSED"),
  });
});
