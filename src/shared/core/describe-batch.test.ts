import { expect, test } from "vitest";
import type { BatchSummary } from "./consume.ts";
import { describeBatch } from "./describe-batch.ts";

const hour = "year=2025/month=11/day=14/hour=01";

const summaryOf = (keys: string[], quarantineKeys: string[] = []): BatchSummary => {
  const written = (key: string) => ({ bucket: "b", key, lines: 25, bytes: 13_000 });
  return {
    stream: "s",
    shardId: "shardId-000000000000",
    records: 100,
    lines: 25 * keys.length,
    bytes: 13_000 * keys.length,
    parts: keys.map(written),
    quarantined: 25 * quarantineKeys.length,
    quarantinedByReason: {},
    services: {},
    quarantineParts: quarantineKeys.map(written),
    skipped: 0,
    groups: keys.length,
    firstSequenceNumber: "1",
    lastSequenceNumber: "2",
  };
};

test.each([
  [
    [`service=a/${hour}/part-1.jsonl`],
    `Wrote 25 logs to s3://b/service=a/${hour}/part-1.jsonl (1 object, 13 KB)`,
  ],
  [
    [`service=a/${hour}/part-1.jsonl`, `service=a/${hour.slice(0, -2)}02/part-1.jsonl`],
    "Wrote 50 logs to s3://b/service=a/year=2025/month=11/day=14/ (2 objects, 25 KB)",
  ],
  [
    ["a", "ab", "b", "c"].map((service) => `service=${service}/${hour}/part-1.jsonl`),
    "Wrote 100 logs to s3://b/ (4 objects, 51 KB)",
  ],
])("the line names the deepest folder that holds all objects: %j", (keys, line) => {
  expect(describeBatch(summaryOf(keys))).toBe(line);
});

test("what was quarantined is said, and where", () => {
  const quarantined = `_quarantine/reason=not_json/${hour}/part-1.jsonl`;
  expect(describeBatch(summaryOf([`service=a/${hour}/part-1.jsonl`], [quarantined]))).toBe(
    `Wrote 25 logs to s3://b/service=a/${hour}/part-1.jsonl (1 object, 13 KB), 25 quarantined in s3://b/${quarantined}`,
  );
  expect(describeBatch(summaryOf([], [quarantined]))).toBe(
    `Wrote no logs from 100 records, 25 quarantined in s3://b/${quarantined}`,
  );
});

test("each bucket that a batch went to is named", () => {
  const summary = summaryOf([`service=a/${hour}/part-1.jsonl`]);
  const parts = [...summary.parts, ...summary.parts.map((part) => ({ ...part, bucket: "c" }))];
  expect(describeBatch({ ...summary, lines: 50, parts })).toBe(
    `Wrote 25 logs to s3://b/service=a/${hour}/part-1.jsonl (1 object, 13 KB) and 25 logs to s3://c/service=a/${hour}/part-1.jsonl (1 object, 13 KB)`,
  );
});
