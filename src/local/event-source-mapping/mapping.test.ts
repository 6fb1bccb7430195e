import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shardStateKey } from "../../shared/core/consumer-state.ts";
import { SourceError } from "../../shared/core/event-source/source.ts";
import type { EventSourceMapping } from "./mapping.ts";
import { createWorld, dataOf, STREAM, shardIdOf, type World } from "./world.testing.ts";

const SHARD = shardIdOf(0);
const KEY = shardStateKey(STREAM, SHARD);

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2025-11-14T01:00:00Z") });
});

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

const startIn = (world: World): EventSourceMapping => {
  const mapping = world.start();
  void mapping.run();
  cleanups.push(async () => {
    world.beforeBatch = () => undefined;
    const closed = mapping.close();
    await pass(10_000);
    await closed;
  });
  return mapping;
};

const putMany = (world: World, count: number, shardId = SHARD, from = 0): void => {
  for (let index = from; index < from + count; index += 1) world.stream.put(shardId, `${index}`);
};

const linesAt = (world: World, ...levels: string[]) =>
  world.logs.filter(({ level }) => levels.includes(level)).map(({ message }) => message);

test("reads from TRIM_HORIZON where there is no checkpoint", async () => {
  const world = createWorld({});
  putMany(world, 3);
  startIn(world);
  await pass(1_000);
  expect(world.events.map(dataOf)).toEqual([["0", "1", "2"]]);
  expect(world.state(SHARD)).toMatchObject({ records: 3, lines: 3, parts: 1, error: null });
});

test("a full batch goes at once and the rest when the window has passed", async () => {
  const world = createWorld({ batchSize: 100, batchWindowMs: 5_000 });
  putMany(world, 250);
  startIn(world);
  await pass(1_000);
  expect(world.events.map((event) => event.Records.length)).toEqual([100, 100]);
  await pass(4_000);
  expect(world.events.map((event) => event.Records.length)).toEqual([100, 100, 50]);
});

test("one page feeds many batches: throughput is not bound to five batches a second", async () => {
  const world = createWorld({ batchSize: 10 });
  putMany(world, 10_000);
  startIn(world);
  await pass(300);
  expect(world.stored()).toHaveLength(10_000);
});

test.each([0, 1_000, 5_000])(
  "with a window of %i ms no record waits longer than that",
  async (batchWindowMs) => {
    const world = createWorld({ batchWindowMs });
    startIn(world);
    const arrivals = new Map<string, number>();
    const waits: number[] = [];
    world.beforeBatch = (event) => {
      for (const data of dataOf(event)) waits.push(Date.now() - (arrivals.get(data) ?? 0));
    };
    for (let index = 0; index < 40; index += 1) {
      await pass(737);
      world.stream.put(SHARD, `${index}`);
      arrivals.set(`${index}`, Date.now());
    }
    await pass(batchWindowMs + 1_000);
    expect(waits).toHaveLength(40);
    // With no window at all a record still waits for the next poll, five a second.
    expect(Math.max(...waits)).toBeLessThanOrEqual(Math.max(batchWindowMs, 200));
  },
);

test("many shards are read at once, and Node has nothing to warn of", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  const world = createWorld({ shardCount: 64 });
  startIn(world);
  await pass(1_000);
  for (let index = 0; index < 64; index += 1) world.stream.put(shardIdOf(index), `${index}`);
  await pass(200);
  process.off("warning", onWarning);
  expect(world.stored()).toHaveLength(64);
  expect(warnings).toEqual([]);
});

test("an idle shard is polled at most five times a second, and so is a busy one", async () => {
  const world = createWorld({ batchWindowMs: 0 });
  startIn(world);
  await pass(10_000);
  const idle = world.stream.calls.filter((call) => call.startsWith("getRecords")).length;
  expect(idle).toBeLessThanOrEqual(51);
  putMany(world, 100_000);
  await pass(1_000);
  const busy = world.stream.calls.filter((call) => call.startsWith("getRecords")).length - idle;
  expect(busy).toBeLessThanOrEqual(6);
});

test("each batch is checkpointed before the next one is handed over", async () => {
  const world = createWorld({ batchSize: 2 });
  putMany(world, 10);
  const checkpoints: (string | null)[] = [];
  world.beforeBatch = () => {
    checkpoints.push(world.states.has(KEY) ? world.state(SHARD).sequenceNumber : null);
  };
  startIn(world);
  await pass(1_000);
  const lastOfEach = world.events.map((event) => event.Records.at(-1)?.kinesis.sequenceNumber);
  expect(checkpoints).toEqual([null, ...lastOfEach.slice(0, -1)]);
});

test("a checkpoint that cannot be written holds its shard, and goes on when it can", async () => {
  const world = createWorld({ batchSize: 2 });
  putMany(world, 6);
  let isBroken = false;
  world.onState = (operation) => {
    if (operation === "write" && isBroken) throw new Error("SlowDown");
  };
  world.afterBatch = () => {
    isBroken ||= world.events.length === 1;
  };
  startIn(world);
  await pass(120_000);
  expect(world.events).toHaveLength(1);
  expect(
    linesAt(world, "warn", "error").filter((line) => line.includes("SlowDown")).length,
  ).toBeLessThanOrEqual(4);
  isBroken = false;
  await pass(31_000);
  expect(world.events.map(dataOf)).toEqual([
    ["0", "1"],
    ["2", "3"],
    ["4", "5"],
  ]);
});

test("a batch that fails is tried again from the same record until it succeeds", async () => {
  const world = createWorld({ batchSize: 3 });
  putMany(world, 6);
  let failures = 20;
  world.beforeBatch = () => {
    if (failures-- > 0) throw new Error("S3 is away");
  };
  startIn(world);
  await pass(30_000);
  expect(world.state(SHARD)).toMatchObject({
    sequenceNumber: null,
    failedBatches: 1,
    error: { code: "BATCH_FAILED", message: expect.stringContaining("S3 is away") },
  });
  await pass(600_000);
  const seen = world.events.map((event) => dataOf(event).join());
  expect(seen).toEqual([...Array(21).fill("0,1,2"), "3,4,5"]);
  expect(world.state(SHARD)).toMatchObject({ records: 6, failedBatches: 1, error: null });
});

test("a lasting failure is said once a minute, not once a retry, and so is its end", async () => {
  const world = createWorld({});
  putMany(world, 1);
  world.beforeBatch = () => {
    throw new Error("S3 is away");
  };
  startIn(world);
  await pass(300_000);
  const said = world.logs.filter(({ message }) => message.includes("S3 is away"));
  expect(said.length).toBeGreaterThanOrEqual(4);
  expect(said.length).toBeLessThanOrEqual(6);
  expect(said.map(({ level }) => level)).toEqual(["warn", ...said.slice(1).map(() => "error")]);
  world.beforeBatch = () => undefined;
  await pass(60_000);
  expect(linesAt(world, "info")).toEqual([expect.stringContaining("BATCH_FAILED")]);
});

test("an answer naming a record moves the checkpoint before it and tries again from there", async () => {
  const world = createWorld({});
  putMany(world, 5);
  world.beforeBatch = (event) => {
    const third = event.Records[3]?.kinesis.sequenceNumber;
    return third && { batchItemFailures: [{ itemIdentifier: third }] };
  };
  startIn(world);
  await pass(5_000);
  expect(world.events.map(dataOf)).toEqual([
    ["0", "1", "2", "3", "4"],
    ["3", "4"],
  ]);
  expect(world.state(SHARD)).toMatchObject({ records: 5, failedBatches: 1 });
});

test("a failing shard never holds another one up", async () => {
  const world = createWorld({ shardCount: 3 });
  world.beforeBatch = (event) => {
    if (event.Records[0]?.eventID.startsWith(shardIdOf(1))) throw new Error("no");
  };
  startIn(world);
  for (const index of [0, 1, 2]) putMany(world, 10, shardIdOf(index), index * 10);
  await pass(2_000);
  expect(world.stored()).toHaveLength(20);
  expect(world.state(shardIdOf(1)).error?.code).toBe("BATCH_FAILED");
  expect(world.state(shardIdOf(2)).error).toBeNull();
});

test("nothing is logged while all is well and idle, and the state shows signs of life", async () => {
  const world = createWorld({});
  startIn(world);
  await pass(61_000);
  expect(world.logs).toEqual([]);
  const { lastPolledAt, millisBehindLatest } = world.state(SHARD);
  expect(Date.now() - Date.parse(lastPolledAt ?? "")).toBeLessThanOrEqual(6_000);
  expect(millisBehindLatest).toBe(0);
});

test("while a batch fails or its handler hangs, the state shows signs of life and how far behind", async () => {
  const world = createWorld({});
  putMany(world, 1);
  world.beforeBatch = () => new Promise(() => {});
  startIn(world);
  await pass(60_000);
  const { lastPolledAt, millisBehindLatest } = world.state(SHARD);
  expect(Date.now() - Date.parse(lastPolledAt ?? "")).toBeLessThanOrEqual(6_000);
  expect(millisBehindLatest).toBeGreaterThan(50_000);
});

test("an expired iterator is a normal path: nothing lost, nothing twice, nothing said", async () => {
  const world = createWorld({ batchSize: 2 });
  putMany(world, 4);
  let isFirst = true;
  world.beforeBatch = async () => {
    if (!isFirst) return;
    isFirst = false;
    await new Promise((resolve) => setTimeout(resolve, 6 * 60_000));
  };
  startIn(world);
  await pass(1_000);
  putMany(world, 2, SHARD, 4);
  await pass(7 * 60_000);
  expect(world.events.map(dataOf)).toEqual([
    ["0", "1"],
    ["2", "3"],
    ["4", "5"],
  ]);
  expect(linesAt(world, "warn", "error")).toEqual([]);
});

test("throttling and network errors are waited out, shown when they last, and cleared", async () => {
  const world = createWorld({});
  startIn(world);
  await pass(1_000);
  world.stream.fault = (operation) =>
    operation === "getRecords" ? new SourceError("THROTTLED", "slow down") : undefined;
  putMany(world, 2);
  await pass(90_000);
  expect(world.state(SHARD).error?.code).toBe("READ_THROTTLED");
  expect(linesAt(world, "warn", "error")).toHaveLength(2);
  world.stream.fault = undefined;
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "1"]);
  expect(world.state(SHARD).error).toBeNull();
});

test("a single failed read heals unseen", async () => {
  const world = createWorld({});
  startIn(world);
  await pass(1_000);
  let failures = 1;
  world.stream.fault = () =>
    failures-- > 0 ? new SourceError("UNAVAILABLE", "ECONNRESET") : undefined;
  putMany(world, 2);
  await pass(5_000);
  expect(world.stored()).toEqual(["0", "1"]);
  expect(world.logs).toEqual([]);
});

test("a defect in one shard's loop restarts that shard from its checkpoint", async () => {
  const world = createWorld({ shardCount: 2, batchSize: 1 });
  startIn(world);
  putMany(world, 3);
  let failures = 2;
  world.stream.fault = (operation, shardId) =>
    operation === "getRecords" && shardId === SHARD && failures-- > 0
      ? new TypeError("a defect")
      : undefined;
  await pass(10_000);
  expect(world.stored()).toEqual(["0", "1", "2"]);
  expect(linesAt(world, "warn")).toEqual([expect.stringContaining("a defect")]);
});

test("the children of a split are read only when the parent's last batch is checkpointed", async () => {
  const world = createWorld({ batchSize: 2 });
  putMany(world, 5);
  startIn(world);
  let isFailing = true;
  world.beforeBatch = () => {
    if (isFailing) throw new Error("no");
  };
  await pass(1_000);
  world.stream.close(SHARD);
  const children = [world.stream.open(SHARD), world.stream.open(SHARD)];
  for (const [index, child] of children.entries()) putMany(world, 2, child, 10 + index * 2);
  await pass(90_000);
  expect(world.stream.calls.filter((call) => call.includes(shardIdOf(1)))).toEqual([]);
  isFailing = false;
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11", "12", "13", "2", "3", "4"]);
  const order = world.events.map((event) => dataOf(event)[0]);
  expect(Math.min(order.indexOf("10"), order.indexOf("12"))).toBeGreaterThan(order.indexOf("4"));
  expect(world.state(SHARD)).toMatchObject({ drained: true, records: 5 });
});

test("the child of a merge waits for both parents", async () => {
  const world = createWorld({ shardCount: 2 });
  startIn(world);
  world.beforeBatch = (event) => {
    if (event.Records[0]?.eventID.startsWith(shardIdOf(1))) throw new Error("no");
  };
  putMany(world, 2, shardIdOf(1));
  await pass(1_000);
  world.stream.close(shardIdOf(0));
  world.stream.close(shardIdOf(1));
  const child = world.stream.open(shardIdOf(0), shardIdOf(1));
  putMany(world, 2, child, 10);
  await pass(60_000);
  expect(world.state(shardIdOf(0)).drained).toBe(true);
  expect(world.stored()).toEqual([]);
  world.beforeBatch = () => undefined;
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11"]);
});

test("after a restart a drained shard is not read again and its child goes on", async () => {
  const world = createWorld({});
  putMany(world, 2);
  world.stream.close(SHARD);
  const child = world.stream.open(SHARD);
  const first = startIn(world);
  await pass(2_000);
  await first.close();
  world.stream.calls.length = 0;
  putMany(world, 2, child, 10);
  startIn(world);
  await pass(2_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11"]);
  expect(world.stream.calls.filter((call) => call.endsWith(SHARD))).toEqual([]);
});

test("a restart goes on after the checkpoint", async () => {
  const world = createWorld({});
  putMany(world, 3);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  putMany(world, 3, SHARD, 3);
  startIn(world);
  await pass(1_000);
  expect(world.events.map(dataOf)).toEqual([
    ["0", "1", "2"],
    ["3", "4", "5"],
  ]);
  expect(world.state(SHARD).records).toBe(6);
  expect(linesAt(world, "warn", "error")).toEqual([]);
});

test.each([
  ["that is not JSON", "{ nope"],
  ["of another version", JSON.stringify({ version: 9 })],
])("a checkpoint %s stops its shard, is said, and stays as it is", async (_name, text) => {
  const world = createWorld({ shardCount: 2 });
  world.states.set(KEY, text);
  putMany(world, 2);
  putMany(world, 2, shardIdOf(1), 10);
  startIn(world);
  await pass(45_000);
  expect(world.stored()).toEqual(["10", "11"]);
  expect(world.states.get(KEY)).toBe(text);
  expect(linesAt(world, "error")).toEqual([expect.stringContaining(KEY)]);

  world.states.delete(KEY);
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11"]);
});

test("a checkpoint that Kinesis refuses stops its shard, is shown in its state, and is kept", async () => {
  const world = createWorld({});
  putMany(world, 2);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  const good = world.state(SHARD);
  const bad = { ...good, sequenceNumber: "99999999999999999999999999" };
  world.states.set(KEY, JSON.stringify(bad));
  putMany(world, 2, SHARD, 2);
  startIn(world);
  await pass(100_000);
  expect(world.stored()).toEqual(["0", "1"]);
  const { sequenceNumber, records, lines } = bad;
  expect(world.state(SHARD)).toMatchObject({
    sequenceNumber,
    records,
    lines,
    error: { code: "CHECKPOINT_REFUSED" },
  });
  expect(linesAt(world, "error").length).toBeLessThanOrEqual(3);

  world.states.set(KEY, JSON.stringify(good));
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "1", "2", "3"]);
  expect(world.state(SHARD).error).toBeNull();
});

test("a state store that does not answer is not taken for a first start", async () => {
  const world = createWorld({});
  putMany(world, 2);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  let isAway = true;
  world.onState = (operation) => {
    if (operation === "read" && isAway) throw new Error("NoSuchBucket");
  };
  startIn(world);
  await pass(60_000);
  expect(world.events).toHaveLength(1);
  isAway = false;
  putMany(world, 1, SHARD, 2);
  await pass(31_000);
  expect(world.events.map(dataOf)).toEqual([["0", "1"], ["2"]]);
});

test("a stream that was made again while nobody ran is read from its start, and that is said", async () => {
  const world = createWorld({});
  putMany(world, 2);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  world.stream.recreate(1);
  putMany(world, 2, SHARD, 10);
  startIn(world);
  await pass(1_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11"]);
  expect(world.state(SHARD).records).toBe(2);
  expect(linesAt(world, "warn")).toEqual([expect.stringContaining("set aside")]);
});

test("a stream that is made again under a running mapping is read from its start", async () => {
  const world = createWorld({ shardCount: 2 });
  putMany(world, 2);
  startIn(world);
  await pass(1_000);
  world.stream.recreate(1);
  putMany(world, 2, SHARD, 10);
  await pass(5_000);
  expect(world.stored()).toEqual(["0", "1", "10", "11"]);
  expect(linesAt(world, "warn")).toEqual([expect.stringContaining("set aside")]);
});

test("a missing stream is waited for and said once a minute", async () => {
  const world = createWorld({});
  putMany(world, 1);
  startIn(world);
  await pass(1_000);
  world.stream.remove();
  await pass(180_000);
  const said = linesAt(world, "warn", "error");
  expect(said.length).toBeGreaterThanOrEqual(2);
  expect(said.length).toBeLessThanOrEqual(4);
  world.stream.recreate(1);
  putMany(world, 1, SHARD, 10);
  await pass(31_000);
  expect(world.stored()).toEqual(["0", "10"]);
});

test("records that were trimmed unread are told of", async () => {
  const world = createWorld({});
  putMany(world, 3);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  putMany(world, 4, SHARD, 3);
  world.stream.trim(SHARD, 5);
  startIn(world);
  await pass(1_000);
  expect(world.stored()).toEqual(["0", "1", "2", "5", "6"]);
  expect(linesAt(world, "warn")).toEqual([expect.stringContaining("passed the retention")]);
});

test("a shard that passed the retention unread is told of once and frees its children", async () => {
  const world = createWorld({});
  putMany(world, 1);
  const first = startIn(world);
  await pass(1_000);
  await first.close();
  const child = world.stream.open(SHARD);
  world.stream.forget(SHARD);
  putMany(world, 1, child, 10);
  const second = startIn(world);
  await pass(1_000);
  await second.close();
  startIn(world);
  await pass(1_000);
  expect(world.stored()).toEqual(["0", "10"]);
  expect(linesAt(world, "error")).toEqual([
    expect.stringContaining("passed the stream's retention"),
  ]);
  expect(world.state(SHARD).drained).toBe(true);
});

test("a shard that vanishes while it is read is told of and frees its children", async () => {
  const world = createWorld({});
  putMany(world, 1);
  startIn(world);
  await pass(1_000);
  const child = world.stream.open(SHARD);
  putMany(world, 1, child, 10);
  world.stream.forget(SHARD);
  await pass(5_000);
  expect(world.stored()).toEqual(["0", "10"]);
  expect(world.state(SHARD).drained).toBe(true);
});

test("close lets the batch being handled finish and be checkpointed, and starts no other", async () => {
  const world = createWorld({ batchSize: 2 });
  putMany(world, 6);
  world.beforeBatch = () => new Promise((resolve) => setTimeout(resolve, 5_000));
  const mapping = startIn(world);
  await pass(1_000);
  const closed = mapping.close();
  await pass(5_000);
  await closed;
  expect(world.events).toHaveLength(1);
  expect(world.state(SHARD)).toMatchObject({ records: 2 });
});

test("close waits eight seconds for a batch, and one that ends later is not checkpointed", async () => {
  const world = createWorld({});
  putMany(world, 2);
  world.beforeBatch = () => new Promise((resolve) => setTimeout(resolve, 60_000));
  const mapping = startIn(world);
  await pass(1_000);
  let isClosed = false;
  const closed = mapping.close().then(() => {
    isClosed = true;
  });
  await pass(7_900);
  expect(isClosed).toBe(false);
  await pass(200);
  await closed;
  world.states.delete(KEY);
  await pass(60_000);
  expect(world.states.has(KEY)).toBe(false);
});

test("close ends at once while waiting, backing off or without ever having run", async () => {
  const idle = createWorld({});
  const failing = createWorld({});
  putMany(failing, 1);
  failing.beforeBatch = () => {
    throw new Error("no");
  };
  const missing = createWorld({});
  missing.stream.remove();
  const mappings = [startIn(idle), startIn(failing), startIn(missing), createWorld({}).start()];
  await pass(20_000);
  const startedAt = Date.now();
  await Promise.all(mappings.map((mapping) => mapping.close()));
  expect(Date.now()).toBe(startedAt);
});
