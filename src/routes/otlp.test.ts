import { gzipSync } from "node:zlib";
import { handle, type LambdaEvent } from "hono/aws-lambda";
import { expect, test } from "vitest";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { INGEST_MAX_BODY_BYTES, INGEST_MAX_DECODED_BYTES } from "../shared/core/limits.ts";
import { silentLogger } from "../shared/core/logger.ts";
import { message, one } from "../shared/core/otlp/message-type.ts";
import { readProtobuf } from "../shared/core/otlp/read-protobuf.ts";
import type { EntryResult, RecordEntry, RecordWriter } from "../shared/core/ports.ts";
import { createPutRecordsEngine, type EngineOptions } from "../shared/core/put-records-engine.ts";
import type { StreamIntake } from "../shared/core/signal-door.ts";
import { createIngestRoutes, type IngestDeps } from "./ingest.ts";

const gzip = (body: string | Uint8Array) => new Uint8Array(gzipSync(body));

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

type Answer = {
  partialSuccess?: Record<string, string>;
  code?: number;
  message?: string;
  details?: unknown[];
};

type Planned = {
  /** Code for an entry that is refused. */
  verdict?: (entry: RecordEntry) => string | undefined;
  engine?: Partial<EngineOptions>;
  deps?: Partial<IngestDeps>;
  ledger?: StreamIntake["ledger"];
};

const setUp = ({ verdict = () => undefined, engine = {}, deps = {}, ledger }: Planned = {}) => {
  const stored: string[] = [];
  const intakeOf = (name: string): StreamIntake => {
    const writer: RecordWriter = {
      putRecords: async (entries) =>
        entries.map((entry): EntryResult => {
          const code = verdict(entry);
          if (code !== undefined) return { ok: false, code, message: "planned" };
          for (const line of new TextDecoder().decode(entry.data).split("\n"))
            stored.push(`${name} ${entry.partitionKey} ${line}`);
          return { ok: true, sequenceNumber: String(stored.length), shardId: "shardId-0" };
        }),
    };
    return {
      name,
      ledger,
      engine: createPutRecordsEngine(
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
          packBytes: 0,
          maxQueueBytes: 4_000_000,
          requestDeadlineMs: 150,
          ...engine,
        },
      ),
    };
  };
  const app = createIngestRoutes({
    streams: { logs: intakeOf("logs"), metrics: intakeOf("metrics") },
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log: silentLogger,
    maxBodiesBytes: 4_000_000,
    ...deps,
  });
  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    path = "/v1/logs",
    headers: Record<string, string> = { "content-type": JSON_TYPE },
  ) => {
    const request = new Request(`http://ingest${path}`, { method: "POST", body, headers });
    return await app.request(request);
  };
  const send = async (...args: Parameters<typeof post>) => {
    const response = await post(...args);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer,
    };
  };
  return { app, post, send, stored };
};

const logsOf = (...messages: string[]): string =>
  JSON.stringify({
    resourceLogs: messages.map((text) => ({
      resource: { attributes: [{ key: "service.name", value: { stringValue: `svc-${text}` } }] },
      scopeLogs: [{ logRecords: [{ body: { stringValue: text } }] }],
    })),
  });

const statusMessage = message("Status", { code: one(1, "int32"), message: one(2, "string") });
const readStatus = async (response: Response) =>
  readProtobuf(new Uint8Array(await response.arrayBuffer()), statusMessage);

test("each path goes to the stream of its signal, under the key of its service", async () => {
  const { send, stored } = setUp();
  expect((await send(logsOf("a"))).body).toEqual({});
  await send(
    '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"9007199254740993"}]}}]}]}]}',
    "/v1/metrics",
  );
  await send(
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}',
    "/v1/traces",
  );
  expect(stored).toEqual([
    'logs svc-a {"service":"svc-a","message":"a","resource":{"attributes":{"service.name":"svc-a"}}}',
    'metrics metrics/unknown {"service":"unknown","name":"m","type":"gauge","value":9007199254740993}',
    'metrics apm/unknown {"service":"unknown","name":"","kind":"UNSPECIFIED","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","status":"UNSET"}',
  ]);
});

test("the answer has the content type of the request, and is empty where all was taken", async () => {
  const { post } = setUp();
  for (const [type, body] of [
    [JSON_TYPE, "{}"],
    [`${JSON_TYPE}; charset=utf-8`, "{}"],
    [PROTOBUF_TYPE, ""],
    ["application/protobuf", ""],
  ] as const)
    for (const path of ["/v1/logs", "/v1/metrics", "/v1/traces"]) {
      const response = await post(body, path, { "content-type": type });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(type.split(";")[0]);
      expect(await response.text()).toBe(body);
    }
});

test("gzip is undone, and what is no gzip is 400", async () => {
  const { send, stored } = setUp();
  const headers = { "content-type": JSON_TYPE, "content-encoding": "gzip" };
  expect((await send(gzip(logsOf("a")), "/v1/logs", headers)).status).toBe(200);
  expect(stored).toHaveLength(1);
  const { status, body } = await send(logsOf("a"), "/v1/logs", headers);
  expect([status, body.code]).toEqual([400, 3]);
  expect(body.details).toEqual([
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: [{ description: body.message }],
    },
  ]);
});

test("items that can never be taken are counted in partial_success, and the others are kept", async () => {
  const { send, stored } = setUp();
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[{},{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"},{"name":7}]}]}]}`;
  const { status, body: answer } = await send(body, "/v1/traces");
  expect(status).toBe(200);
  expect(answer.partialSuccess).toEqual({
    rejectedSpans: "2",
    errorMessage: expect.stringMatching(/^2 of 3 spans refused.*0: .*trace id.*2: .*name/),
  });
  expect(stored).toHaveLength(1);
});

test("a request of which nothing can be taken is 400, or 413 where it is too large", async () => {
  const { send, post } = setUp();
  const allBad = await send('{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}', "/v1/traces");
  expect([allBad.status, allBad.body.code]).toEqual([400, 3]);
  expect((await send("{")).status).toBe(400);
  expect((await send(logsOf("x".repeat(1_048_576)))).status).toBe(413);
  const declared = await post("{}", "/v1/logs", {
    "content-type": JSON_TYPE,
    "content-length": String(INGEST_MAX_BODY_BYTES + 1),
  });
  expect(declared.status).toBe(413);
  const bomb = gzip(new Uint8Array(INGEST_MAX_DECODED_BYTES + 1));
  const headers = { "content-type": PROTOBUF_TYPE, "content-encoding": "gzip" };
  expect((await post(bomb, "/v1/logs", headers)).status).toBe(413);
  const batch = setUp({ engine: { maxQueueBytes: 100 } });
  expect((await batch.send(logsOf("a"))).status).toBe(413);
});

test("a refusal is a google.rpc.Status in the encoding of the request", async () => {
  const { post } = setUp();
  const response = await post("{", "/v1/traces", { "content-type": PROTOBUF_TYPE });
  expect(response.status).toBe(400);
  expect(response.headers.get("content-type")).toBe(PROTOBUF_TYPE);
  const { code, message: text } = await readStatus(response);
  expect(code).toBe(3);
  expect(text).toContain("protobuf");
});

test("another content type or encoding is 415, another method 405", async () => {
  const { app, send } = setUp();
  for (const headers of [
    { "content-type": "text/plain" },
    { "content-type": "application/x-ndjson" },
    { "content-type": JSON_TYPE, "content-encoding": "br" },
  ] as Record<string, string>[]) {
    const { status, body } = await send("{}", "/v1/logs", headers);
    expect(status).toBe(415);
    expect(body.message).not.toBe("");
  }
  const get = await app.request("/v1/logs");
  expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  expect(await get.json()).toMatchObject({ code: 12 });
});

test("the refusals of the door are a Status as well, and keep their headers", async () => {
  const { post, send } = setUp({
    deps: { token: "correct-horse-battery", hosts: { host: "127.0.0.1", others: ["ingest"] } },
  });
  const refused = await post("", "/v1/logs", { "content-type": PROTOBUF_TYPE });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain("Bearer");
  expect(refused.headers.get("content-type")).toBe(PROTOBUF_TYPE);
  expect(await readStatus(refused)).toMatchObject({ code: 16 });
  const known = { "content-type": JSON_TYPE, authorization: "Bearer correct-horse-battery" };
  expect((await send("{}", "/v1/logs", known)).status).toBe(200);
  const elsewhere = setUp({ deps: { hosts: { host: "127.0.0.1", others: [] } } });
  expect((await elsewhere.send("{}")).status).toBe(421);
});

test("where some can only be taken later the whole request is 503, and the retry adds just those", async () => {
  let isFull = true;
  const { send, stored } = setUp({
    verdict: ({ partitionKey }) =>
      isFull && partitionKey === "svc-b" ? "ProvisionedThroughputExceededException" : undefined,
  });
  const body = logsOf("a", "b", "c");
  const first = await send(body);
  expect([first.status, first.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(first.body).toMatchObject({ code: 14, message: expect.stringContaining("1: THROTTLED") });
  const keys = () => stored.map((line) => line.split(" ")[1]).sort();
  expect(keys()).toEqual(["svc-a", "svc-c"]);
  const second = await send(body);
  expect(second.status).toBe(503);
  isFull = false;
  const third = await send(body);
  expect([third.status, third.body]).toEqual([200, {}]);
  expect(keys()).toEqual(["svc-a", "svc-b", "svc-c"]);
  // Not a retry any more: nothing had been refused.
  expect((await send(body)).status).toBe(200);
  expect(keys()).toEqual(["svc-a", "svc-a", "svc-b", "svc-b", "svc-c", "svc-c"]);
});

test("a retry that is complete still says what can never be taken", async () => {
  let isFull = true;
  const { send } = setUp({
    verdict: ({ partitionKey }) =>
      isFull && partitionKey === "svc-b" ? "InternalFailure" : undefined,
  });
  const body = logsOf("a", "b").replace(/\]\}$/, ',{"scopeLogs":[{"logRecords":[{"body":1}]}]}]}');
  expect((await send(body)).status).toBe(503);
  isFull = false;
  const { status, body: answer } = await send(body);
  expect(status).toBe(200);
  expect(answer.partialSuccess).toMatchObject({ rejectedLogRecords: "1" });
});

test("a full queue is 429 with Retry-After, and nothing is sent", async () => {
  const { send, stored } = setUp({
    verdict: () => "ProvisionedThroughputExceededException",
    engine: { maxQueueBytes: 500 },
  });
  const answers = await Promise.all([send(logsOf("a")), send(logsOf("b"))]);
  // Which of the two is read first is the runtime's choice.
  const [refused, waiting] = answers.sort((a, b) => a.status - b.status);
  const code = refused?.body.code;
  expect([refused?.status, refused?.headers.get("retry-after"), code]).toEqual([429, "1", 8]);
  expect(waiting?.status).toBe(503);
  expect(stored).toEqual([]);
});

test("what fails unexpectedly is 503, since clients drop what is answered with 500", async () => {
  const { send } = setUp({
    ledger: {
      record: async () => {
        throw new Error("disk");
      },
      settle: () => {},
    } as unknown as NonNullable<StreamIntake["ledger"]>,
  });
  const { status, headers, body } = await send(logsOf("a"));
  expect([status, headers.get("retry-after"), body.code]).toEqual([503, "2", 14]);
});

test("with Kinesis disabled the answer warns that nothing was stored", async () => {
  const nowhere = { name: "logs", engine: undefined };
  const { send } = setUp({ deps: { streams: { logs: nowhere, metrics: nowhere } } });
  const { status, body } = await send(logsOf("a"));
  expect(status).toBe(200);
  expect(body.partialSuccess).toEqual({
    rejectedLogRecords: "0",
    errorMessage: expect.stringContaining("disabled"),
  });
});

test("OTLP items count in the totals of the interface", async () => {
  const { app, send } = setUp();
  await send(logsOf("a", "b"));
  const { totals } = (await (await app.request("/api/metrics")).json()) as { totals: object };
  expect(totals).toMatchObject({ requests: 1, received: 2, accepted: 2, rejected: 0 });
});

test("behind Lambda a protobuf request and its answer travel as base64", async () => {
  const { app, stored } = setUp();
  // One log record, `body` "a", and one whose body is cut short.
  const bytes = Uint8Array.of(10, 14, 18, 12, 18, 5, 42, 3, 10, 1, 97, 18, 3, 42, 9, 10);
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/v1/logs",
    rawQueryString: "",
    headers: { "content-type": PROTOBUF_TYPE, host: "ingest" },
    body: btoa(String.fromCharCode(...bytes)),
    isBase64Encoded: true,
    requestContext: { domainName: "ingest", http: { method: "POST", path: "/v1/logs" } },
  } as unknown as LambdaEvent;
  const answer = await handle(app)(event);
  expect(stored).toEqual(['logs unknown {"service":"unknown","message":"a"}']);
  expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: true });
  // Field 1, partial_success; in it field 1, one log record rejected.
  expect([...atob(answer.body)].map((c) => c.charCodeAt(0)).filter((_, at) => at !== 1)).toEqual(
    expect.arrayContaining([10, 8, 1, 18]),
  );
});
