import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import { batchLimits } from "../../shared/core/event-source/batch.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import { SourceError, type StreamDescription } from "../../shared/core/event-source/source.ts";
import { messageOf } from "./checkpoint.ts";
import { type IncarnationDeps, runIncarnation } from "./incarnation.ts";
import { createTrouble } from "./trouble.ts";

export type EventSourceMappingDeps<Summary extends BatchTotals> = Omit<
  IncarnationDeps<Summary>,
  "stop" | "abandon" | "streamTrouble"
>;

export type EventSourceMappingOptions = {
  streamName: string;
  /** Records per batch, 1 to 10,000. */
  batchSize: number;
  /** Longest time a record waits for its batch to fill. */
  batchWindowMs: number;
  /** How long a batch being handled may go on after `close`. */
  closeDeadlineMs?: number;
};

export type EventSourceMapping = {
  /** Resolves when the signal or `close` has stopped it, and not before. */
  run(signal?: AbortSignal): Promise<void>;
  /** Stops reading, lets the batch being handled finish and be checkpointed, within the deadline. */
  close(): Promise<void>;
};

const CLOSE_DEADLINE_MS = 8_000;

const whenAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/**
 * Lambda's event source mapping for Kinesis, in this process: reads every shard of the stream from
 * TRIM_HORIZON or its checkpoint, hands batches to `invoke` and obeys the answer. One mapping per
 * stream and state store at a time. Each batch is checkpointed before the next of its shard is
 * handed over; a failed one is tried again from the same record until it succeeds. `invoke` must
 * end by itself: trying again while it still writes would break exactness.
 */
export const createEventSourceMapping = <Summary extends BatchTotals>(
  deps: EventSourceMappingDeps<Summary>,
  options: EventSourceMappingOptions,
): EventSourceMapping => {
  const { source, log, now, sleep, random } = deps;
  const { streamName } = options;
  const limits = batchLimits(options.batchSize, options.batchWindowMs);
  const closeDeadlineMs = options.closeDeadlineMs ?? CLOSE_DEADLINE_MS;
  const stop = new AbortController();
  const abandon = new AbortController();
  const ended = new AbortController();
  const streamTrouble = createTrouble({ log, now }, `Stream ${streamName}`, { stream: streamName });
  let running: Promise<void> | undefined;

  const findStream = async (): Promise<StreamDescription | undefined> => {
    for (let failures = 1; !stop.signal.aborted; failures += 1) {
      try {
        const stream = await source.describe(streamName, stop.signal);
        if (stream.status === "ACTIVE" || stream.status === "UPDATING") return stream;
        streamTrouble.report("STREAM_NOT_ACTIVE", `waiting, its status is ${stream.status}.`);
      } catch (error) {
        if (stop.signal.aborted) break;
        const isMissing = error instanceof SourceError && error.code === "NOT_FOUND";
        const code = isMissing ? "STREAM_NOT_FOUND" : "STREAM_UNKNOWN";
        streamTrouble.report(code, `waiting for it. ${messageOf(error)}`);
      }
      await sleep(backOffMs(failures, random), stop.signal);
    }
    return undefined;
  };

  const work = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const stream = await findStream();
      if (stream === undefined) return;
      await runIncarnation(
        { ...deps, streamTrouble, stop: stop.signal, abandon: abandon.signal },
        { ...stream, name: streamName },
        limits,
      );
    }
  };

  const shut = async (): Promise<void> => {
    if (stop.signal.aborted) return;
    stop.abort();
    await sleep(closeDeadlineMs, ended.signal);
    if (!ended.signal.aborted)
      log.warn(
        { stream: streamName },
        `A batch was still being handled ${closeDeadlineMs} ms after the stop; it will be handled again.`,
      );
    abandon.abort();
  };

  const start = async (signal: AbortSignal | undefined): Promise<void> => {
    const onAbort = () => void shut();
    signal?.addEventListener("abort", onAbort);
    if (signal?.aborted) onAbort();
    try {
      await Promise.race([work(), whenAborted(abandon.signal)]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      ended.abort();
    }
  };

  return {
    run: (signal) => {
      running ??= start(signal);
      return running;
    },
    close: async () => {
      const shutting = shut();
      await running;
      ended.abort();
      await shutting;
    },
  };
};
