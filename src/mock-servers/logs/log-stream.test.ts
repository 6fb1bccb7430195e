import { describe, expect, test } from "vitest";
import { parseTime } from "../../shared/core/event-time.ts";
import { LOG_TYPES, type LogType } from "../../shared/core/log-types.ts";
import { createRandom } from "../../shared/core/random.ts";
import { serviceOf } from "../../shared/core/service.ts";
import { createEntityStore } from "../entities/store.ts";
import { createIds } from "./ids.ts";
import type { UpstreamLog } from "./log.ts";
import { createLogStream, type LogStreamOptions } from "./log-stream.ts";
import { ALL_SERVICES } from "./services.ts";

const AT = Date.UTC(2025, 10, 14, 1, 13, 3, 682);

const streamOf = (seed: number, options: Partial<LogStreamOptions> = {}) => {
  const random = createRandom(seed);
  const store = createEntityStore({ random: random.fork("entities"), now: () => AT });
  const stream = createLogStream(
    {
      random: random.fork("logs"),
      ids: createIds(random.fork("ids")),
      pickActors: store.pickActors,
    },
    { influence: () => ({ score: 0, scenarioId: null }), ...options },
  );
  return { stream, store };
};

/** What makes each type the type it is. */
const OWN_FIELDS: Readonly<Record<LogType, readonly string[]>> = {
  server_metrics: ["cpu_percent", "memory_percent", "disk_percent"],
  process: ["pid", "process_name", "state"],
  filesystem: ["mount_point", "used_percent"],
  container: ["container_id", "image", "event"],
  kubernetes: ["namespace", "pod", "node", "reason"],
  load_balancer: ["backend", "active_connections", "healthy_targets"],
  firewall: ["action", "source_ip", "destination_port"],
  dns: ["query", "query_type", "response_code"],
  cdn: ["cache_status", "edge_location", "hit_ratio"],
  web_server: ["method", "path", "status_code", "response_time_ms"],
  application_framework: ["framework", "handler", "heap_used_mb"],
  apm_trace: ["operation", "span_kind", "duration_ms"],
  message_queue: ["topic", "partition", "offset", "consumer_lag"],
  service_mesh: ["source_workload", "destination_workload", "circuit_breaker"],
  api_gateway: ["method", "path", "status_code", "upstream_latency_ms"],
  database_query: ["statement", "duration_ms", "rows_affected"],
  database_connection: ["pool_active", "pool_max", "wait_ms"],
  database_transaction: ["transaction_id", "isolation_level", "status"],
  database_replication: ["replica", "lag_ms", "lag_bytes"],
  database_backup: ["backup_type", "size_bytes", "status"],
  redis_cache: ["command", "hit", "hit_ratio"],
  mongodb: ["collection", "operation", "docs_examined"],
  elasticsearch: ["index", "took_ms", "cluster_status"],
  authentication: ["user_id", "method", "result"],
  authorization: ["user_id", "resource", "decision"],
  session: ["session_id", "user_id", "event"],
  encryption: ["operation", "algorithm", "key_id"],
  data_access: ["user_id", "data_class", "records"],
  intrusion_detection: ["signature", "source_ip", "confidence"],
  security_incident: ["incident_id", "incident_type", "severity"],
  payment: ["payment_id", "amount", "currency", "status"],
  transfer: ["transfer_id", "from_account_id", "amount", "currency"],
  withdrawal: ["account_id", "amount", "currency", "atm_id"],
  loan: ["loan_id", "amount", "currency", "interest_rate_percent", "credit_score"],
  forex: ["currency_pair", "rate", "side", "notional"],
  fraud_detection: ["fraud_score", "decision", "transaction_id"],
  aml_screening: ["screening_id", "list", "match_score"],
  risk_scoring: ["risk_score", "risk_band"],
  user_activity: ["user_id", "activity"],
  clickstream: ["session_id", "page", "element"],
  session_analytics: ["session_id", "duration_seconds", "pages_viewed"],
  feature_usage: ["user_id", "feature"],
  ab_test: ["experiment", "variant", "user_id"],
  conversion: ["funnel", "step", "user_id"],
  regulatory_compliance: ["regulation", "control_id", "result"],
  audit_trail: ["audit_id", "actor_id", "action"],
  data_retention: ["policy", "data_set", "records_purged"],
  third_party_api: ["partner", "status_code", "duration_ms"],
  webhook: ["webhook_id", "event", "attempt"],
  integration_error: ["partner", "error_code"],
  metrics: ["metric_name", "metric_type", "value"],
  distributed_tracing: ["operation", "duration_ms", "services_involved"],
  health_check: ["check", "status", "response_time_ms"],
  etl_pipeline: ["job", "stage", "rows_read"],
  report_generation: ["report", "format", "status"],
  blockchain: ["transaction_hash", "block_number", "gas_used"],
  iot_device: ["device_id", "device_type", "temperature_celsius"],
  log_aggregation: ["collector", "events_per_second"],
  log_storage: ["store", "segment_bytes"],
};

const IP = /^(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?$/;

const RULES: readonly [
  name: RegExp,
  holds: (value: unknown, data: UpstreamLog["data"]) => boolean,
][] = [
  [/_percent$|_ratio$/, (value) => typeof value === "number" && value >= 0 && value <= 100],
  [/_ms$|_seconds$|_bytes$|^bytes/, (value) => typeof value === "number" && value >= 0],
  [/^(source|client|target|destination)_ip$/, (value) => IP.test(String(value))],
  [/^status_code$/, (value) => Number(value) >= 100 && Number(value) < 600],
  [/^(fraud|match)_score$|^confidence$/, (value) => Number(value) >= 0 && Number(value) <= 1],
  [
    /^amount$/,
    (value, { currency }) =>
      Number(value) > 0 && /^[A-Z]{3}$/.test(String(currency)) && Number.isFinite(value),
  ],
];

const brokenRules = ({ log_type, data }: UpstreamLog): string[] =>
  Object.entries(data).flatMap(([name, value]) => {
    if (value === undefined || (typeof value === "number" && !Number.isFinite(value)))
      return [`${log_type}.${name} is ${value}`];
    const isFine = RULES.every(([rule, holds]) => !rule.test(name) || holds(value, data));
    return isFine ? [] : [`${log_type}.${name} is ${value}`];
  });

describe.each([0, 45, 100])("at an anomaly score of %d", (score) => {
  const influence = () => ({ score, scenarioId: null });

  test.each(LOG_TYPES)("%s has its fields, with plausible values", (type) => {
    const logs = streamOf(11, { types: [type], influence }).stream.take(60, AT, AT + 1_000);
    for (const log of logs) {
      expect(log.log_type).toBe(type);
      for (const field of OWN_FIELDS[type]) expect(log.data[field]).toBeDefined();
      expect(brokenRules(log)).toEqual([]);
      expect(log.data.message).not.toBe("");
      expect(log.data.anomaly_score).toBeGreaterThanOrEqual(score);
      expect(log.data.is_anomaly).toBe(log.data.anomaly_score > 70);
    }
  });
});

test("the same seed gives the same sequence, however it is cut; another one gives another", () => {
  const all = streamOf(3).stream.take(300, AT, AT + 300);
  const { stream } = streamOf(3);
  const cut = [...stream.take(120, AT, AT + 120), ...stream.take(180, AT + 120, AT + 300)];
  expect(cut).toEqual(all);
  expect(streamOf(4).stream.take(300, AT, AT + 300)).not.toEqual(all);
});

test("a log looks like those of the original services, and finds its service and its hour", () => {
  const [log] = streamOf(1).stream.take(1, AT, AT);
  expect(Object.keys(log ?? {})).toEqual(["timestamp", "log_type", "data", "metadata"]);
  expect(log?.timestamp).toMatch(/^2025-11-14T01:13:03\.682\d{3}$/);
  expect(log?.data.timestamp).toBe(`${log?.timestamp}Z`);
  expect(parseTime(log?.timestamp)).toBe(AT);
  expect(ALL_SERVICES).toContain(serviceOf({ ...log }));
});

test("span ids are unique, parents are earlier spans of the trace, and traces cross services", () => {
  const logs = streamOf(9).stream.take(5_000, AT, AT + 5_000);
  const traces = new Map<string, UpstreamLog[]>();
  for (const log of logs) {
    const spans = traces.get(log.data.trace_id) ?? [];
    traces.set(log.data.trace_id, [...spans, log]);
  }
  expect(new Set(logs.map(({ data }) => data.span_id)).size).toBe(logs.length);
  let crossing = 0;
  for (const [traceId, spans] of traces) {
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    const seen: (string | null)[] = [null];
    for (const [index, { data }] of spans.entries()) {
      expect(data.span_id).toMatch(/^[0-9a-f]{16}$/);
      expect(seen).toContain(data.parent_span_id);
      expect(data.parent_span_id === null).toBe(index === 0);
      seen.push(data.span_id);
    }
    if (new Set(spans.map(({ data }) => data.service)).size > 1) crossing += 1;
  }
  expect(crossing / traces.size).toBeGreaterThan(0.7);
});

test("the users, accounts and sessions in logs are ones that the state manager knows", () => {
  const { stream, store } = streamOf(5);
  const found = new Set<string>();
  for (const { data } of stream.take(2_000, AT, AT)) {
    for (const field of ["user_id", "account_id", "session_id"] as const) {
      const id = data[field];
      if (id === undefined) continue;
      found.add(field);
      expect(store.get(String(id))?.entity_type).toBe(field.replace("_id", ""));
    }
  }
  expect(found.size).toBe(3);
});

test("ids do not come twice within a seed, nor under another one", () => {
  const spans = new Set<string>();
  for (const seed of [1, 2, 3]) {
    const ids = createIds(createRandom(seed));
    for (let made = 0; made < 30_000; made += 1) spans.add(ids.spanId());
  }
  expect(spans.size).toBe(90_000);
});
