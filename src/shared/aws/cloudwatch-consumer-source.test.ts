import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { deriveConsumerStatus } from "../core/dashboard/consumer-status.ts";
import {
  createCloudWatchClient,
  createCloudWatchConsumerSource,
  type Series,
  type StreamSeries,
  toStreamState,
} from "./cloudwatch-consumer-source.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2025, 10, 14, 1, 30, 20);
const THIS_MINUTE = Date.UTC(2025, 10, 14, 1, 30);

/** Values of the last minutes, the newest last; undefined is a minute without a figure. */
const minutes = (...values: (number | undefined)[]): Series =>
  values.flatMap((value, index) =>
    value === undefined ? [] : [{ at: THIS_MINUTE - (values.length - index) * MINUTE, value }],
  );

const NOTHING: StreamSeries = {
  recent: { polled: [], iteratorAge: [], errors: [], failed: [], records: [] },
  totals: { records: [], lines: [], bytes: [], parts: [], quarantined: [], failed: [] },
};

const stateOf = (
  recent: Partial<StreamSeries["recent"]>,
  totals: Partial<StreamSeries["totals"]> = {},
) =>
  toStreamState(
    "logs",
    "consumer",
    { recent: { ...NOTHING.recent, ...recent }, totals: { ...NOTHING.totals, ...totals } },
    NOW,
  );

const statusOf = (recent: Partial<StreamSeries["recent"]>) => {
  const state = stateOf(recent);
  return deriveConsumerStatus(
    { states: state ? [state] : [], unreadable: [], isComplete: true },
    { now: NOW, freshMs: 5 * MINUTE },
  );
};

test("an idle consumer that polls runs, and has nothing to catch up", () => {
  expect(statusOf({ polled: minutes(0, 0, 0) })).toMatchObject({
    status: "running",
    millisBehindLatest: 0,
    lastPoll: "2025-11-14T01:30:00.000Z",
    lastBatch: null,
  });
});

test("a consumer that nobody has seen for minutes is stopped", () => {
  const polled = minutes(0, 0, ...Array<undefined>(8).fill(undefined));
  expect(statusOf({ polled })).toMatchObject({ status: "stopped", millisBehindLatest: null });
});

test("the worse of what Kinesis and Lambda say is the lag", () => {
  const polled = minutes(10, 20);
  expect(statusOf({ polled, iteratorAge: minutes(1, 90_000) }).millisBehindLatest).toBe(90_000);
  expect(statusOf({ polled, iteratorAge: minutes(1, 5) }).millisBehindLatest).toBe(20);
});

test("an age of long ago is no lag of now", () => {
  const iteratorAge = minutes(90_000, ...Array<undefined>(9).fill(undefined));
  expect(statusOf({ polled: minutes(7), iteratorAge }).millisBehindLatest).toBe(7);
});

test("failing calls and batches are an error that says where to look, until they are over", () => {
  const polled = minutes(0, 0);
  expect(stateOf({ polled, errors: minutes(0, 2, 1) })?.error).toMatchObject({
    code: "FUNCTION_ERRORS",
    message: expect.stringMatching(/^3 calls .*\/aws\/lambda\/consumer /),
    since: "2025-11-14T01:28:00.000Z",
  });
  expect(stateOf({ polled, failed: minutes(4, 0) })?.error?.code).toBe("FAILED_BATCHES");
  const over = minutes(3, ...Array<number>(8).fill(0));
  expect(stateOf({ polled, errors: over, failed: over })?.error).toBeNull();
});

test("totals are summed over all the days, and nothing known is no state", () => {
  const day = (value: number) => ({ at: NOW, value });
  expect(stateOf({}, { lines: [day(5), day(6)], bytes: [day(9)] })).toMatchObject({
    lines: 11,
    bytes: 9,
    records: 0,
  });
  expect(stateOf({})).toBeUndefined();
});

type Query = {
  Id: string;
  MetricStat: { Metric: { Namespace: string; MetricName: string }; Period: number };
};

/** A CloudWatch that knows two minutes of polling, 3 lines a day, and answers in pages of one. */
const startCloudWatch = async (isDown = false) => {
  const requests: { MetricDataQueries: Query[]; StartTime: number; NextToken?: string }[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = "";
    incoming.on("data", (chunk) => (text += chunk));
    incoming.on("end", () => {
      const input = JSON.parse(text);
      requests.push(input);
      outgoing.writeHead(isDown ? 403 : 200, { "content-type": "application/x-amz-json-1.0" });
      if (isDown) {
        outgoing.end(JSON.stringify({ __type: "AccessDenied", message: "no" }));
        return;
      }
      const isSecondPage = input.NextToken !== undefined;
      const results = input.MetricDataQueries.map(({ Id, MetricStat }: Query) => {
        const name = MetricStat.Metric.MetricName;
        const values =
          name === "GetRecords.IteratorAgeMilliseconds" ? [40] : name === "Lines" ? [3] : [];
        const at = THIS_MINUTE / 1000 - (isSecondPage ? 60 : 120);
        return { Id, Timestamps: values.map(() => at), Values: values, StatusCode: "Complete" };
      });
      outgoing.end(
        JSON.stringify({
          MetricDataResults: results,
          ...(isSecondPage ? {} : { NextToken: "more" }),
        }),
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
    server.close();
  });
  const source = createCloudWatchConsumerSource(client, {
    namespace: "ns",
    stage: "dev",
    functions: { logs: "consumer" },
    now: () => NOW,
  });
  return { source, requests };
};

test("the real client reads every page, of minutes and of days, and asks once for many readers", async () => {
  const { source, requests } = await startCloudWatch();
  const signal = AbortSignal.timeout(5_000);
  const [first, second] = await Promise.all([
    source.read(["logs", "unwatched"], signal),
    source.read(["logs", "unwatched"], signal),
  ]);
  expect(second).toBe(first);
  expect(first.states).toMatchObject([
    {
      stream: "logs",
      shardId: "all shards",
      lines: 6,
      millisBehindLatest: 40,
      lastPolledAt: "2025-11-14T01:30:00.000Z",
    },
  ]);
  expect(requests).toHaveLength(4);
  const periods = requests.flatMap(({ MetricDataQueries }) =>
    MetricDataQueries.map(({ MetricStat }) => MetricStat.Period),
  );
  expect(new Set(periods)).toEqual(new Set([60, 86_400]));
});

test("a refusal is CloudWatch's, and says what to check", async () => {
  const { source } = await startCloudWatch(true);
  await expect(source.read(["logs"], AbortSignal.timeout(5_000))).rejects.toMatchObject({
    name: "BackendError",
    backend: "cloudwatch",
    kind: "denied",
  });
});
