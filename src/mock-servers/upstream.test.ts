import type { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { LOG_TYPES } from "../shared/core/log-types.ts";
import { silentLogger } from "../shared/core/logger.ts";
import type { UpstreamLog } from "./logs/log.ts";
import type { ServiceName } from "./port-offsets.ts";
import type { IngestAnswer } from "./traffic/ingest-client.ts";
import { createUpstream } from "./upstream.ts";

const START = Date.UTC(2025, 10, 14, 1, 13);

/** The services over an ingestion interface in memory, on a clock that only `pass` moves. */
const world = ({ seed = 1, takes = true } = {}) => {
  const clock = { ms: START };
  const stored: UpstreamLog[] = [];
  let tick = (): void => {};
  let ids = 0;
  const upstream = createUpstream(
    {
      client: {
        post: (body, key) => {
          if (!takes) return new Promise<IngestAnswer>(() => {});
          const { logs } = JSON.parse(body) as { logs: UpstreamLog[] };
          stored.push(...logs);
          const items = { accepted: logs.length, errors: [] };
          return Promise.resolve({ status: 200, retryAfterMs: undefined, key, items });
        },
        keyWindowMs: async () => 600_000,
      },
      now: () => clock.ms,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, Math.min(ms, 20));
          signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
          });
        }),
      every: (_ms, task) => {
        tick = task;
        return () => {};
      },
      newId: () => `id-${++ids}`,
      log: silentLogger,
    },
    { seed },
  );
  /** Lets time pass in steps of 100 ms. */
  const pass = async (seconds: number): Promise<void> => {
    for (let step = 0; step < seconds * 10; step += 1) {
      clock.ms += 100;
      tick();
      await Promise.resolve();
    }
  };
  const call = async (service: ServiceName, method: string, path: string, body?: unknown) => {
    const app: Hono = upstream.apps[service];
    const response = await app.request(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers are compared with what they should hold.
    return { status: response.status, body: (await response.json()) as any };
  };
  return { upstream, call, pass, stored, clock };
};

const ORCHESTRATOR = "scenario-orchestrator";

describe("scenario-orchestrator", () => {
  test("health counts the scenarios and what runs", async () => {
    const { call } = world();
    await call(ORCHESTRATOR, "POST", "/api/executions", { scenario_id: "TEC_001" });
    expect((await call(ORCHESTRATOR, "GET", "/health")).body).toEqual({
      status: "healthy",
      service: "scenario-orchestrator",
      scenarios_count: 200,
      active_executions: 1,
    });
  });

  test("continuous generation sends at its rate until it is stopped, and its counts are true", async () => {
    const { call, pass, stored } = world();
    const started = await call(ORCHESTRATOR, "POST", "/api/continuous/start", {
      enabled: true,
      normal_log_rate: 200,
      anomaly_frequency: 500,
      anomaly_duration: 5,
    });
    expect(Object.keys(started.body)).toEqual(["message", "config"]);
    expect(started.body.config).toMatchObject({ normal_log_rate: 200, anomaly_frequency: 500 });
    await pass(20);
    const stats = (await call(ORCHESTRATOR, "GET", "/api/continuous/stats")).body;
    expect(stats).toMatchObject({ enabled: true, current_rate: expect.closeTo(200, -1) });
    const stopped = (await call(ORCHESTRATOR, "POST", "/api/continuous/stop")).body;
    expect(Object.keys(stopped)).toEqual(["message", "stats"]);
    const after = (await call(ORCHESTRATOR, "GET", "/api/continuous/stats")).body;
    expect(after.delivery).toMatchObject({ acknowledged: stored.length, refused: 0, in_flight: 0 });
    expect(stopped.stats.normal_logs + after.anomalous_logs_generated).toBe(stored.length);
    expect(stored).toHaveLength(4_000);
    expect(stopped.stats.anomalies).toBeGreaterThan(1);
    await pass(5);
    expect(stored).toHaveLength(4_000);
    expect(new Set(stored.map(({ log_type }) => log_type)).size).toBe(59);
  });

  test("logs per interval and a duration are another way to say it, and it ends by itself", async () => {
    const { call, pass, stored } = world();
    const { body } = await call(ORCHESTRATOR, "POST", "/api/continuous/start", {
      interval_seconds: 2,
      logs_per_interval: 50,
      duration_seconds: 10,
    });
    expect(body.config).toMatchObject({ normal_log_rate: 25, logs_per_interval: 50 });
    await pass(30);
    expect(stored).toHaveLength(250);
    const { body: stats } = await call(ORCHESTRATOR, "GET", "/api/continuous/stats");
    expect(stats.enabled).toBe(false);
  });

  test("log types, with _log or as a category, narrow what is sent", async () => {
    const { call, pass, stored } = world();
    await call(ORCHESTRATOR, "POST", "/api/continuous/start", {
      log_types: ["payment_log", "fraud"],
    });
    await pass(3);
    expect(new Set(stored.map(({ log_type }) => log_type))).toEqual(
      new Set(["payment", "fraud_detection", "aml_screening", "risk_scoring"]),
    );
  });

  test("while nothing is answered, memory does not grow and what was not made is counted", async () => {
    const { call, pass } = world({ takes: false });
    await call(ORCHESTRATOR, "POST", "/api/continuous/start", { normal_log_rate: 5_000 });
    await pass(30);
    const { body } = await call(ORCHESTRATOR, "GET", "/api/continuous/stats");
    expect(body.delivery.in_flight).toBeLessThanOrEqual(20_000);
    expect(body.delivery.acknowledged).toBe(0);
    expect(body.delivery.held_back).toBeGreaterThan(100_000);
  });

  test("an anomaly's scores rise and fall while it is on, and then it is over", async () => {
    const { call, pass, stored } = world();
    const { body } = await call(ORCHESTRATOR, "POST", "/api/anomaly/trigger", {
      anomaly_type: "gaussian_spike",
      intensity: 0.9,
      duration_seconds: 20,
    });
    expect(body).toMatchObject({ anomaly_type: "gaussian_spike", intensity: 0.9 });
    await call(ORCHESTRATOR, "POST", "/api/continuous/start", { anomaly_frequency: 0 });
    await pass(10);
    const peak = (await call(ORCHESTRATOR, "GET", "/api/continuous/stats")).body.current_anomaly;
    expect(peak).toMatchObject({ anomaly_score: expect.closeTo(90, 0), source: "trigger" });
    await pass(15);
    const { body: after } = await call(ORCHESTRATOR, "GET", "/api/continuous/stats");
    expect(after.current_anomaly).toBeNull();
    const highest = (from: number, to: number) =>
      Math.max(
        ...stored
          .filter(({ data }) => {
            const at = Date.parse(data.timestamp) - START;
            return at >= from * 1_000 && at < to * 1_000;
          })
          .map(({ data }) => data.anomaly_score),
      );
    expect(highest(0, 2)).toBeLessThan(40);
    expect(highest(9, 11)).toBeGreaterThan(80);
    expect(highest(21, 25)).toBeLessThan(40);
  });

  test("an execution writes the scenario's logs, and ends when its time is over or it is stopped", async () => {
    const { call, pass, stored } = world();
    const { body } = await call(ORCHESTRATOR, "POST", "/api/executions", {
      scenario_id: "sec_001",
      parameters: { log_rate: 50 },
      duration_seconds: 10,
    });
    expect(body).toMatchObject({ scenario_id: "SEC_001", status: "running" });
    const path = `/api/executions/${body.execution_id}`;
    await pass(12);
    const done = (await call(ORCHESTRATOR, "GET", path)).body;
    expect(done).toMatchObject({ status: "completed", logs_generated: stored.length });
    expect(stored.length).toBeGreaterThan(100);
    expect(new Set(stored.map(({ log_type }) => log_type))).toEqual(
      new Set(["authentication", "session"]),
    );
    const second = (await call(ORCHESTRATOR, "POST", "/api/executions", { scenario_id: "BUS_090" }))
      .body.execution_id;
    const stopped = await call(ORCHESTRATOR, "POST", `/api/executions/${second}/stop`);
    expect(stopped.body.status).toBe("stopped");
    const { body: list } = await call(ORCHESTRATOR, "GET", "/api/executions");
    expect(list.executions.map((each: { execution_id: string }) => each.execution_id)).toEqual([
      second,
      body.execution_id,
    ]);
  });

  test("only so many executions run at a time", async () => {
    const { call } = world();
    const start = () => call(ORCHESTRATOR, "POST", "/api/executions", { scenario_id: "TEC_001" });
    for (let run = 0; run < 50; run += 1) expect((await start()).status).toBe(200);
    expect((await start()).status).toBe(429);
  });

  test("scenarios are filtered by category and severity, in any case", async () => {
    const { call } = world();
    const all = await call(ORCHESTRATOR, "GET", "/api/scenarios");
    expect(all.body.total).toBe(200);
    const some = await call(ORCHESTRATOR, "GET", "/api/scenarios?category=security&severity=HIGH");
    for (const each of some.body.scenarios)
      expect(each).toMatchObject({ category: "SECURITY", severity: "high" });
    expect(some.body.total).toBeGreaterThan(0);
  });
});

test("pattern-generator answers a series of scores, and demos of its patterns", async () => {
  const { call } = world();
  const { body } = await call("pattern-generator", "POST", "/api/generate", {
    execution_id: "EXE_000001",
    scenario_id: "TEC_001",
    parameters: {},
    duration: 60,
    rate: 2,
  });
  expect(body).toMatchObject({ execution_id: "EXE_000001", pattern_type: "gaussian_spike" });
  expect(body.scores).toHaveLength(120);
  expect(Math.max(...body.scores)).toBeGreaterThan(80);
  expect(body.scores[0]).toBe(0);
  const demo = await call("pattern-generator", "GET", "/api/patterns/demo/random%20walk?points=5");
  expect(demo.body).toMatchObject({ pattern_type: "random_walk", count: 5 });
});

test("log-synthesis answers the logs it forwarded, of the type and score asked for", async () => {
  const { call, stored } = world();
  const { body } = await call("log-synthesis", "POST", "/api/synthesize", {
    log_type: "payment_log",
    count: 30,
    anomaly_score: 88,
  });
  expect(body).toHaveLength(30);
  expect(stored).toEqual(body);
  for (const { log_type, data } of body) {
    expect(log_type).toBe("payment");
    expect(data.anomaly_score).toBe(88);
  }
  const types = (await call("log-synthesis", "GET", "/api/log-types")).body;
  expect(types.total_types).toBe(59);
  expect(types.log_types).toEqual(LOG_TYPES);
  expect(Object.keys(types.categories)).toHaveLength(13);
  const recent = (await call("log-synthesis", "GET", "/api/logs?limit=2")).body;
  expect(recent.logs).toEqual([body[29], body[28]]);
  const stats = (await call("log-synthesis", "GET", "/api/logs/stats")).body;
  expect(stats).toMatchObject({ total_logs: 30, anomalies: 30, by_type: { payment: 30 } });
});

test("state-manager makes entities and lets them move only where they may go", async () => {
  const { call } = world();
  const { body: made } = await call("state-manager", "POST", "/api/entities", {
    entity_type: "user",
    entity_id: "u1",
  });
  expect(made).toMatchObject({ entity_id: "u1", entity_type: "user", status: "active" });
  const move = (to: string) =>
    call("state-manager", "POST", `/api/entities/u1/transition?to_status=${to}&reason=why`);
  expect((await move("locked")).body.status).toBe("locked");
  const refused = await move("suspended");
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ allowed: ["active", "closed"], current_status: "locked" });
  expect((await move("asleep")).status).toBe(422);
  const { body } = await call("state-manager", "GET", "/api/history?entity_id=u1");
  expect(body.history).toEqual([
    expect.objectContaining({ from_status: "active", to_status: "locked", reason: "why" }),
  ]);
});

test("log-consolidation answers LogRecords, and names what is none", async () => {
  const { call } = world();
  const { body } = await call("log-consolidation", "POST", "/api/consolidate", {
    batch_id: "b1",
    logs: [{ log_type: "payment", data: { service: "payment-service", level: "ERROR" } }, 7],
  });
  expect(Object.keys(body)).toEqual(["batch_id", "processed_count", "log_records", "errors"]);
  expect(body).toMatchObject({
    batch_id: "b1",
    processed_count: 1,
    log_records: [{ severity_number: 17, resource: { "service.name": "payment-service" } }],
    errors: [{ index: 1 }],
  });
  const kept = await call("log-consolidation", "GET", "/api/consolidated-logs");
  expect(kept.body.log_records).toEqual(body.log_records);
});

test.each<[ServiceName, string, string, unknown, number, string]>([
  [ORCHESTRATOR, "POST", "/api/continuous/start", "{", 400, "not JSON"],
  [ORCHESTRATOR, "POST", "/api/continuous/start", "[]", 422, "object"],
  [ORCHESTRATOR, "POST", "/api/continuous/start", { normal_log_rate: 5_001 }, 422, "5000"],
  [ORCHESTRATOR, "POST", "/api/continuous/start", { normal_log_rate: "fast" }, 422, "number"],
  [ORCHESTRATOR, "POST", "/api/continuous/start", { logs_per_interval: 1e6 }, 422, "5000"],
  [ORCHESTRATOR, "POST", "/api/continuous/start", { log_types: ["nope"] }, 422, '"nope"'],
  [ORCHESTRATOR, "POST", "/api/executions", {}, 422, "scenario_id"],
  [ORCHESTRATOR, "POST", "/api/executions", { scenario_id: "X_1" }, 404, '"X_1"'],
  [ORCHESTRATOR, "POST", "/api/anomaly/trigger", { intensity: 101 }, 422, "intensity"],
  [ORCHESTRATOR, "GET", "/api/executions/nope", undefined, 404, '"nope"'],
  [ORCHESTRATOR, "GET", "/api/scenarios?severity=awful", undefined, 422, "critical"],
  [ORCHESTRATOR, "GET", "/nowhere", undefined, 404, "/nowhere"],
  ["pattern-generator", "GET", "/api/patterns/demo/nope", undefined, 404, "gaussian_spike"],
  ["pattern-generator", "POST", "/api/generate", { duration: 86_400, rate: 9 }, 422, "36000"],
  ["log-synthesis", "POST", "/api/synthesize", { log_type: "nope" }, 422, "/api/log-types"],
  ["log-synthesis", "POST", "/api/synthesize", { count: 10_001 }, 422, "10000"],
  ["log-synthesis", "GET", "/api/logs?limit=0", undefined, 422, "limit"],
  ["state-manager", "GET", "/api/entities/nope", undefined, 404, '"nope"'],
  ["state-manager", "POST", "/api/entities", { entity_type: "dog" }, 422, "user, account"],
  ["log-consolidation", "POST", "/api/consolidate", {}, 422, "logs"],
])("%s %s %s with %j is refused in words", async (service, method, path, body, status, words) => {
  const { call } = world();
  const answer = await call(service, method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.body.detail).toContain(words);
});

test("clients that send numbers as text, nulls or nothing at all are understood", async () => {
  const { call } = world();
  const start = (body?: unknown) => call(ORCHESTRATOR, "POST", "/api/continuous/start", body);
  expect((await start()).body.config).toMatchObject({
    enabled: true,
    normal_log_rate: 100,
    anomaly_frequency: 5_000,
    anomaly_duration: 30,
    log_types: [],
  });
  const { body } = await start({ normal_log_rate: "250", duration_seconds: null, log_types: null });
  expect(body.config).toMatchObject({ normal_log_rate: 250, duration_seconds: null });
});

test("the same seed gives the same logs, another seed others", async () => {
  const run = async (seed: number) => {
    const { call, pass, stored } = world({ seed });
    await call(ORCHESTRATOR, "POST", "/api/continuous/start", { anomaly_frequency: 50 });
    await pass(5);
    return stored;
  };
  const first = await run(7);
  expect(first.length).toBe(500);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
});
