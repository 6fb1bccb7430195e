import { expect, test } from "vitest";
import type { ShardState } from "../consumer-state.ts";
import { deriveConsumerStatus } from "./consumer-status.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

const shard = (changes: Partial<ShardState> = {}): ShardState => ({
  version: 1,
  stream: "logs",
  shardId: "shardId-000000000000",
  streamCreatedAt: ago(9_999),
  parentShardIds: [],
  sequenceNumber: "1",
  drained: false,
  records: 10,
  lines: 20,
  bytes: 300,
  parts: 2,
  quarantined: 1,
  failedBatches: 0,
  lastBatchAt: ago(30),
  lastBatchRecords: 10,
  lastPolledAt: ago(1),
  millisBehindLatest: 40,
  error: null,
  ...changes,
});

const derive = (states: ShardState[], unreadable: { key: string; reason: string }[] = []) =>
  deriveConsumerStatus({ states, unreadable, isComplete: true }, { now: NOW, freshMs: 15_000 });

const error = { code: "HANDLER_FAILED", message: "S3 said no", since: ago(240) };

test("without any recorded state nothing is known, and no figure is made up", () => {
  expect(derive([])).toMatchObject({
    status: "unknown",
    totals: null,
    lastPoll: null,
    millisBehindLatest: null,
  });
});

test("it runs only while every open shard was polled within the limit", () => {
  expect(derive([shard({ lastPolledAt: ago(15) })])).toMatchObject({
    status: "running",
    reason: null,
  });
  expect(derive([shard({ lastPolledAt: ago(15.001) })])).toMatchObject({
    status: "stopped",
    since: ago(15.001),
  });
  expect(derive([shard(), shard({ lastPolledAt: ago(60) })])).toMatchObject({
    status: "stale",
    since: ago(60),
    reason: "1 of 2 shards are not being polled.",
  });
});

test("a shard that names an error makes it failing, with the error and since when", () => {
  expect(derive([shard(), shard({ error })])).toMatchObject({
    status: "failing",
    since: ago(240),
    reason: "logs/shardId-000000000000: HANDLER_FAILED: S3 said no",
  });
});

test("a shard that was read to its end is not missed", () => {
  expect(derive([shard(), shard({ drained: true, lastPolledAt: ago(9_000) })]).status).toBe(
    "running",
  );
});

test("the lag is the worst of the shards being polled; an old figure is no figure", () => {
  const late = shard({ millisBehindLatest: 5_000 });
  const old = shard({ millisBehindLatest: 99_000, lastPolledAt: ago(100) });
  expect(derive([shard(), late, old]).millisBehindLatest).toBe(5_000);
  expect(derive([old]).millisBehindLatest).toBeNull();
});

test("totals are the sums of all shards, drained ones too", () => {
  expect(derive([shard(), shard({ drained: true })]).totals).toEqual({
    records: 20,
    lines: 40,
    bytes: 600,
    parts: 4,
    quarantined: 2,
    failedBatches: 0,
  });
});

test("state that cannot be read is a failure with its key, not an absence", () => {
  const unreadable = [{ key: "_state/logs/x.json", reason: "is not JSON" }];
  expect(derive([], unreadable)).toMatchObject({
    status: "failing",
    reason: "_state/logs/x.json: is not JSON",
  });
  expect(derive([shard()], unreadable).status).toBe("failing");
});
