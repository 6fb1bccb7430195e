import fc from "fast-check";
import { expect, test } from "vitest";
import { PUT_RECORDS_MAX_BYTES, PUT_RECORDS_MAX_ENTRIES, RECORD_MAX_BYTES } from "./limits.ts";
import { type Logger, silentLogger } from "./logger.ts";
import type { EntryResult, RecordEntry, RecordWriter } from "./ports.ts";
import {
  createPutRecordsEngine,
  type EngineOptions,
  type PutRecordsEngine,
  type SubmitResult,
} from "./put-records-engine.ts";
import { PutRecordsError } from "./put-records-error.ts";
import { type OutgoingLog, utf8Length } from "./record-packer.ts";

/** Time that passes only when told to; between two timers every promise settles. */
const createClock = () => {
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
    timerCount: () => timers.length,
  };
};

type Clock = ReturnType<typeof createClock>;

type Call = {
  entries: readonly RecordEntry[];
  startedAt: number;
  endedAt: number | undefined;
};

type Verdict = "ok" | string;

type Plan = {
  latencyMs?: number;
  /** Fails the call: before or after everything was stored, or by never answering. */
  call?: "reset" | "storeThenReset" | "hang" | PutRecordsError;
  entry?: (entry: RecordEntry, index: number) => Verdict;
};

const decoder = new TextDecoder();

/** Kinesis as the wire shows it: per-entry results, and faults as planned. */
const createStream = (clock: Clock, plan: (call: number) => Plan = () => ({})) => {
  const calls: Call[] = [];
  const stored: string[] = [];
  const acknowledged = new Set<string>();
  /** Lines that were sent although they had been acknowledged. */
  const resent: string[] = [];
  let sequence = 0;
  const linesOf = (entry: RecordEntry) => decoder.decode(entry.data).split("\n");
  const writer: RecordWriter = {
    putRecords: async (entries, signal) => {
      const { latencyMs = 10, call: fault, entry: verdictOf = () => "ok" } = plan(calls.length);
      const call: Call = { entries, startedAt: clock.now(), endedAt: undefined };
      calls.push(call);
      resent.push(...entries.flatMap(linesOf).filter((line) => acknowledged.has(line)));
      signal.addEventListener("abort", () => {
        call.endedAt ??= clock.now();
      });
      if (fault === "hang") return await new Promise<never>(() => {});
      await clock.sleep(latencyMs);
      call.endedAt ??= clock.now();
      if (fault === "storeThenReset") stored.push(...entries.flatMap(linesOf));
      if (fault === "reset" || fault === "storeThenReset") throw new Error("socket hang up");
      if (fault !== undefined) throw fault;
      return entries.map((entry, index): EntryResult => {
        const code = verdictOf(entry, index);
        if (code !== "ok") return { ok: false, code, message: "planned" };
        stored.push(...linesOf(entry));
        for (const line of linesOf(entry)) acknowledged.add(line);
        sequence += 1;
        return { ok: true, sequenceNumber: String(sequence), shardId: "shardId-000000000000" };
      });
    },
  };
  return { writer, calls, stored, resent };
};

const OPTIONS: EngineOptions = {
  lingerMs: 5,
  packBytes: 1_000,
  maxQueueBytes: 10_000_000,
  requestDeadlineMs: 4_000,
};

const setUp = (
  plan?: (call: number) => Plan,
  options: Partial<EngineOptions> = {},
  random: () => number = () => 0.5,
  log: Logger = silentLogger,
) => {
  const clock = createClock();
  const stream = createStream(clock, plan);
  const engine = createPutRecordsEngine(
    { writer: stream.writer, now: clock.now, schedule: clock.schedule, random, log },
    { ...OPTIONS, ...options },
  );
  return { clock, ...stream, engine };
};

const logOf = (service: string, text: string): OutgoingLog => ({
  service,
  bytes: new TextEncoder().encode(text),
});

const logsOf = (service: string, count: number, name = service): OutgoingLog[] =>
  Array.from({ length: count }, (_, index) => logOf(service, `${name}-${index}`));

/** The answer once there is one. */
const track = (engine: PutRecordsEngine, logs: OutgoingLog[]) => {
  const seen: { result: SubmitResult | undefined } = { result: undefined };
  const done = engine.submit(logs).then((result) => {
    seen.result = result;
  });
  return { seen, done };
};

const failuresOf = (result: SubmitResult | undefined) => {
  if (!result?.ok) throw new Error(`Refused or open: ${JSON.stringify(result)}`);
  return result.failures;
};

const THROTTLE = "ProvisionedThroughputExceededException";

test("an idle engine sends at once and answers after the acknowledgement", async () => {
  const { engine, clock, calls, stored } = setUp();
  const { seen } = track(engine, logsOf("a", 3));
  expect(calls).toHaveLength(1);
  await clock.advance(9);
  expect(seen.result).toBeUndefined();
  await clock.advance(1);
  expect(failuresOf(seen.result)).toEqual([]);
  expect(stored).toEqual(["a-0", "a-1", "a-2"]);
  expect(engine.stats()).toMatchObject({ queueLogs: 0, queueBytes: 0, acknowledgedLogs: 3 });
  expect(clock.timerCount()).toBe(0);
});

test("while a call is under way small requests gather, for the linger at most", async () => {
  const { engine, clock, calls } = setUp(() => ({ latencyMs: 100 }));
  void engine.submit(logsOf("a", 1));
  void engine.submit(logsOf("b", 1));
  await clock.advance(3);
  void engine.submit(logsOf("c", 1));
  await clock.advance(1);
  expect(calls).toHaveLength(1);
  await clock.advance(1);
  expect(calls.map(({ entries }) => entries.map(({ partitionKey }) => partitionKey))).toEqual([
    ["a"],
    ["b", "c"],
  ]);
});

test("a full call does not wait for the linger", async () => {
  const { engine, calls } = setUp(() => ({ latencyMs: 100 }), { packBytes: 0, lingerMs: 20 });
  void engine.submit(logsOf("a", 1));
  void engine.submit(logsOf("b", PUT_RECORDS_MAX_ENTRIES - 1));
  expect(calls).toHaveLength(1);
  void engine.submit(logsOf("c", 1));
  expect(calls).toHaveLength(2);
});

test("logs of one service out of several requests share a record", async () => {
  const { engine, clock, calls, stored } = setUp(() => ({ latencyMs: 50 }));
  void engine.submit(logsOf("x", 1));
  const first = track(engine, logsOf("a", 2, "first"));
  const second = track(engine, logsOf("a", 2, "second"));
  await clock.advance(60);
  expect(calls[1]?.entries).toHaveLength(1);
  expect(stored).toEqual(["x-0", "first-0", "first-1", "second-0", "second-1"]);
  expect([first, second].map(({ seen }) => failuresOf(seen.result))).toEqual([[], []]);
});

test("only failed entries are sent again, and a throttled shard holds up no other", async () => {
  const { engine, clock, calls } = setUp((call) => ({
    entry: ({ partitionKey }) => (partitionKey === "hot" && call < 2 ? THROTTLE : "ok"),
  }));
  const hot = track(engine, [...logsOf("hot", 2), ...logsOf("cold", 2)]);
  await clock.advance(10);
  const cold = track(engine, logsOf("cold", 1));
  await clock.advance(10);
  expect(failuresOf(cold.seen.result)).toEqual([]);
  expect(hot.seen.result).toBeUndefined();
  await clock.advance(200);
  expect(failuresOf(hot.seen.result)).toEqual([]);
  const keys = calls.map(({ entries }) => entries.map(({ partitionKey }) => partitionKey));
  expect(keys).toEqual([["hot", "cold"], ["cold"], ["hot"]]);
  expect(engine.stats()).toMatchObject({ throttledRecords: 1, retriedRecords: 1 });
});

test("a service's later logs do not overtake its earlier ones that are being retried", async () => {
  const { engine, clock, stored } = setUp((call) => ({
    entry: () => (call < 3 ? THROTTLE : "ok"),
  }));
  void engine.submit(logsOf("a", 2, "early"));
  await clock.advance(5);
  void engine.submit(logsOf("a", 2, "meanwhile"));
  await clock.advance(10);
  void engine.submit(logsOf("a", 2, "late"));
  await clock.advance(2_000);
  expect(stored).toEqual(
    ["early", "meanwhile", "late"].flatMap((name) => [`${name}-0`, `${name}-1`]),
  );
});

test("what is not acknowledged at the deadline is named, and not sent later", async () => {
  const { engine, clock, calls, stored } = setUp(
    (call) => ({
      entry: ({ partitionKey }) => (partitionKey === "hot" && call < 20 ? THROTTLE : "ok"),
    }),
    { requestDeadlineMs: 300 },
    () => 1,
  );
  const request = track(engine, [logOf("cold", "c"), logOf("hot", "h1"), logOf("hot", "h2")]);
  await clock.advance(300);
  expect(failuresOf(request.seen.result).map(({ position, code }) => [position, code])).toEqual([
    [1, "THROTTLED"],
    [2, "THROTTLED"],
  ]);
  const callsThen = calls.length;
  await clock.advance(10_000);
  expect(calls).toHaveLength(callsThen);
  expect(stored).toEqual(["c"]);
  expect(engine.stats()).toMatchObject({ queueLogs: 0, queueBytes: 0 });
});

test("given-up logs leave the record they shared, and the others of it are retried", async () => {
  const { engine, clock, stored } = setUp(
    (call) => ({ latencyMs: 50, entry: () => (call < 3 ? THROTTLE : "ok") }),
    { requestDeadlineMs: 400 },
    () => 1,
  );
  void engine.submit(logsOf("x", 1));
  const early = track(engine, logsOf("x", 1, "early"));
  await clock.advance(300);
  const late = track(engine, logsOf("x", 1, "late"));
  await clock.advance(600);
  expect(failuresOf(early.seen.result)).toHaveLength(1);
  expect(failuresOf(late.seen.result)).toEqual([]);
  expect(stored).toEqual(["late-0"]);
});

test("where nobody can look, a call without an answer in time is not sent again but UNCONFIRMED", async () => {
  const { engine, clock, calls } = setUp((call) => (call === 0 ? { call: "hang" } : {}), {
    callTimeoutMs: 1_000,
  });
  const { seen } = track(engine, logsOf("a", 1));
  await clock.advance(999);
  expect(seen.result).toBeUndefined();
  await clock.advance(1);
  expect(failuresOf(seen.result)).toMatchObject([{ position: 0, code: "UNCONFIRMED" }]);
  await clock.advance(10_000);
  expect(calls).toHaveLength(1);
  expect(engine.stats()).toMatchObject({ queueLogs: 0, queueBytes: 0 });
});

test("logs in flight at the deadline are not accepted, and counted as late when they arrive", async () => {
  const { engine, clock, stored } = setUp(() => ({ latencyMs: 500 }), {
    requestDeadlineMs: 400,
    callTimeoutMs: 1_000,
  });
  const { seen } = track(engine, logsOf("a", 2));
  await clock.advance(400);
  expect(failuresOf(seen.result).map(({ code }) => code)).toEqual(["UNCONFIRMED", "UNCONFIRMED"]);
  expect(engine.stats().queueBytes).toBeGreaterThan(0);
  await clock.advance(200);
  expect(stored).toHaveLength(2);
  expect(engine.stats()).toMatchObject({ lateLogs: 2, acknowledgedLogs: 0, queueBytes: 0 });
});

test("a missing stream fails its logs at once and is said once, not per request", async () => {
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (_fields, message) => errors.push(message) };
  const missing = new PutRecordsError("permanent", "ResourceNotFoundException", "no such stream");
  const { engine, clock } = setUp(
    () => ({ call: missing }),
    {},
    () => 0.5,
    log,
  );
  for (let request = 0; request < 5; request += 1) {
    const { seen } = track(engine, logsOf("a", 1));
    await clock.advance(10);
    expect(failuresOf(seen.result)[0]).toMatchObject({ code: "STREAM_NOT_FOUND" });
  }
  expect(errors).toHaveLength(1);
});

test("over the bound a request is refused as a whole and nothing of it is sent", async () => {
  const { engine, clock, stored } = setUp(() => ({ latencyMs: 100 }), { maxQueueBytes: 2_000 });
  const first = track(engine, logsOf("a", 50, "first"));
  const second = track(engine, logsOf("b", 50, "second"));
  await clock.settle();
  expect(second.seen.result).toMatchObject({ ok: false, code: "QUEUE_FULL" });
  const huge = track(engine, [logOf("a", "x".repeat(2_000))]);
  await clock.advance(100);
  expect(huge.seen.result).toMatchObject({ ok: false, code: "BATCH_TOO_LARGE" });
  expect(failuresOf(first.seen.result)).toEqual([]);
  expect(stored).toHaveLength(50);
  const again = track(engine, logsOf("b", 50, "second"));
  await clock.advance(100);
  expect(failuresOf(again.seen.result)).toEqual([]);
});

test("close sends what was taken and takes nothing more", async () => {
  const { engine, clock, stored } = setUp((call) => ({
    latencyMs: 50,
    entry: () => (call === 0 ? THROTTLE : "ok"),
  }));
  const taken = track(engine, logsOf("a", 3));
  const queued = track(engine, logsOf("b", 3));
  let isClosed = false;
  const closing = engine.close(5_000).then(() => {
    isClosed = true;
  });
  const refused = track(engine, logsOf("c", 1));
  await clock.advance(1_000);
  await closing;
  expect(isClosed).toBe(true);
  expect(refused.seen.result).toMatchObject({ ok: false, code: "CLOSING" });
  expect([taken, queued].map(({ seen }) => failuresOf(seen.result))).toEqual([[], []]);
  expect(stored).toHaveLength(6);
  expect(clock.timerCount()).toBe(0);
});

test("close gives up at its deadline, whatever hangs", async () => {
  const { engine, clock } = setUp(() => ({ call: "hang" }), { requestDeadlineMs: 60_000 });
  const { seen } = track(engine, logsOf("a", 3));
  const closing = engine.close(1_000);
  await clock.advance(1_100);
  await closing;
  expect(failuresOf(seen.result)).toHaveLength(3);
  expect(clock.timerCount()).toBe(0);
});

test("no call is over a limit of PutRecords, at the byte", async () => {
  const { engine, clock, calls, stored } = setUp(() => ({ latencyMs: 10 }), {
    packBytes: RECORD_MAX_BYTES,
    maxQueueBytes: 100_000_000,
  });
  const full = (service: string, missing: number) =>
    logOf(service, "x".repeat(RECORD_MAX_BYTES - utf8Length(service) - missing));
  const request = track(
    engine,
    Array.from({ length: 21 }, (_, index) => full(`service-${index}`, index === 20 ? 1 : 0)),
  );
  await clock.advance(1_000);
  expect(failuresOf(request.seen.result)).toEqual([]);
  expect(stored).toHaveLength(21);
  const sizes = calls.map(({ entries }) =>
    entries.reduce(
      (sum, { data, partitionKey }) => sum + data.length + utf8Length(partitionKey),
      0,
    ),
  );
  expect(sizes).toEqual([PUT_RECORDS_MAX_BYTES, PUT_RECORDS_MAX_BYTES, RECORD_MAX_BYTES - 1]);
});

test("a record that would take a call one byte over its limit goes into the next", async () => {
  const { engine, clock, calls } = setUp(() => ({ latencyMs: 10 }), {
    packBytes: RECORD_MAX_BYTES,
    maxQueueBytes: 100_000_000,
  });
  const sized = (service: string, size: number) =>
    logOf(service, "x".repeat(size - utf8Length(service)));
  const request = (last: number) => [
    ...Array.from({ length: 9 }, (_, index) => sized(`full-${index}`, RECORD_MAX_BYTES)),
    sized("nearly-full", RECORD_MAX_BYTES - 100),
    sized("last", last),
  ];
  void engine.submit(request(100));
  await clock.advance(100);
  void engine.submit(request(101));
  await clock.advance(100);
  expect(calls.map(({ entries }) => entries.length)).toEqual([11, 10, 1]);
});

test("a call has at most 500 entries, and few calls are in flight at once", async () => {
  const { engine, clock, calls } = setUp(() => ({ latencyMs: 10 }), { packBytes: 0, lingerMs: 0 });
  void engine.submit(logsOf("a", PUT_RECORDS_MAX_ENTRIES + 1));
  await clock.advance(100);
  expect(calls.map(({ entries }) => entries.length)).toEqual([PUT_RECORDS_MAX_ENTRIES, 1]);
  for (let service = 0; service < 10; service += 1)
    void engine.submit(logsOf(`service-${service}`, 1));
  expect(engine.stats().callsInFlight).toBe(4);
  await clock.advance(100);
  expect(engine.stats().acknowledgedLogs).toBe(PUT_RECORDS_MAX_ENTRIES + 11);
});

test("while everything is throttled the queue stays under its bound and attempts are few", async () => {
  const { engine, clock, calls } = setUp(() => ({ latencyMs: 5, entry: () => THROTTLE }), {
    maxQueueBytes: 10_000,
  });
  let refused = 0;
  for (let step = 0; step < 600; step += 1) {
    void engine.submit(logsOf(`s${step % 7}`, 20)).then((result) => {
      if (!result.ok) refused += 1;
    });
    expect(engine.stats().queueBytes).toBeLessThanOrEqual(10_000);
    await clock.advance(100);
  }
  await clock.advance(5_000);
  expect(refused).toBeGreaterThan(0);
  expect(engine.stats()).toMatchObject({ queueBytes: 0, queueLogs: 0, acknowledgedLogs: 0 });
  // 65 s, 7 keys: with a mean back-off of some 500 ms each key is tried about twice a second.
  expect(calls.length).toBeLessThan(7 * 65 * 4);
});

const faultArb = fc.record({
  seed: fc.integer(),
  entryFailure: fc.constantFrom(0, 0.05, 0.3, 0.9),
  callFailure: fc.constantFrom(0, 0.05, 0.3),
  requests: fc.array(
    fc.record({
      gapMs: fc.constantFrom(0, 0, 1, 7, 50, 400),
      logs: fc.array(
        fc.tuple(
          fc.constantFrom("a", "b", "c", "d"),
          fc.constantFrom(8, 20, 300, 999, 1_000, 1_001),
        ),
        { minLength: 1, maxLength: 30 },
      ),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  packBytes: fc.constantFrom(0, 1_000),
  requestDeadlineMs: fc.constantFrom(100, 1_000, 4_000),
});

const randomFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
  return (seed >>> 0) / 4_294_967_296;
};

test("under any mix of faults: accepted is stored, refused is named, nothing is sent twice or late", async () => {
  await fc.assert(
    fc.asyncProperty(faultArb, async (scenario) => {
      const random = randomFrom(scenario.seed);
      const { engine, clock, calls, stored, resent } = setUp(
        () => {
          const latencyMs = Math.floor(random() * 60);
          if (random() < scenario.callFailure) {
            const kinds = ["reset", "storeThenReset", "hang"] as const;
            return { latencyMs, call: kinds[Math.floor(random() * 3)] ?? "reset" };
          }
          return {
            latencyMs,
            entry: () => (random() < scenario.entryFailure ? THROTTLE : "ok"),
          };
        },
        { packBytes: scenario.packBytes, requestDeadlineMs: scenario.requestDeadlineMs },
        random,
      );
      const requests: { names: string[]; at: number; answeredAt: number; result: SubmitResult }[] =
        [];
      const pending: Promise<void>[] = [];
      let count = 0;
      for (const { gapMs, logs } of scenario.requests) {
        await clock.advance(gapMs);
        const names = logs.map(([service, size]) => {
          count += 1;
          return `${service}${count}`.padEnd(size, ".");
        });
        const at = clock.now();
        pending.push(
          engine.submit(names.map((name) => logOf(name.charAt(0), name))).then((result) => {
            requests.push({ names, at, answeredAt: clock.now(), result });
          }),
        );
      }
      await clock.advance(10_000);
      await Promise.all(pending);

      const storedSet = new Set(stored);
      const refusedAt = new Map<string, number>();
      for (const { names, at, answeredAt, result } of requests) {
        expect(answeredAt - at).toBeLessThanOrEqual(scenario.requestDeadlineMs);
        const failed = new Map(failuresOf(result).map(({ position, code }) => [position, code]));
        for (const [position, name] of names.entries()) {
          if (failed.has(position)) refusedAt.set(name, answeredAt);
          else expect(storedSet.has(name)).toBe(true);
        }
      }
      expect(resent).toEqual([]);
      for (const [index, call] of calls.entries()) {
        const lines = call.entries.flatMap(({ data }) => decoder.decode(data).split("\n"));
        for (const line of lines) {
          // In flight at the deadline is the one excuse: the call itself must have begun before.
          expect(refusedAt.get(line) ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(
            call.startedAt,
          );
        }
        expect(call.entries.length).toBeLessThanOrEqual(PUT_RECORDS_MAX_ENTRIES);
        const keys = new Set(call.entries.map(({ partitionKey }) => partitionKey));
        for (const other of calls.slice(0, index)) {
          const isOver = other.endedAt !== undefined && other.endedAt <= call.startedAt;
          if (isOver) continue;
          for (const { partitionKey } of other.entries) expect(keys.has(partitionKey)).toBe(false);
        }
      }
      expect(engine.stats()).toMatchObject({ queueLogs: 0, queueBytes: 0, callsInFlight: 0 });
      expect(clock.timerCount()).toBe(0);
    }),
    { numRuns: 60 },
  );
}, 60_000);
