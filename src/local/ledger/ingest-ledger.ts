import {
  type AcceptedLedger,
  createAcceptedCounts,
  type IngestAccount,
  ingestAccountKey,
  NOTHING_ACCEPTED,
} from "../../shared/core/accepted-ledger.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { EngineStats } from "../../shared/core/put-records-engine.ts";
import type { AcceptedFile } from "./accepted-file.ts";

export type IngestLedgerDeps = {
  /** Without one, a kill loses the counts since they were last published. */
  file: AcceptedFile | undefined;
  newId: () => string;
  /** Replaces one object. */
  put: (key: string, text: string) => Promise<void>;
  stats: () => EngineStats;
  /** Epoch milliseconds. */
  now: () => number;
  log: Logger;
};

export type IngestLedgerOptions = {
  stream: string;
  /** Undefined: each service is stored under its own name. */
  allowedServices: ReadonlySet<string> | undefined;
  publishEveryMs?: number;
};

export type IngestLedger = AcceptedLedger & {
  /** Publishes once more, as closed, if the store answers soon. */
  close(): Promise<void>;
};

const PUBLISH_EVERY_MS = 2_000;
/** Without news: so that a process that ended can be told from one that has nothing to do. */
const SIGN_OF_LIFE_MS = 10_000;
const CLOSE_DEADLINE_MS = 2_000;
const LOG_EVERY_MS = 60_000;

/**
 * Counts accepted logs, keeps the counts on the disk before each answer, and publishes them as an
 * object of the bucket every few seconds. Never delays an answer for the bucket, and never refuses
 * a log because it cannot count.
 */
export const createIngestLedger = (
  { file, newId, put, stats, now, log }: IngestLedgerDeps,
  { stream, allowedServices, publishEveryMs = PUBLISH_EVERY_MS }: IngestLedgerOptions,
): IngestLedger => {
  const counts = createAcceptedCounts(file?.restored ?? NOTHING_ACCEPTED, allowedServices);
  const instance = file?.instance ?? newId();
  const key = ingestAccountKey(stream, instance);
  // What an earlier process accepted may still be on its way.
  let lastMovedAt = now();
  let moved = 0;
  let publishedAt = Number.NEGATIVE_INFINITY;
  let publishing: Promise<void> | undefined;
  const loggedAt = new Map<string, number>();

  const warn = (error: unknown, message: string): void => {
    if (now() - (loggedAt.get(message) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    loggedAt.set(message, now());
    log.warn({ err: error }, message);
  };

  const accountOf = (isClosed: boolean): IngestAccount => {
    const { queueLogs, spool, acknowledgedLogs, drainedLogs } = stats();
    const spooledLogs = spool?.logs ?? 0;
    const movedBefore = moved;
    moved = acknowledgedLogs + drainedLogs;
    if (queueLogs > 0 || spooledLogs > 0 || moved !== movedBefore) lastMovedAt = now();
    return {
      version: 1,
      stream,
      instance,
      services: counts.read().services,
      lastMovedAt: new Date(lastMovedAt).toISOString(),
      spooledLogs,
      queuedLogs: queueLogs,
      publishedAt: new Date(now()).toISOString(),
      isClosed,
    };
  };

  const publish = async (isClosed: boolean): Promise<void> => {
    const account = accountOf(isClosed);
    const isNews = lastMovedAt > publishedAt || isClosed;
    if (!isNews && now() - publishedAt < SIGN_OF_LIFE_MS) return;
    const startedAt = now();
    try {
      await put(key, JSON.stringify(account));
      publishedAt = startedAt;
    } catch (error) {
      warn(error, "The counts of accepted logs cannot be published: the ledger lags behind.");
    }
  };

  const tick = (): void => {
    publishing ??= publish(false).finally(() => {
      publishing = undefined;
    });
  };
  const timer = setInterval(tick, publishEveryMs);
  timer.unref();
  tick();

  return {
    record: async (batch) => {
      const change = counts.count(batch);
      if (change === undefined) return;
      lastMovedAt = now();
      try {
        await file?.write(change);
      } catch (error) {
        warn(error, "The counts of accepted logs cannot be written: a restart will forget some.");
      }
    },
    settle: (key, open) => {
      const change = counts.settle(key, open);
      // Not worth waiting for: until it is written, a repeat is told by the counts as well.
      if (change !== undefined) file?.write(change).catch(() => undefined);
    },
    close: async () => {
      clearInterval(timer);
      const published = (async () => {
        await publishing;
        await publish(true);
      })();
      const deadline = new Promise<void>((resolve) => {
        setTimeout(resolve, CLOSE_DEADLINE_MS).unref();
      });
      await Promise.race([published, deadline]);
      await file?.close();
    },
  };
};
