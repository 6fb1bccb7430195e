import type { RecordEntry } from "./ports.ts";
import type { Marks } from "./put-records-marks.ts";
import type { Attempt, LookupResult, RecordLookup } from "./record-lookup.ts";
import type { Report } from "./repeat-limited-report.ts";

export type LookDeps = {
  lookup: RecordLookup;
  marks: Marks;
  /** Runs `task` once after the delay; the answer cancels it. */
  schedule: (delayMs: number, task: () => void) => () => void;
  report: Report;
};

const LOOK_TIMEOUT_MS = 10_000;
/** A shard takes five reads a second, its consumers' included. */
const LOOKS_AT_ONCE = 4;

const NOT_YET =
  "Whether records of a failed call were stored cannot be seen yet; they are not sent again before.";
const FORBIDDEN =
  "Whether records of a failed call were stored may not be seen, so they wait: allow ListShards, GetShardIterator and GetRecords, or set VERIFY_RESEND=false, which may store them twice.";

const errorOf = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

/**
 * Looks for records in the stream, a few looks at once and each within ten seconds of its turn.
 * Undefined where it cannot be read now.
 */
export const createLook = ({ lookup, marks, schedule, report }: LookDeps) => {
  const totals = { lookups: 0, failedLookups: 0, foundRecords: 0 };
  const turns: (() => void)[] = [];
  let running = 0;

  const takeTurn = async (): Promise<void> => {
    if (running < LOOKS_AT_ONCE) running += 1;
    else await new Promise<void>((resolve) => turns.push(resolve));
  };

  const passTurn = (): void => {
    const next = turns.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  const find = async (
    records: readonly RecordEntry[],
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<LookupResult | undefined> => {
    totals.lookups += 1;
    const timeout = new AbortController();
    const abort = () => timeout.abort(new Error("Not needed any more."));
    signal.addEventListener("abort", abort, { once: true });
    const cancel = schedule(LOOK_TIMEOUT_MS, () =>
      timeout.abort(new Error(`The stream was not read within ${LOOK_TIMEOUT_MS} ms.`)),
    );
    const aborted = new Promise<never>((_resolve, reject) => {
      timeout.signal.addEventListener("abort", () => reject(timeout.signal.reason));
    });
    try {
      const query = { records, attempt, isKnown: marks.isKnown };
      return await Promise.race([lookup.find(query, timeout.signal), aborted]);
    } catch (error) {
      if (signal.aborted) return undefined;
      totals.failedLookups += 1;
      const { name, message } = errorOf(error);
      const failure = { code: `look:${name}`, message };
      if (/AccessDenied|NotAuthorized/.test(name)) report("error", failure, FORBIDDEN);
      else report("warn", failure, NOT_YET);
      return undefined;
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  };

  return {
    totals,
    look: async (
      records: readonly RecordEntry[],
      attempt: Attempt,
      signal: AbortSignal,
    ): Promise<LookupResult | undefined> => {
      await takeTurn();
      try {
        return signal.aborted ? undefined : await find(records, attempt, signal);
      } finally {
        passTurn();
      }
    },
  };
};

export type Look = ReturnType<typeof createLook>;
