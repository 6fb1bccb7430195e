import { expect, test } from "vitest";
import type { AcceptedItem } from "../../shared/core/accepted-copies.ts";
import { silentLogger } from "../../shared/core/logger.ts";
import { createForwarder, type ForwarderOptions } from "./forwarder.ts";

type Posted = { batch_id: string; logs: Record<string, unknown>[] };

const item = (text: string, signal: AcceptedItem["signal"] = "logs"): AcceptedItem => ({
  signal,
  service: "cart",
  bytes: new TextEncoder().encode(text),
});

const createWorld = (
  answer: (attempt: number, signal: AbortSignal) => Promise<number>,
  options: Partial<ForwarderOptions> = {},
) => {
  const bodies: string[] = [];
  const warnings: string[] = [];
  let id = 0;
  const forwarder = createForwarder(
    {
      post: async (_url, body, signal) => {
        bodies.push(body);
        return { status: await answer(bodies.length, signal) };
      },
      newId: () => {
        id += 1;
        return `batch-${id}`;
      },
      now: () => Date.parse("2025-11-14T01:00:00Z"),
      log: { ...silentLogger, warn: (_fields, message) => void warnings.push(message) },
    },
    { url: "http://127.0.0.1:8005/", backOffMs: 1, ...options },
  );
  const posted = () => bodies.map((body) => JSON.parse(body) as Posted);
  return { forwarder, bodies, posted, warnings };
};

test("logs are forwarded in batches, in the form of /api/consolidate, their data byte for byte", async () => {
  const { forwarder, bodies, posted } = createWorld(async () => 200, { batchLogs: 2 });
  forwarder.take(
    item('{"timestamp":"2025-11-14T01:13:03","log_type":"loan","data":{"n":9007199254740993}}'),
  );
  forwarder.take(item('{"level":"INFO","message":"flat"}'));
  forwarder.take(item('{"data":{"timestamp":"t"}}', "apm"));
  forwarder.take(item('{"value":1}', "metrics"));
  await forwarder.close();
  expect(bodies[0]).toContain('"data":{"n":9007199254740993}');
  expect(posted().map(({ batch_id, logs }) => [batch_id, logs.length])).toEqual([
    ["batch-1", 2],
    ["batch-2", 1],
  ]);
  expect(posted()[0]?.logs[0]).toMatchObject({
    source: "cart",
    timestamp: "2025-11-14T01:13:03",
    log_type: "loan",
    metadata: { accepted_at: "2025-11-14T01:00:00.000Z" },
  });
  expect(posted()[0]?.logs[1]).toMatchObject({
    timestamp: "2025-11-14T01:00:00.000Z",
    log_type: "unknown",
    data: { level: "INFO", message: "flat" },
  });
  expect(posted()[1]?.logs[0]).toMatchObject({ timestamp: "t" });
  expect(forwarder.stats()).toMatchObject({ forwardedLogs: 3, droppedLogs: 0, queuedLogs: 0 });
});

test("a batch is tried again under its own id, and then given up; the warning comes once", async () => {
  const { forwarder, posted, warnings } = createWorld(async () => 503);
  forwarder.take(item("{}"));
  await expect.poll(() => forwarder.stats().droppedLogs).toBe(1);
  expect(posted().map(({ batch_id }) => batch_id)).toEqual(["batch-1", "batch-1", "batch-1"]);
  expect(warnings).toHaveLength(1);
  expect(forwarder.stats()).toMatchObject({
    forwardedLogs: 0,
    failure: "HTTP 503",
    queuedBytes: 0,
  });
});

test("a refusal that no repeat would change is final", async () => {
  const { forwarder, bodies } = createWorld(async () => 422);
  forwarder.take(item("{}"));
  await expect.poll(() => forwarder.stats().droppedLogs).toBe(1);
  expect(bodies).toHaveLength(1);
});

test("a consolidation that hangs costs the logs that find no room, and holds up nothing", async () => {
  const hang = (_: number, signal: AbortSignal) =>
    new Promise<number>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const { forwarder } = createWorld(hang, { maxQueueBytes: 10, deadlineMs: 20, attempts: 2 });
  for (let n = 0; n < 9; n += 1) forwarder.take(item('{"a":1}'));
  expect(forwarder.stats()).toMatchObject({ droppedLogs: 8, queuedLogs: 1 });
  await expect.poll(() => forwarder.stats().droppedLogs).toBe(9);
  await forwarder.close();
});

test("closing gives what waits a short time, counts the rest, and takes nothing more", async () => {
  const { forwarder } = createWorld(async () => 503, { backOffMs: 60_000 });
  forwarder.take(item("{}"));
  await forwarder.close();
  forwarder.take(item("{}"));
  expect(forwarder.stats()).toMatchObject({ forwardedLogs: 0, droppedLogs: 2, queuedLogs: 0 });
});
