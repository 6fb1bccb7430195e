import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import {
  CreateStreamCommand,
  SplitShardCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startDashboard } from "../../src/local/dashboard-server.ts";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import type { Part } from "../../src/local/part.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { loadConfig } from "../../src/shared/core/config.ts";
import { shardStateKey } from "../../src/shared/core/consumer-state.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";

const BUCKET = "md-raw-logs";
const STREAM = "stage01-logs-stream";
const HOUR = "service=auth/year=2025/month=11/day=14/hour=01";
const LOG =
  '{"id":9007199254740993,"ratio":1.0,"level":"ERROR","message":"<script>alert(1)</script>"}';
const ODD_KEYS = [
  "odd/a+b c%20d",
  "odd/a/../b",
  "odd/./c",
  "odd//d",
  "odd/?x=1#y&z",
  "odd/thanh toán/đơn 🚚",
  'odd/"><img src=x onerror=alert(1)>',
  "odd/100%",
];

let aws: LocalAws;
let dashboard: Part;
let url: string;
let directory: string;
let put: (key: string, body: string | Uint8Array) => Promise<unknown>;

const start = async (env: Record<string, string>): Promise<Part> =>
  startDashboard({ config: loadConfig({ POLL_INTERVAL: "1", ...env }), log: silentLogger }, 0);

const get = async (address: string) => {
  const response = await fetch(address);
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
};

/** Sends the path as it is: fetch would resolve its dots. */
const getRaw = (base: string, target: string, headers: Record<string, string> = {}) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(base);
    const request = http.get({ hostname, port, path: target, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject);
  });

const putState = (changes: object) =>
  put(
    shardStateKey(STREAM, "shardId-000000000001"),
    JSON.stringify({
      version: 1,
      stream: STREAM,
      shardId: "shardId-000000000001",
      streamCreatedAt: new Date().toISOString(),
      parentShardIds: [],
      sequenceNumber: "1",
      drained: false,
      records: 12,
      lines: 34,
      bytes: 5_600,
      parts: 3,
      quarantined: 1,
      failedBatches: 0,
      lastBatchAt: new Date().toISOString(),
      lastBatchRecords: 12,
      lastPolledAt: new Date().toISOString(),
      millisBehindLatest: 250,
      error: null,
      ...changes,
    }),
  );

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "dashboard-"));
  aws = await startLocalAws({ directory, port: 0 });
  const options = { region: "us-east-1", endpoint: aws.url };
  const kinesis = createKinesisClient(options);
  const s3 = createS3Client(options);
  put = (Key, Body) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, Metadata: { records: "2" } }));

  await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 2 }));
  const ready = { client: kinesis, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 };
  await waitUntilStreamExists(ready, { StreamName: STREAM });
  await kinesis.send(
    new SplitShardCommand({
      StreamName: STREAM,
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: "85070591730234615865843651857942052864",
    }),
  );
  await waitUntilStreamExists(ready, { StreamName: STREAM });
  kinesis.destroy();

  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(`${HOUR}/part-1.jsonl`, `${LOG}\nnot json\n`);
  await put(`${HOUR}/part-2.jsonl.gz`, gzipSync(`${LOG}\n`.repeat(50_000)));
  await put(`${HOUR}/empty.jsonl`, "");
  await put("_quarantine/reason=not_json/year=2025/month=11/day=14/hour=01/part-1.jsonl", "{}\n");
  for (const key of ODD_KEYS) await put(key, `{"me":${JSON.stringify(key)}}\n`);
  await putState({});

  dashboard = await start({ AWS_ENDPOINT_URL: aws.url });
  url = dashboard.ready.url ?? "";
});

afterAll(async () => {
  await dashboard.close();
  await aws.close();
  await rm(directory, { recursive: true, force: true });
});

test("the summary holds the real figures of all three", async () => {
  await putState({});
  const { body } = await get(`${url}/api/stats/summary`);
  expect(body).toMatchObject({
    kinesis: { total_streams: 1, active_streams: 1, error: null },
    s3: {
      total_buckets: 1,
      total_objects: 3 + ODD_KEYS.length,
      quarantine_objects: 1,
      state_objects: 1,
      is_complete: true,
    },
    consumer: {
      status: "running",
      records_processed: 12,
      lines_stored: 34,
      millis_behind_latest: 250,
      last_poll: expect.stringMatching(/^\d{4}-.*Z$/),
    },
    timestamp: expect.stringMatching(/Z$/),
  });
});

test("the consumer is failing or stopped as soon as its state says so", async () => {
  const statusOf = async () => {
    const { body } = await get(`${url}/api/stats/summary`);
    return (body.consumer as { status: string }).status;
  };
  const since = new Date(Date.now() - 60_000).toISOString();
  await putState({ error: { code: "HANDLER_FAILED", message: "no", since } });
  await poll("failing", async () => (await statusOf()) === "failing");
  await putState({ lastPolledAt: since });
  await poll("stopped", async () => (await statusOf()) === "stopped");
  await putState({});
  await poll("running", async () => (await statusOf()) === "running");
});

test("streams and shards are listed, those closed by a reshard too", async () => {
  expect((await get(`${url}/api/kinesis/streams`)).body).toMatchObject({
    streams: [{ name: STREAM, status: "ACTIVE", shard_count: 3, retention_hours: 24, error: null }],
    total: 1,
    active: 1,
  });
  const { body } = await get(`${url}/api/kinesis/stream/${STREAM}/metrics`);
  expect(body).toMatchObject({
    stream_name: STREAM,
    status: "ACTIVE",
    arn: expect.stringContaining(`:stream/${STREAM}`),
    retention_hours: 24,
    encryption: "NONE",
    shard_count: 4,
    open_shard_count: 3,
  });
  const shards = body.shards as { shard_id: string; status: string; hash_share_percent: number }[];
  expect(shards.map(({ status, hash_share_percent }) => [status, hash_share_percent])).toEqual([
    ["CLOSED", 50],
    ["OPEN", 50],
    ["OPEN", 25],
    ["OPEN", 25],
  ]);
  expect((await get(`${url}/api/kinesis/stream/nope/metrics`)).status).toBe(404);
});

test("buckets, objects and partitions agree with each other", async () => {
  const total = 3 + ODD_KEYS.length;
  expect((await get(`${url}/api/s3/buckets`)).body).toMatchObject({
    buckets: [{ name: BUCKET, object_count: total, quarantine_objects: 1, error: null }],
    total_buckets: 1,
    total_objects: total,
  });
  expect((await get(`${url}/api/s3/bucket/${BUCKET}/partitions`)).body).toMatchObject({
    services: ["auth"],
    service_count: 1,
    dates: ["2025-11-14"],
    date_count: 1,
    total_objects: total,
    unpartitioned_objects: ODD_KEYS.length,
    is_complete: true,
  });
  expect(
    (await get(`${url}/api/s3/bucket/${BUCKET}/objects?prefix=${HOUR}/part-1`)).body,
  ).toMatchObject({
    objects: [
      {
        key: `${HOUR}/part-1.jsonl`,
        size: LOG.length + 10,
        size_kb: 0.1,
        storage_class: "STANDARD",
      },
    ],
    count: 1,
    is_truncated: false,
    next_cursor: null,
  });
});

test("paging by cursor gives every key once, flat and by folder", async () => {
  for (const delimiter of ["", "&delimiter=/"]) {
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof get>> = await get(
        `${url}/api/s3/bucket/${BUCKET}/objects?max_keys=2&prefix=odd/${delimiter}&cursor=${cursor}`,
      );
      expect(page.status).toBe(200);
      seen.push(...(page.body.objects as { key: string }[]).map(({ key }) => key));
      seen.push(...((page.body.prefixes as string[] | undefined) ?? []));
      cursor = page.body.next_cursor as string | null;
    }
    expect(new Set(seen).size).toBe(seen.length);
    if (delimiter === "") expect(new Set(seen)).toEqual(new Set(ODD_KEYS));
    else expect(seen).toContain("odd//");
  }
});

test("any key opens its own object, encoded whole in the path or given in the query", async () => {
  for (const key of ODD_KEYS) {
    const encoded = encodeURIComponent(key);
    for (const target of [
      `/api/s3/object/${BUCKET}/_?key=${encoded}`,
      `/api/s3/object/${BUCKET}/${encoded}`,
    ]) {
      const { status, text } = await getRaw(url, target);
      expect([target, status]).toEqual([target, 200]);
      expect(JSON.parse(text)).toMatchObject({ key, logs: [{ me: key }] });
    }
    const page = await fetch(`${url}/objects?bucket=${BUCKET}&key=${encoded}`);
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain("<img");
  }
});

test("lines are the stored bytes, out of gzip too, and no more of an object is read than asked for", async () => {
  const plain = await get(`${url}/api/s3/object/${BUCKET}/${HOUR}/part-1.jsonl?lines=5`);
  expect(plain.text).toContain(`"logs":[${LOG},{"raw":"not json"}]`);
  expect(plain.body).toMatchObject({ lines_requested: 5, lines_returned: 2, stopped_by: "end" });
  const packed = await get(`${url}/api/s3/object/${BUCKET}/${HOUR}/part-2.jsonl.gz?lines=3`);
  expect(packed.text).toContain(`"logs":[${LOG},${LOG},${LOG}]`);
  expect(packed.body).toMatchObject({ is_compressed: true, stopped_by: "lines" });
  expect(packed.body.bytes_read).toBeLessThan(100_000);
  const empty = await get(`${url}/api/s3/object/${BUCKET}/${HOUR}/empty.jsonl`);
  expect(empty.body).toMatchObject({ lines_returned: 0, logs: [], stopped_by: "end" });
  expect((await get(`${url}/api/s3/object/${BUCKET}/${HOUR}/nope`)).status).toBe(404);
  expect((await get(`${url}/api/s3/object/no-such-bucket/x`)).status).toBe(404);
});

test("a cursor that no page gave is a bad request, not a broken store", async () => {
  const token = Buffer.from(JSON.stringify({ token: "made up" })).toString("base64url");
  const answer = await get(`${url}/api/s3/bucket/${BUCKET}/objects?delimiter=/&cursor=${token}`);
  expect(answer).toMatchObject({ status: 400, body: { parameter: "cursor" } });
});

test("a store that fails shows in its own part only, and is back when it is back", async () => {
  aws.faults.add({ service: "kinesis", action: { code: "InternalFailure", status: 500 } });
  onTestFinished(() => aws.faults.clear());
  const own = await start({ AWS_ENDPOINT_URL: aws.url });
  onTestFinished(() => own.close());
  const base = own.ready.url ?? "";
  expect((await get(`${base}/api/stats/summary`)).body).toMatchObject({
    kinesis: { total_streams: null, error: expect.stringContaining("Kinesis cannot be reached") },
    s3: { total_buckets: 1, error: null },
  });
  expect((await get(`${base}/api/kinesis/streams`)).status).toBe(503);
  expect((await fetch(base)).status).toBe(200);
  aws.faults.clear();
  expect((await get(`${base}/api/kinesis/streams`)).status).toBe(200);
});

test("with nothing at the endpoint it still starts, answers and says what to check", async () => {
  const [port] = await freePorts(1);
  const own = await start({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
  onTestFinished(() => own.close());
  const base = own.ready.url ?? "";
  expect((await get(`${base}/health`)).body).toMatchObject({
    status: "ok",
    service: "stage01-dashboard",
  });
  expect(await get(`${base}/api/s3/buckets`)).toMatchObject({
    status: 503,
    body: { detail: expect.stringMatching(/ECONNREFUSED.*AWS_ENDPOINT_URL/) },
  });
  expect(await (await fetch(base)).text()).toContain("S3 cannot be reached");
});

test("a request under a foreign name is refused", async () => {
  const { status } = await getRaw(url, "/api/s3/buckets", { host: "evil.example" });
  expect(status).toBe(421);
});

test("a taken port is one sentence that names the variable to set", async () => {
  const port = Number(new URL(url).port);
  const config = loadConfig({ AWS_ENDPOINT_URL: aws.url });
  await expect(startDashboard({ config, log: silentLogger }, port)).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken: set DASHBOARD_PORT to another one.`,
  );
});

test("Prometheus finds the consumer's lag and totals", async () => {
  await putState({});
  const text = await (await fetch(`${url}/metrics`)).text();
  const labels = `{stream="${STREAM}",shard="shardId-000000000001"}`;
  expect(text).toContain(`consumer_millis_behind_latest${labels} 250\n`);
  expect(text).toContain(`bucket_data_objects{bucket="${BUCKET}"} ${3 + ODD_KEYS.length}\n`);
});
