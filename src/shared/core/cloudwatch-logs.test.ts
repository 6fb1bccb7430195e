import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import {
  ARRIVED_AT_MS,
  createMemoryBucket,
  type ShardRecord,
  textOf,
  toEvent,
} from "../../../tests/support/shard-batch.ts";
import { createCodec } from "../aws/codec.ts";
import { createConsumer } from "./consume.ts";
import { silentLogger } from "./logger.ts";

const AT_MS = Date.UTC(2025, 10, 13, 23, 59, 59, 7);
const AT_HOUR = "year=2025/month=11/day=13/hour=23";
const ARRIVAL_HOUR = "year=2025/month=11/day=14/hour=01";

const payload = (messages: readonly unknown[], rest: Record<string, unknown> = {}) => ({
  messageType: "DATA_MESSAGE",
  owner: "123456789012",
  logGroup: "/aws/lambda/checkout",
  logStream: "2025/11/13/[$LATEST]0a1b",
  subscriptionFilters: ["all"],
  logEvents: messages.map((message, at) => ({ id: `id-${at}`, timestamp: AT_MS, message })),
  ...rest,
});

const controlMessage = {
  messageType: "CONTROL_MESSAGE",
  owner: "CloudwatchLogs",
  logGroup: "",
  logStream: "",
  subscriptionFilters: [],
  logEvents: [
    { id: "", timestamp: AT_MS, message: "CWL CONTROL MESSAGE: Checking health of destination." },
  ],
};

const pack = (value: unknown): Buffer => gzipSync(JSON.stringify(value));

/** Folder to body of every object that the records leave. */
const consume = async (...records: readonly ShardRecord["data"][]) => {
  const { objects, sink } = createMemoryBucket();
  const { summary } = await createConsumer(
    { sink, codec: createCodec(), log: silentLogger },
    { compression: "none", maxFutureSkewMs: 86_400_000, bucket: "b" },
  )(toEvent(records.map((data) => ({ data }))));
  const bodies = [...objects].map(([key, object]) => [
    key.slice(0, key.lastIndexOf("/")),
    textOf(object),
  ]);
  return { bodies: Object.fromEntries(bodies) as Record<string, string>, summary };
};

test("a plain text becomes one log with its time, service, group, stream and id", async () => {
  const message = 'START RequestId: 1\n\tat x\u0000 "quoted" \ud800\n';
  const { bodies, summary } = await consume(pack(payload([message])));
  expect(bodies).toEqual({
    [`service=checkout/${AT_HOUR}`]: `{"timestamp":"2025-11-13T23:59:59.007Z","service":"checkout","message":${JSON.stringify(message)},"log_group":"/aws/lambda/checkout","log_stream":"2025/11/13/[$LATEST]0a1b","id":"id-0"}\n`,
  });
  expect(summary).toMatchObject({ records: 1, lines: 1, quarantined: 0, skipped: 0 });
});

test("a message that is a JSON object passes as the application wrote it", async () => {
  const message =
    '\n{ "service" : "cart","timestamp":"2025-11-14T00:30:00Z","id":9007199254740993,\r\n"x":1.0,"é":"\\u00e9"}\n';
  const { bodies } = await consume(pack(payload([message])));
  expect(bodies).toEqual({
    "service=cart/year=2025/month=11/day=14/hour=00":
      '{ "service" : "cart","timestamp":"2025-11-14T00:30:00Z","id":9007199254740993,  "x":1.0,"é":"\\u00e9"}\n',
  });
});

test("what a JSON message does not say comes from its event, and a time far ahead does not count", async () => {
  const { bodies } = await consume(
    pack(
      payload(['{"n":1}', '{"n":2,"timestamp":"2099-01-01T00:00:00Z"}', '{"n":3,"source":"s"}']),
    ),
    pack(payload(['{"n":4}'], { logEvents: [{ id: "", timestamp: 4e12, message: '{"n":4}' }] })),
  );
  expect(bodies).toEqual({
    [`service=checkout/${AT_HOUR}`]: '{"n":1}\n{"n":2,"timestamp":"2099-01-01T00:00:00Z"}\n',
    [`service=s/${AT_HOUR}`]: '{"n":3,"source":"s"}\n',
    [`service=checkout/${ARRIVAL_HOUR}`]: '{"n":4}\n',
  });
});

test.each([
  ["/aws/lambda/foo", "foo"],
  ["plain", "plain"],
  ["/a/b/", "b"],
  ["API-Gateway-Execution-Logs_x1/prod", "prod"],
  ["/", "unknown"],
])("log group %s is service %s", async (logGroup, service) => {
  const { bodies } = await consume(pack(payload(["text", "{}"], { logGroup })));
  expect(Object.keys(bodies)).toEqual([`service=${service}/${AT_HOUR}`]);
  expect(bodies[`service=${service}/${AT_HOUR}`]?.split("\n")).toHaveLength(3);
});

test("anything but a JSON object is a text: arrays, numbers, half an object", async () => {
  const messages = ["[1]", "7", '{"a":', "", " "];
  const { bodies } = await consume(pack(payload(messages)));
  const lines = bodies[`service=checkout/${AT_HOUR}`]?.trimEnd().split("\n") ?? [];
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(messages);
});

test("control messages and payloads without events are skipped and counted, their neighbours stay", async () => {
  const { bodies, summary } = await consume(
    pack(controlMessage),
    pack(payload(["text"])),
    pack(payload([])),
  );
  expect(Object.keys(bodies)).toEqual([`service=checkout/${AT_HOUR}`]);
  expect(summary).toMatchObject({ records: 3, lines: 1, quarantined: 0, skipped: 2 });
});

test.each<[name: string, value: Record<string, unknown>]>([
  ["an event without a message", payload([undefined])],
  ["an event without a time", payload(["m"], { logEvents: [{ id: "1", message: "m" }] })],
  ["a time that is none", payload([], { logEvents: [{ id: "1", timestamp: 1e18, message: "m" }] })],
  ["events that are no objects", payload([], { logEvents: ["m"] })],
  ["no log group", payload(["m"], { logGroup: undefined })],
  ["a log group longer than AWS has", payload(["m"], { logGroup: "g".repeat(513) })],
  ["another message type", payload(["m"], { messageType: "OTHER" })],
])("%s makes it a log like any other, byte for byte", async (_name, value) => {
  const { bodies } = await consume(pack(value));
  expect(bodies).toEqual({ [`service=unknown/${ARRIVAL_HOUR}`]: `${JSON.stringify(value)}\n` });
});

test("a payload whose logs would take more than a record may is stored as it is", async () => {
  const event = { id: "", timestamp: AT_MS, message: "" };
  const value = payload([], {
    logGroup: "\u0001".repeat(512),
    logStream: "\u0001".repeat(512),
    logEvents: Array(10_000).fill(event),
  });
  const { summary } = await consume(pack(value));
  expect(summary).toMatchObject({ lines: 1, bytes: JSON.stringify(value).length + 1 });
});

test("a payload that is not gzipped is a log that somebody sent", async () => {
  const text = JSON.stringify(payload(["m"]));
  const { bodies } = await consume(text);
  expect(bodies).toEqual({ [`service=unknown/${ARRIVAL_HOUR}`]: `${text}\n` });
});

test("the same record gives the same lines at any time", async () => {
  const record = pack(payload(["text", '{"n":1}']));
  expect(await consume(record)).toEqual(await consume(record));
  expect(ARRIVED_AT_MS).toBeGreaterThan(AT_MS);
});
