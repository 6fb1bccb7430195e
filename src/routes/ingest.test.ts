import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { createIdempotency } from "../shared/core/idempotency.ts";
import { INGEST_MAX_BODY_BYTES, INGEST_MAX_DECODED_BYTES } from "../shared/core/limits.ts";
import { silentLogger } from "../shared/core/logger.ts";
import type { EntryResult, RecordEntry, RecordWriter } from "../shared/core/ports.ts";
import {
  createPutRecordsEngine,
  type EngineOptions,
  type PutRecordsEngine,
} from "../shared/core/put-records-engine.ts";
import { PutRecordsError } from "../shared/core/put-records-error.ts";
import { parseIdempotencyKey } from "./idempotency-key.ts";
import { createIngestRoutes } from "./ingest.ts";
import { bodyFormOf } from "./ingest-request.ts";

const JSON_TYPE = { "content-type": "application/json" };
const NDJSON_TYPE = { "content-type": "application/x-ndjson" };

type Verdict = (entry: RecordEntry) => string | undefined;

type Answer = {
  code: string;
  detail: string;
  accepted: number;
  errors: { index: number; code: string }[];
};

const setUp = (
  { verdict = () => undefined, isHanging = false }: { verdict?: Verdict; isHanging?: boolean } = {},
  options: Partial<EngineOptions> = {},
) => {
  const stored: string[] = [];
  /** Of the metrics stream, each line behind its partition key. */
  const metricsStored: string[] = [];
  let failure: Error | undefined;
  const writerTo = (store: (line: string, entry: RecordEntry) => void): RecordWriter => {
    let records = 0;
    return {
      putRecords: async (entries) => {
        if (failure !== undefined) throw failure;
        if (isHanging) await new Promise(() => {});
        return entries.map((entry): EntryResult => {
          const code = verdict(entry);
          if (code !== undefined) return { ok: false, code, message: "planned" };
          for (const line of new TextDecoder().decode(entry.data).split("\n")) store(line, entry);
          records += 1;
          return { ok: true, sequenceNumber: String(records), shardId: "shardId-0" };
        });
      },
    };
  };
  const engineOf = (writer: RecordWriter) =>
    createPutRecordsEngine(
      {
        writer,
        now: Date.now,
        schedule: (delayMs, task) => {
          const timer = setTimeout(task, delayMs);
          return () => clearTimeout(timer);
        },
        random: () => 0,
        log: silentLogger,
      },
      {
        lingerMs: 0,
        packBytes: 1_000,
        maxQueueBytes: 4_000_000,
        requestDeadlineMs: 100,
        ...options,
      },
    );
  const engine = engineOf(writerTo((line) => stored.push(line)));
  const metricsEngine = engineOf(
    writerTo((line, { partitionKey }) => metricsStored.push(`${partitionKey} ${line}`)),
  );
  const intake = (name: string, itsEngine: PutRecordsEngine) => ({
    name,
    engine: itsEngine,
    idempotency: createIdempotency(
      { now: Date.now, mark: itsEngine.mark, log: silentLogger },
      { windowMs: 60_000, maxKeys: 10, packBytes: 1_000 },
    ),
  });
  const app = createIngestRoutes({
    streams: { logs: intake("logs", engine), metrics: intake("metrics", metricsEngine) },
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log: silentLogger,
    maxBodiesBytes: 4_000_000,
  });
  const send = async (
    body: string | Uint8Array<ArrayBuffer> | ReadableStream,
    headers: Record<string, string> = JSON_TYPE,
    path = "/api/ingest/batch",
  ) => {
    const isStream = body instanceof ReadableStream;
    const request = new Request(`http://ingest${path}`, {
      method: "POST",
      body,
      headers,
      ...(isStream ? { duplex: "half" } : {}),
    } as RequestInit);
    const response = await app.request(request);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer,
    };
  };
  return {
    app,
    engine,
    send,
    stored,
    metricsStored,
    failWith: (error: Error | undefined) => {
      failure = error;
    },
  };
};

test("a batch is answered with the fields existing clients read", async () => {
  const { send, stored } = setUp();
  const { status, body } = await send('{"logs":[{"a":1.0},{"b":2}],"metadata":{"host":"h"}}');
  expect(status).toBe(200);
  expect(body).toEqual({
    message: "2 of 2 logs accepted.",
    count: 2,
    accepted: 2,
    rejected: 0,
    queue_size: 0,
    errors: [],
  });
  expect(stored).toEqual(['{"a":1.0}', '{"b":2}']);
});

test("an array, one log and NDJSON are taken as well, in every spelling of their type", async () => {
  const { send, stored } = setUp();
  const accepted = async (body: string, headers: Record<string, string>) =>
    (await send(body, headers)).body.accepted;
  expect(await accepted('[{"a":1},{"a":2}]', JSON_TYPE)).toBe(2);
  expect(await accepted('{"a":3}', { "content-type": "application/json; charset=utf-8" })).toBe(1);
  for (const type of ["application/x-ndjson", "application/jsonl", "application/x-jsonlines"])
    expect(await accepted('{"a":4}\r\n\n{"a":5}', { "content-type": type })).toBe(2);
  expect(await accepted('{"a":6}\n{"a":7}', { "content-type": "text/plain" })).toBe(2);
  expect(stored).toHaveLength(11);
});

test("no content type is JSON or NDJSON by its looks", async () => {
  const { app } = setUp();
  for (const [body, count] of [
    ['{"logs":[{"a":1}]}', 1],
    ['{"a":1}\n{"a":2}', 2],
  ] as const) {
    const request = new Request("http://ingest/api/ingest/batch", {
      method: "POST",
      body: new TextEncoder().encode(body),
    });
    expect(request.headers.get("content-type")).toBeNull();
    expect(await (await app.request(request)).json()).toMatchObject({ accepted: count });
  }
});

test("where only some are taken the answer is 207 and names the others by index", async () => {
  const { send, stored } = setUp();
  const lines = [
    "not json",
    "[]",
    '{"service":"../../etc"}',
    `{"m":"${"x".repeat(2 * 1024 * 1024)}"}`,
    '{"id":9007199254740993}',
    '{"service":"thanh toán/đơn"}',
  ];
  const { status, body } = await send(lines.join("\n"), NDJSON_TYPE);
  expect(status).toBe(207);
  expect(body).toMatchObject({ count: 3, accepted: 3, rejected: 3 });
  expect(body.errors).toEqual([
    { index: 0, code: "INVALID_JSON", reason: "The line is not JSON.", retryable: false },
    { index: 1, code: "NOT_AN_OBJECT", reason: "A log is a JSON object.", retryable: false },
    {
      index: 3,
      code: "TOO_LARGE",
      reason: expect.stringContaining("1048576"),
      retryable: false,
    },
  ]);
  expect(stored.sort()).toEqual([lines[2], lines[4], lines[5]].sort());
});

test("where none is taken for what it is the answer is 400, or 413 when size is the only reason", async () => {
  const { send } = setUp();
  const none = await send("[1,[]]");
  expect(none.status).toBe(400);
  expect(none.body).toMatchObject({ count: 0, accepted: 0, rejected: 2, queue_size: 0 });
  const large = await send(`{"m":"${"x".repeat(1024 * 1024)}"}`);
  expect(large.status).toBe(413);
  expect(large.body.errors[0]).toMatchObject({ index: 0, code: "TOO_LARGE", retryable: false });
});

test("a body that is no JSON, or holds nothing, is a problem that says so", async () => {
  const { send } = setUp();
  for (const [text, code] of [
    ["{nope", "INVALID_JSON"],
    ["", "EMPTY_BODY"],
    ['{"logs":[]}', "NO_LOGS"],
    ['{"a":1}\n{"b":2}', "TRAILING_TEXT"],
  ] as const) {
    const { status, headers, body } = await send(text);
    expect([text, status, body.code]).toEqual([text, 400, code]);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ status: 400, title: "Bad Request", count: 0, queue_size: 0 });
  }
});

test("throttled logs are told apart from accepted ones, and may be sent again", async () => {
  const { send, stored } = setUp({
    verdict: ({ partitionKey }) =>
      partitionKey === "hot" ? "ProvisionedThroughputExceededException" : undefined,
  });
  const some = await send('[{"service":"hot"},{"service":"cold"}]');
  expect(some.status).toBe(207);
  expect(some.body.errors).toMatchObject([{ index: 0, code: "THROTTLED", retryable: true }]);
  const none = await send('[{"service":"hot"},7]');
  expect(none.status).toBe(503);
  expect(Number(none.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(none.body.errors).toMatchObject([
    { index: 0, code: "THROTTLED", retryable: true },
    { index: 1, code: "NOT_AN_OBJECT", retryable: false },
  ]);
  expect(stored).toEqual(['{"service":"cold"}']);
});

test("an index counts the items as sent, refused ones included", async () => {
  const { send } = setUp({
    verdict: ({ partitionKey }) => (partitionKey === "hot" ? "InternalFailure" : undefined),
  });
  const { body } = await send('[1,{"service":"a"},2,{"service":"hot"},{"service":"b"}]');
  expect(body.errors.map(({ index, code }) => [index, code])).toEqual([
    [0, "NOT_AN_OBJECT"],
    [2, "NOT_AN_OBJECT"],
    [3, "UNAVAILABLE"],
  ]);
});

test("a full queue is 429 with Retry-After, and nothing of the batch is sent", async () => {
  const { send, stored } = setUp(
    { isHanging: true },
    { maxQueueBytes: 2_000_000, requestDeadlineMs: 500, callTimeoutMs: 400 },
  );
  const big = `{"m":"${"x".repeat(1_000_000)}"}`;
  const batch = `[${big},{"service":"b"}]`;
  const answers = await Promise.all([send(batch), send(batch)]);
  // Which of the two is read first is the runtime's choice.
  const [refused, waiting] = answers.sort((a, b) => a.status - b.status);
  expect(waiting?.status).toBe(503);
  expect(refused?.status).toBe(429);
  expect(refused?.headers.get("retry-after")).toBe("1");
  expect(refused?.body.errors).toMatchObject([
    { index: 0, code: "QUEUE_FULL", retryable: true },
    { index: 1, code: "QUEUE_FULL", retryable: true },
  ]);
  expect(stored).toEqual([]);
});

test("a missing stream is 503 and said in words", async () => {
  const { send, failWith } = setUp();
  failWith(new PutRecordsError("permanent", "ResourceNotFoundException", "Stream not found."));
  const { status, body } = await send('{"a":1}');
  expect(status).toBe(503);
  expect(body.errors[0]).toMatchObject({ code: "STREAM_NOT_FOUND", retryable: true });
});

test("a body over the limit is 413, by its declared length, while reading, and once unpacked", async () => {
  const { send, app } = setUp();
  const declared = await app.request("/api/ingest/batch", {
    method: "POST",
    headers: { ...JSON_TYPE, "content-length": String(INGEST_MAX_BODY_BYTES + 1) },
    body: "{}",
  });
  expect(declared.status).toBe(413);

  const chunk = new Uint8Array(1024 * 1024).fill(0x20);
  let pulled = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(chunk);
    },
  });
  const streamed = await send(endless);
  expect([streamed.status, streamed.body.code]).toEqual([413, "BODY_TOO_LARGE"]);
  expect(pulled).toBeLessThan(30);

  const bomb = new Uint8Array(gzipSync(new Uint8Array(INGEST_MAX_DECODED_BYTES + 1).fill(0x20)));
  const unpacked = await send(bomb, { ...JSON_TYPE, "content-encoding": "gzip" });
  expect([unpacked.status, unpacked.body.code]).toEqual([413, "BODY_TOO_LARGE"]);
  expect(unpacked.body.detail).toContain(String(INGEST_MAX_DECODED_BYTES));
});

test("unknown content types and encodings are 415 and say what is taken", async () => {
  const { send } = setUp();
  for (const headers of [
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/x-protobuf" },
    { "content-type": "application/json; charset=latin1" },
  ]) {
    const { status, body } = await send('{"a":1}', headers);
    expect([headers, status]).toEqual([headers, 415]);
    expect(body.detail).toContain("application/json");
  }
  const { status, body } = await send('{"a":1}', { ...JSON_TYPE, "content-encoding": "br" });
  expect(status).toBe(415);
  expect(body.detail).toContain("gzip");
});

test("the JSON suffix of a media type counts, others do not", () => {
  expect(bodyFormOf("application/cloudevents+json")).toBe("json");
  expect(bodyFormOf('Application/JSON ; Charset="UTF-8"')).toBe("json");
  expect(bodyFormOf("application/")).toBeUndefined();
  expect(bodyFormOf("image/x+json")).toBeUndefined();
});

test("what stays unread of a cut-off body is an answer, not a crash", async () => {
  const { send } = setUp();
  const broken = new ReadableStream({
    pull: (controller) => {
      controller.error(new Error("gone"));
    },
  });
  const { status, body } = await send(broken);
  expect([status, body.code]).toEqual([400, "BODY_CUT_OFF"]);
  expect((await send('{"a":1}')).status).toBe(200);
});

test("with Kinesis disabled logs are checked and counted, and the answer says where they went", async () => {
  const app = createIngestRoutes({
    streams: {
      logs: { name: "logs", engine: undefined },
      metrics: { name: "metrics", engine: undefined },
    },
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log: silentLogger,
    maxBodiesBytes: 1_000_000,
  });
  const response = await app.request("/api/ingest/batch", {
    method: "POST",
    headers: JSON_TYPE,
    body: '[{"a":1},2]',
  });
  expect(response.status).toBe(207);
  expect(await response.json()).toMatchObject({
    count: 1,
    message: expect.stringContaining("Kinesis is disabled"),
  });
  const health = await app.request("/health");
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: "degraded", kinesis: { enabled: false } });
});

test("health is 503 once Kinesis keeps failing, and 200 when it is back", async () => {
  const { app, send, failWith } = setUp();
  const health = async () => {
    const response = await app.request("/health");
    return { status: response.status, body: await response.json() };
  };
  expect(await health()).toMatchObject({
    status: 200,
    body: { status: "ok", service: "ingestion-interface", stream: "logs" },
  });
  failWith(new Error("connect ECONNREFUSED"));
  expect((await send('{"a":1}')).status).toBe(503);
  expect(await health()).toMatchObject({ status: 503, body: { status: "unavailable" } });
  failWith(undefined);
  expect((await send('{"a":1}')).status).toBe(200);
  expect(await health()).toMatchObject({
    status: 200,
    body: { kinesis: { last_success: expect.any(String) } },
  });
});

test("both metrics endpoints count what was received, accepted and refused", async () => {
  const { app, send } = setUp();
  await send('[{"a":1},{"a":2},3]');
  await send("{");
  const json = await (await app.request("/api/metrics")).json();
  expect(json).toMatchObject({
    totals: {
      requests: 2,
      received: 3,
      accepted: 2,
      rejected: 1,
      rejected_by_code: { NOT_AN_OBJECT: 1 },
    },
    queue: { logs: 0, bytes: 0 },
    kinesis: { calls: 1, records: 1 },
  });
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toContain("version=0.0.4");
  const text = await response.text();
  for (const line of [
    "ingest_events_received_total 3",
    "ingest_events_accepted_total 2",
    'ingest_events_rejected_total{code="NOT_AN_OBJECT"} 1',
    'ingest_requests_total{status="400"} 1',
    "kinesis_put_records_calls_total 1",
    "kinesis_put_records_retries_total 0",
    "kinesis_throttled_entries_total 0",
    "ingest_queue_logs 0",
  ])
    expect(text.split("\n")).toContain(line);
});

const withKey = (key: string) => ({ ...JSON_TYPE, "idempotency-key": key });

test("a batch that comes again under its key is answered as before, and stored once", async () => {
  const { send, stored } = setUp();
  const first = await send('[{"a":1},{"b":2},3]', withKey('"a key"'));
  expect([first.status, first.headers.get("idempotency-key")]).toEqual([207, '"a key"']);
  expect(first.headers.get("idempotent-replayed")).toBeNull();
  const second = await send('[{"a":1},{"b":2},3]', withKey("a key"));
  expect(second.headers.get("idempotent-replayed")).toBe("true");
  expect([second.status, second.body]).toEqual([207, first.body]);
  expect(stored).toEqual(['{"a":1}', '{"b":2}']);
  const other = await send('[{"a":1}]', withKey("a key"));
  expect([other.status, other.body.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
  const ndjson = await send('[{"a":1},{"b":2},3]', { ...withKey("a key"), ...NDJSON_TYPE });
  expect(ndjson.status).toBe(422);
});

test("under its key only what was refused is taken by the next try", async () => {
  let isHot = true;
  const { send, stored } = setUp({
    verdict: ({ partitionKey }) =>
      isHot && partitionKey === "hot" ? "ProvisionedThroughputExceededException" : undefined,
  });
  const body = '[{"service":"hot","n":1},{"service":"cold"},{"service":"hot","n":2}]';
  const first = await send(body, withKey("k"));
  expect([first.status, first.body.accepted]).toEqual([207, 1]);
  isHot = false;
  const second = await send(body, withKey("k"));
  expect([second.status, second.body.accepted, second.body.errors]).toEqual([200, 3, []]);
  expect([...stored].sort()).toEqual(
    JSON.parse(body)
      .map((log: object) => JSON.stringify(log))
      .sort(),
  );
  const third = await send(body, withKey("k"));
  expect(third.headers.get("idempotent-replayed")).toBe("true");
});

test("while a key is being worked on the answer is 409 with Retry-After", async () => {
  const { send } = setUp({ isHanging: true }, { requestDeadlineMs: 300 });
  const answers = await Promise.all([send("[{}]", withKey("k")), send("[{}]", withKey("k"))]);
  // Which of the two is read first is the runtime's choice.
  const [busy, worked] = answers.sort((a, b) => a.status - b.status);
  expect([busy?.status, busy?.body.code]).toEqual([409, "IDEMPOTENCY_KEY_IN_PROGRESS"]);
  expect(busy?.headers.get("retry-after")).toBe("1");
  expect([worked?.status, worked?.body.errors[0]?.code]).toEqual([503, "UNCONFIRMED"]);
});

test("a key is a quoted string or bare, printable and not too long", async () => {
  const { send } = setUp();
  expect(parseIdempotencyKey(' "8e03978e-40d5-43dd" ')).toBe("8e03978e-40d5-43dd");
  expect(parseIdempotencyKey('"a\\"b"')).toBe('a"b');
  for (const header of ['"open', '"a"b"', "", "k".repeat(256), "é"]) {
    expect(parseIdempotencyKey(header)).toBeUndefined();
  }
  const { status, body } = await send("[{}]", withKey("k".repeat(256)));
  expect([status, body.code]).toEqual([400, "INVALID_IDEMPOTENCY_KEY"]);
});

test("without partial answers the whole request waits, its retry adds what is open, and what can never be taken is a 4xx", async () => {
  let isFull = true;
  const { send, stored, metricsStored } = setUp({
    verdict: ({ partitionKey }) =>
      isFull && partitionKey === "b" ? "ProvisionedThroughputExceededException" : undefined,
  });
  const path = "/api/ingest/batch?partial=false";
  const lines = '{"service":"a"}\n{"service":"b"}\n{"service":"c","type":"apm_x"}';
  const first = await send(lines, NDJSON_TYPE, path);
  expect([first.status, first.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(first.body).toMatchObject({ accepted: 2, errors: [{ index: 1, code: "THROTTLED" }] });
  expect((await send(lines, NDJSON_TYPE, path)).status).toBe(503);
  isFull = false;
  const last = await send(lines, NDJSON_TYPE, path);
  expect([last.status, last.body]).toMatchObject([200, { accepted: 3, errors: [] }]);
  expect([stored, metricsStored.length]).toEqual([['{"service":"a"}', '{"service":"b"}'], 1]);
  // Not a retry any more: nothing had been refused.
  expect((await send(lines, NDJSON_TYPE, path)).status).toBe(200);
  expect(stored).toHaveLength(4);

  isFull = true;
  const bad = `no json\n${lines}`;
  expect((await send(bad, NDJSON_TYPE, path)).status).toBe(503);
  isFull = false;
  const { status, headers, body } = await send(bad, NDJSON_TYPE, path);
  expect([status, headers.get("retry-after")]).toEqual([400, null]);
  expect(body).toMatchObject({ accepted: 3, errors: [{ index: 0, retryable: false }] });
  expect(stored).toHaveLength(6);
});

test("without partial answers a key is heeded as well, and another value is refused", async () => {
  let isFull = true;
  const { send, stored } = setUp({
    verdict: ({ partitionKey }) => (isFull && partitionKey === "b" ? "InternalFailure" : undefined),
  });
  const path = "/api/ingest/batch?partial=false";
  const headers = { ...NDJSON_TYPE, "idempotency-key": "k" };
  const lines = '{"service":"a"}\n{"service":"b"}';
  expect((await send(lines, headers, path)).status).toBe(503);
  isFull = false;
  for (let turn = 0; turn < 2; turn += 1)
    expect((await send(lines, headers, path)).status).toBe(200);
  expect(stored).toHaveLength(2);
  const { status, body } = await send(lines, NDJSON_TYPE, "/api/ingest/batch?partial=no");
  expect([status, body.code]).toEqual([400, "INVALID_PARTIAL"]);
});

test("other paths and methods are problems with a hint", async () => {
  const { app } = setUp();
  const missing = await app.request("/api/ingest");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({
    detail: expect.stringContaining("POST /api/ingest/batch"),
  });
  const wrong = await app.request("/api/ingest/batch");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  const post = await app.request("/health", { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET"]);
});

test("metrics and APM have paths of their own, with the bodies and answers of the batch path", async () => {
  const { send, stored, metricsStored } = setUp();
  const lines = '{"service":"a","n":1.0}\n7\n{"service":"b","type":"apm_x"}';
  for (const path of ["/api/ingest/metrics", "/api/ingest/apm"]) {
    const { status, body } = await send(lines, NDJSON_TYPE, path);
    expect(status).toBe(207);
    expect(body).toMatchObject({ count: 2, accepted: 2, rejected: 1, queue_size: 0 });
    expect(body.errors).toMatchObject([{ index: 1, code: "NOT_AN_OBJECT" }]);
  }
  expect(stored).toEqual([]);
  expect(metricsStored).toEqual([
    'metrics/a {"service":"a","n":1.0}',
    'metrics/b {"service":"b","type":"apm_x"}',
    'apm/a {"service":"a","n":1.0}',
    'apm/b {"service":"b","type":"apm_x"}',
  ]);
});

test("among logs, what says that it is APM goes to the metrics stream, and the rest does not", async () => {
  const { app, send, stored, metricsStored } = setUp();
  const items = [
    '{"log_type":"apm_trace","data":{"service":"a"}}',
    '{"log_type":"payment","data":{"service":"a"}}',
    '{"type":"apm_trace_log","service":"b"}',
  ];
  expect((await send(`[${items.join()}]`)).body).toMatchObject({ accepted: 3, errors: [] });
  expect(stored).toEqual([items[1]]);
  expect(metricsStored).toEqual([`apm/a ${items[0]}`, `apm/b ${items[2]}`]);
  const metrics = await (await app.request("/api/metrics")).json();
  expect(metrics).toMatchObject({
    totals: { accepted: 3, accepted_by_signal: { logs: 1, metrics: 0, apm: 2 } },
    kinesis: { records: 3 },
    streams: [
      { name: "logs", signals: ["logs"], kinesis: { records: 1 } },
      { name: "metrics", signals: ["metrics", "apm"], kinesis: { records: 2 } },
    ],
  });
  const text = await (await app.request("/metrics")).text();
  expect(text).toContain('ingest_signal_events_accepted_total{signal="apm"} 2');
  expect(text).toContain('ingest_stream_records_total{stream="metrics"} 2');
  expect(text).toContain("kinesis_records_total 3");
});

test("the same key and body on another path is another batch under a used key", async () => {
  const { send, metricsStored } = setUp();
  const keyed = { ...JSON_TYPE, "idempotency-key": "once" };
  expect((await send('{"a":1}', keyed, "/api/ingest/metrics")).status).toBe(200);
  const again = await send('{"a":1}', keyed, "/api/ingest/metrics");
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  for (const path of ["/api/ingest/apm", "/api/ingest/batch"])
    expect((await send('{"a":1}', keyed, path)).status).toBe(422);
  expect(metricsStored).toHaveLength(1);
});

test("the room that a route takes of the partition key counts against an item's size", async () => {
  const { send } = setUp({}, { packBytes: 0 });
  const size = (bytes: number) => `{"service":"a","m":"${"x".repeat(bytes - 22)}"}`;
  const most = 1024 * 1024 - "metrics/a".length;
  expect((await send(size(most), JSON_TYPE, "/api/ingest/metrics")).status).toBe(200);
  expect((await send(size(most + 1), JSON_TYPE, "/api/ingest/metrics")).status).toBe(413);
  expect((await send(size(most + 1))).status).toBe(200);
});
