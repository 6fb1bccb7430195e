import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import type {
  History,
  HistoryPoint,
  HistorySource,
  ShardHistory,
} from "../core/dashboard/history/history.ts";
import { trendOf } from "../core/dashboard/history/history.ts";
import { createMemo } from "../core/dashboard/memo.ts";
import { callBackend } from "./backend-errors.ts";
import { ALL_SHARDS } from "./cloudwatch-consumer-source.ts";
import {
  consumerMetrics,
  fetchMetricData,
  invocationsOf,
  MINUTE_MS,
  type Series,
  streamMetrics,
} from "./cloudwatch-metric-data.ts";

export type CloudWatchHistoryOptions = {
  /** Where the consumer's embedded metrics go, and the stage they are of. */
  namespace: string;
  stage: string;
  /** The Lambda function behind each stream. */
  functions: Readonly<Record<string, string>>;
  /** The function that takes logs over HTTP. */
  ingestFunction: string;
  now: () => number;
  /** Longest wait for CloudWatch. */
  deadlineMs?: number;
};

/**
 * Fetched whatever is asked for, as a metric costs the same for any span: three hours, and the hour
 * that their first step may have begun earlier.
 */
const SPAN_MINUTES = 240;
/** The figures are of whole minutes, and each metric asked for is paid. */
const CACHE_MS = 60_000;
const DEADLINE_MS = 5_000;
/** Figures are up to some minutes late: until then, none is not 0. */
const LATE_MS = 3 * MINUTE_MS;
/** Lag by stream is shown over the last so many minutes. */
const SHARD_MINUTES = 10;

const OF_STREAM = [
  "polled",
  "iteratorAge",
  "throttled",
  "records",
  "lines",
  "bytes",
  "quarantined",
] as const;

export type StreamFigures = Readonly<Record<(typeof OF_STREAM)[number], Series>>;
export type Figures = {
  streams: readonly { stream: string; series: StreamFigures }[];
  requests: Series;
};

type Minute = Omit<HistoryPoint, "at"> & {
  shards: { lagMs: number | null; records: number | null }[];
};

const sum = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
};

const worst = (values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
};

const byMinute = (series: Series): ReadonlyMap<number, number> =>
  new Map(series.map(({ at, value }) => [Math.floor(at / MINUTE_MS) * MINUTE_MS, value]));

/**
 * Reads the figures minute by minute. CloudWatch has no datum for a minute without an event: where
 * the stream was polled in that minute, and long enough ago, that is a count of 0; else not known.
 */
const minuteReader = ({ streams, requests }: Figures, now: number) => {
  const calls = byMinute(requests);
  const maps = streams.map(({ series }) => {
    const of = (name: keyof StreamFigures) => byMinute(series[name]);
    return {
      polled: of("polled"),
      iteratorAge: of("iteratorAge"),
      throttled: of("throttled"),
      records: of("records"),
      lines: of("lines"),
      bytes: of("bytes"),
      quarantined: of("quarantined"),
    };
  });
  return (at: number): Minute => {
    const isSettled = at <= now - LATE_MS - MINUTE_MS;
    const count = (found: number | undefined, isPolled: boolean): number | null =>
      found ?? (isPolled && isSettled ? 0 : null);
    const own = maps.map((map) => {
      const isPolled = map.polled.has(at);
      const of = (name: "throttled" | "records" | "lines" | "bytes" | "quarantined") =>
        count(map[name].get(at), isPolled);
      return {
        isPolled,
        lagMs: worst([map.polled.get(at), map.iteratorAge.get(at)]),
        throttled: of("throttled"),
        records: of("records"),
        lines: of("lines"),
        bytes: of("bytes"),
        quarantined: of("quarantined"),
      };
    });
    return {
      // No metric tells them: a Kinesis record may carry many logs, a refused log none.
      accepted: null,
      rejected: null,
      // What waits on a disk: a function has none.
      spooledLogs: null,
      requests: count(
        calls.get(at),
        own.some(({ isPolled }) => isPolled),
      ),
      throttled: sum(own.map(({ throttled }) => throttled)),
      landed: sum(own.map(({ lines }) => lines)),
      landedBytes: sum(own.map(({ bytes }) => bytes)),
      quarantined: sum(own.map(({ quarantined }) => quarantined)),
      lagMs: worst(own.map(({ lagMs }) => lagMs)),
      shards: own.map(({ lagMs, records }) => ({ lagMs, records })),
    };
  };
};

const pointOf = (at: number, minutes: readonly Minute[]): HistoryPoint => {
  const added = (name: "requests" | "throttled" | "landed" | "landedBytes" | "quarantined") =>
    sum(minutes.map((minute) => minute[name]));
  return {
    at,
    accepted: null,
    rejected: null,
    requests: added("requests"),
    throttled: added("throttled"),
    landed: added("landed"),
    landedBytes: added("landedBytes"),
    quarantined: added("quarantined"),
    lagMs: worst(minutes.map(({ lagMs }) => lagMs)),
    spooledLogs: null,
  };
};

const shardHistories = (
  { streams }: Figures,
  minuteAt: (at: number) => Minute,
  steps: readonly (readonly Minute[])[],
  now: number,
): ShardHistory[] => {
  const newest = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const recent = Array.from({ length: SHARD_MINUTES }, (_, index) =>
    minuteAt(newest - (SHARD_MINUTES - 1 - index) * MINUTE_MS),
  );
  return streams.map(({ stream }, index) => {
    const lagOf = ({ shards }: Minute) => shards[index]?.lagMs ?? null;
    const records = recent.flatMap(({ shards }) => shards[index]?.records ?? []);
    const total = sum(records);
    return {
      stream,
      shardId: ALL_SHARDS,
      recordsPerSecond: total === null ? null : total / (records.length * 60),
      lagMs: steps.map((minutes) => worst(minutes.map(lagOf))),
      trend: trendOf(recent.map(lagOf)),
    };
  });
};

/** CloudWatch's figures as steps of whole minutes: `stepMs` is rounded up to such. */
export const toHistory = (
  figures: Figures,
  { minutes, stepMs }: { minutes: number; stepMs: number },
  now: number,
): History => {
  const step = Math.ceil(Math.max(stepMs, MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
  const first = Math.floor((now - minutes * MINUTE_MS) / step);
  const minuteAt = minuteReader(figures, now);
  const steps = Array.from({ length: Math.floor(now / step) - first + 1 }, (_, index) =>
    Array.from({ length: step / MINUTE_MS }, (_, minute) =>
      minuteAt((first + index) * step + minute * MINUTE_MS),
    ),
  );
  const points = steps.map((within, index) => pointOf((first + index) * step, within));
  const starts = [
    figures.requests,
    ...figures.streams.flatMap(({ series }) => Object.values(series)),
  ].flatMap((series) => series[0]?.at ?? []);
  return {
    source: "cloudwatch",
    since: starts.length === 0 ? null : Math.min(...starts),
    stepMs: step,
    points,
    shards: shardHistories(figures, minuteAt, steps, now),
  };
};

/**
 * The last three hours as CloudWatch has them, in steps of a minute or more: landed lines, their
 * bytes and quarantined of the consumer's embedded metrics (src/handlers/batch-metrics.ts); lag,
 * throttled and requests of AWS/Kinesis and AWS/Lambda, see cloudwatch-metric-data.ts. Logs accepted
 * and refused have no metric. One call a minute for whoever asks, whatever range. Throws BackendError.
 */
export const createCloudWatchHistory = (
  client: CloudWatchClient,
  options: CloudWatchHistoryOptions,
): HistorySource => {
  const { namespace, stage, functions, ingestFunction, now } = options;
  const memo = createMemo<Figures>(CACHE_MS, now);
  const watched = Object.entries(functions);
  const metrics = watched.flatMap(([stream, functionName]) => {
    const all = {
      ...streamMetrics(stream, functionName),
      ...consumerMetrics({ namespace, stage, stream }),
    };
    return OF_STREAM.map((name) => all[name]);
  });

  const fetchFigures = async (): Promise<Figures> => {
    const until = Math.ceil(now() / MINUTE_MS) * MINUTE_MS;
    const from = until - SPAN_MINUTES * MINUTE_MS;
    const found = await fetchMetricData(
      client,
      [...metrics, invocationsOf(ingestFunction)],
      { from, until, periodMs: MINUTE_MS },
      AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS),
    );
    const seriesAt = (stream: number, name: number): Series =>
      found[stream * OF_STREAM.length + name] ?? [];
    return {
      streams: watched.map(([stream], at) => ({
        stream,
        series: Object.fromEntries(
          OF_STREAM.map((name, index) => [name, seriesAt(at, index)]),
        ) as StreamFigures,
      })),
      requests: found.at(-1) ?? [],
    };
  };

  return {
    read: async (request) => {
      const figures = await memo("", () => callBackend("cloudwatch", fetchFigures));
      return toHistory(figures, request, now());
    },
  };
};
