import { setTimeout as sleep } from "node:timers/promises";
import type { AcceptedItem, AcceptedSink } from "../../shared/core/accepted-copies.ts";
import { consolidationLog } from "../../shared/core/consolidation-log.ts";
import { MIB } from "../../shared/core/limits.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { ForwarderStats } from "../../shared/core/side-effects.ts";

export type ForwarderDeps = {
  /** Rejects, within its signal's time, where there is no answer. */
  post: (url: string, body: string, signal: AbortSignal) => Promise<{ status: number }>;
  newId: () => string;
  /** Epoch milliseconds. */
  now: () => number;
  log: Logger;
};

export type ForwarderOptions = {
  /** Without the path. */
  url: string;
  maxQueueBytes?: number;
  batchLogs?: number;
  batchBytes?: number;
  deadlineMs?: number;
  /** How often a batch is tried before it is given up. */
  attempts?: number;
  backOffMs?: number;
};

export type Forwarder = AcceptedSink & {
  /** Counts accepted logs that did not get here. */
  addDropped(count: number): void;
  stats(): ForwarderStats;
  /** Sends what waits, for a short time, and counts the rest as dropped. */
  close(): Promise<void>;
};

/** `size` is that of the log, bytes. */
type Waiting = { readonly text: string; readonly size: number };

const CLOSE_DEADLINE_MS = 2_000;
const WARN_EVERY_MS = 60_000;

/** A status that the same batch would get again. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 429;

/**
 * Forwards accepted logs to `/api/consolidate`, one batch at a time. Best effort: it delays and
 * fails nobody; what finds no room in the queue, or is refused as often as it is tried, is counted
 * and gone.
 */
export const createForwarder = (
  { post, newId, now, log }: ForwarderDeps,
  options: ForwarderOptions,
): Forwarder => {
  const {
    maxQueueBytes = 8 * MIB,
    batchLogs = 500,
    batchBytes = MIB,
    deadlineMs = 5_000,
    attempts = 3,
    backOffMs = 500,
  } = options;
  const url = `${options.url.replace(/\/+$/, "")}/api/consolidate`;
  const queue: Waiting[] = [];
  let queuedBytes = 0;
  const counts = { forwardedLogs: 0, droppedLogs: 0 };
  let failure: string | undefined;
  let warnedAt = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  const closing = new AbortController();

  const warn = (reason: string): void => {
    failure = reason;
    if (now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = now();
    log.warn(
      { url, reason, droppedLogs: counts.droppedLogs },
      "Logs cannot be forwarded to CONSOLIDATION_URL: they are taken all the same.",
    );
  };

  const nextBatch = (): Waiting[] => {
    let bytes = 0;
    let length = 0;
    for (const { size } of queue) {
      if (length === batchLogs || (length > 0 && bytes + size > batchBytes)) break;
      bytes += size;
      length += 1;
    }
    return queue.slice(0, length);
  };

  const tryOnce = async (body: string): Promise<"sent" | "again" | "refused"> => {
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(deadlineMs), closing.signal]);
      const { status } = await post(url, body, signal);
      if (status >= 200 && status < 300) {
        failure = undefined;
        return "sent";
      }
      warn(`HTTP ${status}`);
      return isFinal(status) ? "refused" : "again";
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
      return "again";
    }
  };

  const sendBatch = async (batch: readonly Waiting[]): Promise<boolean> => {
    const body = `{"batch_id":${JSON.stringify(newId())},"logs":[${batch.map(({ text }) => text).join(",")}]}`;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await tryOnce(body);
      if (outcome !== "again" || attempt === attempts || closing.signal.aborted)
        return outcome === "sent";
      await sleep(backOffMs * 2 ** (attempt - 1), undefined, { signal: closing.signal }).catch(
        () => undefined,
      );
    }
  };

  const sendAll = async (): Promise<void> => {
    while (queue.length > 0 && !closing.signal.aborted) {
      const batch = nextBatch();
      const isSent = await sendBatch(batch);
      // Only now is there room again: what is being sent counts as waiting.
      queue.splice(0, batch.length);
      queuedBytes -= batch.reduce((bytes, { size }) => bytes + size, 0);
      counts[isSent ? "forwardedLogs" : "droppedLogs"] += batch.length;
    }
  };

  /** A moment later, so that the logs of one request go together. */
  const start = (): void => {
    sending ??= new Promise<void>((resolve) => setImmediate(resolve)).then(sendAll).finally(() => {
      sending = undefined;
      if (queue.length > 0 && !closing.signal.aborted) start();
    });
  };

  return {
    take: (item: AcceptedItem): void => {
      // Metrics are no log records; the consolidation turns everything into one.
      if (item.signal === "metrics") return;
      const size = item.bytes.length;
      if (queuedBytes + size > maxQueueBytes || closing.signal.aborted) {
        counts.droppedLogs += 1;
        return;
      }
      queue.push({ text: consolidationLog(item, new Date(now()).toISOString()), size });
      queuedBytes += size;
      start();
    },
    addDropped: (count) => {
      counts.droppedLogs += count;
    },
    stats: () => ({
      url,
      queuedLogs: queue.length,
      queuedBytes,
      ...counts,
      failure,
    }),
    close: async () => {
      const deadline = setTimeout(() => closing.abort(), CLOSE_DEADLINE_MS);
      await sending;
      clearTimeout(deadline);
      closing.abort();
      counts.droppedLogs += queue.length;
      queue.length = 0;
      queuedBytes = 0;
    },
  };
};
