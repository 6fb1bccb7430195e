import { MIB, PUT_RECORDS_MAX_ENTRIES } from "./limits.ts";
import type { EntryResult, RecordWriter } from "./ports.ts";
import { createCaller } from "./put-records-call.ts";
import type { Circuit } from "./put-records-circuit.ts";
import { toPutRecordsError } from "./put-records-error.ts";
import type { Look } from "./put-records-look.ts";
import type { Marks } from "./put-records-marks.ts";
import type { Attempt, StoredAt } from "./record-lookup.ts";
import type { Report } from "./repeat-limited-report.ts";
import type { Spool, SpooledEntry } from "./spool.ts";
import { createSpoolWindow, type DrainRecord, toDrainRecord } from "./spool-window.ts";

export type SpoolDrainDeps = {
  spool: Spool;
  writer: RecordWriter;
  /** Without it, what may be stored already is sent again. */
  looker: Look | undefined;
  marks: Marks;
  circuit: Circuit;
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

/** Records that were sent, of which is not known whether they were stored. */
type Unsure = {
  attempt: Attempt;
  /** Undefined where the attempt is told by the entries themselves. */
  readonly attemptId: number | undefined;
  records: readonly DrainRecord[];
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
 * first and sends only what is missing. Never gives a log up.
 */
export const createSpoolDrain = (
  { spool, writer, looker, marks, circuit, now, schedule, report, onDrained }: SpoolDrainDeps,
  { packBytes, backoffMs, callTimeoutMs = CALL_TIMEOUT_MS }: SpoolDrainOptions,
) => {
  const window = createSpoolWindow(packBytes, backoffMs);
  const caller = createCaller({ writer, schedule });
  const closing = new AbortController();
  const totals = { drainedLogs: 0, drainCalls: 0 };
  let unsure: Unsure[] = [];
  let pauseMs = FIRST_PAUSE_MS;
  let hasNews = false;
  let wake: (() => void) | undefined;
  spool.onAppend(() => {
    hasNews = true;
    wake?.();
  });

  const sleep = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const isIdle = delayMs === IDLE_MS;
      if (closing.signal.aborted || (isIdle && hasNews)) return resolve();
      const cancel = schedule(delayMs, () => end());
      const end = () => {
        wake = undefined;
        cancel();
        closing.signal.removeEventListener("abort", end);
        resolve();
      };
      closing.signal.addEventListener("abort", end);
      wake = isIdle ? end : undefined;
    });

  const backOff = async (): Promise<void> => {
    await sleep(pauseMs);
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

  const entriesOf = (records: readonly DrainRecord[]): SpooledEntry[] =>
    records.flatMap(({ entries }) => [...entries]);

  /** What of a batch was sent before it came here is told by the entries, one attempt after another. */
  const noteAttempts = (entries: readonly SpooledEntry[]): void => {
    for (const entry of entries) {
      if (entry.attempt === undefined) continue;
      const { startedAt } = entry.attempt;
      const record = toDrainRecord(entry.partitionKey, [entry]);
      const same = unsure.find(
        (one) => one.attemptId === undefined && one.attempt.startedAt === startedAt,
      );
      if (same === undefined)
        unsure.push({ attempt: entry.attempt, attemptId: undefined, records: [record] });
      else same.records = [...same.records, record];
    }
  };

  const load = async (): Promise<void> => {
    hasNews = false;
    while (window.bytes() < WINDOW_BYTES) {
      const entries = await spool.read(WINDOW_BYTES - window.bytes());
      if (entries.length === 0) return;
      for (const entry of entries) window.add(entry);
      noteAttempts(entries);
    }
  };

  /** Attempts of an earlier process: their entries are the oldest there are, so they are loaded. */
  const recover = (): void => {
    const open = spool.openAttempts();
    if (open.length === 0) return;
    const byId = window.entriesById();
    for (const { attemptId, attempt, records } of open) {
      const known = records.flatMap((ids) => {
        const entries = ids.flatMap((id) => byId.get(id) ?? []);
        const [first] = entries;
        return first !== undefined && entries.length === ids.length
          ? [toDrainRecord(first.partitionKey, entries)]
          : [];
      });
      unsure.push({ attempt, attemptId, records: known });
    }
  };

  const settleUnsure = async (
    one: Unsure,
    found: readonly (StoredAt | undefined)[],
    isComplete: boolean,
  ): Promise<void> => {
    const stored = one.records.filter((_record, index) => found[index] !== undefined);
    const missing = one.records.filter((_record, index) => found[index] === undefined);
    if (looker !== undefined) looker.totals.foundRecords += stored.length;
    marks.note(found.filter((at) => at !== undefined));
    const entries = entriesOf(stored);
    const { attemptId } = one;
    one.records = missing;
    if (isComplete) unsure = unsure.filter((other) => other !== one);
    if (isComplete && attemptId !== undefined)
      await drop(entries, () => spool.end(attemptId, entries));
    else if (entries.length > 0) await drop(entries, () => spool.done(entries));
  };

  /** False where the stream cannot be read now. */
  const lookForOne = async (one: Unsure): Promise<boolean> => {
    if (looker === undefined || one.records.length === 0) {
      const none = one.records.map(() => undefined);
      await settleUnsure(one, none, true);
      return true;
    }
    const result = await looker.look(one.records, one.attempt, closing.signal);
    if (result === undefined) return false;
    one.attempt = result.attempt;
    await settleUnsure(one, result.found, result.isComplete);
    return true;
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
      if (error.mayBeStored) unsure.push({ attempt, attemptId, records });
      else await spool.end(attemptId, []);
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
    const [one] = unsure;
    if (one !== undefined) {
      if (await lookForOne(one)) pauseMs = FIRST_PAUSE_MS;
      else await backOff();
      return;
    }
    if (window.isEmpty()) return await sleep(IDLE_MS);
    if (!circuit.takeTry()) return await sleep(Math.max(1, circuit.nextTryAt() - now()));
    const maxRecords = circuit.isOpen() ? TRY_RECORDS : PUT_RECORDS_MAX_ENTRIES;
    const records = window.pick(now(), maxRecords, CALL_BYTES);
    if (records.length > 0) return await send(records);
    await sleep(Math.max(1, (window.nextTurnAt() ?? now()) - now()));
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
        const { name, message } = error instanceof Error ? error : new Error(String(error));
        report("error", { code: name, message }, "The spool cannot be drained now; it is kept.");
        await backOff();
      }
    }
  };

  const running = run();

  return {
    stats: () => ({ ...totals }),
    /** All that is left is in memory and makes a call or two: what comes next can wait for it. */
    isNearlyDry: (): boolean =>
      unsure.length === 0 &&
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
