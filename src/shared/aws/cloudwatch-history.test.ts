import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { createCloudWatchClient } from "./cloudwatch-consumer-source.ts";
import {
  createCloudWatchHistory,
  type Figures,
  type StreamFigures,
  toHistory,
} from "./cloudwatch-history.ts";
import type { Series } from "./cloudwatch-metric-data.ts";

const MINUTE = 60_000;
const THIS_MINUTE = Date.UTC(2025, 10, 14, 1, 30);
const NOW = THIS_MINUTE + 20_000;
const HOUR = { minutes: 60, stepMs: MINUTE };

/** Values by how many minutes ago their minute began. */
const ago = (values: Readonly<Record<number, number>>): Series =>
  Object.entries(values)
    .map(([minutes, value]) => ({ at: THIS_MINUTE - Number(minutes) * MINUTE, value }))
    .sort((a, b) => a.at - b.at);

const figuresOf = (
  streams: Readonly<Record<string, Partial<StreamFigures>>>,
  requests: Series = [],
): Figures => ({
  requests,
  streams: Object.entries(streams).map(([stream, series]) => ({
    stream,
    series: {
      polled: [],
      iteratorAge: [],
      throttled: [],
      records: [],
      lines: [],
      bytes: [],
      quarantined: [],
      ...series,
    },
  })),
});

const landedAgo = (figures: Figures, minutes: number) =>
  toHistory(figures, HOUR, NOW).points.at(-1 - minutes)?.landed;

test("streams are added up, and the worst of their lags is the lag", () => {
  const { points, source } = toHistory(
    figuresOf(
      {
        logs: { lines: ago({ 9: 5 }), polled: ago({ 9: 40 }), bytes: ago({ 9: 700 }) },
        metrics: { lines: ago({ 9: 2 }), iteratorAge: ago({ 9: 90 }), quarantined: ago({ 9: 1 }) },
      },
      ago({ 9: 3 }),
    ),
    HOUR,
    NOW,
  );
  expect(source).toBe("cloudwatch");
  expect(points).toHaveLength(61);
  expect(points.at(-10)).toEqual({
    at: THIS_MINUTE - 9 * MINUTE,
    accepted: null,
    rejected: null,
    requests: 3,
    throttled: 0,
    landed: 7,
    landedBytes: 700,
    quarantined: 1,
    lagMs: 90,
    spooledLogs: null,
  });
});

test("a minute without a datum is 0 only where the stream was polled, and CloudWatch has had time", () => {
  const figures = figuresOf({ logs: { polled: ago({ 9: 0, 4: 0, 3: 0, 0: 0 }) } });
  expect(landedAgo(figures, 9)).toBe(0);
  expect(landedAgo(figures, 4)).toBe(0);
  // It may come yet.
  expect(landedAgo(figures, 3)).toBeNull();
  expect(landedAgo(figures, 0)).toBeNull();
  // Nobody polled.
  expect(landedAgo(figures, 8)).toBeNull();
  expect(landedAgo(figuresOf({}), 9)).toBeNull();
});

test("steps are whole minutes, and what is asked for in between is rounded up", () => {
  const figures = figuresOf({ logs: { lines: ago({ 9: 1 }) } });
  for (const [asked, given] of [
    [10_000, MINUTE],
    [90_000, 2 * MINUTE],
    [3_600_000, 3_600_000],
  ] as const) {
    const { stepMs, points } = toHistory(figures, { minutes: 180, stepMs: asked }, NOW);
    expect(stepMs).toBe(given);
    expect(points.every(({ at }) => at % given === 0)).toBe(true);
  }
});

test("however the steps are cut, they add up to what CloudWatch said", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.integer({ min: 0, max: 59 }).map(String), fc.nat(1_000)),
      fc.integer({ min: 1, max: 60 }),
      (values, stepMinutes) => {
        const figures = figuresOf({ logs: { lines: ago(values) } });
        const { points } = toHistory(figures, { minutes: 60, stepMs: stepMinutes * MINUTE }, NOW);
        const wanted = Object.values(values).reduce((total, value) => total + value, 0);
        expect(points.reduce((total, { landed }) => total + (landed ?? 0), 0)).toBe(wanted);
      },
    ),
  );
});

test("a stream's shards are one, with the rate of its known minutes and the trend of its lag", () => {
  const lags = ago({ 9: 0, 8: 0, 7: 0, 6: 20_000, 5: 40_000, 4: 60_000 });
  const { points, shards, since } = toHistory(
    figuresOf({ logs: { polled: lags, records: ago({ 9: 600, 4: 120 }) }, metrics: {} }),
    HOUR,
    NOW,
  );
  expect(since).toBe(THIS_MINUTE - 9 * MINUTE);
  expect(shards).toEqual([
    {
      stream: "logs",
      shardId: "all shards",
      recordsPerSecond: 720 / (6 * 60),
      lagMs: points.map(({ lagMs }) => lagMs),
      trend: "rising",
    },
    expect.objectContaining({ stream: "metrics", recordsPerSecond: null, trend: null }),
  ]);
  const known = [0, 0, 0, 20_000, 40_000, 60_000, null, null, null, null];
  expect(shards[0]?.lagMs.slice(-10)).toEqual(known);
});

type Query = { Id: string; MetricStat: { Metric: { MetricName: string }; Period: number } };
type Input = {
  MetricDataQueries: Query[];
  StartTime: number;
  EndTime: number;
  NextToken?: string;
};

/** A CloudWatch that knows one thing of the logs stream ten minutes ago, on each of two pages. */
const startCloudWatch = async (
  answer: "data" | "denied" | "broken" | "endless" | "silent" = "data",
) => {
  const requests: Input[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk) => (text += chunk));
    incoming.on("end", () => {
      const input: Input = JSON.parse(text);
      requests.push(input);
      if (answer === "silent") return;
      outgoing.writeHead(answer === "denied" ? 403 : 200, {
        "content-type": "application/x-amz-json-1.0",
      });
      if (answer === "denied") {
        outgoing.end(JSON.stringify({ __type: "AccessDenied", message: "no" }));
        return;
      }
      const page = input.NextToken === undefined ? 0 : 1;
      const results = input.MetricDataQueries.map(({ Id, MetricStat }) => {
        const isKnown = ["Lines", "Invocations"].includes(MetricStat.Metric.MetricName);
        return {
          Id,
          Timestamps: isKnown ? [THIS_MINUTE / 1000 - (10 - page) * 60] : [],
          Values: isKnown ? [3 + page] : [],
          StatusCode: answer === "broken" ? "InternalError" : "Complete",
        };
      });
      const hasMore = answer === "endless" || page === 0;
      outgoing.end(
        JSON.stringify({ MetricDataResults: results, ...(hasMore ? { NextToken: "more" } : {}) }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = createCloudWatchClient({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxAttempts: 1,
  });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const history = createCloudWatchHistory(client, {
    namespace: "ns",
    stage: "dev",
    functions: { logs: "consumer", metrics: "consumerMetrics" },
    ingestFunction: "ingest",
    now: () => NOW,
    ...(answer === "silent" ? { deadlineMs: 100 } : {}),
  });
  return { history, requests };
};

test("the real client asks once, for all figures, whoever asks for whatever range", async () => {
  const { history, requests } = await startCloudWatch();
  const [hour, minutes] = await Promise.all([
    history.read(HOUR),
    history.read({ minutes: 6, stepMs: MINUTE }),
    history.read({ minutes: 180, stepMs: 90_000 }),
  ]);
  // Both streams have 3 lines, then 4; the ingest function is called 3 times, then 4 times.
  expect(hour.points.slice(-11, -9)).toMatchObject([
    { landed: 6, requests: 3 },
    { landed: 8, requests: 4 },
  ]);
  expect(minutes.points).toHaveLength(7);
  // Two pages of one question.
  expect(requests).toHaveLength(2);
  const [first] = requests;
  expect(first?.MetricDataQueries).toHaveLength(15);
  expect(new Set(first?.MetricDataQueries.map(({ MetricStat }) => MetricStat.Period))).toEqual(
    new Set([60]),
  );
  expect((first?.EndTime ?? 0) - (first?.StartTime ?? 0)).toBe(240 * 60);
});

test.for([
  ["denied", { kind: "denied", code: "AccessDenied" }],
  ["broken", { kind: "failed", code: "InternalError" }],
  ["endless", { kind: "failed", code: "TooManyPages" }],
  ["silent", { kind: "unreachable" }],
] as const)(
  "an answer that is %s is CloudWatch's error, never minutes of 0",
  async ([answer, error]) => {
    const { history } = await startCloudWatch(answer);
    await expect(history.read(HOUR)).rejects.toMatchObject({
      name: "BackendError",
      backend: "cloudwatch",
      ...error,
    });
  },
);
