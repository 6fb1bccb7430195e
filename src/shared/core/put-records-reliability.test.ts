import fc from "fast-check";
import { expect, test } from "vitest";
import { UNCONFIRMED } from "./put-records-engine.ts";
import type { OutgoingLog } from "./record-packer.ts";
import {
  type CallFault,
  createTestClock,
  createTestDisk,
  createTestStream,
  LATE_MS,
  startTestProcess,
  type TestProcess,
  type TestProcessOptions,
} from "./reliability.testing.ts";

const logOf = (service: string, text: string): OutgoingLog => ({
  service,
  bytes: new TextEncoder().encode(text),
});

const logsOf = (service: string, ...texts: string[]): OutgoingLog[] =>
  texts.map((text) => logOf(service, text));

/** A world in which the calls go wrong as listed, and then no more. */
const setUp = (...faults: CallFault[]) => {
  const clock = createTestClock();
  const stream = createTestStream(clock, () => faults.shift() ?? "none");
  const disk = createTestDisk();
  const start = (options?: TestProcessOptions) => startTestProcess(disk, clock, stream, options);
  return { clock, stream, disk, start, faults };
};

const track = <T>(work: Promise<T>): { value: T | undefined } => {
  const seen: { value: T | undefined } = { value: undefined };
  void work.then((value) => {
    seen.value = value;
  });
  return seen;
};

const ACCEPTED = { ok: true, failures: [] };

test("a call that stored its records and lost the answer is found, and not sent again", async () => {
  const { clock, stream, start } = setUp("storeThenReset");
  const { engine } = start();
  const answer = track(engine.submit(logsOf("a", "1", "2")));
  await clock.advance(900);
  expect(answer.value).toEqual(ACCEPTED);
  expect(stream.lines()).toEqual(["1", "2"]);
  expect(stream.calls()).toBe(1);
  expect(engine.stats()).toMatchObject({ foundRecords: 1, acknowledgedLogs: 2, spooledLogs: 0 });
});

test("a call that stored nothing is looked for, and sent again", async () => {
  const { clock, stream, start } = setUp("reset");
  const { engine } = start();
  const answer = track(engine.submit(logsOf("a", "1")));
  await clock.advance(900);
  expect(answer.value).toEqual(ACCEPTED);
  expect(engine.stats()).toMatchObject({ spool: { logs: 1 } });
  await clock.advance(6_000);
  expect(stream.lines()).toEqual(["1"]);
  expect(engine.stats()).toMatchObject({ foundRecords: 0, spool: { logs: 0 } });
});

test("what a call stores late, after it was given up and looked for, is stored once", async () => {
  const faults = ["resetThenStore", "hangThenStore", "giveUpThenStore"] as const;
  const play = async (fault: CallFault, options: TestProcessOptions): Promise<string[]> => {
    const { clock, stream, start } = setUp(fault);
    const { engine } = start(options);
    const answer = track(engine.submit(logsOf("a", "1", "2")));
    await clock.advance(1_000);
    expect(answer.value).toEqual(ACCEPTED);
    await clock.advance(30_000);
    expect(engine.stats().spool).toMatchObject({ logs: 0 });
    return stream.lines();
  };
  for (const fault of faults) {
    expect(await play(fault, {})).toEqual(["1", "2"]);
    // The test would see it.
    expect(await play(fault, { lateArrivalGraceMs: 0 })).toEqual(["1", "2", "1", "2"]);
  }
});

test("what a drain's call stores late is stored once, also when its process was killed", async () => {
  const play = async (isKilled: boolean, options: TestProcessOptions): Promise<string[]> => {
    const fault = isKilled ? "hangThenStore" : "giveUpThenStore";
    const { clock, stream, start } = setUp("refuse", "refuse", "refuse", fault);
    const first = start(options);
    void first.engine.submit(logsOf("a", "1", "2"));
    await clock.advance(2_500);
    if (isKilled) {
      first.kill();
      start(options);
    }
    await clock.advance(30_000);
    return stream.lines();
  };
  for (const isKilled of [false, true]) {
    expect(await play(isKilled, {})).toEqual(["1", "2"]);
    expect(await play(isKilled, { lateArrivalGraceMs: 0 })).toEqual(["1", "2", "1", "2"]);
  }
});

test("what waits for the stream's word holds up its own service alone, which keeps its order", async () => {
  for (const fault of ["resetThenStore", "reset", "giveUpThenStore"] as const) {
    const { clock, stream, start } = setUp(fault, fault, fault);
    const { engine } = start();
    void engine.submit(logsOf("a", "a1"));
    await clock.advance(1_000);
    expect(engine.stats().spool).toMatchObject({ logs: 1 });
    const behind = track(engine.submit(logsOf("a", "a2")));
    await clock.advance(50);
    expect(behind.value).toEqual(ACCEPTED);
    for (const service of ["b", "c"]) void engine.submit(logsOf(service, `${service}1`));
    await clock.advance(1_000);
    // Four calls at once are all there are; none of them waits for a look.
    for (const service of ["d", "e", "f", "g"]) {
      const other = track(engine.submit(logsOf(service, `${service}1`)));
      await clock.advance(50);
      expect(other.value).toEqual(ACCEPTED);
      expect(stream.lines()).toContain(`${service}1`);
    }
    await clock.advance(60_000);
    expect(stream.lines().filter((text) => text.startsWith("a"))).toEqual(["a1", "a2"]);
    expect(stream.lines().sort()).toEqual(["a1", "a2", "b1", "c1", "d1", "e1", "f1", "g1"]);
  }
});

test("in the spool, too, other services pass one that waits for the stream's word", async () => {
  const { clock, stream, start } = setUp("refuse", "refuse", "refuse", "resetThenStore");
  const { engine } = start();
  void engine.submit(logsOf("a", "a1"));
  await clock.advance(2_000);
  void engine.submit(logsOf("b", "b1"));
  void engine.submit(logsOf("a", "a2"));
  await clock.advance(2_000);
  expect(stream.lines()).toEqual(["b1"]);
  await clock.advance(10_000);
  expect(stream.lines()).toEqual(["b1", "a1", "a2"]);
});

test("a call that Kinesis answered, or never got, waits for no grace", async () => {
  for (const fault of ["internalFailure", "refuse", "throttle", "throttleSome"] as const) {
    const { clock, stream, start } = setUp(fault);
    const { engine } = start();
    void engine.submit(logsOf("a", "1"));
    await clock.advance(345);
    expect(stream.lines()).toEqual(["1"]);
    expect(engine.stats()).toMatchObject({ spooledLogs: 0, acknowledgedLogs: 1 });
  }
});

test("nor does what Kinesis answered with an error while it was down, once it is back", async () => {
  const { clock, stream, start } = setUp(...Array<CallFault>(3).fill("internalFailure"));
  const { engine } = start();
  for (const service of ["a", "b", "c"]) {
    void engine.submit(logsOf(service, service));
    await clock.advance(20);
  }
  expect(engine.stats().spool).toMatchObject({ logs: 3 });
  await clock.advance(2_000);
  expect(stream.lines().sort()).toEqual(["a", "b", "c"]);
});

test("without a spool, what may come late is UNCONFIRMED, and its key sent again stores it once", async () => {
  for (const fault of ["resetThenStore", "giveUpThenStore", "reset"] as const) {
    const { clock, stream, start } = setUp(fault);
    const process = start({ hasSpool: false });
    // Past the time for which calls of an earlier process are waited for.
    await clock.advance(10_000);
    const answers: string[] = [];
    const startedAt = clock.now();
    while (!answers.includes("accepted") && answers.length < 10) {
      const answer = track(submitKeyed(process, "k", logsOf("a", "1")));
      await clock.advance(1_000);
      answers.push(answer.value ?? "no answer");
    }
    expect(answers).toEqual([...answers.slice(0, -1).map(() => "again"), "accepted"]);
    expect(clock.now() - startedAt).toBeLessThanOrEqual(LATE_MS + 3_000);
    await clock.advance(30_000);
    expect(stream.lines()).toEqual(["1"]);
  }
});

test("a record equal to an earlier one is not taken for it", async () => {
  const { clock, stream, start } = setUp("none", "reset", "none", "storeThenReset");
  const { engine } = start();
  for (let turn = 0; turn < 3; turn += 1) {
    const answer = track(engine.submit(logsOf("a", "same")));
    await clock.advance(7_000);
    expect(answer.value).toEqual(ACCEPTED);
  }
  expect(stream.lines()).toEqual(["same", "same", "same"]);
});

test("while the stream cannot be read nothing is sent again: it waits on the disk", async () => {
  const { clock, stream, start } = setUp("storeThenReset");
  const { engine } = start();
  stream.setReadable(false);
  const answer = track(engine.submit(logsOf("a", "1")));
  await clock.advance(900);
  expect(answer.value).toEqual(ACCEPTED);
  expect(engine.stats().spool).toMatchObject({ logs: 1 });
  await clock.advance(60_000);
  expect(stream.lines()).toEqual(["1"]);
  stream.setReadable(true);
  await clock.advance(5_000);
  expect(engine.stats().spool).toMatchObject({ logs: 0 });
  expect(stream.lines()).toEqual(["1"]);
  expect(stream.calls()).toBe(1);
});

test("once Kinesis is known to be down answers come at once, and all is sent when it is back", async () => {
  const { clock, stream, start, faults } = setUp(...Array<CallFault>(30).fill("refuse"));
  const { engine } = start();
  void engine.submit(logsOf("a", "first"));
  await clock.advance(2_000);
  expect(engine.stats()).toMatchObject({ isCircuitOpen: true });
  const texts = Array.from({ length: 20 }, (_, index) => `${index}`);
  for (const text of texts) {
    const answer = track(engine.submit(logsOf("a", text)));
    await clock.advance(20);
    expect(answer.value).toEqual(ACCEPTED);
  }
  faults.length = 0;
  await clock.advance(10_000);
  expect(stream.lines()).toEqual(["first", ...texts]);
  expect(engine.stats()).toMatchObject({ isCircuitOpen: false, spool: { logs: 0 } });
  const answer = track(engine.submit(logsOf("a", "direct")));
  await clock.advance(20);
  expect(answer.value).toEqual(ACCEPTED);
  expect(engine.stats().spooledLogs).toBe(21);
});

test("a service that is throttled past its patience goes to the disk, in order, and no other does", async () => {
  const clock = createTestClock();
  const stream = createTestStream(clock, () => "none");
  const { writer } = stream;
  let isHot = true;
  const throttling = {
    ...stream,
    writer: {
      putRecords: async (entries: Parameters<typeof writer.putRecords>[0], signal: AbortSignal) => {
        const isRefused = ({ partitionKey }: { partitionKey: string }) =>
          isHot && partitionKey === "hot";
        const results = await writer.putRecords(
          entries.filter((entry) => !isRefused(entry)),
          signal,
        );
        return entries.map(
          (entry) =>
            (isRefused(entry) ? undefined : results.shift()) ?? {
              ok: false as const,
              code: "ProvisionedThroughputExceededException",
              message: "planned",
            },
        );
      },
    },
  };
  const { engine } = startTestProcess(createTestDisk(), clock, throttling);
  const hot = track(engine.submit(logsOf("hot", "h1", "h2")));
  await clock.advance(600);
  expect(hot.value).toEqual(ACCEPTED);
  const more = track(engine.submit([...logsOf("hot", "h3"), ...logsOf("cold", "c1")]));
  await clock.advance(900);
  expect(more.value).toEqual(ACCEPTED);
  expect(engine.stats()).toMatchObject({ isCircuitOpen: false, spool: { logs: 3 } });
  expect(stream.lines()).toEqual(["c1"]);
  isHot = false;
  await clock.advance(5_000);
  expect(stream.lines()).toEqual(["c1", "h1", "h2", "h3"]);
});

test("without a spool the answer at the deadline says what may be stored", async () => {
  const { clock, stream } = setUp();
  const { createPutRecordsEngine } = await import("./put-records-engine.ts");
  const { silentLogger } = await import("./logger.ts");
  const failing = createTestStream(clock, () => "storeThenReset");
  failing.setReadable(false);
  const engine = createPutRecordsEngine(
    {
      writer: failing.writer,
      lookup: failing.lookup,
      now: clock.now,
      schedule: clock.schedule,
      random: () => 0.5,
      log: silentLogger,
    },
    { lingerMs: 0, packBytes: 60, maxQueueBytes: 1_000_000, requestDeadlineMs: 1_000 },
  );
  const answer = track(engine.submit(logsOf("a", "1")));
  await clock.advance(1_000);
  expect(answer.value).toMatchObject({ ok: true, failures: [{ position: 0, code: UNCONFIRMED }] });
  const next = track(engine.submit(logsOf("a", "2")));
  await clock.advance(1_000);
  expect(next.value).toMatchObject({ failures: [{ code: UNCONFIRMED }] });
  expect(stream.lines()).toEqual([]);
  expect(engine.stats()).toMatchObject({ queueLogs: 0, queueBytes: 0 });
});

test("killed between sending and hearing of it, the next process looks before it sends", async () => {
  for (const fault of ["storeThenHang", "hang"] as const) {
    const { clock, stream, disk, start } = setUp("refuse", "refuse", "refuse", fault);
    const first = start();
    void first.engine.submit(logsOf("a", "1", "2"));
    await clock.advance(2_500);
    expect([...disk.attempts.values()]).toHaveLength(1);
    first.kill();
    start();
    await clock.advance(7_000);
    expect(stream.lines()).toEqual(["1", "2"]);
  }
});

const submitKeyed = async (
  { engine, keys }: TestProcess,
  key: string,
  logs: readonly OutgoingLog[],
): Promise<"accepted" | "again"> => {
  const claim = await keys.claim(key, "digest");
  if (claim.kind !== "take") return "again";
  const result = await engine.submit(logs, claim.batch);
  const failures = result.ok
    ? result.failures
    : logs.map((_log, position) => ({ position, code: "" }));
  const isSure = failures.every(({ code }) => code !== UNCONFIRMED);
  await keys.finish(
    key,
    failures.map(({ position }) => position),
    isSure,
  );
  return failures.length === 0 ? "accepted" : "again";
};

test("a batch with a key is stored once, though its process was killed before the answer", async () => {
  for (const fault of ["storeThenHang", "hang", "hangThenStore", "refuse", "reset"] as const) {
    const { clock, stream, start } = setUp(fault);
    const logs = [...logsOf("a", "1".repeat(50), "2".repeat(50)), ...logsOf("b", "3")];
    const first = start();
    void submitKeyed(first, "k", logs);
    await clock.advance(200);
    first.kill();
    const answer = track(submitKeyed(start(), "k", logs));
    await clock.advance(3_000);
    expect(answer.value).toBe("accepted");
    await clock.advance(10_000);
    expect(stream.lines().sort()).toEqual(
      logs.map(({ bytes }) => new TextDecoder().decode(bytes)).sort(),
    );
  }
});

const faultOf = (...kinds: CallFault[]) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant<CallFault>("none") },
    { weight: 1, arbitrary: fc.constantFrom<CallFault>(...kinds) },
  );

const stepOf = (isKeyed: fc.Arbitrary<boolean>) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("submit" as const),
        services: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 }),
        isKeyed,
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(900) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("blind" as const), ms: fc.nat(3_000) }),
    },
  );

type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer T> ? T : never;

const textOf = ({ bytes }: OutgoingLog): string => new TextDecoder().decode(bytes);

/** Plays the steps, waits for quiet, lets clients with a key ask until they are answered. */
const play = async (steps: readonly Step[], faults: readonly CallFault[]) => {
  const world = setUp(...faults);
  const { clock, stream } = world;
  let current = world.start();
  let incarnation = 0;
  let id = 0;
  const accepted: string[] = [];
  const unanswered = new Set<string>();
  const keyed = new Map<string, { logs: OutgoingLog[]; isDone: boolean }>();

  const submit = (texts: readonly string[], logs: readonly OutgoingLog[]): void => {
    const by = incarnation;
    for (const text of texts) unanswered.add(text);
    void current.engine.submit(logs).then((result) => {
      if (by !== incarnation) return;
      const failures = result.ok ? result.failures : [];
      const failed = new Map(failures.map(({ position, code }) => [position, code]));
      for (const [position, text] of texts.entries()) {
        if (result.ok && !failed.has(position)) accepted.push(text);
        if (failed.get(position) !== UNCONFIRMED) unanswered.delete(text);
      }
    });
  };

  const ask = (key: string, batch: { logs: OutgoingLog[]; isDone: boolean }): void => {
    const by = incarnation;
    void submitKeyed(current, key, batch.logs).then((outcome) => {
      if (by === incarnation) batch.isDone ||= outcome === "accepted";
    });
  };

  for (const one of steps) {
    if (one.kind === "wait") await clock.advance(one.ms);
    else if (one.kind === "blind") {
      stream.setReadable(false);
      await clock.advance(one.ms);
      stream.setReadable(true);
    } else if (one.kind === "kill") {
      current.kill();
      incarnation += 1;
      await clock.advance(1);
      current = world.start();
    } else {
      const texts = one.services.map((service) => `${service}:${id++}`);
      const logs = texts.map((text) => logOf(text.slice(0, 1), text));
      if (!one.isKeyed) submit(texts, logs);
      else {
        const batch = { logs, isDone: false };
        keyed.set(`k${id}`, batch);
        ask(`k${id}`, batch);
      }
    }
  }
  for (let round = 0; round < 20; round += 1) {
    await clock.advance(30_000);
    for (const [key, batch] of keyed) if (!batch.isDone) ask(key, batch);
  }
  await clock.advance(30_000);
  const lines = stream.lines();
  const late = lines.filter((text) => unanswered.has(text));
  return { engine: current.engine, lines, late, accepted, keyed: [...keyed.values()] };
};

test("whatever fails and is killed: accepted is stored once, and so is every batch with a key", async () => {
  const fault = faultOf(
    "refuse",
    "reset",
    "storeThenReset",
    "hang",
    "storeThenHang",
    "internalFailure",
    "resetThenStore",
    "hangThenStore",
    "giveUpThenStore",
    "throttle",
    "throttleSome",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepOf(fc.boolean()), { minLength: 3, maxLength: 25 }),
      fc.array(fault, { maxLength: 40 }),
      async (steps, faults) => {
        const { engine, lines, late, accepted, keyed } = await play(steps, faults);
        expect(keyed.filter(({ isDone }) => !isDone)).toEqual([]);
        const keyedTexts = keyed.flatMap(({ logs }) => logs.map(textOf));
        expect(new Set(late).size).toBe(late.length);
        expect([...lines].sort()).toEqual([...accepted, ...keyedTexts, ...late].sort());
        const idle = { queueLogs: 0, queueBytes: 0, spool: { logs: 0 } };
        expect(engine.stats()).toMatchObject(idle);
      },
    ),
    { numRuns: 600 },
  );
}, 120_000);

test("whatever fails and is killed: the accepted logs of a service are in the order they were sent", async () => {
  const fault = faultOf(
    "refuse",
    "reset",
    "storeThenReset",
    "hang",
    "storeThenHang",
    "internalFailure",
    "resetThenStore",
    "hangThenStore",
    "giveUpThenStore",
    "throttle",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepOf(fc.constant(false)), { minLength: 3, maxLength: 30 }),
      fc.array(fault, { maxLength: 40 }),
      async (steps, faults) => {
        const { lines, late, accepted } = await play(steps, faults);
        const stored = lines.filter((text) => !late.includes(text));
        expect([...stored].sort()).toEqual([...accepted].sort());
        for (const service of ["a", "b", "c"]) {
          const order = stored
            .filter((text) => text.startsWith(service))
            .map((text) => Number(text.slice(2)));
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 600 },
  );
}, 120_000);

test("records of a batch with a key are sent out of the spool one by one, to be recognised", async () => {
  const { clock, stream, start } = setUp(...Array<CallFault>(8).fill("refuse"));
  const first = start();
  void first.engine.submit(logsOf("a", "before"));
  await clock.advance(2_000);
  const logs = logsOf("a", "1", "2");
  const claim = await first.keys.claim("k", "digest");
  if (claim.kind !== "take") throw new Error(claim.kind);
  void first.engine.submit(logs, claim.batch);
  void first.engine.submit(logsOf("a", "after"));
  await clock.advance(10_000);
  // The answer was never written: only the stream can tell.
  first.kill();
  const answer = track(submitKeyed(start(), "k", logs));
  await clock.advance(3_000);
  expect(answer.value).toBe("accepted");
  await clock.advance(5_000);
  expect(stream.lines()).toEqual(["before", "1", "2", "after"]);
});

test("a batch whose way to the disk takes longer than its client waits is stored once", async () => {
  for (const againAfterMs of [1_100, 2_600, 4_000]) {
    const { clock, stream, disk, start } = setUp(...Array<CallFault>(6).fill("refuse"));
    const current = start();
    disk.writeMs = 2_500;
    const first = track(submitKeyed(current, "k", logsOf("a", "1", "2")));
    await clock.advance(againAfterMs);
    expect(first.value).toBe("again");
    const second = track(submitKeyed(current, "k", logsOf("a", "1", "2")));
    await clock.advance(3_000);
    disk.writeMs = 1;
    if (second.value !== "accepted") {
      const third = track(submitKeyed(current, "k", logsOf("a", "1", "2")));
      await clock.advance(5_000);
      expect(third.value).toBe("accepted");
    }
    await clock.advance(30_000);
    expect([againAfterMs, ...stream.lines()]).toEqual([againAfterMs, "1", "2"]);
  }
});
