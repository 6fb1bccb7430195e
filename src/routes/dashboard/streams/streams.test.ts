import { expect, test } from "vitest";
import {
  createTestDashboard,
  memoryStreams,
  NOW,
} from "../../../../tests/support/dashboard-app.ts";
import { createMemoryStream, type MemoryStream } from "../../../../tests/support/memory-stream.ts";
import { poll } from "../../../../tests/support/poll.ts";
import { createCodec } from "../../../shared/aws/codec.ts";
import { createMemo } from "../../../shared/core/dashboard/memo.ts";
import type { StreamCatalog } from "../../../shared/core/dashboard/ports.ts";
import { createRecordReader } from "../../../shared/core/dashboard/streams/read-records.ts";
import { toRecordView } from "../../../shared/core/dashboard/streams/record-view.ts";
import { createShardRates } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import { createTailHub } from "../../../shared/core/dashboard/streams/tail-hub.ts";

const FIRST = "shardId-000000000000";
const SECOND = "shardId-000000000001";
const STREAM = "/api/kinesis/stream/logs";
const BIG = '{"id":9007199254740993,"a":1.0,"e":1e3,"k":1,"k":2}';
const HOSTILE =
  '</pre><script>alert(1)</script><img src=x onerror="alert(2)">\u202etxt.exe\u001b[31m';

const catalogOf = (stream: MemoryStream): StreamCatalog => ({
  ...memoryStreams(["logs"]),
  listShards: async () => ({
    isComplete: true,
    items: (await stream.source.listShards("logs", new AbortController().signal)).map(
      ({ shardId, parentShardIds }) => ({
        shardId,
        parentShardId: parentShardIds[0],
        adjacentParentShardId: parentShardIds[1],
        startingHashKey: "0",
        endingHashKey: "340282366920938463463374607431768211455",
        startingSequenceNumber: "49600000000000000000000",
        endingSequenceNumber: undefined,
      }),
    ),
  }),
});

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", end, { once: true });
  });

const createWorld = (shards = 1, now: () => number = () => NOW) => {
  const stream = createMemoryStream("logs", shards, now);
  const catalog = catalogOf(stream);
  const codec = createCodec();
  const { source } = stream;
  const tail = createTailHub(
    {
      source,
      listShards: catalog.listShards,
      view: (shard, record) =>
        toRecordView(shard, record, codec, { maxRawBytes: 0, withLines: true }),
      sleep,
      now,
      random: Math.random,
      onError: () => {},
    },
    { pollMs: 20, lingerMs: 20, batchMs: 5 },
  );
  const records = createRecordReader({
    catalog,
    source,
    codec,
    shardsMemo: createMemo(0, now),
    now,
  });
  const app = createTestDashboard(
    { streams: catalog },
    {
      streams: {
        records,
        tail,
        rates: createShardRates({ source, now }),
        consumerSource: "checkpoint",
        freshMs: 15_000,
      },
    },
  );
  const get = async (path: string) => {
    const answer = await app.request(`http://localhost${path}`);
    const text = await answer.text();
    const isJson = answer.headers.get("content-type")?.includes("json") ?? false;
    return {
      status: answer.status,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Record<string, never>,
    };
  };
  return { stream, app, get, tail };
};

type Answer = { records: { seq: string; shard: string; raw: string }[]; nextCursor: string };

const rawsOf = ({ body }: { body: unknown }): string[] =>
  (body as Answer).records.map(({ raw }) => raw);

test("a record's text is answered as it is, and bytes that are no text in base64", async () => {
  const { stream, get } = createWorld();
  stream.put(FIRST, BIG, "svc");
  stream.put(FIRST, new Uint8Array([0, 255, 254]));
  const { body } = await get(`${STREAM}/records?position=TRIM_HORIZON&decode=both`);
  expect(body).toMatchObject({
    stream: "logs",
    millisBehindLatest: 0,
    records: [
      { partitionKey: "svc", bytes: BIG.length, encoding: "utf8", raw: BIG, truncated: false },
      { encoding: "base64", raw: "AP/+", lines: [{ reason: "invalid_utf8" }] },
    ],
  });
});

test("every position reads from where it says, and the cursor goes on without a hole", async () => {
  const { stream, get } = createWorld();
  const seqs = Array.from({ length: 10 }, (_, n) => stream.put(FIRST, `{"n":${n}}`));
  const numbers = async (query: string) => rawsOf(await get(`${STREAM}/records?${query}`));
  const from = (n: number) => Array.from({ length: 10 - n }, (_, at) => `{"n":${n + at}}`);
  const at = `shard=${FIRST}&sequence=${seqs[4]}`;
  expect(await numbers("position=TRIM_HORIZON")).toEqual(from(0));
  expect(await numbers("position=NEWEST&limit=3")).toEqual(from(7));
  expect(await numbers(`position=AT_SEQUENCE_NUMBER&${at}`)).toEqual(from(4));
  expect(await numbers(`position=AFTER_SEQUENCE_NUMBER&${at}`)).toEqual(from(5));
  expect(await numbers("position=AT_TIMESTAMP&timestamp=2026-11-22T09:59:00Z")).toEqual(from(0));

  const seen: string[] = [];
  let query = "position=TRIM_HORIZON&limit=3";
  for (let page = 0; page < 5; page += 1) {
    const answer = await get(`${STREAM}/records?${query}`);
    seen.push(...rawsOf(answer));
    query = `limit=3&cursor=${(answer.body as unknown as Answer).nextCursor}`;
  }
  expect(seen).toEqual(from(0));
  stream.put(FIRST, '{"n":10}');
  expect(await numbers(query)).toEqual(['{"n":10}']);
});

test("all shards are read together, and parents before their children", async () => {
  const { stream, get } = createWorld(2);
  stream.put(FIRST, "1");
  stream.put(SECOND, "2");
  stream.close(FIRST);
  const child = stream.open(FIRST);
  stream.put(child, "3");
  const answer = await get(`${STREAM}/records?position=TRIM_HORIZON`);
  expect(rawsOf(answer).sort()).toEqual(["1", "2", "3"]);
  expect(rawsOf(answer).indexOf("1")).toBeLessThan(rawsOf(answer).indexOf("3"));
});

test("what cannot be read is refused with the parameter and what to do", async () => {
  const { get } = createWorld();
  const cases = [
    ["limit=501", "limit", "limit must be a whole number from 1 to 500."],
    ["position=x", "position", "position must be one of NEWEST"],
    ["position=AT_TIMESTAMP&timestamp=soon", "timestamp", "timestamp must be RFC 3339"],
    ["position=AT_SEQUENCE_NUMBER", "sequence", "sequence must be a record's sequence number"],
    ["position=AT_SEQUENCE_NUMBER&sequence=99999999999999999999999999", "sequence", "no record"],
    ["shard=9", "shard", "logs has no shard shardId-000000000009."],
    ["cursor=junk", "cursor", "cursor must be a nextCursor of an earlier answer."],
    ["decode=x", "decode", "decode must be none, lines or both."],
  ];
  for (const [query, parameter, detail] of cases)
    expect(await get(`${STREAM}/records?${query}`)).toMatchObject({
      status: 400,
      body: { parameter, detail: expect.stringContaining(String(detail)) },
    });
  expect(await get("/api/kinesis/stream/nope/records")).toMatchObject({ status: 404 });
  expect(await get("/api/kinesis/stream/nope/tail")).toMatchObject({ status: 404 });
});

test("an unknown lag is null with its reason, never 0", async () => {
  const { get } = createWorld();
  const { body, text } = await get(`${STREAM}/consumers`);
  expect(body).toMatchObject({
    consumers: [{ shards: [{ millisBehind: null, trend: null, checkpointAgeMs: null }] }],
  });
  expect(text).toContain("No consumer has recorded this shard yet.");
  const page = await get("/streams/logs?tab=consumers");
  expect(page.text).toContain("No consumer has recorded this shard yet.");
});

test("a shard near its write limit is hot", async () => {
  const { stream, get } = createWorld();
  const calm = await get(`${STREAM}/shards`);
  expect(calm.body).toMatchObject({ shards: [{ in: { recordsPerSecond: 0, hot: false } }] });
  // The window is of ten seconds, one page of it is looked at.
  for (let n = 0; n < 100; n += 1) stream.put(FIRST, new Uint8Array(100_000));
  const busy = createWorld();
  for (let n = 0; n < 100; n += 1) busy.stream.put(FIRST, new Uint8Array(100_000));
  expect((await busy.get(`${STREAM}/shards`)).body).toMatchObject({
    shards: [{ in: { hot: true } }],
  });
  expect((await busy.get("/streams/logs")).text).toContain("hot");
});

test("every tab is whole without a script, and hostile records stay text in all of them", async () => {
  const { stream, get } = createWorld();
  const seq = stream.put(FIRST, HOSTILE, HOSTILE.slice(0, 40));
  stream.put(FIRST, JSON.stringify({ level: HOSTILE, message: HOSTILE, [HOSTILE]: HOSTILE }));
  const encoded = encodeURIComponent(HOSTILE);
  for (const path of [
    "/streams/logs",
    "/streams/logs?tab=live",
    `/streams/logs?tab=live&q=${encoded}&shard=${encoded}`,
    "/streams/logs?tab=records&position=TRIM_HORIZON",
    `/streams/logs?tab=records&q=${encoded}&shard=${encoded}&timestamp=${encoded}&sequence=${encoded}`,
    `/streams/logs?tab=records&shard=${FIRST}&seq=${seq}`,
    `/streams/logs?tab=records&seq=${encoded}`,
    "/streams/logs?tab=consumers",
    "/streams/logs?tab=charts",
    `/streams?q=${encoded}&status=${encoded}&sort=${encoded}`,
  ]) {
    const { status, text } = await get(path);
    expect(status, path).toBe(200);
    expect(text, path).not.toContain("<script>alert");
    expect(text, path).not.toContain("<img");
    // What the reader typed stays in its field as it is.
    expect(text.replaceAll(/value="[^"]*"|data-props="[^"]*"/g, ""), path).not.toContain("\u202e");
    expect(text, path).not.toContain("style=");
  }
  const one = await get(`/streams/logs?tab=records&shard=${FIRST}&seq=${seq}`);
  expect(one.text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(one.text).toContain("⟨U+202E⟩");
});

test("an empty stream says how to make something show up", async () => {
  const { get } = createWorld();
  const { text } = await get("/streams/logs?tab=records");
  expect(text).toContain("No record here.");
  expect(text).toContain("/api/ingest/batch");
});

test("the list is filtered and sorted by its form", async () => {
  const app = createTestDashboard({ streams: memoryStreams(["b-logs", "a-logs", "metrics"]) });
  const html = await (await app.request("http://localhost/streams?q=LOGS&sort=name")).text();
  expect(html).toContain("2 of 3 streams");
  expect(html.indexOf("/streams/a-logs")).toBeLessThan(html.indexOf("/streams/b-logs"));
  expect(html).not.toContain("/streams/metrics");
});

/** Reads events until one satisfies; then hangs up. */
const readUntil = async (answer: Response, isEnough: (text: string) => boolean) => {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (reader && !isEnough(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader?.cancel();
  return text;
};

test("a tail pushes records with an id to go on from, and ends when its viewer hangs up", async () => {
  const { stream, app, tail } = createWorld(1, () => Date.now());
  const url = `http://localhost${STREAM}/tail`;
  const first = await app.request(url);
  expect(first.headers.get("content-type")).toBe("text/event-stream");
  expect(first.headers.get("transfer-encoding")).toBeNull();
  stream.put(FIRST, BIG);
  const text = await readUntil(first, (seen) => seen.includes("event: batch"));
  expect(text).toContain("event: hello");
  expect(text).toContain("retry: 2000");
  expect(text).toContain(JSON.stringify(BIG));
  await poll("the tail to end", () => tail.costs().length === 0);

  const id = /id: (\S+)\n(?![\s\S]*id: )/.exec(text)?.[1] ?? "";
  stream.put(FIRST, '{"n":2}');
  const second = await app.request(url, { headers: { "last-event-id": id } });
  const more = await readUntil(second, (seen) => seen.includes("event: batch"));
  expect(more).toContain(JSON.stringify('{"n":2}'));
  expect(more).not.toContain("9007199254740993");
});

test("where answers cannot be streamed, a tail says what to do instead", async () => {
  const app = createTestDashboard();
  const answer = await app.request(`http://localhost${STREAM}/tail`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain("Poll /api/kinesis/stream/logs/records");
});
