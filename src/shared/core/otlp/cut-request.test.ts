import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
// Every field that OTLP has, encoded by the protobuf and JSON writers of OpenTelemetry for Python.
import vectors from "../../../../tests/support/otlp-vectors.json" with { type: "json" };
import { INGEST_MAX_LOGS, RECORD_MAX_BYTES } from "../limits.ts";
import type { Signal } from "../signals.ts";
import { cutRequest, type OtlpEncoding } from "./cut-request.ts";
import { OTLP_MAX_VALUE_DEPTH } from "./otlp-error.ts";

const SIGNALS = ["logs", "metrics", "apm"] as const;
const ENCODINGS = ["json", "protobuf"] as const;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const bodyOf = (signal: Signal, encoding: OtlpEncoding): Uint8Array =>
  encoding === "json"
    ? utf8(vectors[signal].json)
    : Uint8Array.from(atob(vectors[signal].protobuf), (c) => c.charCodeAt(0));

const cut = (body: string | Uint8Array, signal: Signal = "logs", encoding?: OtlpEncoding) =>
  cutRequest(
    typeof body === "string" ? utf8(body) : body,
    encoding ?? (typeof body === "string" ? "json" : "protobuf"),
    signal,
  );

/** The lines, or why there are none. */
const linesOf = (result: ReturnType<typeof cutRequest>): string[] => {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  return result.items.map(({ bytes }) => new TextDecoder().decode(bytes));
};

const refusedOf = (result: ReturnType<typeof cutRequest>): [number, string][] => {
  if (!result.ok) throw new Error(`${result.code}: ${result.reason}`);
  return result.refused.map(({ index, code }) => [index, code]);
};

const logsWith = (records: string, resource = "{}"): string =>
  `{"resourceLogs":[{"resource":${resource},"scopeLogs":[{"logRecords":[${records}]}]}]}`;

test("every field of every message is in its line, the same from JSON as from protobuf", () => {
  for (const signal of SIGNALS)
    for (const encoding of ENCODINGS) {
      const result = cut(bodyOf(signal, encoding), signal, encoding);
      expect(linesOf(result)).toEqual(vectors[signal].lines);
      expect(refusedOf(result)).toEqual([]);
    }
});

test("every line is one line of JSON, and says its service where the consumer looks for it", () => {
  for (const signal of SIGNALS) {
    const result = cut(bodyOf(signal, "protobuf"), signal);
    if (!result.ok) throw new Error(result.reason);
    for (const { service, signal: itsSignal, bytes } of result.items) {
      const text = new TextDecoder().decode(bytes);
      expect(text).not.toContain("\n");
      expect(JSON.parse(text)).toMatchObject({ service });
      expect(itsSignal).toBe(signal);
    }
  }
});

test("integers of 64 bits are exact, whether JSON has them as strings or as numbers", () => {
  const line = (value: string) =>
    linesOf(cut(logsWith(`{"attributes":[{"key":"n","value":{"intValue":${value}}}]}`)));
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (n) => {
      const expected = [`{"service":"unknown","attributes":{"n":${n}}}`];
      expect(line(`"${n}"`)).toEqual(expected);
      expect(line(String(n))).toEqual(expected);
    }),
  );
});

test("a whole number too large for 64 bits, which JavaScript sends as an integer, stays that number", () => {
  const line = (value: string) =>
    linesOf(cut(logsWith(`{"attributes":[{"key":"n","value":{"intValue":${value}}}]}`)));
  expect(line("1e+300")).toEqual(['{"service":"unknown","attributes":{"n":1e+300}}']);
  expect(line("100000000000000000000")).toEqual([
    '{"service":"unknown","attributes":{"n":100000000000000000000.0}}',
  ]);
});

test("names of the schema and names of enum values are taken as well, unknown fields and nulls passed over", () => {
  const body =
    '{"unknown":{"a":[1]},"resource_logs":[{"resource":null,"scope_logs":[{"log_records":[{"severity_number":"SEVERITY_NUMBER_ERROR2","body":{"string_value":"x"},"traceId":"5B8EFFF798038103D269B633813FC60C","future":[{}],"attributes":null}]}]}]}';
  expect(linesOf(cut(body))).toEqual([
    '{"service":"unknown","level":"ERROR","severity_number":18,"message":"x","trace_id":"5b8efff798038103d269b633813fc60c"}',
  ]);
});

test("a request without items is no error", () => {
  for (const body of ["{}", '{"resourceLogs":[]}', '{"resourceLogs":[{"scopeLogs":[{}]}]}', " {} "])
    expect(cut(body)).toEqual({ ok: true, items: [], refused: [] });
  expect(cut(new Uint8Array())).toEqual({ ok: true, items: [], refused: [] });
});

test("what is wrong with one record refuses that record, and the others are taken", () => {
  const bad = [
    '{"timeUnixNano":{}}',
    '{"timeUnixNano":"-1"}',
    '{"timeUnixNano":1.5}',
    '{"traceId":"xyz"}',
    '{"attributes":{}}',
    '{"attributes":[{"key":1}]}',
    '{"attributes":[{"key":"a","value":{"bytesValue":"!"}}]}',
    '{"body":"text"}',
    '{"severityNumber":"LOUD"}',
    "null",
    "[]",
  ];
  const good = '{"body":{"stringValue":"ok"}}';
  const result = cut(logsWith([good, ...bad, good].join(",")));
  expect(linesOf(result)).toHaveLength(2);
  expect(refusedOf(result)).toEqual(bad.map((_, at) => [at + 1, "MALFORMED"]));
});

test("a resource that cannot be read refuses what is below it, and no more", () => {
  const body = `{"resourceLogs":[{"resource":{"attributes":7},"scopeLogs":[{"logRecords":[{},{}]}]},{"scopeLogs":[{"scope":[],"logRecords":[{}]},{"logRecords":[{}]}]}]}`;
  const result = cut(body);
  expect(linesOf(result)).toHaveLength(1);
  expect(refusedOf(result)).toEqual([
    [0, "MALFORMED"],
    [1, "MALFORMED"],
    [2, "MALFORMED"],
  ]);
});

const delimited = (number: number, bytes: Uint8Array): Uint8Array =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();

const concat = (...chunks: Uint8Array[]): Uint8Array =>
  Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));

const protobufLogs = (...records: Uint8Array[]): Uint8Array =>
  delimited(1, delimited(2, concat(...records.map((record) => delimited(2, record)))));

test("text that is not UTF-8, and bytes that are no message, refuse their record alone", () => {
  const text = (bytes: number[]) => delimited(5, delimited(1, Uint8Array.from(bytes)));
  const result = cut(
    protobufLogs(text([0x61]), text([0x61, 0xff]), Uint8Array.of(0x2a, 0x7f, 0x01), text([0x62])),
  );
  expect(linesOf(result)).toEqual([
    '{"service":"unknown","message":"a"}',
    '{"service":"unknown","message":"b"}',
  ]);
  expect(refusedOf(result)).toEqual([
    [1, "INVALID_UTF8"],
    [2, "MALFORMED"],
  ]);
});

test("of a field that comes twice the last value counts", () => {
  const text = (value: string) => delimited(3, utf8(value));
  const record = concat(text("first"), text("last"));
  const lines = ['{"service":"unknown","level":"last","severity_text":"last"}'];
  expect(linesOf(cut(protobufLogs(record)))).toEqual(lines);
  const json = '{"severityText":"first","severityText":"last"}';
  expect(linesOf(cut(logsWith(json)))).toEqual(lines);
});

test("lists of numbers are read packed and one by one", () => {
  const bounds = [0.5, 1.5, 1e300];
  const packed = new BinaryWriter().tag(7, WireType.LengthDelimited).fork();
  const single = new BinaryWriter();
  for (const bound of bounds) {
    packed.double(bound);
    single.tag(7, WireType.Bit64).double(bound);
  }
  const points = concat(delimited(1, packed.join().finish()), delimited(1, single.finish()));
  const metric = delimited(2, delimited(9, points));
  const line =
    '{"service":"unknown","name":"","type":"histogram","temporality":"UNSPECIFIED","count":0,"explicit_bounds":[0.5,1.5,1e+300]}';
  expect(linesOf(cut(delimited(1, delimited(2, metric)), "metrics"))).toEqual([line, line]);
});

test("a span without proper ids is refused, a log without them is a log", () => {
  const spans = [
    '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}',
    '{"traceId":"5b8efff798038103d269b633813fc60c"}',
    '{"traceId":"00000000000000000000000000000000","spanId":"eee19b7ec3c1b174"}',
    '{"traceId":"5b8e","spanId":"eee19b7ec3c1b174"}',
  ];
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(",")}]}]}]}`;
  const result = cut(body, "apm");
  expect(linesOf(result)).toHaveLength(1);
  expect(refusedOf(result).map(([index]) => index)).toEqual([1, 2, 3]);
  expect(
    linesOf(cut(logsWith('{"traceId":"00000000000000000000000000000000","spanId":""}'))),
  ).toEqual(['{"service":"unknown"}']);
});

const nestedJson = (depth: number): string =>
  `${'{"arrayValue":{"values":['.repeat(depth - 1)}{"boolValue":true}${"]}}".repeat(depth - 1)}`;

const nestedProtobuf = (depth: number): Uint8Array => {
  let value = Uint8Array.of(0x10, 1) as Uint8Array;
  for (let level = 1; level < depth; level += 1) value = delimited(5, delimited(1, value));
  return value;
};

test("values may be as deep as the limit, in both encodings, and no deeper", () => {
  const max = OTLP_MAX_VALUE_DEPTH;
  for (const [depth, refused] of [
    [max, []],
    [max + 1, [[0, "TOO_DEEP"]]],
    [max * 10, [[0, "TOO_DEEP"]]],
  ] as const) {
    expect(refusedOf(cut(logsWith(`{"body":${nestedJson(depth)}}`)))).toEqual(refused);
    expect(refusedOf(cut(protobufLogs(delimited(5, nestedProtobuf(depth)))))).toEqual(refused);
  }
  const unknown = `${'{"a":['.repeat(5_000)}${"]}".repeat(5_000)}`;
  expect(refusedOf(cut(logsWith(`{},{"unknown":${unknown}}`)))).toEqual([[1, "TOO_DEEP"]]);
});

test("an item that fits no record is refused, with its resource or without", () => {
  const large = "x".repeat(RECORD_MAX_BYTES - 300);
  const record = (text: string) => `{"body":{"stringValue":"${text}"}}`;
  const resource = `{"attributes":[{"key":"r","value":{"stringValue":"${"y".repeat(400)}"}}]}`;
  expect(linesOf(cut(logsWith(record(large))))).toHaveLength(1);
  expect(refusedOf(cut(logsWith(record(large), resource)))).toEqual([[0, "TOO_LARGE"]]);
  expect(refusedOf(cut(logsWith(`${record(`${large}${large}`)},{}`)))).toEqual([[0, "TOO_LARGE"]]);
});

test("a request with too many items, or whose resource would fill too many lines, is refused whole", () => {
  const tooMany = `{}${",{}".repeat(INGEST_MAX_LOGS)}`;
  expect(cut(logsWith(tooMany))).toMatchObject({ ok: false, code: "TOO_MANY" });
  const twoScopes = `{"resourceLogs":[{"scopeLogs":[${`{"logRecords":[${tooMany.slice(0, -3)}]},`.repeat(2).slice(0, -1)}]}]}`;
  expect(cut(twoScopes)).toMatchObject({ ok: false, code: "TOO_MANY" });
  expect(
    cut(Uint8Array.from({ length: 2 * (INGEST_MAX_LOGS + 1) }, (_, at) => (at % 2 ? 0 : 10))),
  ).toMatchObject({ ok: false, code: "TOO_MANY" });
  const resource = `{"attributes":[{"key":"r","value":{"stringValue":"${"y".repeat(700_000)}"}}]}`;
  expect(cut(logsWith(`{}${",{}".repeat(200)}`, resource))).toMatchObject({
    ok: false,
    code: "TOO_MANY",
  });
});

test("what is no request at all is refused whole", () => {
  for (const body of [
    "",
    "x",
    "[]",
    "null",
    '{"resourceLogs":{}}',
    '{"resourceLogs":[{]}',
    "{} {}",
  ])
    expect(cut(body)).toMatchObject({ ok: false });
  expect(cut(logsWith('{"body":}'))).toMatchObject({ ok: false, code: "INVALID_JSON" });
  expect(cut(utf8('{"resourceLogs":[]}'), "logs", "protobuf")).toMatchObject({
    ok: false,
    code: "MALFORMED",
  });
  expect(cut(Uint8Array.of(0x0a, 0x05, 0x00))).toMatchObject({ ok: false, code: "MALFORMED" });
});

test("no damage to a request makes it throw, or lose count of its items", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });
  for (const signal of SIGNALS)
    for (const encoding of ENCODINGS) {
      const whole = bodyOf(signal, encoding);
      fc.assert(
        fc.property(damage, fc.nat(), (bytes, length) => {
          const body = whole.slice(0, length % 3 === 0 ? length % whole.length : whole.length);
          for (const [at, byte] of bytes) if (body.length > 0) body[at % body.length] = byte;
          const result = cut(body, signal, encoding);
          if (!result.ok) return;
          const indexes = [...result.items, ...result.refused].map(({ index }) => index);
          expect(indexes.sort((a, b) => a - b)).toEqual(indexes.map((_, at) => at));
          for (const line of linesOf(result)) JSON.parse(line);
        }),
        { numRuns: 200 },
      );
    }
});
