import path from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { SpanKind, SpanStatusCode, TraceFlags, ValueType } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  DataPointType,
  type PushMetricExporter,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { expect, test } from "vitest";
import {
  linesOf,
  type Pipeline,
  pipelineEnv,
  readObjects,
  startPipeline,
  waitForLines,
} from "../support/pipeline.ts";
import { isOnPath, runTool, saySkipped } from "../support/tools.ts";

const LOGS = 10_000;
const SPANS = 1_000;
const POINTS = 1_000;
const SCOPE = { name: "load", version: "1.0" };
const SCOPE_TEXT = '"scope":{"name":"load","version":"1.0"}';
/** 2023-11-14T22:13:20Z */
const SECONDS = 1_700_000_000;

const nanosOf = (n: number): number => 123_000_000 + n;
const timeText = (n: number): string => `2023-11-14T22:13:20.${nanosOf(n)}Z`;
const hexOf = (n: number, digits: number): string => (n + 1).toString(16).padStart(digits, "0");
const resourceText = (service: string): string =>
  `"resource":{"attributes":{"service.name":"${service}"}}`;

const optionsOf = (pipeline: Pipeline, path: string) => ({
  url: `${pipeline.ingestUrl}${path}`,
  // Its values are those of the header; the enum is in a package that only the exporters need.
  compression: "gzip" as never,
  timeoutMillis: 30_000,
});

type Encoding = "json" | "protobuf";

const sendLogs = async (pipeline: Pipeline, encoding: Encoding, service: string) => {
  const options = optionsOf(pipeline, "/v1/logs");
  const exporter = encoding === "json" ? new JsonLogs(options) : new ProtobufLogs(options);
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    processors: [
      new BatchLogRecordProcessor({
        exporter,
        maxQueueSize: LOGS,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 600_000,
        exportTimeoutMillis: 60_000,
      }),
    ],
  });
  const logger = provider.getLogger(SCOPE.name, SCOPE.version);
  for (let n = 0; n < LOGS; n += 1)
    logger.emit({
      timestamp: [SECONDS, nanosOf(n)],
      observedTimestamp: [SECONDS + 1, 0],
      severityNumber: SeverityNumber.WARN,
      severityText: "warning",
      body: `đơn hàng "${n}"`,
      attributes: { n, share: n + 0.5, tags: ["a", "b"], exact: Number.MAX_SAFE_INTEGER - n },
    });
  await provider.shutdown();
};

const logLine = (service: string, n: number): string =>
  `{"timestamp":"${timeText(n)}","observed_timestamp":"2023-11-14T22:13:21.000000000Z","service":"${service}","level":"WARN","severity_number":13,"severity_text":"warning","message":"đơn hàng \\"${n}\\"","attributes":{"n":${n},"share":${n}.5,"tags":["a","b"],"exact":${Number.MAX_SAFE_INTEGER - n}},${resourceText(service)},${SCOPE_TEXT}}`;

/** Resolves when the exporter has its answer; rejects where the answer is a failure. */
const exported = <Item>(
  exporter: { export(items: Item, done: (result: { error?: Error }) => void): void },
  items: Item,
): Promise<void> =>
  new Promise((resolve, reject) =>
    exporter.export(items, ({ error }) => (error === undefined ? resolve() : reject(error))),
  );

const spanOf = (service: string, n: number): ReadableSpan => ({
  name: `GET /${n}`,
  kind: SpanKind.SERVER,
  spanContext: () => ({
    traceId: hexOf(n, 32),
    spanId: hexOf(n, 16),
    traceFlags: TraceFlags.SAMPLED,
  }),
  parentSpanContext: {
    traceId: hexOf(n, 32),
    spanId: hexOf(n + 1, 16),
    traceFlags: TraceFlags.SAMPLED,
  },
  startTime: [SECONDS, nanosOf(n)],
  endTime: [SECONDS, nanosOf(n) + 1_234],
  status: { code: SpanStatusCode.ERROR, message: "boom" },
  attributes: { n },
  links: [],
  events: [{ name: "e", time: [SECONDS, nanosOf(n)], attributes: { k: true } }],
  duration: [0, 1_234],
  ended: true,
  resource: resourceFromAttributes({ "service.name": service }),
  instrumentationScope: SCOPE,
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
});

const sendSpans = async (pipeline: Pipeline, encoding: Encoding, service: string) => {
  const options = optionsOf(pipeline, "/v1/traces");
  const exporter = encoding === "json" ? new JsonTraces(options) : new ProtobufTraces(options);
  const spans = Array.from({ length: SPANS }, (_, n) => spanOf(service, n));
  for (let at = 0; at < SPANS; at += 250) await exported(exporter, spans.slice(at, at + 250));
  await exporter.shutdown();
};

/** Flags: sampled, and that the parent is known not to be remote. */
const spanLine = (service: string, n: number): string =>
  `{"timestamp":"${timeText(n)}","end_timestamp":"${timeText(n + 1_234)}","duration_ns":1234,"service":"${service}","name":"GET /${n}","kind":"SERVER","trace_id":"${hexOf(n, 32)}","span_id":"${hexOf(n, 16)}","parent_span_id":"${hexOf(n + 1, 16)}","flags":257,"status":"ERROR","status_message":"boom","attributes":{"n":${n}},"events":[{"timestamp":"${timeText(n)}","name":"e","attributes":{"k":true}}],${resourceText(service)},${SCOPE_TEXT}}`;

const metricsOf = (service: string): ResourceMetrics => {
  const half = Array.from({ length: POINTS / 2 }, (_, n) => ({
    startTime: [SECONDS, 0] as [number, number],
    endTime: [SECONDS, nanosOf(n)] as [number, number],
    attributes: { n },
  }));
  const descriptor = (name: string, valueType: ValueType) => ({
    name,
    description: "",
    unit: "ms",
    valueType,
    advice: {},
  });
  return {
    resource: resourceFromAttributes({ "service.name": service }),
    scopeMetrics: [
      {
        scope: SCOPE,
        metrics: [
          {
            descriptor: descriptor("requests", ValueType.INT),
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPointType: DataPointType.SUM,
            isMonotonic: true,
            dataPoints: half.map((point, n) => ({ ...point, value: Number.MAX_SAFE_INTEGER - n })),
          },
          {
            descriptor: descriptor("latency", ValueType.DOUBLE),
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPointType: DataPointType.HISTOGRAM,
            dataPoints: half.map((point, n) => ({
              ...point,
              value: {
                count: 3,
                sum: n + 0.25,
                min: 0.1,
                max: n + 0.1,
                buckets: { boundaries: [1, 2.5], counts: [1, 0, 2] },
              },
            })),
          },
        ],
      },
    ],
  };
};

const sendMetrics = async (pipeline: Pipeline, encoding: Encoding, service: string) => {
  const options = optionsOf(pipeline, "/v1/metrics");
  const exporter: PushMetricExporter =
    encoding === "json" ? new JsonMetrics(options) : new ProtobufMetrics(options);
  await exported(exporter, metricsOf(service));
  await exporter.shutdown();
};

const metricLine = (service: string, index: number): string => {
  const n = index % (POINTS / 2);
  const times = `"timestamp":"${timeText(n)}","start_timestamp":"2023-11-14T22:13:20.000000000Z"`;
  const rest = `"attributes":{"n":${n}},${resourceText(service)},${SCOPE_TEXT}}`;
  return index < POINTS / 2
    ? `{${times},"service":"${service}","name":"requests","unit":"ms","type":"sum","temporality":"CUMULATIVE","is_monotonic":true,"value":${Number.MAX_SAFE_INTEGER - n},${rest}`
    : `{${times},"service":"${service}","name":"latency","unit":"ms","type":"histogram","temporality":"DELTA","count":3,"sum":${n}.25,"min":0.1,"max":${n + 0.1},"explicit_bounds":[1.0,2.5],"bucket_counts":[1,0,2],${rest}`;
};

/** Everything in the bucket is what was sent, each line once, in the partition of its service. */
const expectLines = async (
  s3: S3Client,
  bucket: string,
  count: number,
  services: readonly string[],
  lineOf: (service: string, n: number) => string,
) => {
  const objects = await waitForLines(s3, bucket, services.length * count, 60_000);
  for (const service of services) {
    const prefix = `service=${service}/year=2023/month=11/day=14/hour=22/`;
    const own = new Map([...objects].filter(([key]) => key.startsWith(prefix)));
    const expected = Array.from({ length: count }, (_, n) =>
      Buffer.from(lineOf(service, n)).toString("latin1"),
    );
    expect(linesOf(own)).toEqual(expected.sort());
  }
  expect(linesOf(objects)).toHaveLength(services.length * count);
  expect(await readObjects(s3, bucket, "_quarantine/")).toEqual(new Map());
};

test("what OpenTelemetry's own exporters send, as JSON and as protobuf, lands exact and once in the bucket of its signal", async () => {
  const pipeline = await startPipeline(await pipelineEnv());
  const services = ["otel-json", "otel-protobuf"];
  for (const [encoding, service] of [
    ["json", "otel-json"],
    ["protobuf", "otel-protobuf"],
  ] as const) {
    await sendLogs(pipeline, encoding, service);
    await sendSpans(pipeline, encoding, service);
    await sendMetrics(pipeline, encoding, service);
  }
  await expectLines(pipeline.s3, "md-raw-logs", LOGS, services, logLine);
  await expectLines(pipeline.s3, "md-raw-apm", SPANS, services, spanLine);
  await expectLines(pipeline.s3, "md-raw-metrics", POINTS, services, metricLine);
}, 180_000);

const PYTHON = process.env.OTEL_PYTHON ?? "python3";
const PYTHON_ITEMS = 1_000;
const hasPython = isOnPath(PYTHON, "-c", "import opentelemetry.exporter.otlp.proto.http");
if (!hasPython)
  saySkipped(
    "OpenTelemetry's SDK for Python",
    `${PYTHON} has no opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http; OTEL_PYTHON names one that has.`,
  );

/** The lines by their number, each with its integers as text. */
const byNumber = (objects: Map<string, string>): Map<number, string> =>
  new Map(
    linesOf(objects).map((line) => [Number(/"attributes":\{"n":(\d+)/.exec(line)?.[1]), line]),
  );

test.skipIf(!hasPython)(
  "what OpenTelemetry's SDK for Python sends lands exact and once",
  async () => {
    const pipeline = await startPipeline(await pipelineEnv());
    const script = path.join(import.meta.dirname, "../support/otel-python.py");
    const sent = await runTool(PYTHON, [script, pipeline.ingestUrl, String(PYTHON_ITEMS)]);
    expect(sent).toMatchObject({ code: 0, stderr: "" });
    const logs = await waitForLines(pipeline.s3, "md-raw-logs", PYTHON_ITEMS);
    const spans = await waitForLines(pipeline.s3, "md-raw-apm", PYTHON_ITEMS);
    const points = await waitForLines(pipeline.s3, "md-raw-metrics", 10);
    for (const [objects, count] of [
      [logs, PYTHON_ITEMS],
      [spans, PYTHON_ITEMS],
      [points, 10],
    ] as const) {
      expect(linesOf(objects)).toHaveLength(count);
      expect(byNumber(objects).size).toBe(count);
    }
    const spanOfNumber = byNumber(spans);
    for (const [n, line] of byNumber(logs)) {
      const exact = 2n ** 63n - 1n - BigInt(n);
      expect(line).toContain(`"timestamp":"2023-11-14T22:13:20.${123_456_789 + n}Z"`);
      expect(line).toContain(`"body":{"exact":${exact},"bytes":"AP8=","one":1.0}`);
      const ids = /"trace_id":"[0-9a-f]{32}","span_id":"[0-9a-f]{16}"/.exec(line)?.[0];
      expect(spanOfNumber.get(n)).toContain(ids);
      expect(spanOfNumber.get(n)).toContain(`"attributes":{"exact":${exact}}`);
    }
    const each = BigInt(PYTHON_ITEMS / 10) * (2n ** 53n + 1n);
    for (const line of byNumber(points).values()) expect(line).toContain(`"value":${each},`);
  },
  120_000,
);
