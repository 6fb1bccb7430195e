import { expect, test } from "vitest";
import { poll } from "../../tests/support/poll.ts";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import type { AcceptedLedger, AnsweredBatch } from "../shared/core/accepted-ledger.ts";
import { createIdempotency } from "../shared/core/idempotency.ts";
import { silentLogger } from "../shared/core/logger.ts";
import type { PutRecordsEngine } from "../shared/core/put-records-engine.ts";
import { createIngestRoutes } from "./ingest.ts";

/** An engine that refuses what its caller names, by position. */
const setUp = (refuse: readonly number[], record: (batch: AnsweredBatch) => Promise<void>) => {
  const settled: (readonly number[])[] = [];
  const engine = {
    submit: async () => ({
      ok: true,
      failures: refuse.map((position) => ({ position, code: "UNAVAILABLE", reason: "planned" })),
    }),
    mark: () => ({ startedAt: 0, after: {} }),
    stats: () => ({ queueLogs: 0 }),
  } as unknown as PutRecordsEngine;
  const ledger: AcceptedLedger = { record, settle: (_key, open) => void settled.push(open) };
  const intake = (name: string) => ({
    name,
    engine,
    ledger,
    idempotency: createIdempotency(
      { now: () => 0, mark: engine.mark, log: silentLogger },
      { windowMs: 60_000, maxKeys: 10, packBytes: 1_000 },
    ),
  });
  const app = createIngestRoutes({
    streams: { logs: intake("logs"), metrics: intake("metrics") },
    bodyDecoder: createBodyDecoder(),
    now: () => 0,
    log: silentLogger,
    maxBodiesBytes: 1_000_000,
  });
  const send = async (headers: Record<string, string> = {}) =>
    await app.request("/api/ingest/batch", {
      method: "POST",
      body: '[{"service":"pay"},7,{"service":"cart"}]',
      headers: { "content-type": "application/json", ...headers },
    });
  return { send, settled };
};

test("no answer goes out before what it accepts is counted", async () => {
  let count: (() => void) | undefined;
  const { send } = setUp(
    [],
    () =>
      new Promise((resolve) => {
        count = resolve;
      }),
  );
  let isAnswered = false;
  const answered = send().then(() => {
    isAnswered = true;
  });
  await poll("the accepted logs are counted", () => count !== undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isAnswered).toBe(false);
  count?.();
  await answered;
});

test("refused logs are named by their position among those that were submitted", async () => {
  const batches: AnsweredBatch[] = [];
  const { send } = setUp([1], async (batch) => void batches.push(batch));
  await send();
  expect(batches).toEqual([{ services: ["pay", "cart"], refused: [1], keyed: undefined }]);
});

test("under a key it says what was still open, and when a restart will know", async () => {
  const batches: AnsweredBatch[] = [];
  const { send, settled } = setUp([1], async (batch) => {
    expect(settled).toHaveLength(batches.length);
    batches.push(batch);
  });
  await send({ "idempotency-key": "k" });
  await send({ "idempotency-key": "k" });
  expect(batches.map(({ keyed }) => keyed)).toEqual([
    { key: "k", open: undefined },
    { key: "k", open: new Set([1]) },
  ]);
  expect(settled).toEqual([[1], [1]]);
});
