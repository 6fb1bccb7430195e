import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import * as transformer from "@opentelemetry/otlp-transformer";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Signal } from "../signals.ts";
import { cutRequest, type OtlpEncoding } from "./cut-request.ts";
import { encodeExportResponse } from "./response.ts";

type Value = string | number | boolean | Uint8Array | null | Value[] | { [key: string]: Value };

/** What the writers of JavaScript cannot say: NaN is null to its JSON, and -0 an integer. */
const sendable = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);

const { value: anyValue } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: "binary" }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double().filter((value) => sendable(value) && !Number.isInteger(value)),
    fc.uint8Array({ maxLength: 20 }),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 4 }),
  ),
}));

/** The value as a line has it, written down a second time. */
const textOf = (value: Value): string => {
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
  if (Array.isArray(value)) return `[${value.map(textOf).join(",")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${textOf(item)}`)
      .join(",")}}`;
  return JSON.stringify(value);
};

const serializers = {
  json: {
    logs: transformer.JsonLogsSerializer,
    metrics: transformer.JsonMetricsSerializer,
    apm: transformer.JsonTraceSerializer,
  },
  protobuf: {
    logs: transformer.ProtobufLogsSerializer,
    metrics: transformer.ProtobufMetricsSerializer,
    apm: transformer.ProtobufTraceSerializer,
  },
};

const linesOf = (bytes: Uint8Array | undefined, encoding: OtlpEncoding, signal: Signal) => {
  const result = cutRequest(bytes ?? new Uint8Array(), encoding, signal);
  if (!result.ok) throw new Error(result.reason);
  expect(result.refused).toEqual([]);
  return result.items.map((item) => new TextDecoder().decode(item.bytes));
};

const resource: Resource = resourceFromAttributes({ "service.name": "svc" });
const end = '"resource":{"attributes":{"service.name":"svc"}},"scope":{"name":"lib"}}';
const hrTime = fc.tuple(
  fc.integer({ min: 1, max: 4_102_444_800 }),
  fc.integer({ min: 0, max: 999_999_999 }),
);
const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits - 1, maxLength: digits - 1 })
    .map((parts) => `${parts.join("")}1`);

const timeText = ([seconds, nanos]: readonly [number, number]): string =>
  `"${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, "0")}Z"`;

const attributesText = (attributes: Record<string, Value>): string =>
  Object.keys(attributes).length === 0 ? "" : `"attributes":${textOf(attributes)},`;

test("log records of OpenTelemetry's own writers are in their lines value by value", () => {
  const attributes = fc.dictionary(fc.string({ unit: "binary" }), anyValue, { maxKeys: 5 });
  fc.assert(
    fc.property(
      anyValue,
      attributes,
      hrTime,
      hex(32),
      hex(16),
      (body, own, time, traceId, spanId) => {
        const record = {
          hrTime: time,
          hrTimeObserved: [0, 0],
          body,
          attributes: own,
          resource,
          instrumentationScope: { name: "lib" },
          severityNumber: 9,
          spanContext: { traceId, spanId, traceFlags: TraceFlags.SAMPLED },
          droppedAttributesCount: 0,
        } as unknown as ReadableLogRecord;
        const bodyText =
          typeof body === "string" ? `"message":${JSON.stringify(body)}` : `"body":${textOf(body)}`;
        for (const encoding of ["json", "protobuf"] as const) {
          const bytes = serializers[encoding].logs.serializeRequest([record]);
          expect(linesOf(bytes, encoding, "logs")).toEqual([
            `{"timestamp":${timeText(time)},"service":"svc","level":"INFO","severity_number":9,${bodyText},"trace_id":"${traceId}","span_id":"${spanId}","flags":1,${attributesText(own)}${end}`,
          ]);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("spans of OpenTelemetry's own writers are in their lines value by value", () => {
  const attributes = fc.dictionary(fc.string(), anyValue, { maxKeys: 3 });
  fc.assert(
    fc.property(
      attributes,
      attributes,
      hrTime,
      hex(32),
      hex(16),
      (own, ofEvent, time, traceId, spanId) => {
        const span = {
          name: "GET /",
          kind: SpanKind.CLIENT,
          spanContext: () => ({ traceId, spanId, traceFlags: TraceFlags.NONE }),
          startTime: time,
          endTime: time,
          status: { code: SpanStatusCode.OK },
          attributes: own,
          links: [{ context: { traceId, spanId, traceFlags: 1 }, attributes: ofEvent }],
          events: [{ name: "e", time, attributes: ofEvent, droppedAttributesCount: 2 }],
          resource,
          instrumentationScope: { name: "lib" },
          droppedAttributesCount: 1,
          droppedEventsCount: 0,
          droppedLinksCount: 0,
        } as unknown as ReadableSpan;
        const at = timeText(time);
        const ids = `"trace_id":"${traceId}","span_id":"${spanId}"`;
        const eventText = attributesText(ofEvent);
        for (const encoding of ["json", "protobuf"] as const) {
          const bytes = serializers[encoding].apm.serializeRequest([span]);
          expect(linesOf(bytes, encoding, "apm")).toEqual([
            `{"timestamp":${at},"end_timestamp":${at},"duration_ns":0,"service":"svc","name":"GET /","kind":"CLIENT",${ids},"flags":256,"status":"OK",${attributesText(own)}"dropped_attributes_count":1,"events":[{"timestamp":${at},"name":"e",${eventText}"dropped_attributes_count":2}],"links":[{${ids},"flags":257${eventText === "" ? "" : `,${eventText.slice(0, -1)}`}}],${end}`,
          ]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("OpenTelemetry's own readers understand what a request is answered with", () => {
  const fields = {
    logs: "rejectedLogRecords",
    metrics: "rejectedDataPoints",
    apm: "rejectedSpans",
  };
  for (const encoding of ["json", "protobuf"] as const)
    for (const signal of ["logs", "metrics", "apm"] as const) {
      const serializer = serializers[encoding][signal];
      const whole = encodeExportResponse(signal, encoding, undefined);
      expect(serializer.deserializeResponse(whole).partialSuccess).toBeUndefined();
      const partial = { rejected: 70_000, message: "đã bỏ" };
      const answer = serializer.deserializeResponse(
        encodeExportResponse(signal, encoding, partial),
      );
      const { errorMessage, ...rest } = answer.partialSuccess as Record<string, unknown>;
      expect(errorMessage).toBe("đã bỏ");
      expect(Number(rest[fields[signal]])).toBe(70_000);
    }
});
