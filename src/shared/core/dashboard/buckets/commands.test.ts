import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { objectCommands, partitionFilter, prefixCommands, shellQuote } from "./commands.ts";
import { compareKeys } from "./key-order.ts";
import { parseJump, stepsOf } from "./time-jump.ts";

const CONTEXT = { bucket: "b", region: "us-east-1", endpoint: "http://127.0.0.1:4566" };
const PLACE = { origin: "http://127.0.0.1:8010", table: "md_raw_dev.logs" };

test("a key is one word of a shell, whatever is in it", () => {
  const keys = ["a b", "it's", "$(touch x)", "`id`", "a\nb", "-rf", '"', "\\", "日本/ü", "!x", "*"];
  for (const key of keys)
    expect(execFileSync("/bin/sh", ["-c", `printf %s ${shellQuote(key)}`]).toString()).toBe(key);
});

test("commands name the object, the endpoint and the table", () => {
  const key = "service=a%20b/year=2026/month=11/day=22/hour=09/part-1.jsonl.gz";
  const texts = new Map(objectCommands(CONTEXT, key, PLACE).map(({ name, text }) => [name, text]));
  expect(texts.get("aws CLI")).toContain(
    `aws --endpoint-url http://127.0.0.1:4566 --region us-east-1 s3api get-object --bucket b --key ${key} part-1.jsonl.gz`,
  );
  expect(texts.get("aws CLI, first lines")).toContain("- | gunzip | head");
  expect(texts.get("curl, this dashboard")).toContain(encodeURIComponent(key));
  expect(texts.get("Athena")).toContain("service = 'a%20b' AND year = '2026' AND month = '11'");
  expect(texts.get("Athena")).toContain(`"$path" = 's3://b/${key}'`);
  expect(texts.get("DuckDB")).toContain(
    "ENDPOINT '127.0.0.1:4566', URL_STYLE 'path', USE_SSL false",
  );
  const onAws = objectCommands({ bucket: "b", region: "eu-west-1" }, key, PLACE);
  expect(onAws.find(({ name }) => name === "aws CLI")?.text).not.toContain("endpoint");
  expect(
    prefixCommands(CONTEXT, "service=a/", PLACE)
      .map(({ text }) => text)
      .join(),
  ).toContain("s3://b/service=a/**/*.jsonl*");
});

test("only whole levels of a path become a condition", () => {
  expect(partitionFilter("service=a/year=20")).toBe("service = 'a'");
  expect(partitionFilter("other/")).toBeUndefined();
});

test.each([
  ["2026-11-22T09", "year=2026/month=11/day=22/hour=09/"],
  ["2026-11-22 9", "year=2026/month=11/day=22/hour=09/"],
  ["2026-11-22T09:30:00Z", "year=2026/month=11/day=22/hour=09/"],
  ["2026-11-22", "year=2026/month=11/day=22/"],
  ["2026-2", "year=2026/month=02/"],
  ["2026", "year=2026/"],
  ["2026-02-30", undefined],
  ["2026-11-22T24", undefined],
  ["service=a", undefined],
])("%s is the partition %s", (typed, prefix) => {
  expect(parseJump(typed)?.prefix).toBe(prefix);
});

test("before the first hour of a year is the last one of the year before", () => {
  const steps = stepsOf("service=a%20b/year=2026/month=01/day=01/hour=00/");
  expect(steps?.previous.prefix).toBe("service=a%20b/year=2025/month=12/day=31/hour=23/");
  expect(steps?.next.prefix).toBe("service=a%20b/year=2026/month=01/day=01/hour=01/");
  expect(steps?.hours).toHaveLength(24);
  expect(stepsOf("service=a/year=2024/month=02/day=28/")?.next.prefix).toBe(
    "service=a/year=2024/month=02/day=29/",
  );
  expect(stepsOf("service=a/year=2024/")).toBeUndefined();
});

test("keys are in the order of their UTF-8 bytes, as S3 lists them", () => {
  const key = fc.string({
    unit: fc.constantFrom("a", "é", "\ufffd", "\u{1f69a}", "\u{10ffff}", "/"),
  });
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(
        Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    }),
  );
});
