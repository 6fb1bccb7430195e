import type { UpstreamLog } from "../logs/log.ts";
import type { IngestAnswer, IngestClient } from "./ingest-client.ts";

/** What became of a batch; each log is in exactly one of the three. */
export type DeliveryOutcome = {
  acknowledged: number;
  /** Not taken, and it will not be tried again. */
  refused: number;
  /** Sent, and no answer came: it may be stored or not. */
  unconfirmed: number;
};

export type DeliveryDeps = {
  client: IngestClient;
  /** Epoch milliseconds. */
  now: () => number;
  /** Resolves early when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  random: () => number;
  newKey: () => string;
};

export type DeliveryOptions = {
  /** Batches, and logs in them, that wait for their answer at a time. */
  maxInFlight: number;
  maxInFlightLogs: number;
  /** Longest time one batch is tried. */
  giveUpAfterMs: number;
};

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A key is not used up to the very end of the time for which it is remembered. */
const WINDOW_SHARE = 0.9;
const MAY_PASS = new Set([408, 409, 425, 429, 503]);
const MAY_BE_STORED = new Set([408, 409, 500, 502, 504]);
const UNCONFIRMED = "UNCONFIRMED";

/** The connection was never made, so nothing can have been taken. */
const wasNeverSent = (error: unknown): boolean => {
  const { cause } = error as { cause?: { code?: string } };
  return ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH"].includes(cause?.code ?? "");
};

type Settled = {
  acknowledged: number;
  refused: number;
  /** To be sent again. */
  again: readonly UpstreamLog[];
  /** Of those, the ones that may be stored already. */
  unclear: ReadonlySet<UpstreamLog>;
};

const settle = (logs: readonly UpstreamLog[], { status, items }: IngestAnswer): Settled => {
  if (items === undefined) {
    const isUnclear = MAY_BE_STORED.has(status);
    const again = isUnclear || MAY_PASS.has(status) ? logs : [];
    const unclear = new Set(isUnclear ? logs : []);
    return { acknowledged: 0, refused: logs.length - again.length, again, unclear };
  }
  const again: UpstreamLog[] = [];
  const unclear = new Set<UpstreamLog>();
  let refused = 0;
  for (const { index, code, retryable } of items.errors) {
    const log = logs[index];
    if (log === undefined) continue;
    if (retryable) again.push(log);
    else refused += 1;
    if (retryable && code === UNCONFIRMED) unclear.add(log);
  }
  return { acknowledged: items.accepted, refused, again, unclear };
};

/** The body as the original services send it. */
const bodyOf = (logs: readonly UpstreamLog[], now: number): string =>
  JSON.stringify({
    logs,
    metadata: { source: "log-synthesis", timestamp: new Date(now).toISOString().slice(0, -1) },
  });

/**
 * Hands batches to the ingestion interface, so that each log is stored once or known not to be.
 * Every batch has an `Idempotency-Key`: what was refused for now, or got no answer, is sent again as
 * it was and only what is missing is taken. Where keys mean nothing, only the refused logs are sent
 * again, and those without an answer never.
 */
export const createDelivery = (deps: DeliveryDeps, options: DeliveryOptions) => {
  const { client, now, sleep, newKey } = deps;
  const totals = { acknowledged: 0, refused: 0, unconfirmed: 0, retried: 0, requests: 0 };
  const problems = { last: undefined as string | undefined };
  const abort = new AbortController();
  const pending = new Set<Promise<unknown>>();
  let inFlightLogs = 0;
  let windowMs: number | undefined;

  const askWindow = async (): Promise<number> => {
    windowMs ??= (await client.keyWindowMs(abort.signal)) * WINDOW_SHARE;
    return windowMs;
  };

  const deliver = async (batch: readonly UpstreamLog[]): Promise<DeliveryOutcome> => {
    const done: DeliveryOutcome = { acknowledged: 0, refused: 0, unconfirmed: 0 };
    const startedAt = now();
    let logs = batch;
    let body = bodyOf(logs, startedAt);
    let key = newKey();
    /** What the last answer under this key said; nothing of it is counted before the key is done. */
    let last: Settled = { acknowledged: 0, refused: 0, again: logs, unclear: new Set() };
    /** The last try under this key got no answer. */
    let isUnanswered = false;
    let waitMs = FIRST_WAIT_MS;
    const close = (): DeliveryOutcome => {
      done.acknowledged += last.acknowledged;
      done.refused += last.refused;
      for (const log of last.again) {
        if (isUnanswered || last.unclear.has(log)) done.unconfirmed += 1;
        else done.refused += 1;
      }
      return done;
    };
    for (;;) {
      let retryAfterMs: number | undefined;
      try {
        if (isUnanswered && (await askWindow()) === 0) return close();
        totals.requests += 1;
        const answer = await client.post(body, key, abort.signal);
        isUnanswered = false;
        last = settle(logs, answer);
        if (last.again.length === 0) return close();
        problems.last = `The ingestion interface answered ${answer.status}.`;
        retryAfterMs = answer.retryAfterMs;
        if (answer.key !== key || (await askWindow().catch(() => 0)) === 0) {
          const { again, unclear } = last;
          last = { ...last, again: again.filter((log) => unclear.has(log)) };
          close();
          logs = again.filter((log) => !unclear.has(log));
          last = { acknowledged: 0, refused: 0, again: logs, unclear: new Set() };
          if (logs.length === 0) return done;
          body = bodyOf(logs, now());
          key = newKey();
        }
      } catch (error) {
        problems.last = error instanceof Error ? error.message : String(error);
        if (!wasNeverSent(error)) isUnanswered = true;
      }
      const pauseMs = retryAfterMs ?? waitMs * (0.5 + deps.random());
      const patienceMs = Math.min(options.giveUpAfterMs, windowMs || options.giveUpAfterMs);
      if (abort.signal.aborted || now() + pauseMs > startedAt + patienceMs) return close();
      await sleep(pauseMs, abort.signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      totals.retried += last.again.length;
    }
  };

  const count = (outcome: DeliveryOutcome): DeliveryOutcome => {
    totals.acknowledged += outcome.acknowledged;
    totals.refused += outcome.refused;
    totals.unconfirmed += outcome.unconfirmed;
    return outcome;
  };

  /** What the promise comes to, or undefined where that takes longer. */
  const within = async <T>(promise: Promise<T>, ms: number): Promise<T | undefined> => {
    const timer = new AbortController();
    const tooLate = sleep(ms, timer.signal).then(() => undefined);
    try {
      return await Promise.race([promise, tooLate]);
    } finally {
      timer.abort();
    }
  };

  /** Whether everything under way was settled in time. */
  const settled = async (withinMs: number): Promise<boolean> =>
    (await within(Promise.all([...pending]), withinMs)) !== undefined;

  return {
    hasRoom: (logs = 1): boolean =>
      pending.size < options.maxInFlight &&
      inFlightLogs + logs <= options.maxInFlightLogs &&
      !abort.signal.aborted,
    /** Never rejects. The caller asks `hasRoom` first: that is the bound. */
    send: (batch: readonly UpstreamLog[]): Promise<DeliveryOutcome> => {
      inFlightLogs += batch.length;
      const sending = deliver(batch)
        .then(count)
        .finally(() => {
          pending.delete(sending);
          inFlightLogs -= batch.length;
        });
      pending.add(sending);
      return sending;
    },
    within,
    settled,
    stats: () => ({
      ...totals,
      in_flight: inFlightLogs,
      last_problem: problems.last ?? null,
    }),
    /** Waits for what is under way, and gives up what is not settled then. */
    close: async (withinMs: number): Promise<void> => {
      if (await settled(withinMs)) return;
      abort.abort();
      await Promise.allSettled([...pending]);
    },
  };
};

export type Delivery = ReturnType<typeof createDelivery>;
