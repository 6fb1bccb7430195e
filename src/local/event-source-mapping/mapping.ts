import { backOffMs } from "../../shared/core/event-source/back-off.ts";
import { batchLimits } from "../../shared/core/event-source/batch.ts";
import {
  type FailurePolicy,
  RETRY_FOREVER,
} from "../../shared/core/event-source/failure-policy.ts";
import { assertParallelizationFactor } from "../../shared/core/event-source/lanes.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import { SourceError, type StreamDescription } from "../../shared/core/event-source/source.ts";
import { messageOf, type StartingPosition } from "./checkpoint.ts";
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
  /** Default: a failed batch is tried again until it succeeds. */
  failurePolicy?: FailurePolicy;
  /** Batches of one shard handled at a time, 1 to 10; 1 unless given. */
  parallelizationFactor?: number;
  /** Where a shard without a checkpoint is read from; TRIM_HORIZON unless given. */
  startingPosition?: StartingPosition;
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
 * Lambda's event source mapping for Kinesis, in this process: reads the shards of the stream from
 * the starting position or their checkpoints, hands batches to `invoke` and obeys the answer. As
 * many mappings as one likes may share a stream and state store: each shard is with one of them at
 * a time. Each batch is checkpointed before the next of its lane is handed over; a failed one is
 * tried again from the same record, unless the policy gives it up.
 */
export const createEventSourceMapping = <Summary extends BatchTotals>(
  deps: EventSourceMappingDeps<Summary>,
  options: EventSourceMappingOptions,
): EventSourceMapping => {
  const { source, log, now, sleep, random } = deps;
  const { streamName } = options;
  const limits = batchLimits(options.batchSize, options.batchWindowMs);
  const policy = options.failurePolicy ?? RETRY_FOREVER;
  const parallelizationFactor = options.parallelizationFactor ?? 1;
  assertParallelizationFactor(parallelizationFactor);
  const givesUp = policy.maxRetries < Infinity || policy.maxRecordAgeMs < Infinity;
  if (givesUp && deps.onFailure === undefined)
    throw new RangeError("A policy that gives records up needs an on-failure destination.");
  const startingPosition = options.startingPosition ?? { type: "TRIM_HORIZON" };
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
        { limits, policy, parallelizationFactor, startingPosition },
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
