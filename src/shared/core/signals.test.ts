import fc from "fast-check";
import { expect, test } from "vitest";
import { recordPartitionKey } from "./record-packer.ts";
import { isApmLog, routeOf, routeOfKey, type Signal } from "./signals.ts";

const service = fc.oneof(
  fc.constantFrom("", "a", "apm/a", "metrics/a", "apm", "a\nb", "x".repeat(300)),
  fc.string({ unit: "binary" }),
);
const signal = fc.constantFrom<Signal>("metrics", "apm");

test("the route of a metric or of APM says both what it is and whose, and no two share one", () => {
  fc.assert(
    fc.property(signal, service, signal, service, (a, ofA, b, ofB) => {
      expect(routeOfKey(routeOf(a, ofA))).toEqual({ signal: a, service: ofA });
      if (a !== b || ofA !== ofB) expect(routeOf(a, ofA)).not.toBe(routeOf(b, ofB));
    }),
  );
});

test("the partition key says what it is also where the service is cut", () => {
  fc.assert(
    fc.property(signal, service, (kind, name) => {
      expect(routeOfKey(recordPartitionKey(routeOf(kind, name)))?.signal).toBe(kind);
    }),
  );
});

test("on the logs stream the service is the partition key, whatever it is called", () => {
  expect(routeOf("logs", "apm/a")).toBe("apm/a");
});

test("a key that ingest did not make says nothing", () => {
  for (const key of ["", "a", "apm", "logs/a", "xapm/a", "/apm/a", "APM/a"])
    expect(routeOfKey(key), key).toBeUndefined();
});

test.each([
  [{ log_type: "apm_trace" }, true],
  [{ log_type: "apm_trace_log" }, true],
  [{ type: "apm_span" }, true],
  [{ log_type: "payment", type: "apm_" }, true],
  [{ log_type: "apm" }, false],
  [{ log_type: "web_apm_trace" }, false],
  [{ log_type: ["apm_trace"] }, false],
  [{ data: { log_type: "apm_trace" } }, false],
  [{}, false],
])("what begins with apm_ at the top is APM: %j %s", (log, expected) => {
  expect(isApmLog(log)).toBe(expected);
});
