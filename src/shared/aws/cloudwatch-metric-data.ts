import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataResult,
} from "@aws-sdk/client-cloudwatch";
import { BackendError } from "../core/dashboard/backend-error.ts";

export const MINUTE_MS = 60_000;
/** 100,800 points each: more than anything asked for here has. */
const MAX_PAGES = 10;

export type Metric = {
  namespace: string;
  name: string;
  dimensions: Readonly<Record<string, string>>;
  statistic: "Maximum" | "Sum";
};

/** One figure's values, oldest first; `at` is the start of its minute or day, epoch ms. */
export type Series = readonly { at: number; value: number }[];

/** What each batch of the consumer leaves in its log as embedded metrics, of one stream. */
export const consumerMetrics = ({
  namespace,
  stage,
  stream,
}: {
  namespace: string;
  stage: string;
  stream: string;
}) => {
  const embedded = (name: string): Metric => ({
    namespace,
    name,
    dimensions: { Stage: stage, Stream: stream },
    statistic: "Sum",
  });
  return {
    records: embedded("Records"),
    lines: embedded("Lines"),
    bytes: embedded("Bytes"),
    parts: embedded("Parts"),
    quarantined: embedded("Quarantined"),
    failed: embedded("FailedBatches"),
  };
};

const ofFunction = (
  functionName: string,
  name: string,
  statistic: Metric["statistic"],
): Metric => ({
  namespace: "AWS/Lambda",
  name,
  dimensions: { FunctionName: functionName },
  statistic,
});

/** Calls of a function: those refused for want of concurrency are not among them. */
export const invocationsOf = (functionName: string): Metric =>
  ofFunction(functionName, "Invocations", "Sum");

/**
 * What Kinesis and Lambda say of a stream and of the function behind it.
 * https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
 */
export const streamMetrics = (stream: string, functionName: string) => {
  const ofStream = (name: string, statistic: Metric["statistic"]): Metric => ({
    namespace: "AWS/Kinesis",
    name,
    dimensions: { StreamName: stream },
    statistic,
  });
  return {
    polled: ofStream("GetRecords.IteratorAgeMilliseconds", "Maximum"),
    throttled: ofStream("WriteProvisionedThroughputExceeded", "Sum"),
    iteratorAge: ofFunction(functionName, "IteratorAge", "Maximum"),
    errors: ofFunction(functionName, "Errors", "Sum"),
  };
};

const toQuery = (
  { namespace, name, dimensions, statistic }: Metric,
  at: number,
  period: number,
) => ({
  Id: `m${at}`,
  MetricStat: {
    Metric: {
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    },
    Period: period,
    Stat: statistic,
  },
});

const failed = (code: string): BackendError =>
  new BackendError({
    backend: "cloudwatch",
    kind: code === "Forbidden" ? "denied" : "failed",
    code,
  });

/** A hole must never look like a minute in which nothing happened. */
const requireWhole = ({ StatusCode }: MetricDataResult): void => {
  if (StatusCode === "InternalError" || StatusCode === "Forbidden") throw failed(StatusCode);
};

/**
 * All of the metrics in one call, and further ones only for further pages; in their order, each
 * oldest first. `from` and `until` are epoch ms, `periodMs` whole minutes. Throws where CloudWatch
 * does not give all of it. At most 500 metrics.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
 */
export const fetchMetricData = async (
  client: CloudWatchClient,
  metrics: readonly Metric[],
  { from, until, periodMs }: { from: number; until: number; periodMs: number },
  signal: AbortSignal,
): Promise<Series[]> => {
  const series = metrics.map((): { at: number; value: number }[] => []);
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.send(
      new GetMetricDataCommand({
        MetricDataQueries: metrics.map((metric, at) => toQuery(metric, at, periodMs / 1_000)),
        StartTime: new Date(from),
        EndTime: new Date(until),
        ScanBy: "TimestampAscending",
        ...(token === undefined ? {} : { NextToken: token }),
      }),
      { abortSignal: signal },
    );
    for (const result of answer.MetricDataResults ?? []) {
      requireWhole(result);
      const { Id, Timestamps = [], Values = [] } = result;
      for (const [at, timestamp] of Timestamps.entries())
        series[Number(Id?.slice(1))]?.push({ at: timestamp.getTime(), value: Values[at] ?? 0 });
    }
    token = answer.NextToken;
    if (token === undefined) return series;
  }
  throw failed("TooManyPages");
};
