import { MIB, PUT_RECORDS_MAX_ENTRIES } from "./limits.ts";
import type { EntryResult, RecordWriter } from "./ports.ts";
import { createCaller } from "./put-records-call.ts";
import type { Circuit } from "./put-records-circuit.ts";
import { toPutRecordsError } from "./put-records-error.ts";
import type { Look } from "./put-records-look.ts";
import type { Marks } from "./put-records-marks.ts";
import type { StoredAt } from "./record-lookup.ts";
import type { Report } from "./repeat-limited-report.ts";
import type { Spool, SpooledEntry } from "./spool.ts";
import { createPause } from "./spool-pause.ts";
import { createUnsureRecords, entriesOf, type Unsure } from "./spool-unsure.ts";
import { createSpoolWindow, type DrainRecord } from "./spool-window.ts";

export type SpoolDrainDeps = {
  spool: Spool;
  writer: RecordWriter;
  /** Without it, what may be stored already is sent again. */
  looker: Look | undefined;
  marks: Marks;
  circuit: Circuit;
  /** How long after a call without an answer its records may still be stored. */
  lateArrivalGraceMs: number;
  now: () => number;
  schedule: (delayMs: number, task: () => void) => () => void;
  report: Report;
  /** Nothing of this partition key is left in the spool. */
  onDrained: (partitionKey: string) => void;
};

export type SpoolDrainOptions = {
  /** Logs of one service travel together up to this size; 0 is one log a record. */
  packBytes: number;
  backoffMs: (failures: number) => number;
  callTimeoutMs?: number;
};

const WINDOW_BYTES = 8 * MIB;
const CALL_BYTES = 4 * MIB;
const NEARLY_DRY_BYTES = MIB;
/** While Kinesis is down: enough to see that it is back. */
const TRY_RECORDS = 10;
/** Nobody waits for an answer here, and a slow line is no reason to send twice. */
const CALL_TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** Without anything to do: in case a wake-up was missed. */
const IDLE_MS = 60_000;

/**
 * Sends what is in the spool, in order for each partition key, until it is closed. What it is about
 * to send is on the disk before, so that after a kill the next process looks for it in the stream
 * first and sends only what is missing. Meanwhile other partition keys go on. Never gives a log up.
 */
export const createSpoolDrain = (
  deps: SpoolDrainDeps,
  { packBytes, backoffMs, callTimeoutMs = CALL_TIMEOUT_MS }: SpoolDrainOptions,
) => {
  const { spool, writer, looker, marks, circuit, now, schedule, report, onDrained } = deps;
  const window = createSpoolWindow(packBytes, backoffMs);
  const caller = createCaller({ writer, schedule });
  const closing = new AbortController();
  const totals = { drainedLogs: 0, drainCalls: 0 };
  const unsure = createUnsureRecords(now, deps.lateArrivalGraceMs);
  const sending = createPause(schedule, closing.signal);
  const looking = createPause(schedule, closing.signal);
  let pauseMs = FIRST_PAUSE_MS;
  spool.onAppend(sending.wake);

  const backOff = async (): Promise<void> => {
    await sending.full(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };

  /** Takes stored entries out of the window and, with `forget`, out of the spool. */
  const drop = async (
    entries: readonly SpooledEntry[],
    forget: () => Promise<void>,
  ): Promise<void> => {
    window.remove(entries);
    for (const { logs } of entries) totals.drainedLogs += logs;
    try {
      await forget();
    } finally {
      for (const partitionKey of new Set(entries.map((entry) => entry.partitionKey)))
        if (!spool.holds(partitionKey)) onDrained(partitionKey);
    }
  };

  const load = async (): Promise<void> => {
    sending.listen();
    while (window.bytes() < WINDOW_BYTES) {
      const entries = await spool.read(WINDOW_BYTES - window.bytes());
      if (entries.length === 0) return;
      for (const entry of entries) window.add(entry);
      unsure.addSpooled(entries);
      looking.wake();
    }
  };

  /** Attempts of an earlier process: their entries are the oldest there are, so they are loaded. */
  const recover = (): void => {
    const open = spool.openAttempts();
    if (open.length === 0) return;
    const byId = window.entriesById();
    for (const attempt of open) unsure.addRecovered(attempt, byId);
    looking.wake();
  };

  const settleLook = async (
    one: Unsure,
    found: readonly (StoredAt | undefined)[],
    isComplete: boolean,
    lookedAt: number,
  ): Promise<void> => {
    const { stored, isOver } = unsure.settle(one, found, isComplete, lookedAt);
    marks.note(found.filter((at) => at !== undefined));
    const { attemptId } = one;
    try {
      if (isOver && attemptId !== undefined) await drop(stored, () => spool.end(attemptId, stored));
      else if (stored.length > 0) await drop(stored, () => spool.done(stored));
    } finally {
      sending.wake();
    }
  };

  const lookFor = async (one: Unsure): Promise<void> => {
    const { records } = one;
    if (looker === undefined || records.length === 0)
      return await settleLook(one, [], true, Number.POSITIVE_INFINITY);
    const lookedAt = now();
    const result = await looker.look(records, one.attempt, closing.signal);
    if (result === undefined) return unsure.postpone(one);
    one.attempt = result.attempt;
    looker.totals.foundRecords += result.found.filter((at) => at !== undefined).length;
    await settleLook(one, result.found, result.isComplete, lookedAt);
  };

  const settleCall = async (
    attemptId: number,
    records: readonly DrainRecord[],
    results: readonly EntryResult[],
  ): Promise<void> => {
    marks.note(results.filter((result) => result.ok));
    const stored = records.filter((_record, index) => results[index]?.ok);
    for (const [index, { partitionKey }] of records.entries()) {
      const result = results[index];
      if (result?.ok) continue;
      window.delay(partitionKey, now());
      if (result !== undefined)
        report("warn", result, "Kinesis did not take some spooled records; they are sent again.");
    }
    const entries = entriesOf(stored);
    await drop(entries, () => spool.end(attemptId, entries));
  };

  const send = async (records: readonly DrainRecord[]): Promise<void> => {
    const attempt = marks.attempt(now(), callTimeoutMs);
    const attemptId = await spool.begin(
      attempt,
      records.map(({ entries }) => entries),
    );
    totals.drainCalls += 1;
    let results: EntryResult[];
    try {
      results = await caller.call(records, callTimeoutMs);
    } catch (cause) {
      const error = toPutRecordsError(cause);
      if (error.kind === "permanent")
        report("error", error, "Kinesis refuses spooled logs, and will until this is put right.");
      else {
        circuit.failed();
        report("warn", error, "Spooled logs could not be sent and are tried again.");
      }
      if (error.mayBeStored) {
        const sent = error.mayStillArrive ? attempt : { ...attempt, until: now() };
        unsure.addCall(sent, attemptId, records, error.mayStillArrive);
        looking.wake();
      } else await spool.end(attemptId, []);
      if (!closing.signal.aborted) await backOff();
      return;
    }
    circuit.succeeded();
    pauseMs = FIRST_PAUSE_MS;
    await settleCall(attemptId, records, results);
  };

  const step = async (): Promise<void> => {
    await load();
    if (closing.signal.aborted) return;
    const held = unsure.heldKeys();
    const turnAt = window.nextTurnAt(held) ?? now() + IDLE_MS;
    if (turnAt > now()) return await sending.untilWoken(turnAt - now());
    if (!circuit.takeTry()) return await sending.full(Math.max(1, circuit.nextTryAt() - now()));
    const maxRecords = circuit.isOpen() ? TRY_RECORDS : PUT_RECORDS_MAX_ENTRIES;
    await send(window.pick(now(), maxRecords, CALL_BYTES, held));
  };

  const reportStuck = (error: unknown): void => {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    report("error", { code: name, message }, "The spool cannot be drained now; it is kept.");
  };

  const run = async (): Promise<void> => {
    let isRecovered = false;
    while (!closing.signal.aborted) {
      try {
        if (!isRecovered) {
          await load();
          recover();
          isRecovered = true;
        }
        await step();
      } catch (error) {
        reportStuck(error);
        await backOff();
      }
    }
  };

  /** Beside the sending, so that what is unsure holds up its own partition keys alone. */
  const runLooks = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      looking.listen();
      const one = unsure.next();
      const waitMs = one === undefined ? IDLE_MS : one.nextLookAt - now();
      if (one === undefined || waitMs > 0) {
        await looking.untilWoken(waitMs);
        continue;
      }
      try {
        await lookFor(one);
      } catch (error) {
        reportStuck(error);
        unsure.postpone(one);
      }
    }
  };

  const running = Promise.all([run(), runLooks()]);

  return {
    stats: () => ({ ...totals }),
    /** All that is left is in memory and makes a call or two: what comes next can wait for it. */
    isNearlyDry: (): boolean =>
      unsure.isEmpty() &&
      window.count() === spool.depth().entries &&
      window.bytes() < NEARLY_DRY_BYTES,
    /** Lets a call under way end, for so long; what it leaves open is looked for at the next start. */
    close: async (graceMs: number): Promise<void> => {
      const cancel = schedule(graceMs, () => caller.abortAll());
      closing.abort();
      await running;
      cancel();
    },
  };
};
