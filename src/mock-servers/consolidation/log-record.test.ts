import { expect, test } from "vitest";
import { toLogRecord } from "./log-record.ts";

const OBSERVED = Date.UTC(2025, 10, 14, 2);

const raw = (data: object, more: object = {}) => ({
  source: "log-synthesis",
  timestamp: "2025-11-14T01:13:03.682499",
  log_type: "api_gateway",
  data,
  metadata: { batch: 7 },
  ...more,
});

test("a log becomes a LogRecord: body, attributes, resource, ids and times each in their place", () => {
  const data = {
    timestamp: "2025-11-14T01:13:03.682499Z",
    service: "payment-service",
    level: "WARN",
    message: "slow",
    trace_id: "B16455FB098E4517ACED3B69BAAA4460",
    span_id: "cacc6f0018cc4cb2",
    host: "10.0.0.1",
    status_code: 200,
  };
  expect(toLogRecord(raw(data), OBSERVED)).toEqual({
    timestamp: "2025-11-14T01:13:03.682499Z",
    observed_timestamp: "2025-11-14T02:00:00.000Z",
    severity_text: "WARN",
    severity_number: 13,
    body: "slow",
    attributes: {
      "log.type": "api_gateway",
      "log.source": "log-synthesis",
      status_code: 200,
      "metadata.batch": 7,
    },
    resource: { "service.name": "payment-service", "host.name": "10.0.0.1" },
    trace_id: "b16455fb098e4517aced3b69baaa4460",
    span_id: "cacc6f0018cc4cb2",
  });
});

test.each([
  ["trace", 1],
  ["DEBUG", 5],
  ["info", 9],
  ["Warning", 13],
  ["ERROR", 17],
  ["critical", 21],
])("level %s has severity number %d, as OpenTelemetry counts", (level, severity_number) => {
  expect(toLogRecord(raw({ level }), OBSERVED)).toMatchObject({ severity_number });
});

test.each([
  [10, "INFO"],
  [60, "WARN"],
  [80, "ERROR"],
  [95, "FATAL"],
])("without a level an anomaly score of %d is %s", (anomaly_score, severity_text) => {
  expect(toLogRecord(raw({ anomaly_score }), OBSERVED)).toMatchObject({ severity_text });
});

test("what is missing is told: no ids, no service, and the time it was seen", () => {
  expect(toLogRecord({ data: { a: 1, trace_id: "0".repeat(32) } }, OBSERVED)).toMatchObject({
    timestamp: "2025-11-14T02:00:00.000Z",
    resource: { "service.name": "unknown_service" },
    body: { a: 1 },
    trace_id: null,
    span_id: null,
  });
});

test.each([
  [3, "must be a JSON object"],
  [raw("text" as unknown as object), "`data`"],
  [raw({}, { timestamp: "yesterday" }), "`timestamp`"],
])("%j is no log, and why is said", (bad, reason) => {
  expect(toLogRecord(bad, OBSERVED)).toContain(reason);
});
