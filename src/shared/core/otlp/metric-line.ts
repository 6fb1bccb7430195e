import {
  doubleText,
  type JsonText,
  jsonArray,
  jsonAttributes,
  jsonCount,
  jsonDouble,
  jsonEnum,
  jsonId,
  jsonObject,
  jsonString,
  jsonTime,
} from "./json-text.ts";
import type { MessageType } from "./message-type.ts";
import type { Origin } from "./origin.ts";
import {
  aggregationTemporality,
  type Buckets,
  type Exemplar,
  type ExponentialHistogramDataPoint,
  exponentialHistogramDataPoint,
  type HistogramDataPoint,
  histogramDataPoint,
  type Metric,
  type MetricData,
  type NumberDataPoint,
  numberDataPoint,
  type SummaryDataPoint,
  summaryDataPoint,
} from "./schema.ts";

type Members = readonly (readonly [string, JsonText])[];

const integers = (list: readonly bigint[] | undefined): JsonText => jsonArray(list?.map(String));

const doubles = (list: readonly number[] | undefined): JsonText => jsonArray(list?.map(doubleText));

const numberOf = ({ asInt, asDouble }: Pick<Exemplar, "asInt" | "asDouble">): JsonText =>
  asInt === undefined ? jsonDouble(asDouble) : String(asInt);

const bucketsOf = (buckets: Buckets | undefined): JsonText =>
  buckets &&
  jsonObject([
    ["offset", String(buckets.offset ?? 0)],
    ["bucket_counts", integers(buckets.bucketCounts)],
  ]);

const numberMembers = (point: NumberDataPoint): Members => [["value", numberOf(point)]];

const histogramMembers = (point: HistogramDataPoint): Members => [
  ["count", String(point.count ?? 0n)],
  ["sum", jsonDouble(point.sum)],
  ["min", jsonDouble(point.min)],
  ["max", jsonDouble(point.max)],
  ["explicit_bounds", doubles(point.explicitBounds)],
  ["bucket_counts", integers(point.bucketCounts)],
];

const exponentialMembers = (point: ExponentialHistogramDataPoint): Members => [
  ["count", String(point.count ?? 0n)],
  ["sum", jsonDouble(point.sum)],
  ["min", jsonDouble(point.min)],
  ["max", jsonDouble(point.max)],
  ["scale", String(point.scale ?? 0)],
  ["zero_count", String(point.zeroCount ?? 0n)],
  ["zero_threshold", doubleText(point.zeroThreshold ?? 0)],
  ["positive", bucketsOf(point.positive)],
  ["negative", bucketsOf(point.negative)],
];

const summaryMembers = (point: SummaryDataPoint): Members => [
  ["count", String(point.count ?? 0n)],
  ["sum", doubleText(point.sum ?? 0)],
  [
    "quantiles",
    jsonArray(
      point.quantileValues?.map(({ quantile = 0, value = 0 }) =>
        jsonObject([
          ["quantile", doubleText(quantile)],
          ["value", doubleText(value)],
        ]),
      ),
    ),
  ],
];

type PointHead = NumberDataPoint & { readonly exemplars?: readonly Exemplar[] | undefined };

/** How the points of one kind of metric become lines. */
type Kind = {
  readonly type: string;
  readonly point: MessageType<unknown>;
  readonly membersOf: (point: unknown) => Members;
  readonly hasTemporality: boolean;
};

const kind = <Point>(
  type: string,
  point: MessageType<Point>,
  membersOf: (point: Point) => Members,
  hasTemporality: boolean,
): Kind => ({
  type,
  point: point as MessageType<unknown>,
  membersOf: (value) => membersOf(value as Point),
  hasTemporality,
});

export const METRIC_KINDS = {
  gauge: kind("gauge", numberDataPoint, numberMembers, false),
  sum: kind("sum", numberDataPoint, numberMembers, true),
  histogram: kind("histogram", histogramDataPoint, histogramMembers, true),
  exponentialHistogram: kind(
    "exponential_histogram",
    exponentialHistogramDataPoint,
    exponentialMembers,
    true,
  ),
  summary: kind("summary", summaryDataPoint, summaryMembers, false),
};

const exemplarText = (exemplar: Exemplar): string =>
  jsonObject([
    ["timestamp", jsonTime(exemplar.timeUnixNano)],
    ["value", numberOf(exemplar)],
    ["trace_id", jsonId(exemplar.traceId)],
    ["span_id", jsonId(exemplar.spanId)],
    ["attributes", jsonAttributes(exemplar.filteredAttributes)],
  ]);

type MetricHead = Pick<Metric, "name" | "description" | "unit"> & {
  readonly metadataText: JsonText;
};

/** The line of one data point; what the metric says is in each of them. */
export const metricLine = (
  metric: MetricHead,
  { type, membersOf, hasTemporality }: Kind,
  { aggregationTemporality: temporality, isMonotonic = false }: MetricData,
  point: unknown,
  { service, resource, scope }: Origin,
): string => {
  const { timeUnixNano, startTimeUnixNano, flags, attributes, exemplars } = point as PointHead;
  return jsonObject([
    ["timestamp", jsonTime(timeUnixNano)],
    ["start_timestamp", jsonTime(startTimeUnixNano)],
    ["service", JSON.stringify(service)],
    ["name", JSON.stringify(metric.name ?? "")],
    ["description", jsonString(metric.description)],
    ["unit", jsonString(metric.unit)],
    ["type", `"${type}"`],
    ["temporality", hasTemporality ? jsonEnum(temporality, aggregationTemporality) : undefined],
    ["is_monotonic", type === "sum" ? String(isMonotonic) : undefined],
    ...membersOf(point),
    ["flags", jsonCount(flags)],
    ["exemplars", jsonArray(exemplars?.map(exemplarText))],
    ["attributes", jsonAttributes(attributes)],
    ["metadata", metric.metadataText],
    ["resource", resource],
    ["scope", scope],
  ]);
};
