import { expect, test } from "vitest";
import { duckDbQuery, jqFilter, lineAwsCli, lineCurl, shellQuote } from "./copy-as.ts";
import { csvCell, type ExportFormat, exportLines } from "./export-lines.ts";
import { createLineTable } from "./line-table.ts";

const LINES = [
  '{"timestamp":"2026-11-22T13:00:00Z","level":"ERROR","service":"a","message":"x","id":9007199254740993,"k":1,"k":2}',
  "no json, \u0007 at all",
  '{"note":"=1+1","neg":-5}\r',
];

const exported = (format: ExportFormat, lines: number[]): string => {
  const table = createLineTable();
  table.add({ source: 0, bytes: new TextEncoder().encode(LINES.join("\n")) });
  const parts = [...exportLines(table, lines, format)];
  return new TextDecoder().decode(Uint8Array.from(parts.flatMap((part) => [...part])));
};

test("jsonl has the stored bytes of exactly the given lines, in their order", () => {
  expect(exported("jsonl", [2, 0])).toBe(`${LINES[2]}\n${LINES[0]}\n`);
});

test("csv keeps every digit, and a spreadsheet calculates nothing", () => {
  const [head, first, second, third] = exported("csv", [0, 1, 2]).split("\r\n");
  expect(head).toBe("timestamp,level,service,message,id,k,note,neg,raw");
  expect(first).toBe("2026-11-22T13:00:00Z,ERROR,a,x,9007199254740993,2,,,");
  expect(second).toBe(',,,,,,,,"no json, \u0007 at all"');
  expect(third).toBe(",,,,,,'=1+1,-5,");
  expect(csvCell('@x"')).toBe(`"'@x"""`);
  expect(csvCell("-2+3")).toBe("'-2+3");
});

test("text has one line each", () => {
  expect(exported("txt", [0, 1])).toBe(
    `2026-11-22T13:00:00.000Z ERROR a x timestamp=2026-11-22T13:00:00Z level=ERROR id=9007199254740993 k=1 k=2\n${LINES[1]}\n`,
  );
});

test("commands quote whatever a name holds", () => {
  const line = {
    bucket: "b",
    key: "a'b $(x).jsonl",
    number: 3,
    firstByte: 100,
    byteLength: 20,
    isCompressed: false,
  };
  const place = { origin: "http://localhost:8010", endpointUrl: "http://127.0.0.1:4566" };
  expect(shellQuote("a'b")).toBe("'a'\\''b'");
  expect(lineCurl(line, place)).toBe(
    "curl 'http://localhost:8010/api/s3/object/b/_?key=a'\\''b%20%24(x).jsonl&view=lines&from=3&limit=1'",
  );
  expect(lineAwsCli(line, place)).toBe(
    "aws --endpoint-url http://127.0.0.1:4566 s3api get-object --bucket b --key 'a'\\''b $(x).jsonl' --range bytes=100-119 /dev/stdout",
  );
  expect(lineAwsCli({ ...line, key: "k.jsonl.gz", isCompressed: true }, place)).toMatch(
    /s3 cp s3:\/\/b\/k\.jsonl\.gz - \| gunzip \| sed -n 3p$/,
  );
  expect(duckDbQuery("b", "it's/")).toContain("'s3://b/it''s/**/*.jsonl*'");
  expect(jqFilter("a b", "x'y")).toBe(`jq -c 'select(.["a b"] == "x'\\''y")'`);
});
