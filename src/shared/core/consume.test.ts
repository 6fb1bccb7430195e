import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import {
  ARRIVED_AT_MS,
  createMemoryBucket,
  SHARD_ID,
  type ShardRecord,
  sequenceNumberAt,
  textOf,
  toEvent,
} from "../../../tests/support/shard-batch.ts";
import { createCodec } from "../aws/codec.ts";
import { type ConsumerOptions, createConsumer } from "./consume.ts";
import { silentLogger } from "./logger.ts";
import type { PartSink } from "./ports.ts";

const KEY =
  /^service=[A-Za-z0-9._%-]{1,128}\/year=\d{4}\/month=\d{2}\/day=\d{2}\/hour=\d{2}\/part-[0-9a-f-]{36}\.jsonl(\.gz)?$/;

const createTestConsumer = (
  sink: PartSink,
  options: Partial<ConsumerOptions> = {},
  log = silentLogger,
) =>
  createConsumer(
    { sink, codec: createCodec(), log },
    { compression: "none", maxFutureSkewMs: 86_400_000, bucket: "md-raw-logs", ...options },
  );

/** Consumes one batch into an empty bucket. */
const consume = async (records: readonly ShardRecord[], options: Partial<ConsumerOptions> = {}) => {
  const { objects, sink } = createMemoryBucket();
  const { response, summary } = await createTestConsumer(sink, options)(toEvent(records));
  return { objects, response, summary, keys: [...objects.keys()].sort() };
};

const folderOf = (key: string) => key.slice(0, key.lastIndexOf("/"));

const originalZone = process.env.TZ;
afterEach(() => {
  if (originalZone === undefined) delete process.env.TZ;
  else process.env.TZ = originalZone;
});

test("logs are stored byte for byte, one object for each service and hour", async () => {
  const a1 = '{"service":"a","timestamp":"2025-11-14T01:59:59.999999","id":9007199254740993}';
  const b1 = '{ "timestamp":1763082783, "service":"b", "x":1.0 }';
  const a2 = '{"timestamp":"2025-11-14T02:00:00+00:00","service":"a"}';
  const a3 = '{"timestamp":"2025-11-14T01:00:00","data":{},"service":"a"}';
  const { objects, response, summary, keys } = await consume(
    [a1, `${b1}\n${a2}`, `${a3}\n`].map((data) => ({ data })),
  );
  expect(response).toEqual({ batchItemFailures: [] });
  expect(keys.map((key) => [folderOf(key), textOf(objects.get(key))])).toEqual([
    ["service=a/year=2025/month=11/day=14/hour=01", `${a1}\n${a3}\n`],
    ["service=a/year=2025/month=11/day=14/hour=02", `${a2}\n`],
    ["service=b/year=2025/month=11/day=14/hour=01", `${b1}\n`],
  ]);
  expect(objects.get(keys[0] ?? "")).toMatchObject({
    contentType: "application/x-ndjson",
    metadata: {
      records: "2",
      shard: SHARD_ID,
      "first-sequence-number": sequenceNumberAt(0),
      "last-sequence-number": sequenceNumberAt(2),
    },
  });
  expect(summary).toMatchObject({
    stream: "stage01-logs-stream",
    shardId: SHARD_ID,
    records: 3,
    lines: 4,
    bytes: a1.length + b1.length + a2.length + a3.length + 4,
    quarantined: 0,
    quarantinedByReason: {},
    groups: 3,
    firstSequenceNumber: sequenceNumberAt(0),
    lastSequenceNumber: sequenceNumberAt(2),
  });
  expect(summary?.parts.map(({ key, lines }) => [key, lines])).toEqual(
    keys.map((key, at) => [key, [2, 1, 1][at]]),
  );
});

test("part names never change: objects written by older versions must be found again", async () => {
  const { keys } = await consume([{ data: '{"service":"a","timestamp":0}' }, { data: "x" }]);
  expect(keys).toEqual([
    "_quarantine/reason=not_json/year=2025/month=11/day=14/hour=01/part-843d09e6-da4f-5f0b-9f01-f8f7a6acfc2c.jsonl",
    "service=a/year=1970/month=01/day=01/hour=00/part-02c037ab-faa3-5579-9e14-15163fa149d7.jsonl",
  ]);
});

test("a batch of awkward records loses nothing: each is in its documented place", async () => {
  const records = [
    "not json",
    "[]",
    '{"service":"../../etc"}',
    `{"service":"big","timestamp":"2025-11-14","m":"${"x".repeat(2 * 1024 * 1024)}"}`,
    '{"service":"timeless"}',
    '{"service":"old","timestamp":"1999-12-31T23:59:59Z"}',
    '{"service":"future","timestamp":"2099-01-01T00:00:00Z"}',
    '{"id":9007199254740993}',
    '{"service":"thanh toán/đơn"}',
  ];
  const { objects, summary, keys } = await consume(records.map((data) => ({ data })));
  const arrival = "year=2025/month=11/day=14/hour=01";
  expect(keys.map(folderOf)).toEqual([
    `_quarantine/reason=empty/${arrival}`,
    `_quarantine/reason=not_json/${arrival}`,
    `service=..%2F..%2Fetc/${arrival}`,
    "service=big/year=2025/month=11/day=14/hour=00",
    `service=future/${arrival}`,
    "service=old/year=1999/month=12/day=31/hour=23",
    `service=thanh%20to%C3%A1n%2F%C4%91%C6%A1n/${arrival}`,
    `service=timeless/${arrival}`,
    `service=unknown/${arrival}`,
  ]);
  expect(summary).toMatchObject({
    lines: 7,
    quarantined: 2,
    quarantinedByReason: { not_json: 1, empty: 1 },
  });
  expect(summary?.quarantineParts.map(({ key }) => key)).toEqual(keys.slice(0, 2));
  const stored = keys.slice(2).map((key) => textOf(objects.get(key)));
  expect(stored.sort()).toEqual(
    records
      .slice(2)
      .map((line) => `${line}\n`)
      .sort(),
  );
});

test("a quarantined piece keeps its reason, place and raw bytes", async () => {
  const data = Buffer.concat([Buffer.from('{"a":1}\n{"a":"'), Buffer.from([0xff, 0x22, 0x7d])]);
  const { objects, keys } = await consume([{ data, partitionKey: "pk" }]);
  const line = textOf(objects.get(keys[0] ?? ""));
  expect(line.endsWith("\n")).toBe(true);
  expect(JSON.parse(line)).toEqual({
    reason: "invalid_utf8",
    detail: expect.any(String),
    stream: "stage01-logs-stream",
    shardId: SHARD_ID,
    sequenceNumber: sequenceNumberAt(0),
    index: 1,
    partitionKey: "pk",
    arrivedAt: new Date(ARRIVED_AT_MS).toISOString(),
    data: data.subarray(8).toString("base64"),
  });
});

test("with gzip the objects are .jsonl.gz, the same bytes every time; quarantine stays readable", async () => {
  const records = [{ data: '{"service":"a"}' }, { data: "x" }];
  const [first, second] = [
    await consume(records, { compression: "gzip" }),
    await consume(records, { compression: "gzip" }),
  ];
  const [quarantined = "", packed = ""] = first.keys;
  expect(quarantined).toMatch(/\.jsonl$/);
  expect(packed).toMatch(/\.jsonl\.gz$/);
  expect(first.objects.get(packed)?.contentType).toBe("application/x-ndjson");
  expect(gunzipSync(first.objects.get(packed)?.body ?? "").toString()).toBe('{"service":"a"}\n');
  expect(second.objects).toEqual(first.objects);
  expect(first.summary?.bytes).toBe(first.objects.get(packed)?.body.length);
});

test("with an allow-list other services share service=__other__, a service of that name does not", async () => {
  const services = ["a", "b", "c", "__other__"];
  const { objects, keys } = await consume(
    services.map((service) => ({ data: `{"service":"${service}","timestamp":0}` })),
    { services: ["a", "__other__"] },
  );
  expect(keys.map((key) => key.split("/")[0])).toEqual([
    "service=%5F_other__",
    "service=__other__",
    "service=a",
  ]);
  expect(textOf(objects.get(keys[1] ?? "")).match(/"service":"."/g)).toEqual([
    '"service":"b"',
    '"service":"c"',
  ]);
  expect((await consume([{ data: '{"service":"b"}' }], { services: [] })).keys[0]).toMatch(
    /^service=b\//,
  );
});

test("when an object cannot be written the whole batch is reported, from its first record, once", async () => {
  const { objects, sink } = createMemoryBucket();
  const cause = new Error("503 SlowDown");
  const failing: PartSink = {
    putPart: (part) =>
      part.key.startsWith("service=b/") ? Promise.reject(cause) : sink.putPart(part),
  };
  const warn = vi.fn();
  const result = await createTestConsumer(
    failing,
    {},
    { ...silentLogger, warn },
  )(toEvent(["a", "b", "c"].map((service) => ({ data: `{"service":"${service}"}` }))));
  expect(result).toEqual({
    response: { batchItemFailures: [{ itemIdentifier: sequenceNumberAt(0) }] },
    summary: null,
  });
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ err: cause, shardId: SHARD_ID }),
    expect.any(String),
  );
  expect(objects.size).toBeLessThan(3);
});

test("puts in flight are bounded, the number of partitions is not", async () => {
  const { objects, sink } = createMemoryBucket();
  let inFlight = 0;
  let most = 0;
  const slow: PartSink = {
    putPart: async (part) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise(setImmediate);
      inFlight -= 1;
      await sink.putPart(part);
    },
  };
  const records = Array.from({ length: 500 }, (_, at) => ({ data: `{"service":"s${at}"}` }));
  const { summary } = await createTestConsumer(slow, { maxPartsInFlight: 7 })(toEvent(records));
  expect(most).toBe(7);
  expect(objects.size).toBe(500);
  expect(summary?.groups).toBe(500);
});

test("after a failed put no more are begun, and the answer waits for those under way", async () => {
  let begun = 0;
  let settled = 0;
  const sink: PartSink = {
    putPart: async () => {
      begun += 1;
      const isFirst = begun === 1;
      await new Promise(setImmediate);
      if (isFirst) throw new Error("reset");
      await new Promise(setImmediate);
      settled += 1;
    },
  };
  const records = Array.from({ length: 50 }, (_, at) => ({ data: `{"service":"s${at}"}` }));
  await createTestConsumer(sink, { maxPartsInFlight: 4 })(toEvent(records));
  expect(begun).toBe(4);
  expect(settled).toBe(3);
});

test("an event of two shards is refused before anything is written", async () => {
  const { objects, sink } = createMemoryBucket();
  const mixed = toEvent([{ data: "{}" }, { data: "{}", shardId: "shardId-000000000001" }]);
  await expect(createTestConsumer(sink)(mixed)).rejects.toThrow(/one shard/);
  expect(objects.size).toBe(0);
});

test("an event without records is answered with success", async () => {
  const { response, summary } = await consume([]);
  expect(response).toEqual({ batchItemFailures: [] });
  expect(summary).toBeNull();
});

test("the name of a stream is read from the ARN, with or without an enhanced fan-out consumer", async () => {
  const { sink, objects } = createMemoryBucket();
  const [record] = toEvent([{ data: "{}" }]).Records;
  if (record === undefined) throw new Error("no record");
  const fanOut = { ...record, eventSourceARN: `${record.eventSourceARN}/consumer/c:1700000000` };
  const first = await createTestConsumer(sink)({ Records: [record] });
  const second = await createTestConsumer(sink)({ Records: [fanOut] });
  expect(second.summary).toEqual(first.summary);
  expect(objects.size).toBe(1);
});

test("any bytes in any record: nothing throws, keys are safe, no piece is lost", async () => {
  const log = fc.record(
    {
      service: fc.string({ unit: "binary" }),
      timestamp: fc.oneof(fc.date({ noInvalidDate: false }).map(String), fc.double(), fc.string()),
    },
    { requiredKeys: [] },
  );
  const data = fc.oneof(
    log.map((value) => JSON.stringify(value)),
    fc.array(log).map((logs) => logs.map((value) => JSON.stringify(value)).join("\n")),
    fc.array(log).map((logs) => JSON.stringify(logs)),
    fc.uint8Array(),
    log.map((value) => new Uint8Array(gzipSync(JSON.stringify(value)))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ data }), { minLength: 1, maxLength: 20 }),
      async (records) => {
        const { objects, keys, summary } = await consume(records);
        for (const key of keys)
          if (!key.startsWith("_quarantine/reason=")) expect(key).toMatch(KEY);
        const lines = keys.map((key) => textOf(objects.get(key)).split("\n").length - 1);
        const pieces = lines.reduce((sum, count) => sum + count, 0);
        expect(pieces).toBe((summary?.lines ?? 0) + (summary?.quarantined ?? 0));
        expect(pieces).toBeGreaterThanOrEqual(records.length);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);

test("the same batch leaves the same bytes under TZ=Asia/Ho_Chi_Minh", async () => {
  const records = [
    "2025-11-14T01:13:03.682499",
    "2025-11-14 01:13:03",
    "2025-11-13T23:59:59",
    "2025-11-14",
    "n/a",
  ].map((timestamp) => ({ data: `{"service":"a","timestamp":"${timestamp}"}` }));
  const here = await consume([...records, { data: "x" }]);
  process.env.TZ = "Asia/Ho_Chi_Minh";
  expect(new Date(ARRIVED_AT_MS).getTimezoneOffset()).toBe(-420);
  const there = await consume([...records, { data: "x" }]);
  expect(there.objects).toEqual(here.objects);
});

const METRICS_ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/metrics";

/** Consumes batches of the stream that metrics and APM share, into a bucket for each. */
const consumeMetrics = async (batches: readonly (readonly ShardRecord[])[]) => {
  const main = createMemoryBucket();
  const apm = createMemoryBucket();
  const consumer = createConsumer(
    {
      sink: main.sink,
      apm: { stream: "metrics", sink: apm.sink, bucket: "md-raw-apm" },
      codec: createCodec(),
      log: silentLogger,
    },
    { compression: "none", maxFutureSkewMs: 86_400_000, bucket: "md-raw-metrics" },
  );
  const summaries = [];
  for (const batch of batches)
    summaries.push((await consumer(toEvent(batch, METRICS_ARN))).summary);
  const linesOf = ({ objects }: typeof main) =>
    [...objects.values()].flatMap((object) => textOf(object).split("\n").slice(0, -1)).sort();
  return { main, apm, summaries, metricsLines: linesOf(main), apmLines: linesOf(apm) };
};

test("of the metrics stream the partition key says what is APM, and for strangers' records each line", async () => {
  const line = (n: number, more = "") => `{"n":${n},"service":"a"${more}}`;
  const apmType = ',"type":"apm_trace"';
  const { main, apm, summaries, metricsLines, apmLines } = await consumeMetrics([
    [
      { data: `${line(1)}\n${line(2, apmType)}`, partitionKey: "metrics/a" },
      { data: line(3), partitionKey: "apm/a" },
      { data: `${line(4)}\n${line(5, apmType)}`, partitionKey: "stranger" },
      { data: "no json", partitionKey: "apm/b" },
      { data: "no json either", partitionKey: "metrics/b" },
      { data: "nor this", partitionKey: "c" },
    ],
  ]);
  const logs = (lines: string[]) => lines.filter((text) => !text.includes('"reason"'));
  expect(logs(metricsLines)).toEqual([line(1), line(2, apmType), line(4)]);
  expect(logs(apmLines)).toEqual([line(3), line(5, apmType)].sort());
  const quarantined = ({ objects }: typeof main) =>
    [...objects.keys()].filter((key) => key.startsWith("_quarantine/"));
  expect([quarantined(main).length, quarantined(apm).length]).toEqual([1, 1]);
  expect(summaries[0]).toMatchObject({
    lines: 5,
    quarantined: 3,
    // By service, not by route: as ingest counts them.
    services: { a: [5, 0], b: [0, 2], c: [0, 1] },
  });
  expect(new Set(summaries[0]?.parts.map(({ bucket }) => bucket))).toEqual(
    new Set(["md-raw-metrics", "md-raw-apm"]),
  );
});

test("a stream of another name is never divided, whatever its partition keys and types say", async () => {
  const sink = createMemoryBucket();
  const consumer = createConsumer(
    {
      sink: sink.sink,
      apm: {
        stream: "metrics",
        sink: { putPart: () => Promise.reject(new Error("not here")) },
        bucket: "apm",
      },
      codec: createCodec(),
      log: silentLogger,
    },
    { compression: "none", maxFutureSkewMs: 86_400_000, bucket: "logs" },
  );
  const data = '{"service":"apm/a","type":"apm_trace"}';
  const { summary } = await consumer(toEvent([{ data, partitionKey: "apm/a" }]));
  expect(summary).toMatchObject({ lines: 1, parts: [{ bucket: "logs" }] });
});

test("which bucket a line goes to never depends on its batch, and each line has one part name", async () => {
  const record = fc.record({
    lines: fc.array(fc.record({ service: fc.constantFrom("a", "b"), isApm: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
    partitionKey: fc.constantFrom("metrics/a", "apm/a", "stranger"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 12, maxLength: 12 }),
      async (drawn, sizes) => {
        let n = 0;
        const records = drawn.map(({ lines, partitionKey }, position) => ({
          partitionKey,
          sequenceNumber: sequenceNumberAt(position),
          data: lines
            .map(({ service, isApm }) => {
              n += 1;
              return `{"n":${n},"service":"${service}"${isApm ? ',"log_type":"apm_x"' : ""}}`;
            })
            .join("\n"),
        }));
        const batches: (typeof records)[] = [];
        for (let from = 0, at = 0; from < records.length; at += 1) {
          const size = sizes[at] ?? 1;
          batches.push(records.slice(from, from + size));
          from += size;
        }
        const whole = await consumeMetrics([records]);
        const parted = await consumeMetrics(batches);
        expect(parted.metricsLines).toEqual(whole.metricsLines);
        expect(parted.apmLines).toEqual(whole.apmLines);
        expect(whole.metricsLines.length + whole.apmLines.length).toBe(n);
        const names = [...whole.main.objects.keys(), ...whole.apm.objects.keys()];
        expect(new Set(names.map((key) => key.split("/").at(-1))).size).toBe(names.length);
      },
    ),
    { numRuns: 50 },
  );
});
