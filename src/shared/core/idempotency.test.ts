import { expect, test } from "vitest";
import { type BatchBegin, createIdempotency, type KeyLog } from "./idempotency.ts";
import { silentLogger } from "./logger.ts";
import type { Attempt } from "./record-lookup.ts";

const setUp = (options: { maxKeys?: number; keyLog?: KeyLog } = {}) => {
  let time = 1_000;
  const log: (BatchBegin | { end: string; open: unknown })[] = [];
  const errors: string[] = [];
  const keys = createIdempotency(
    {
      now: () => time,
      mark: (): Attempt => ({ startedAt: time, after: {} }),
      log: { ...silentLogger, error: (_fields, message) => errors.push(message) },
      keyLog: options.keyLog ?? {
        begin: async (batch) => {
          log.push(batch);
        },
        end: async (end, open) => {
          log.push({ end, open });
        },
      },
    },
    { windowMs: 60_000, maxKeys: options.maxKeys ?? 10, packBytes: 100 },
  );
  return {
    keys,
    log,
    errors,
    pass: (ms: number) => {
      time += ms;
    },
  };
};

test("a key that was taken whole is answered once more without taking anything", async () => {
  const { keys } = setUp();
  expect(await keys.claim("k", "d")).toMatchObject({ kind: "take", isReplay: false });
  await keys.finish("k", [], true);
  expect(await keys.claim("k", "d")).toMatchObject({
    kind: "take",
    isReplay: true,
    batch: { open: new Set() },
  });
});

test("another body under the same key is a mismatch, and the same one meanwhile is in progress", async () => {
  const { keys } = setUp();
  await keys.claim("k", "d");
  expect(await keys.claim("k", "d")).toEqual({ kind: "inProgress" });
  expect(await keys.claim("k", "other")).toEqual({ kind: "mismatch" });
  await keys.finish("k", [], true);
  expect(await keys.claim("k", "other")).toEqual({ kind: "mismatch" });
});

test("only what was refused is open for the next try, and is not looked for when that is certain", async () => {
  const { keys } = setUp();
  await keys.claim("k", "d");
  await keys.finish("k", [1, 2, 5], true);
  expect(await keys.claim("k", "d")).toMatchObject({
    isReplay: false,
    batch: { open: new Set([1, 2, 5]), attempt: undefined },
  });
});

test("what may be stored is looked for from the first try on, however often it is tried", async () => {
  const { keys, pass } = setUp();
  await keys.claim("k", "d");
  await keys.finish("k", [0, 1], true);
  pass(1_000);
  await keys.claim("k", "d");
  await keys.finish("k", [1], false);
  pass(1_000);
  expect(await keys.claim("k", "d")).toMatchObject({
    batch: { open: new Set([1]), attempt: { startedAt: 1_000 } },
  });
  keys.abandon("k");
  expect(await keys.claim("k", "d")).toMatchObject({
    batch: { open: undefined, attempt: { startedAt: 1_000 } },
  });
});

test("every try is in the log before it begins, and its end only where it is certain", async () => {
  const { keys, log } = setUp();
  await keys.claim("k", "d");
  expect(log).toMatchObject([{ key: "k", firstSeenAt: 1_000 }]);
  await keys.finish("k", [0], true);
  await keys.claim("k", "d");
  await keys.finish("k", [0], false);
  expect(log).toMatchObject([
    { key: "k", firstSeenAt: 1_000 },
    { end: "k", open: [[0, 0]] },
    { key: "k", firstSeenAt: 1_000 },
  ]);
});

test("after its window a key is new, and past their number the oldest finished ones go", async () => {
  const { keys, pass } = setUp({ maxKeys: 2 });
  await keys.claim("a", "d");
  await keys.finish("a", [], true);
  await keys.claim("b", "d");
  expect(await keys.claim("c", "d")).toMatchObject({ kind: "take" });
  expect(await keys.claim("d", "d")).toEqual({ kind: "tooMany" });
  expect(await keys.claim("b", "d")).toEqual({ kind: "inProgress" });
  await keys.finish("b", [], true);
  expect(await keys.claim("b", "d")).toMatchObject({ isReplay: true });
  await keys.finish("b", [], true);
  pass(60_000);
  expect(await keys.claim("b", "other")).toMatchObject({ isReplay: false });
  expect(keys.size()).toBeLessThanOrEqual(2);
});

test("a log that cannot be written is said, and the batch is taken all the same", async () => {
  const broken = async () => {
    throw new Error("ENOSPC");
  };
  const { keys, errors } = setUp({ keyLog: { begin: broken, end: broken } });
  expect(await keys.claim("k", "d")).toMatchObject({ kind: "take" });
  await keys.finish("k", [], true);
  expect(errors).toHaveLength(1);
});
