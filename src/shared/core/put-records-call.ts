import type { EntryResult, RecordEntry, RecordWriter } from "./ports.ts";
import { PutRecordsError } from "./put-records-error.ts";

/** The code of a call that was given up for want of an answer in time. */
export const CALL_TIMEOUT = "Timeout";

export type CallerDeps = {
  writer: RecordWriter;
  /** Runs `task` once after the delay; the answer cancels it. */
  schedule: (delayMs: number, task: () => void) => () => void;
};

/**
 * Makes PutRecords calls with a deadline each. Throws where a call as a whole failed, with an
 * answer of the wrong length among the reasons.
 */
export const createCaller = ({ writer, schedule }: CallerDeps) => {
  const aborts = new Set<AbortController>();
  return {
    call: async (records: readonly RecordEntry[], timeoutMs: number): Promise<EntryResult[]> => {
      const abort = new AbortController();
      aborts.add(abort);
      const timedOut = new Promise<never>((_resolve, reject) => {
        abort.signal.addEventListener("abort", () => reject(abort.signal.reason), { once: true });
      });
      const cancelTimeout = schedule(timeoutMs, () =>
        abort.abort(
          new PutRecordsError("unavailable", CALL_TIMEOUT, `No answer within ${timeoutMs} ms.`),
        ),
      );
      try {
        // Raced, so that a writer that does not heed its signal cannot hold the slot for ever.
        const results = await Promise.race([writer.putRecords(records, abort.signal), timedOut]);
        if (results.length === records.length) return results;
        throw new Error(`${results.length} results for ${records.length} entries.`);
      } finally {
        cancelTimeout();
        aborts.delete(abort);
      }
    },
    /** Gives up every call under way. */
    abortAll: (): void => {
      for (const abort of aborts)
        abort.abort(new PutRecordsError("unavailable", "Closing", "Shut down meanwhile."));
    },
  };
};

export type Caller = ReturnType<typeof createCaller>;
