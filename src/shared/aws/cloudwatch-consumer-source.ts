import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type { ShardState } from "../core/consumer-state.ts";
import { createMemo } from "../core/dashboard/memo.ts";
import type { ConsumerStateSource, ConsumerStates } from "../core/dashboard/ports.ts";
import { callBackend } from "./backend-errors.ts";
import { type ClientOptions, clientConfig } from "./clients.ts";
import {
  consumerMetrics,
  fetchMetricData,
  type Metric,
  MINUTE_MS,
  type Series,
  streamMetrics,
} from "./cloudwatch-metric-data.ts";

export type { Series };

export type CloudWatchConsumerOptions = {
  /** Where the consumer's embedded metrics go, and the stage they are of. */
  namespace: string;
  stage: string;
  /** The Lambda function behind each stream. */
  functions: Readonly<Record<string, string>>;
  now: () => number;
};

/** CloudWatch does not tell shards apart here: a stream's figures are those of all of them. */
export const ALL_SHARDS = "all shards";

const DAY_MS = 24 * 60 * MINUTE_MS;
const RECENT_MS = 15 * MINUTE_MS;
/** CloudWatch keeps daily figures for 455 days. */
const KEPT_MS = 455 * DAY_MS;
/** Trouble older than this is over. */
const TROUBLE_MS = 5 * MINUTE_MS;
/** The figures are of whole minutes, and each metric asked for is paid. */
const CACHE_MS = 30_000;

const RECENT = ["polled", "iteratorAge", "errors", "failed", "records"] as const;
const TOTALS = ["records", "lines", "bytes", "parts", "quarantined", "failed"] as const;

export type StreamSeries = {
  recent: Readonly<Record<(typeof RECENT)[number], Series>>;
  totals: Readonly<Record<(typeof TOTALS)[number], Series>>;
};

const totalOf = (series: Series): number =>
  Math.round(series.reduce((total, { value }) => total + value, 0));

const isoOrNull = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

/** The end of the last minute that has a figure, never in the future. */
const endOfLast = (series: Series, now: number): number | undefined => {
  const last = series.at(-1);
  return last && Math.min(last.at + MINUTE_MS, now);
};

const lagOf = ({ polled, iteratorAge }: StreamSeries["recent"], now: number): number | null => {
  const known = [polled, iteratorAge].flatMap((series) => {
    const last = series.at(-1);
    return last !== undefined && now - last.at <= TROUBLE_MS ? [last.value] : [];
  });
  return known.length === 0 ? null : Math.max(...known);
};

const troubleOf = (
  { errors, failed }: StreamSeries["recent"],
  functionName: string,
  now: number,
): ShardState["error"] => {
  const recent = (series: Series) =>
    series.filter(({ at, value }) => value > 0 && now - at <= TROUBLE_MS);
  const describe = (found: Series, code: string, what: string): ShardState["error"] => {
    const first = found[0];
    return first === undefined
      ? null
      : {
          code,
          message: `${totalOf(found)} ${what} in the last minutes. The log group /aws/lambda/${functionName} says why.`,
          since: new Date(first.at).toISOString(),
        };
  };
  return (
    describe(recent(errors), "FUNCTION_ERRORS", "calls of the consumer failed") ??
    describe(recent(failed), "FAILED_BATCHES", "batches could not be written and came again")
  );
};

/**
 * A stream's figures as the one state of all its shards; undefined where CloudWatch knows nothing.
 * Kinesis counts how old the records are that Lambda reads, once a minute even when there are none:
 * this tells that it polls. Lambda's own age covers the batch that waits in the function. Totals are
 * of the 455 days that CloudWatch keeps.
 */
export const toStreamState = (
  stream: string,
  functionName: string,
  { recent, totals }: StreamSeries,
  now: number,
): ShardState | undefined => {
  const isKnown = [...Object.values(recent), ...Object.values(totals)].some(
    (series) => series.length > 0,
  );
  if (!isKnown) return undefined;
  const lastBatch = recent.records.findLast(({ value }) => value > 0);
  return {
    version: 1,
    stream,
    shardId: ALL_SHARDS,
    streamCreatedAt: "",
    parentShardIds: [],
    sequenceNumber: null,
    drained: false,
    records: totalOf(totals.records),
    lines: totalOf(totals.lines),
    bytes: totalOf(totals.bytes),
    parts: totalOf(totals.parts),
    quarantined: totalOf(totals.quarantined),
    failedBatches: totalOf(totals.failed),
    lastBatchAt: isoOrNull(lastBatch && Math.min(lastBatch.at + MINUTE_MS, now)),
    lastBatchRecords: lastBatch?.value ?? 0,
    lastPolledAt: isoOrNull(endOfLast(recent.polled, now)),
    millisBehindLatest: lagOf(recent, now),
    error: troubleOf(recent, functionName, now),
  };
};

export const createCloudWatchClient = (options: ClientOptions): CloudWatchClient =>
  new CloudWatchClient(clientConfig(options));

/**
 * What CloudWatch knows of the consumer functions, for streams whose event source mapping is
 * Lambda's: it keeps no state that could be read. Cached for half a minute.
 */
export const createCloudWatchConsumerSource = (
  client: CloudWatchClient,
  { namespace, stage, functions, now }: CloudWatchConsumerOptions,
): ConsumerStateSource => {
  const memo = createMemo<ConsumerStates>(CACHE_MS, now);

  const recentMetric = (
    stream: string,
    functionName: string,
    name: (typeof RECENT)[number],
  ): Metric => {
    const { polled, iteratorAge, errors } = streamMetrics(stream, functionName);
    const ofFunction = { polled, iteratorAge, errors };
    return name in ofFunction
      ? ofFunction[name as keyof typeof ofFunction]
      : consumerMetrics({ namespace, stage, stream })[name as "failed" | "records"];
  };

  const fetchSeries = (
    metrics: readonly Metric[],
    { spanMs, periodMs }: { spanMs: number; periodMs: number },
    signal: AbortSignal,
  ): Promise<Series[]> => {
    const until = Math.ceil(now() / MINUTE_MS) * MINUTE_MS;
    const from = Math.floor((until - spanMs) / periodMs) * periodMs;
    return fetchMetricData(client, metrics, { from, until, periodMs }, signal);
  };

  const seriesOf = async (
    stream: string,
    functionName: string,
    signal: AbortSignal,
  ): Promise<StreamSeries> => {
    const [recent, totals] = await Promise.all([
      fetchSeries(
        RECENT.map((name) => recentMetric(stream, functionName, name)),
        { spanMs: RECENT_MS, periodMs: MINUTE_MS },
        signal,
      ),
      fetchSeries(
        TOTALS.map((name) => consumerMetrics({ namespace, stage, stream })[name]),
        { spanMs: KEPT_MS, periodMs: DAY_MS },
        signal,
      ),
    ]);
    const named = <Name extends string>(names: readonly Name[], series: readonly Series[]) =>
      Object.fromEntries(names.map((name, at) => [name, series[at] ?? []])) as Record<Name, Series>;
    return { recent: named(RECENT, recent), totals: named(TOTALS, totals) };
  };

  return {
    read: (streams, signal) =>
      memo(streams.join("\n"), () =>
        callBackend("cloudwatch", async () => {
          const watched = streams.flatMap((stream) => {
            const functionName = functions[stream];
            return functionName === undefined ? [] : [{ stream, functionName }];
          });
          const states = await Promise.all(
            watched.map(async ({ stream, functionName }) => {
              const series = await seriesOf(stream, functionName, signal);
              return toStreamState(stream, functionName, series, now());
            }),
          );
          return {
            states: states.filter((state) => state !== undefined),
            unreadable: [],
            isComplete: true,
          };
        }),
      ),
  };
};
