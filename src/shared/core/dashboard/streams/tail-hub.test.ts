import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  createMemoryStream,
  type MemoryStream,
} from "../../../../../tests/support/memory-stream.ts";
import { createCodec } from "../../../aws/codec.ts";
import { SourceError } from "../../event-source/source.ts";
import { toRecordView } from "./record-view.ts";
import { decodeStreamCursor } from "./stream-cursor.ts";
import { createTailHub, type TailHub, type TailHubOptions } from "./tail-hub.ts";
import type { TailViewer } from "./tail-viewer.ts";

const FIRST = "shardId-000000000000";
const SECOND = "shardId-000000000001";
const codec = createCodec();

type Seen = { event: string; data: Record<string, unknown>; id: string | undefined };

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T10:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

const createWorld = (shards: number, options: Partial<TailHubOptions> = {}) => {
  const stream = createMemoryStream("logs", shards, () => Date.now());
  const closed = new Set<string>();
  const hub = createTailHub(
    {
      source: stream.source,
      listShards: async () => ({
        isComplete: true,
        items: (await stream.source.listShards("logs", new AbortController().signal)).map(
          ({ shardId, parentShardIds }) => ({
            shardId,
            parentShardId: parentShardIds[0],
            adjacentParentShardId: parentShardIds[1],
            startingHashKey: "0",
            endingHashKey: "1",
            startingSequenceNumber: "0",
            endingSequenceNumber: closed.has(shardId) ? "1" : undefined,
          }),
        ),
      }),
      view: (shard, record) =>
        toRecordView(shard, record, codec, { maxRawBytes: 0, withLines: true }),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) return resolve();
          const end = () => {
            clearTimeout(timer);
            signal.removeEventListener("abort", end);
            resolve();
          };
          const timer = setTimeout(end, ms);
          signal.addEventListener("abort", end);
        }),
      now: () => Date.now(),
      random: () => 0.5,
      onError: (error) => {
        throw error;
      },
    },
    options,
  );
  return { stream, hub, closed };
};

/** Takes every message as fast as it comes. */
const watch = (viewer: TailViewer): Seen[] => {
  const seen: Seen[] = [];
  void (async () => {
    for (let next = await viewer.next(); next; next = await viewer.next())
      seen.push({ event: next.event, data: JSON.parse(next.data), id: next.id });
  })();
  return seen;
};

const attach = async (hub: TailHub, id?: string, shards?: string[]): Promise<TailViewer> => {
  const viewer = await hub.attach({
    stream: "logs",
    shards,
    cursor: id === undefined ? undefined : decodeStreamCursor(id),
  });
  if (!viewer) throw new Error("no viewer");
  return viewer;
};

const numbersIn = (seen: readonly Seen[]): number[] =>
  seen
    .filter(({ event }) => event === "batch")
    .flatMap(({ data }) => data.records as { lines: { raw: string }[] }[])
    .flatMap(({ lines }) => lines.map(({ raw }) => JSON.parse(raw).n as number));

const put = (stream: MemoryStream, from: number, count: number, shard = FIRST): void => {
  for (let n = from; n < from + count; n += 1) stream.put(shard, JSON.stringify({ n }));
};

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

const readsOf = (stream: MemoryStream, shard = FIRST): number =>
  stream.calls.filter((call) => call === `getRecords ${shard}`).length;

test("any number of viewers cost one read a second and shard, and all see every record", async () => {
  const { stream, hub } = createWorld(2);
  const viewers = await Promise.all(range(0, 5).map(async () => watch(await attach(hub))));
  for (let second = 0; second < 30; second += 1) {
    put(stream, second * 10, 10);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(2_000);
  for (const seen of viewers) expect(numbersIn(seen)).toEqual(range(0, 300));
  for (const shard of [FIRST, SECOND]) expect(readsOf(stream, shard)).toBeLessThanOrEqual(33);
  expect(hub.costs()).toMatchObject([{ stream: "logs", viewers: 5, readers: 2 }]);
});

test("reading ends ten seconds after the last viewer left, and not before", async () => {
  const { stream, hub } = createWorld(1);
  const viewer = await attach(hub);
  watch(viewer);
  await vi.advanceTimersByTimeAsync(3_000);
  viewer.close();
  await vi.advanceTimersByTimeAsync(8_000);
  expect(hub.costs()).toMatchObject([{ viewers: 0, readers: 1 }]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(hub.costs()).toEqual([]);
  const reads = readsOf(stream);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readsOf(stream)).toBe(reads);
});

test("who comes back with the last id misses nothing and sees nothing twice", async () => {
  const { stream, hub } = createWorld(1);
  const first = await attach(hub);
  const before = watch(first);
  put(stream, 0, 50);
  await vi.advanceTimersByTimeAsync(2_000);
  first.close();
  put(stream, 50, 50);
  await vi.advanceTimersByTimeAsync(4_000);
  const after = watch(await attach(hub, before.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(1_000);
  put(stream, 100, 50);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([...numbersIn(before), ...numbersIn(after)]).toEqual(range(0, 150));
  expect(after.filter(({ event }) => event === "gap")).toEqual([]);
});

test("an id outlives the hub: after everything stopped it goes on where it was", async () => {
  const { stream, hub } = createWorld(1);
  const first = await attach(hub);
  const before = watch(first);
  put(stream, 0, 20);
  await vi.advanceTimersByTimeAsync(2_000);
  first.close();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(hub.costs()).toEqual([]);
  put(stream, 20, 20);
  await vi.advanceTimersByTimeAsync(20_000);
  const after = watch(await attach(hub, before.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(3_000);
  expect([...numbersIn(before), ...numbersIn(after)]).toEqual(range(0, 40));
});

test("a viewer that takes nothing holds a bounded queue, and its gap says exactly what is missing", async () => {
  const { stream, hub } = createWorld(1, { maxQueuedLines: 100, maxPerBatch: 50 });
  const slow = await attach(hub);
  for (let second = 0; second < 20; second += 1) {
    put(stream, second * 50, 50);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const seen = watch(slow);
  await vi.advanceTimersByTimeAsync(2_000);
  put(stream, 1_000, 5);
  await vi.advanceTimersByTimeAsync(2_000);
  const gaps = seen.filter(({ event }) => event === "gap").map(({ data }) => data);
  expect(gaps).toMatchObject([{ shard: FIRST, records: 900, lines: 900, reason: "slow" }]);
  expect(numbersIn(seen)).toEqual([...range(0, 100), ...range(1_000, 5)]);
});

test("what is no longer kept for a viewer that comes back is told as a gap", async () => {
  const { stream, hub } = createWorld(1, { ringEntries: 20 });
  const stays = watch(await attach(hub));
  const leaves = await attach(hub);
  const before = watch(leaves);
  put(stream, 0, 10);
  await vi.advanceTimersByTimeAsync(2_000);
  leaves.close();
  put(stream, 10, 100);
  await vi.advanceTimersByTimeAsync(3_000);
  const after = watch(await attach(hub, before.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(2_000);
  const [gap] = after.filter(({ event }) => event === "gap");
  expect(gap?.data).toMatchObject({ reason: "away", shard: FIRST });
  expect(numbersIn(after)).toEqual(range(90, 20));
  expect(numbersIn(stays)).toEqual(range(0, 110));
});

test("a reshard is followed: what is left in the parent comes before its children", async () => {
  const { stream, hub, closed } = createWorld(1);
  const seen = watch(await attach(hub, undefined, [FIRST]));
  put(stream, 0, 10);
  await vi.advanceTimersByTimeAsync(1_500);
  put(stream, 10, 10);
  stream.close(FIRST);
  closed.add(FIRST);
  const left = stream.open(FIRST);
  const right = stream.open(FIRST);
  put(stream, 20, 10, left);
  put(stream, 30, 10, right);
  await vi.advanceTimersByTimeAsync(4_000);
  put(stream, 40, 5, right);
  await vi.advanceTimersByTimeAsync(3_000);
  const numbers = numbersIn(seen);
  expect(numbers.slice(0, 20)).toEqual(range(0, 20));
  expect([...numbers].sort((a, b) => a - b)).toEqual(range(0, 45));
  const after = watch(await attach(hub, seen.at(-1)?.id));
  put(stream, 45, 5, left);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(numbersIn(after)).toEqual(range(45, 5));
});

test("who was away during a reshard reads the parent to its end before its children", async () => {
  const { stream, hub, closed } = createWorld(1, { pageBytes: 10 });
  const first = await attach(hub);
  const before = watch(first);
  put(stream, 0, 5);
  await vi.advanceTimersByTimeAsync(2_000);
  first.close();
  await vi.advanceTimersByTimeAsync(15_000);
  // More than one page.
  put(stream, 5, 700);
  stream.close(FIRST);
  closed.add(FIRST);
  put(stream, 705, 10, stream.open(FIRST));
  const after = watch(await attach(hub, before.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(30_000);
  expect(numbersIn(after)).toEqual(range(5, 710));
});

test("expired iterators are renewed without a word, and nothing is lost", async () => {
  const { stream, hub } = createWorld(1);
  const seen = watch(await attach(hub));
  put(stream, 0, 5);
  await vi.advanceTimersByTimeAsync(2_000);
  let expired = 0;
  stream.fault = (operation) =>
    operation === "getRecords" && expired++ % 3 === 0
      ? new SourceError("ITERATOR_UNUSABLE", "expired")
      : undefined;
  put(stream, 5, 5);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(numbersIn(seen)).toEqual(range(0, 10));
  expect(seen.filter(({ event }) => event === "problem")).toEqual([]);
});

test("a throttled reader backs off, says so, and goes on", async () => {
  const { stream, hub } = createWorld(1);
  const seen = watch(await attach(hub));
  await vi.advanceTimersByTimeAsync(1_500);
  stream.fault = (operation) =>
    operation === "getRecords" ? new SourceError("THROTTLED", "slow down") : undefined;
  const reads = readsOf(stream);
  put(stream, 0, 5);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(readsOf(stream) - reads).toBeLessThan(12);
  expect(seen.find(({ event }) => event === "problem")?.data).toMatchObject({ code: "THROTTLED" });
  stream.fault = undefined;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(numbersIn(seen)).toEqual(range(0, 5));
});

test("records past the retention are a gap, not silence", async () => {
  const { stream, hub } = createWorld(1);
  const first = await attach(hub);
  const before = watch(first);
  put(stream, 0, 10);
  await vi.advanceTimersByTimeAsync(2_000);
  first.close();
  await vi.advanceTimersByTimeAsync(15_000);
  put(stream, 10, 10);
  stream.trim(FIRST, 15);
  const after = watch(await attach(hub, before.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(after.find(({ event }) => event === "gap")?.data).toMatchObject({ reason: "trimmed" });
  expect(numbersIn(after)).toEqual(range(15, 5));
});

test("a stream that is faster than a tail may read is skipped ahead, and that is told", async () => {
  const { stream, hub } = createWorld(1, { pageBytes: 100, maxBehindMs: 5_000, replayMs: 1_000 });
  const seen = watch(await attach(hub));
  for (let second = 0; second < 40; second += 1) {
    put(stream, second * 100, 100);
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(seen.find(({ event }) => event === "gap")?.data).toMatchObject({ reason: "behind" });
  expect(Math.max(...numbersIn(seen))).toBeGreaterThan(3_000);
});

test("a window ends with goodbye and an id to go on from", async () => {
  const { stream, hub } = createWorld(1, { windowMs: 60_000 });
  const seen = watch(await attach(hub));
  put(stream, 0, 3);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(seen.at(-1)).toMatchObject({ event: "bye", data: { reason: "window" } });
  put(stream, 3, 3);
  const after = watch(await attach(hub, seen.at(-1)?.id));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(numbersIn(after)).toEqual([3, 4, 5]);
});

test("silence is broken by a ping every 15 seconds", async () => {
  const { hub } = createWorld(1);
  const seen = watch(await attach(hub));
  await vi.advanceTimersByTimeAsync(60_500);
  expect(seen.filter(({ event }) => event === "ping")).toHaveLength(4);
});

test("a stream that is deleted says goodbye to its viewers", async () => {
  const { stream, hub } = createWorld(1);
  const seen = watch(await attach(hub));
  await vi.advanceTimersByTimeAsync(2_000);
  stream.remove();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(seen.at(-1)).toMatchObject({ event: "bye", data: { reason: "gone" } });
  expect(hub.costs()).toEqual([]);
});

test("there is a most of viewers", async () => {
  const { hub } = createWorld(1, { maxViewers: 2 });
  await attach(hub);
  await attach(hub);
  expect(await hub.attach({ stream: "logs" })).toBeUndefined();
});
