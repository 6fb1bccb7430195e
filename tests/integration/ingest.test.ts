import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import { startIngest } from "../../src/local/ingest-server.ts";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { loadConfig } from "../../src/shared/core/config.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const directory = mkdtempSync(path.join(tmpdir(), "ingest-"));
let aws: LocalAws;
let kinesis: KinesisClient;
let streamCount = 0;

beforeAll(async () => {
  aws = await startLocalAws({ directory, port: 0 });
  kinesis = createKinesisClient({ region: "us-east-1", endpoint: aws.url });
});

afterAll(async () => {
  kinesis.destroy();
  await aws.close();
  rmSync(directory, { recursive: true, force: true });
});

const newStream = async (shards = 2): Promise<string> => {
  streamCount += 1;
  const StreamName = `ingest-${process.pid}-${streamCount}`;
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: shards }));
  await waitUntilStreamExists({ client: kinesis, maxWaitTime: 10, minDelay: 1 }, { StreamName });
  return StreamName;
};

/** Every line in the stream, shard by shard in the order of the shard. */
const linesIn = async (StreamName: string): Promise<string[]> => {
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }));
  const lines: string[] = [];
  for (const { ShardId } of Shards) {
    const { ShardIterator: first } = await kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    let iterator = first;
    for (;;) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const { Data } of page.Records ?? [])
        lines.push(...new TextDecoder().decode(Data).split("\n"));
      if (page.MillisBehindLatest === 0) break;
      iterator = page.NextShardIterator;
    }
  }
  return lines;
};

const configFor = (stream: string, extra: Record<string, string> = {}) =>
  loadConfig({
    AWS_ENDPOINT_URL: aws.url,
    KINESIS_STREAM_NAME: stream,
    SPOOL_DIR: path.join(directory, "spool"),
    ...extra,
  });

const startOn = async (stream: string, extra: Record<string, string> = {}): Promise<string> => {
  const part = await startIngest({ config: configFor(stream, extra), log: silentLogger }, 0);
  onTestFinished(() => part.close());
  return String(part.ready.url);
};

type Answer = {
  accepted: number;
  errors: { index: number; code: string; retryable: boolean }[];
};

const post = async (url: string, body: string): Promise<{ status: number; answer: Answer }> => {
  const response = await fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: response.status, answer: (await response.json()) as Answer };
};

const logLine = (service: string, id: number): string =>
  `{"service":"${service}","id":${id},"ratio":1.0,"big":9007199254740993}`;

test("accepted logs are in the stream byte for byte, each service in its order", async () => {
  const stream = await newStream();
  const url = await startOn(stream);
  const services = ["auth-service", "payment-service", "thanh toán/đơn"];
  const lines = Array.from({ length: 300 }, (_, id) => logLine(services[id % 3] ?? "", id));
  for (let from = 0; from < lines.length; from += 100) {
    const { status, answer } = await post(url, `{"logs":[${lines.slice(from, from + 100)}]}`);
    expect([status, answer.accepted]).toEqual([200, 100]);
  }
  const stored = await linesIn(stream);
  expect([...stored].sort()).toEqual([...lines].sort());
  for (const service of services)
    expect(stored.filter((line) => line.includes(service))).toEqual(
      lines.filter((line) => line.includes(service)),
    );
});

test("under faults of single records and whole calls nothing accepted is missing", async () => {
  const stream = await newStream();
  const url = await startOn(stream, { REQUEST_DEADLINE_MS: "3000" });
  const throttle = { code: "ProvisionedThroughputExceededException" };
  aws.faults.add({
    service: "kinesis",
    operation: "PutRecords.entry",
    resource: stream,
    probability: 0.3,
    action: throttle,
  });
  for (const action of [{ code: "InternalFailure", status: 500 }, { reset: true }, throttle])
    aws.faults.add({
      service: "kinesis",
      operation: "PutRecords",
      resource: stream,
      probability: 0.05,
      action,
    });
  onTestFinished(() => aws.faults.clear());
  const accepted: string[] = [];
  const refused: string[] = [];
  const sender = async (name: number): Promise<void> => {
    for (let batch = 0; batch < 10; batch += 1) {
      const lines = Array.from({ length: 20 }, (_, id) =>
        logLine(`service-${id % 5}`, name * 1_000_000 + batch * 1_000 + id),
      );
      const { status, answer } = await post(url, `[${lines}]`);
      const failed = new Set(answer.errors.map(({ index }) => index));
      expect([200, 207, 503]).toContain(status);
      expect(answer.accepted).toBe(lines.length - failed.size);
      for (const [index, line] of lines.entries())
        (failed.has(index) ? refused : accepted).push(line);
    }
  };
  await Promise.all([1, 2, 3, 4].map(sender));
  // After a reset ingest waits before it looks a last time; until then the logs are on the disk.
  await poll("the spool is empty", async () => {
    const metrics = (await (await fetch(`${url}/api/metrics`)).json()) as {
      spool: { logs: number };
    };
    return metrics.spool.logs === 0;
  });
  const stored = await linesIn(stream);
  expect(accepted.length + refused.length).toBe(800);
  expect(accepted.length).toBeGreaterThan(400);
  const storedSet = new Set(stored);
  expect(accepted.filter((line) => !storedSet.has(line))).toEqual([]);
  // Every one of these faults says that nothing was stored, so nothing may be there twice.
  expect(storedSet.size).toBe(stored.length);
});

test("without its stream the answer is 503 at once, and says why", async () => {
  const url = await startOn("no-such-stream");
  const { status, answer } = await post(url, "[{}]");
  expect(status).toBe(503);
  expect(answer.errors).toMatchObject([{ index: 0, code: "STREAM_NOT_FOUND", retryable: true }]);
});

test("without an endpoint and a spool the answer is 503 within the deadline, and health says so", async () => {
  const [port] = await freePorts(1);
  const url = await startOn("logs", {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    REQUEST_DEADLINE_MS: "500",
    SPOOL_MAX_BYTES: "0",
  });
  const { status, answer } = await post(url, "[{}]");
  expect(status).toBe(503);
  expect(answer.errors).toMatchObject([{ code: "UNAVAILABLE", retryable: true }]);
  expect((await fetch(`${url}/health`)).status).toBe(503);
});

test("a client that leaves in the middle of its body disturbs nobody", async () => {
  const url = await startOn(await newStream(1));
  for (let turn = 0; turn < 5; turn += 1) {
    const request = http.request(`${url}/api/ingest/batch`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": "100000" },
    });
    request.on("error", () => {});
    request.write('{"logs":[');
    await new Promise<void>((resolve) => request.once("socket", (s) => s.once("connect", resolve)));
    request.destroy();
  }
  expect((await post(url, "[{}]")).status).toBe(200);
});

test("closing answers what was taken first", async () => {
  const stream = await newStream(1);
  const part = await startIngest({ config: configFor(stream), log: silentLogger }, 0);
  aws.faults.add({
    service: "kinesis",
    operation: "PutRecords",
    resource: stream,
    times: 1,
    action: { delayMs: 300 },
  });
  const url = String(part.ready.url);
  const answer = post(url, '[{"a":1}]');
  await vi.waitFor(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain("kinesis_calls_in_flight 1");
  });
  await part.close();
  expect((await answer).status).toBe(200);
  expect(await linesIn(stream)).toEqual(['{"a":1}']);
});

test("the Lambda entry answers an HTTP API event after PutRecords", async () => {
  const stream = await newStream(1);
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
  vi.stubEnv("AUTH", "none");
  vi.stubEnv("KINESIS_STREAM_NAME", stream);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const { handler } = await import("../../src/handlers/ingest.ts");
  const line = logLine("a", 1);
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/api/ingest/batch",
    rawQueryString: "",
    headers: { "content-type": "application/x-ndjson", host: "x" },
    requestContext: { http: { method: "POST", path: "/api/ingest/batch" }, domainName: "x" },
    body: Buffer.from(`${line}\nnope\n`).toString("base64"),
    isBase64Encoded: true,
  };
  const result = await handler(event as unknown as Parameters<typeof handler>[0]);
  expect(result.statusCode).toBe(207);
  expect(JSON.parse(String(result.body))).toMatchObject({ count: 1, rejected: 1 });
  expect(await linesIn(stream)).toEqual([line]);
});

const ended = (child: ChildProcess): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    child.once("close", (code) => resolve({ code, output }));
  });

test("a taken port ends the process with one sentence that names the setting", async () => {
  const [port] = await freePorts(1);
  const other = http.createServer().listen(port, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  onTestFinished(() => {
    other.close();
  });
  const child = spawn(process.execPath, [path.join(root, ".build/ingest.js")], {
    env: {
      ...process.env,
      INGEST_PORT: String(port),
      AWS_ENDPOINT_URL: aws.url,
      SPOOL_DIR: path.join(directory, "spool"),
    },
  });
  const { code, output } = await ended(child);
  expect(code).toBe(1);
  expect(output).toContain(`Port ${port} on 127.0.0.1 is taken: set INGEST_PORT to another one.`);
});

test("the process says where it listens and ends cleanly on SIGTERM", async () => {
  const [port] = await freePorts(1);
  const stream = await newStream(1);
  const child = spawn(process.execPath, [path.join(root, ".build/ingest.js")], {
    env: {
      ...process.env,
      INGEST_PORT: String(port),
      AWS_ENDPOINT_URL: aws.url,
      KINESIS_STREAM_NAME: stream,
      SPOOL_DIR: path.join(directory, "spool"),
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const exit = ended(child);
  const ready = await new Promise<{ url?: string }>((resolve) =>
    child.once("message", (message) => resolve(message as { url?: string })),
  );
  expect(ready.url).toBe(`http://127.0.0.1:${port}`);
  expect((await post(String(ready.url), "[{}]")).status).toBe(200);
  child.kill("SIGTERM");
  expect((await exit).code).toBe(0);
});
