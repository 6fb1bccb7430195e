import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregate } from "../../../tests/support/kpl.ts";
import { createCodec } from "../aws/codec.ts";
import { decodeRecord } from "./decode-record.ts";

const codec = createCodec();

type Piece = { line: string } | { reason: string; data: string };

const decode = (data: string | Uint8Array): Piece[] => {
  const pieces: Piece[] = [];
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  decodeRecord(
    typeof data === "string" ? Buffer.from(data) : data,
    {
      log: (line, log) => {
        expect(log).toEqual(JSON.parse(Buffer.from(line).toString("utf8")));
        pieces.push({ line: Buffer.from(line).toString("utf8") });
      },
      reject: (reason, _detail, bytes) => pieces.push({ reason, data: text(bytes) }),
      skip: () => undefined,
    },
    codec,
  );
  return pieces;
};

const line = (text: string): Piece => ({ line: text });
const reject = (reason: string, data: string): Piece => ({ reason, data });

test.each([
  ["one log", '{"a":1}', [line('{"a":1}')]],
  ["surrounding space", ' \t\r\n{"a": 1 }\r\n\n', [line('{"a": 1 }')]],
  ["a byte order mark", '\ufeff{"a":1}', [line('{"a":1}')]],
  [
    "numbers as sent",
    '{"id":9007199254740993,"b":1.0,"c":1e3}',
    [line('{"id":9007199254740993,"b":1.0,"c":1e3}')],
  ],
  [
    "keys and escapes as sent",
    '{"b":"\\u0061\\/","a":1,"a":2}',
    [line('{"b":"\\u0061\\/","a":1,"a":2}')],
  ],
  ["lone surrogate escapes", '{"a":"\\ud800"}', [line('{"a":"\\ud800"}')]],
  ["a real U+FFFD", '{"a":"\ufffd"}', [line('{"a":"\ufffd"}')]],
  ["pretty-printed", '{\r\n  "a": [\n1,\r2]\n}', [line('{    "a": [ 1, 2] }')]],
  [
    "NDJSON",
    '{"a":1}\n{"a":2}\r\n\n  {"a":3}  \n',
    [line('{"a":1}'), line('{"a":2}'), line('{"a":3}')],
  ],
  [
    "NDJSON with bad lines",
    'not json\n{"a":1}\n[1]\n{"b":\n7\n{"a":2}',
    [
      reject("not_json", "not json"),
      line('{"a":1}'),
      reject("not_an_object", "[1]"),
      reject("not_json", '{"b":'),
      reject("not_an_object", "7"),
      line('{"a":2}'),
    ],
  ],
  [
    "lines of which none is a log",
    "at a.js:1\n  at b.js:2\n",
    [reject("not_json", "at a.js:1\n  at b.js:2\n")],
  ],
  ["scalars in lines", "1\n2", [reject("not_json", "1\n2")]],
  [
    "an array",
    '[ {"a":"],}[{\\"" , "b":[1,{}]} ,\n{\n"a":2},{} ]',
    [line('{"a":"],}[{\\"" , "b":[1,{}]}'), line('{ "a":2}'), line("{}")],
  ],
  [
    "an array with other things in it",
    '[1,{"a":"é"},[{}],null,"x,y"]',
    [
      reject("not_an_object", "1"),
      line('{"a":"é"}'),
      reject("not_an_object", "[{}]"),
      reject("not_an_object", "null"),
      reject("not_an_object", '"x,y"'),
    ],
  ],
  ["an empty array", "[]", [reject("empty", "[]")]],
  ["nothing", "", [reject("empty", "")]],
  ["blank", " \n ", [reject("empty", " \n ")]],
  ["text", "not json", [reject("not_json", "not json")]],
  ["half a log", '{"a":1', [reject("not_json", '{"a":1')]],
  ["two logs without a line break", '{"a":1}{"a":2}', [reject("not_json", '{"a":1}{"a":2}')]],
  ["null", "null", [reject("not_an_object", "null")]],
  ["a string", '"a"', [reject("not_an_object", '"a"')]],
  ["a control character in a string", '{"a":"\u0001"}', [reject("not_json", '{"a":"\u0001"}')]],
  ["deep nesting", `${"[".repeat(100_000)}`, [reject("not_json", "[".repeat(100_000))]],
])("%s: every piece is a log as sent, or kept with its reason", (_name, data, expected) => {
  expect(decode(data)).toEqual(expected);
});

const latin1 = (text: string) => Buffer.from(text, "latin1");

test("malformed UTF-8 is rejected, in NDJSON the line alone", () => {
  expect(decode(latin1('{"a":"\xff"}'))).toEqual([reject("invalid_utf8", '{"a":"\xff"}')]);
  expect(decode(latin1('{"a":"\xed\xa0\x80"}'))).toEqual([
    reject("invalid_utf8", '{"a":"\xed\xa0\x80"}'),
  ]);
  expect(decode(latin1('{"a":1}\n{"a":"\xc3"}\n{"a":2}'))).toEqual([
    line('{"a":1}'),
    reject("invalid_utf8", '{"a":"\xc3"}'),
    line('{"a":2}'),
  ]);
});

test("gzip of any form is unpacked, what it holds that is no log is kept unpacked or whole", () => {
  expect(decode(gzipSync('{"a":1}'))).toEqual([line('{"a":1}')]);
  expect(decode(gzipSync('[{"a":1},2]'))).toEqual([line('{"a":1}'), reject("not_an_object", "2")]);
  const members = Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"a":2}\n')]);
  expect(decode(members)).toEqual([line('{"a":1}'), line('{"a":2}')]);
  const notJson = gzipSync("not json");
  expect(decode(notJson)).toEqual([reject("not_json", notJson.toString("latin1"))]);
});

test("gzip that is cut, damaged, followed by other bytes or too large is kept as it came", () => {
  const whole = gzipSync('{"a":1}');
  const damaged = Buffer.from(whole);
  damaged[12] = (damaged[12] ?? 0) ^ 0xff;
  for (const data of [whole.subarray(0, -1), damaged, Buffer.concat([whole, latin1("tail")])])
    expect(decode(data)).toEqual([reject("bad_gzip", data.toString("latin1"))]);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1, " "));
  expect(decode(bomb)).toEqual([reject("too_large", bomb.toString("latin1"))]);
});

test("every user record of a KPL aggregate is read in its own form, in order", () => {
  const bytes = latin1("\xff\x00");
  const frame = aggregate('{"a":1}\n{"a":2}', gzipSync("[3,{}]"), "", bytes, '{"a":4}');
  expect(decode(frame)).toEqual([
    line('{"a":1}'),
    line('{"a":2}'),
    reject("not_an_object", "3"),
    line("{}"),
    reject("empty", ""),
    reject("invalid_utf8", "\xff\x00"),
    line('{"a":4}'),
  ]);
});

test("a KPL aggregate that is damaged, or inside another, is kept whole under a reason of its own", () => {
  expect(decode(latin1("\xf3\x89\x9a\xc2rest"))).toEqual([
    reject("bad_kpl", "\xf3\x89\x9a\xc2rest"),
  ]);
  const inner = aggregate('{"a":1}');
  expect(decode(aggregate('{"a":2}', inner))).toEqual([
    line('{"a":2}'),
    reject("bad_kpl", inner.toString("latin1")),
  ]);
});

test("the gzips of a KPL aggregate together unpack to no more than one record may", () => {
  const half = gzipSync(`{"a":"${"x".repeat(40 * 1024 * 1024)}"}`);
  const pieces: string[] = [];
  decodeRecord(
    aggregate(half, half, gzipSync('{"b":1}')),
    {
      log: (bytes) => pieces.push(String(bytes.length)),
      reject: (reason) => pieces.push(reason),
      skip: () => undefined,
    },
    codec,
  );
  expect(pieces).toEqual([String(40 * 1024 * 1024 + 8), "too_large", "7"]);
});

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const spaced = (indent: number) =>
  fc
    .dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })
    .map((log) => JSON.stringify(log, null, indent));

test("arrays of any logs, however they are spaced, come out item by item", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(space, spaced(0), space), { minLength: 1 }), (items) => {
      const array = `[${items.map((item) => item.join("")).join(",")}]`;
      expect(decode(array)).toEqual(items.map(([, log]) => line(log)));
    }),
    { numRuns: 500 },
  );
});

test("a pretty-printed log is the same log on one line", () => {
  fc.assert(
    fc.property(spaced(2), (log) => {
      expect(decode(log)).toEqual([line(log.replaceAll("\n", " "))]);
    }),
  );
});

test("no bytes make it throw, and a record always has at least one piece", () => {
  const magic = fc.constantFrom([], [0x1f, 0x8b], [0xf3, 0x89, 0x9a, 0xc2], [0xef, 0xbb, 0xbf]);
  fc.assert(
    fc.property(magic, fc.uint8Array(), (start, rest) => {
      expect(decode(Uint8Array.from([...start, ...rest])).length).toBeGreaterThan(0);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:1 \n\\a') }), (text) => {
      expect(decode(text).length).toBeGreaterThan(0);
    }),
    { numRuns: 5000 },
  );
});
