import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createCodec } from "../../../aws/codec.ts";
import { linesOfRecord, textOf, toRecordView } from "./record-view.ts";
import { decodeStreamCursor, encodeStreamCursor, positionOf } from "./stream-cursor.ts";

const codec = createCodec();
const bytesOf = (text: string) => new TextEncoder().encode(text);
const BIG = '{"level":"WARN","id":9007199254740993}';

test("NDJSON and gzip show the logs the consumer finds; the record itself stays as it is", () => {
  const data = bytesOf(`${BIG}\noops\n${BIG}`);
  expect(linesOfRecord(data, codec).lines).toMatchObject([
    { index: 0, raw: BIG, level: "warn", reason: null },
    { index: 1, raw: "oops", level: null, reason: "not_json" },
    { index: 2, raw: BIG },
  ]);
  const record = {
    sequenceNumber: "7",
    partitionKey: "k",
    data: new Uint8Array(gzipSync(data)),
    arrivedAtMs: 0,
  };
  const view = toRecordView("s", record, codec, { maxRawBytes: 1_000, withLines: true });
  expect(view).toMatchObject({ encoding: "base64", lineCount: 3 });
  expect(Buffer.from(view.raw ?? "", "base64")).toEqual(Buffer.from(record.data));
});

test("a text that is cut is cut between characters, and a byte order mark is kept", () => {
  expect(textOf(bytesOf("aü日"), 5, codec)).toEqual({
    raw: "aü",
    encoding: "utf8",
    truncated: true,
  });
  expect(textOf(bytesOf("\ufeffa"), 10, codec).raw).toBe("\ufeffa");
});

test("a record of very many lines shows the first ones, and says how many there are", () => {
  const limits = { maxLines: 10, maxLineBytes: 20, maxLinesBytes: 100 };
  const { lines, lineCount } = linesOfRecord(bytesOf(`${BIG}\n`.repeat(500)), codec, limits);
  expect(lineCount).toBe(500);
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(lines[0]).toMatchObject({ raw: BIG.slice(0, 20), truncated: true, bytes: BIG.length });
});

test("a gzip bomb costs no more than a page may unpack", () => {
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(32 * 1024 * 1024)));
  expect(linesOfRecord(bomb, codec).lines).toMatchObject([{ reason: "too_large" }]);
});

test("a cursor comes back as it went, and nothing else is one", () => {
  const cursor = { "shardId-000000000000": { after: "49600000000000000000000", at: 5 }, b: {} };
  expect(decodeStreamCursor(encodeStreamCursor(cursor))).toEqual(cursor);
  for (const text of ["", "junk", "e30x", btoa('{"a":{"after":"x"}}'), btoa('{"a":1}')])
    expect(decodeStreamCursor(text), text).toBeUndefined();
  expect(positionOf({ after: "5" })).toMatchObject({ type: "AFTER_SEQUENCE_NUMBER" });
  expect(positionOf({ after: "5", at: 0 })).toMatchObject({ type: "AT_TIMESTAMP" });
  expect(positionOf({})).toEqual({ type: "TRIM_HORIZON" });
});
