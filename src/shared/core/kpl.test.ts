import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregate, encodeAggregate, toFrame } from "../../../tests/support/kpl.ts";
import { createCodec } from "../aws/codec.ts";
import { readUserRecords } from "./kpl.ts";

const { md5 } = createCodec();

/** The user records as hex, and what is wrong with the frame. */
const read = (frame: Uint8Array) => {
  const records: string[] = [];
  const problem = readUserRecords(frame, md5, (data) => {
    records.push(Buffer.from(data).toString("hex"));
  });
  return { records, problem };
};

const hex = (text: string) => Buffer.from(text).toString("hex");

type Vector = { name: string; frame: string; userRecords: string[] };
const { vectors } = JSON.parse(
  readFileSync(new URL("../../../tests/support/kpl-vectors.json", import.meta.url), "utf8"),
) as { vectors: Vector[] };

test.each(vectors)("an aggregate by AWS's Python encoder is read: $name", (vector) => {
  expect(read(Buffer.from(vector.frame, "hex"))).toEqual({
    records: vector.userRecords,
    problem: undefined,
  });
});

test("what an encoder puts in comes out, whatever the hash keys, in the order of the records", () => {
  const userRecord = fc.record({
    data: fc.uint8Array({ maxLength: 300 }),
    partitionKey: fc.string({ maxLength: 10 }),
    explicitHashKey: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String),
  });
  fc.assert(
    fc.property(fc.array(userRecord, { minLength: 1, maxLength: 20 }), (records) => {
      expect(read(toFrame(encodeAggregate(records)))).toEqual({
        records: records.map(({ data }) => Buffer.from(data).toString("hex")),
        problem: undefined,
      });
    }),
  );
});

test("fields that nobody knows yet are passed over, and of two data the last counts", () => {
  const known = encodeAggregate([{ data: Buffer.from("a") }]);
  const unknown = Buffer.concat([
    Buffer.from([0x20, 0x96, 0x01]), // 4: varint
    Buffer.from([0x29, 1, 2, 3, 4, 5, 6, 7, 8]), // 5: 64 bits
    Buffer.from([0x35, 1, 2, 3, 4]), // 6: 32 bits
    Buffer.from([0xfa, 0xff, 0xff, 0xff, 0x0f, 0x01, 0x00]), // 536870911: bytes
  ]);
  expect(read(toFrame(Buffer.concat([unknown, known, unknown]))).records).toEqual([hex("a")]);
  const twice = Buffer.from([0x1a, 8, 0x08, 0, 0x1a, 1, 0x61, 0x1a, 1, 0x62]);
  expect(read(toFrame(twice)).records).toEqual([hex("b")]);
});

const good = encodeAggregate([{ data: Buffer.from("a") }]);

test.each<[name: string, frame: Uint8Array, problem: RegExp]>([
  ["the magic alone", Buffer.from("f3899ac2", "hex"), /cut off/],
  ["one byte less than a checksum", toFrame(good).subarray(0, 19), /cut off/],
  ["a frame without its last byte", toFrame(good).subarray(0, -1), /checksum/],
  ["a frame with a byte more", Buffer.concat([toFrame(good), Buffer.from([0])]), /checksum/],
  ["nothing between magic and checksum", toFrame(Buffer.alloc(0)), /no records/],
  ["keys without a record", toFrame(Buffer.from([0x0a, 1, 0x61])), /no records/],
  ["a record without data", toFrame(Buffer.from([0x1a, 2, 0x08, 0])), /well-formed/],
  ["data that is a number", toFrame(Buffer.from([0x1a, 2, 0x18, 0])), /well-formed/],
  ["a record that is a number", toFrame(Buffer.from([0x18, 1])), /well-formed/],
  ["a length past the end", toFrame(Buffer.from([0x1a, 0x7f, 0x1a, 1, 0x61])), /well-formed/],
  ["a length of 2^63", toFrame(Buffer.from([0x1a, ...Array(9).fill(0xff), 0x01])), /well-formed/],
  ["a varint without an end", toFrame(Buffer.from(Array(12).fill(0xff))), /well-formed/],
  ["field number 0", toFrame(Buffer.concat([good, Buffer.from([0x02, 0])])), /well-formed/],
  ["a group", toFrame(Buffer.concat([good, Buffer.from([0x1b, 0x1c])])), /well-formed/],
  ["64 bits cut short", toFrame(Buffer.concat([good, Buffer.from([0x29, 1])])), /well-formed/],
  [
    "a good record before a bad one",
    toFrame(Buffer.concat([good, Buffer.from([0x1a, 1, 0x18])])),
    /well-formed/,
  ],
])("%s gives no record and a reason", (_name, frame, problem) => {
  expect(read(frame)).toEqual({ records: [], problem: expect.stringMatching(problem) });
});

test("any byte changed anywhere behind the magic is found", () => {
  const frame = aggregate('{"n":1}', '{"n":2}');
  for (let at = 4; at < frame.length; at += 1) {
    const damaged = Buffer.from(frame);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(read(damaged)).toEqual({ records: [], problem: expect.stringContaining("checksum") });
  }
});

test("no message makes it throw, and it gives all records or none", () => {
  const message = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    // Mostly well-formed: what random bytes seldom reach.
    fc
      .tuple(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 4 }), fc.nat(80), fc.nat(255))
      .map(([records, at, byte]) => {
        const bytes = encodeAggregate(records.map((data) => ({ data })));
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      }),
  );
  fc.assert(
    fc.property(message, (bytes) => {
      const frame = toFrame(bytes);
      const { records, problem } = read(frame);
      expect(problem === undefined).toBe(records.length > 0);
      expect(records.join("").length / 2).toBeLessThan(frame.length);
    }),
    { numRuns: 20_000 },
  );
});
