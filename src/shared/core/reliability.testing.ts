import { createIdempotency, type Idempotency, type KnownBatch } from "./idempotency.ts";
import { silentLogger } from "./logger.ts";
import type { EntryResult, RecordEntry, RecordWriter } from "./ports.ts";
import { createPutRecordsEngine, type PutRecordsEngine } from "./put-records-engine.ts";
import { PutRecordsError } from "./put-records-error.ts";
import { createMatcher, type RecordLookup, type SeenRecord } from "./record-lookup.ts";
import {
  type OpenAttempt,
  type Spool,
  type SpoolEntry,
  SpoolError,
  type SpooledEntry,
} from "./spool.ts";

/** Time that passes only when told to; between two timers every promise settles. */
export const createTestClock = () => {
  let time = 1_000_000;
  let timers: { at: number; task: () => void }[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const schedule = (delayMs: number, task: () => void) => {
    const timer = { at: time + delayMs, task };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  return {
    now: () => time,
    schedule,
    sleep: (ms: number) => new Promise<void>((resolve) => schedule(ms, resolve)),
    settle,
    /** What was to happen does not: the process is gone. */
    dropTimers: () => {
      timers = [];
    },
    advance: async (ms: number) => {
      const until = time + ms;
      await settle();
      for (;;) {
        const due = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        time = Math.max(time, due.at);
        due.task();
        await settle();
      }
      time = until;
    },
  };
};

export type TestClock = ReturnType<typeof createTestClock>;

/**
 * What happens to a call: `store` is done before the answer goes wrong, or where it comes last,
 * LATE_MS after the call was begun, or after it was given up.
 */
export type CallFault =
  | "none"
  | "refuse"
  | "reset"
  | "storeThenReset"
  | "hang"
  | "storeThenHang"
  | "internalFailure"
  | "resetThenStore"
  | "hangThenStore"
  | "giveUpThenStore"
  | "throttle"
  | "throttleSome";

/** Within the grace of five seconds, and long after a first look. */
export const LATE_MS = 4_000;

type Stored = SeenRecord & { at: number };

const SHARD = "shardId-000000000000";
const decoder = new TextDecoder();

/** One shard that keeps what it stored; faults are asked for call by call. */
export const createTestStream = (clock: TestClock, nextFault: () => CallFault) => {
  const stored: Stored[] = [];
  let sequence = 100;
  let isReadable = true;
  let calls = 0;
  const store = ({ partitionKey, data }: RecordEntry): EntryResult => {
    sequence += 1;
    const sequenceNumber = String(sequence);
    stored.push({ partitionKey, data, sequenceNumber, shardId: SHARD, at: clock.now() });
    return { ok: true, sequenceNumber, shardId: SHARD };
  };
  const throttled: EntryResult = {
    ok: false,
    code: "ProvisionedThroughputExceededException",
    message: "planned",
  };
  const writer: RecordWriter = {
    putRecords: async (entries, signal) => {
      calls += 1;
      const fault = nextFault();
      const storeLate = () => clock.schedule(LATE_MS, () => void entries.map(store));
      if (fault === "resetThenStore" || fault === "hangThenStore") storeLate();
      if (fault === "giveUpThenStore") signal.addEventListener("abort", storeLate, { once: true });
      await clock.sleep(5);
      if (fault === "internalFailure")
        throw new PutRecordsError("unavailable", "InternalFailure", "planned", {
          isAnswered: true,
        });
      if (fault === "refuse")
        throw new PutRecordsError("unavailable", "ECONNREFUSED", "planned", { mayBeStored: false });
      if (fault === "throttle") throw new PutRecordsError("throttled", "Throttling", "planned");
      if (fault === "reset" || fault === "resetThenStore") throw new Error("socket hang up");
      if (fault === "hang" || fault === "hangThenStore" || fault === "giveUpThenStore")
        return await new Promise<never>(() => {});
      if (fault === "throttleSome")
        return entries.map((entry, index) => (index % 2 === 0 ? throttled : store(entry)));
      const results = entries.map(store);
      if (fault === "storeThenReset") throw new Error("socket hang up");
      if (fault === "storeThenHang") return await new Promise<never>(() => {});
      await clock.sleep(5);
      return results;
    },
  };
  const lookup: RecordLookup = {
    find: async ({ records, attempt, isKnown }) => {
      await clock.sleep(5);
      if (!isReadable) throw new Error("planned");
      const matcher = createMatcher({ records, isKnown });
      const after = attempt.after[SHARD];
      const isBehind = ({ sequenceNumber, at }: Stored): boolean =>
        after === undefined ? at >= attempt.startedAt : BigInt(sequenceNumber) > BigInt(after);
      for (const record of stored.filter(isBehind)) matcher.offer(record);
      return { found: matcher.found, isComplete: true, attempt };
    },
  };
  return {
    writer,
    lookup,
    calls: () => calls,
    setReadable: (value: boolean) => {
      isReadable = value;
    },
    lines: () => stored.flatMap(({ data }) => decoder.decode(data).split("\n")),
  };
};

/** A disk that outlives engines. */
export const createTestDisk = () => ({
  entries: [] as SpooledEntry[],
  done: new Set<number>(),
  attempts: new Map<number, OpenAttempt>(),
  batches: new Map<string, KnownBatch>(),
  nextId: 1,
  /** What a write takes. */
  writeMs: 1,
});

export type TestDisk = ReturnType<typeof createTestDisk>;

/** The spool's contract on a disk in memory; `isAlive` false leaves everything unanswered. */
export const createTestSpool = (
  disk: TestDisk,
  clock: TestClock,
  isAlive: () => boolean,
  maxEntries = 1_000_000,
): Spool => {
  const recovered = [...disk.attempts.values()];
  const keys = new Map<string, number>();
  const pending = () => disk.entries.filter(({ id }) => !disk.done.has(id));
  for (const { partitionKey } of pending())
    keys.set(partitionKey, (keys.get(partitionKey) ?? 0) + 1);
  const listeners: (() => void)[] = [];
  let cursor = 0;
  let queue: Promise<void> = Promise.resolve();
  const write = async (work: () => void): Promise<void> => {
    await clock.sleep(disk.writeMs);
    if (!isAlive()) await new Promise(() => {});
    work();
  };
  const add = (partitionKey: string, count: number): void => {
    const left = (keys.get(partitionKey) ?? 0) + count;
    if (left > 0) keys.set(partitionKey, left);
    else keys.delete(partitionKey);
  };
  const forget = (entries: readonly SpooledEntry[]): void => {
    for (const { partitionKey } of entries) add(partitionKey, -1);
  };
  return {
    append: (entries: readonly SpoolEntry[]) => {
      if (pending().length + entries.length > maxEntries)
        return Promise.reject(new SpoolError("FULL", "planned"));
      for (const { partitionKey } of entries) add(partitionKey, 1);
      const written = queue.then(() =>
        write(() => {
          for (const entry of entries)
            disk.entries.push({ ...entry, id: disk.nextId++, spooledAt: clock.now() });
          for (const listener of listeners) listener();
        }),
      );
      queue = written;
      return written;
    },
    holds: (partitionKey) => keys.has(partitionKey),
    read: async () => {
      await write(() => undefined);
      const found = disk.entries.slice(cursor);
      cursor = disk.entries.length;
      return found.filter(({ id }) => !disk.done.has(id));
    },
    begin: async (attempt, records) => {
      const attemptId = disk.nextId++;
      const ids = records.map((entries) => entries.map(({ id }) => id));
      await write(() => disk.attempts.set(attemptId, { attemptId, attempt, records: ids }));
      return attemptId;
    },
    end: (attemptId, stored) => {
      forget(stored);
      return write(() => {
        disk.attempts.delete(attemptId);
        for (const { id } of stored) disk.done.add(id);
      });
    },
    done: (entries) => {
      forget(entries);
      return write(() => {
        for (const { id } of entries) disk.done.add(id);
      });
    },
    openAttempts: () => recovered,
    depth: () => ({
      entries: [...keys.values()].reduce((sum, count) => sum + count, 0),
      logs: pending().reduce((sum, { logs }) => sum + logs, 0),
      bytes: pending().length,
      maxBytes: maxEntries,
      oldestAt: pending()[0]?.spooledAt,
      failure: undefined,
    }),
    onAppend: (listener) => {
      listeners.push(listener);
    },
  };
};

export type TestProcess = {
  engine: PutRecordsEngine;
  keys: Idempotency;
  /** Nothing of it happens any more. */
  kill(): void;
};

export type TestProcessOptions = {
  random?: () => number;
  hasSpool?: boolean;
  lateArrivalGraceMs?: number;
};

/** Ingest without its HTTP: an engine with everything it can have, on a disk that may be older. */
export const startTestProcess = (
  disk: TestDisk,
  clock: TestClock,
  stream: ReturnType<typeof createTestStream>,
  { random = () => 0.5, hasSpool = true, ...options }: TestProcessOptions = {},
): TestProcess => {
  let isAlive = true;
  const schedule: TestClock["schedule"] = (delayMs, task) =>
    clock.schedule(delayMs, () => {
      if (isAlive) task();
    });
  const engine = createPutRecordsEngine(
    {
      writer: stream.writer,
      lookup: stream.lookup,
      spool: hasSpool ? createTestSpool(disk, clock, () => isAlive) : undefined,
      now: clock.now,
      schedule,
      random,
      log: silentLogger,
    },
    {
      lingerMs: 2,
      packBytes: 60,
      maxQueueBytes: 10_000_000,
      requestDeadlineMs: 1_000,
      ...options,
    },
  );
  const spooled = new Map<string, Set<number>>();
  for (const { id, tag } of disk.entries)
    if (tag && !disk.done.has(id))
      spooled.set(tag.key, (spooled.get(tag.key) ?? new Set()).add(tag.ordinal));
  const keys = createIdempotency(
    {
      now: clock.now,
      mark: engine.mark,
      log: silentLogger,
      known: [...disk.batches.values()].map((batch) => ({
        ...batch,
        spooled: spooled.get(batch.key),
      })),
      keyLog: {
        begin: async (batch) => {
          if (isAlive) disk.batches.set(batch.key, batch);
        },
        end: async (key, open) => {
          const batch = disk.batches.get(key);
          if (isAlive && batch) disk.batches.set(key, { ...batch, open });
        },
      },
    },
    { windowMs: 600_000, maxKeys: 1_000, packBytes: 60 },
  );
  return {
    engine,
    keys,
    kill: () => {
      isAlive = false;
    },
  };
};
