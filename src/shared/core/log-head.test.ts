import fc from "fast-check";
import { expect, test } from "vitest";
import { readLogHead } from "./log-head.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const headOf = (text: string) => readLogHead(bytesOf(text));
const cut = (text: string, range: { start: number; end: number } | undefined) =>
  range && new TextDecoder().decode(bytesOf(text).subarray(range.start, range.end));

test("type and score are found at the top, and else in data", () => {
  expect(headOf('{"log_type":"payment","anomaly_score":71.5}')).toMatchObject({
    logType: "payment",
    anomalyScore: 71.5,
  });
  expect(headOf('{"data":{"log_type":"loan","anomaly_score":-3}}')).toMatchObject({
    logType: "loan",
    anomalyScore: -3,
  });
  expect(headOf('{"log_type":"a","data":{"log_type":"b","anomaly_score":9}}')).toMatchObject({
    logType: "a",
    anomalyScore: 9,
  });
});

test("what is no type and no score counts as missing", () => {
  for (const text of [
    "{}",
    '{"log_type":"","anomaly_score":"99"}',
    '{"log_type":7}',
    '{"data":[]}',
  ])
    expect(headOf(text)).toMatchObject({ logType: undefined, anomalyScore: undefined });
});

test("time and data are found in the producer's own bytes", () => {
  const text = '{ "timestamp" : "2025-11-14T01:13:03.682499", "data": {"big":9007199254740993.0} }';
  const { timestamp, data } = headOf(text);
  expect(cut(text, timestamp)).toBe('"2025-11-14T01:13:03.682499"');
  expect(cut(text, data)).toBe('{"big":9007199254740993.0}');
});

test("it says of any object what JSON.parse says of it", () => {
  const scalar = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.double({ noNaN: true }),
    fc.boolean(),
  );
  const inner = fc.record(
    { log_type: scalar, anomaly_score: scalar, other: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const log = fc.record(
    { log_type: scalar, anomaly_score: scalar, data: fc.oneof(inner, fc.jsonValue()) },
    { requiredKeys: [] },
  );
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const number = (value: unknown) => (typeof value === "number" ? value : undefined);
  fc.assert(
    fc.property(log, fc.constantFrom(0, 1, 3), (value, indent) => {
      const json = JSON.stringify(value, null, indent);
      const parsed = JSON.parse(json) as Record<string, Record<string, unknown> | null>;
      expect(headOf(json)).toMatchObject({
        logType: text(parsed.log_type) ?? text(parsed.data?.log_type),
        anomalyScore: number(parsed.anomaly_score) ?? number(parsed.data?.anomaly_score),
      });
    }),
  );
});
