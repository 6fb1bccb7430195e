import {
  type EnumType,
  type MessageType,
  many,
  message,
  one,
  part,
  parts,
  recursiveMessage,
  type ValueOf,
} from "./message-type.ts";

/**
 * The messages of OTLP 1.9, https://github.com/open-telemetry/opentelemetry-proto: field numbers and
 * types never change there, new fields are unknown here and skipped. No package for Node carries
 * them for a receiver.
 */

export type AnyValue = {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: bigint;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values?: readonly AnyValue[] };
  readonly kvlistValue?: { readonly values?: readonly KeyValue[] };
  readonly bytesValue?: Uint8Array;
};

export type KeyValue = { readonly key?: string; readonly value?: AnyValue };

export const anyValue: MessageType<AnyValue> = recursiveMessage("AnyValue", () => ({
  stringValue: one(1, "string"),
  boolValue: one(2, "bool"),
  intValue: one(3, "int64"),
  doubleValue: one(4, "double"),
  arrayValue: one(5, message("ArrayValue", { values: many(1, anyValue) })),
  kvlistValue: one(6, message("KeyValueList", { values: many(1, keyValue) })),
  bytesValue: one(7, "bytes"),
}));

export const keyValue: MessageType<KeyValue> = recursiveMessage("KeyValue", () => ({
  key: one(1, "string"),
  value: one(2, anyValue),
}));

const entityRef = message("EntityRef", {
  schemaUrl: one(1, "string"),
  type: one(2, "string"),
  idKeys: many(3, "string"),
  descriptionKeys: many(4, "string"),
});

export const resource = message("Resource", {
  attributes: many(1, keyValue),
  droppedAttributesCount: one(2, "uint32"),
  entityRefs: many(3, entityRef),
});

export const instrumentationScope = message("InstrumentationScope", {
  name: one(1, "string"),
  version: one(2, "string"),
  attributes: many(3, keyValue),
  droppedAttributesCount: one(4, "uint32"),
});

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

export const severityNumber: EnumType = {
  prefix: "SEVERITY_NUMBER_",
  names: ["UNSPECIFIED", ...LEVELS.flatMap((l) => [l, `${l}2`, `${l}3`, `${l}4`])],
};

export const logRecord = message("LogRecord", {
  timeUnixNano: one(1, "fixed64"),
  severityNumber: one(2, severityNumber),
  severityText: one(3, "string"),
  body: one(5, anyValue),
  attributes: many(6, keyValue),
  droppedAttributesCount: one(7, "uint32"),
  flags: one(8, "fixed32"),
  traceId: one(9, "id"),
  spanId: one(10, "id"),
  observedTimeUnixNano: one(11, "fixed64"),
  eventName: one(12, "string"),
});

export const spanKind: EnumType = {
  prefix: "SPAN_KIND_",
  names: ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"],
};

export const statusCode: EnumType = {
  prefix: "STATUS_CODE_",
  names: ["UNSET", "OK", "ERROR"],
};

const spanEvent = message("Event", {
  timeUnixNano: one(1, "fixed64"),
  name: one(2, "string"),
  attributes: many(3, keyValue),
  droppedAttributesCount: one(4, "uint32"),
});

const spanLink = message("Link", {
  traceId: one(1, "id"),
  spanId: one(2, "id"),
  traceState: one(3, "string"),
  attributes: many(4, keyValue),
  droppedAttributesCount: one(5, "uint32"),
  flags: one(6, "fixed32"),
});

const spanStatus = message("Status", { message: one(2, "string"), code: one(3, statusCode) });

export const span = message("Span", {
  traceId: one(1, "id"),
  spanId: one(2, "id"),
  traceState: one(3, "string"),
  parentSpanId: one(4, "id"),
  name: one(5, "string"),
  kind: one(6, spanKind),
  startTimeUnixNano: one(7, "fixed64"),
  endTimeUnixNano: one(8, "fixed64"),
  attributes: many(9, keyValue),
  droppedAttributesCount: one(10, "uint32"),
  events: many(11, spanEvent),
  droppedEventsCount: one(12, "uint32"),
  links: many(13, spanLink),
  droppedLinksCount: one(14, "uint32"),
  status: one(15, spanStatus),
  flags: one(16, "fixed32"),
});

export const aggregationTemporality: EnumType = {
  prefix: "AGGREGATION_TEMPORALITY_",
  names: ["UNSPECIFIED", "DELTA", "CUMULATIVE"],
};

const exemplar = message("Exemplar", {
  timeUnixNano: one(2, "fixed64"),
  asDouble: one(3, "double"),
  spanId: one(4, "id"),
  traceId: one(5, "id"),
  asInt: one(6, "sfixed64"),
  filteredAttributes: many(7, keyValue),
});

export const numberDataPoint = message("NumberDataPoint", {
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  asDouble: one(4, "double"),
  exemplars: many(5, exemplar),
  asInt: one(6, "sfixed64"),
  attributes: many(7, keyValue),
  flags: one(8, "uint32"),
});

export const histogramDataPoint = message("HistogramDataPoint", {
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  bucketCounts: many(6, "fixed64"),
  explicitBounds: many(7, "double"),
  exemplars: many(8, exemplar),
  attributes: many(9, keyValue),
  flags: one(10, "uint32"),
  min: one(11, "double"),
  max: one(12, "double"),
});

const buckets = message("Buckets", {
  offset: one(1, "sint32"),
  bucketCounts: many(2, "uint64"),
});

export const exponentialHistogramDataPoint = message("ExponentialHistogramDataPoint", {
  attributes: many(1, keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  scale: one(6, "sint32"),
  zeroCount: one(7, "fixed64"),
  positive: one(8, buckets),
  negative: one(9, buckets),
  flags: one(10, "uint32"),
  exemplars: many(11, exemplar),
  min: one(12, "double"),
  max: one(13, "double"),
  zeroThreshold: one(14, "double"),
});

const valueAtQuantile = message("ValueAtQuantile", {
  quantile: one(1, "double"),
  value: one(2, "double"),
});

export const summaryDataPoint = message("SummaryDataPoint", {
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  quantileValues: many(6, valueAtQuantile),
  attributes: many(7, keyValue),
  flags: one(8, "uint32"),
});

/** All five kinds of data in one, for what one has not is never sent: numbers agree where names do. */
const dataOf = (name: string, point: MessageType<unknown>) =>
  message(name, {
    dataPoints: parts(1, point),
    aggregationTemporality: one(2, aggregationTemporality),
    isMonotonic: one(3, "bool"),
  });

export const metricData = {
  gauge: dataOf("Gauge", numberDataPoint),
  sum: dataOf("Sum", numberDataPoint),
  histogram: dataOf("Histogram", histogramDataPoint),
  exponentialHistogram: dataOf("ExponentialHistogram", exponentialHistogramDataPoint),
  summary: dataOf("Summary", summaryDataPoint),
};

export const metric = message("Metric", {
  name: one(1, "string"),
  description: one(2, "string"),
  unit: one(3, "string"),
  gauge: part(5, metricData.gauge),
  sum: part(7, metricData.sum),
  histogram: part(9, metricData.histogram),
  exponentialHistogram: part(10, metricData.exponentialHistogram),
  summary: part(11, metricData.summary),
  metadata: parts(12, keyValue),
});

/** The three signals agree in all but the names of their fields. */
const requestOf = (signal: string, items: string, item: MessageType<unknown>) => {
  const scopeItems = message(`Scope${signal}`, {
    scope: part(1, instrumentationScope),
    items: parts(2, item, items),
    schemaUrl: one(3, "string"),
  });
  const resourceItems = message(`Resource${signal}`, {
    resource: part(1, resource),
    scopes: parts(2, scopeItems, `scope${signal}`),
    schemaUrl: one(3, "string"),
  });
  const request = message(`Export${signal}Request`, {
    resources: parts(1, resourceItems, `resource${signal}`),
  });
  return { request, resourceItems, scopeItems };
};

export type RequestTypes = ReturnType<typeof requestOf>;

export const logsRequest = requestOf("Logs", "logRecords", logRecord);
export const metricsRequest = requestOf("Metrics", "metrics", metric);
export const tracesRequest = requestOf("Spans", "spans", span);

export type Resource = ValueOf<typeof resource>;
export type InstrumentationScope = ValueOf<typeof instrumentationScope>;
export type LogRecord = ValueOf<typeof logRecord>;
export type Span = ValueOf<typeof span>;
export type Metric = ValueOf<typeof metric>;
export type Exemplar = ValueOf<typeof exemplar>;
export type Buckets = ValueOf<typeof buckets>;
export type NumberDataPoint = ValueOf<typeof numberDataPoint>;
export type HistogramDataPoint = ValueOf<typeof histogramDataPoint>;
export type ExponentialHistogramDataPoint = ValueOf<typeof exponentialHistogramDataPoint>;
export type SummaryDataPoint = ValueOf<typeof summaryDataPoint>;
export type MetricData = ValueOf<typeof metricData.sum>;
