import type { UpstreamLog } from "../logs/log.ts";
import type { LogStream } from "../logs/log-stream.ts";
import type { Delivery } from "./delivery.ts";

/** Something that logs come from at a rate. */
export type Source = {
  stream: LogStream;
  /** Logs a second at this moment, epoch milliseconds. */
  rateAt(atMs: number): number;
  /** Undefined: until it is removed. */
  endsAt: number | undefined;
  onLogs(logs: readonly UpstreamLog[]): void;
  onEnd(): void;
};

export const MAX_BATCH_LOGS = 500;
/** What could not be sent is made up for, but not more than this much of it. */
const MAX_ARREARS_MS = 1_000;

type Running = Source & { madeUntil: number; owed: number };

export type GeneratorDeps = {
  delivery: Delivery;
  /** Sees every log once, whatever becomes of it. */
  onLogs: (logs: readonly UpstreamLog[]) => void;
  now: () => number;
};

/**
 * Makes the logs of all sources, as many as are due at each `tick`, and hands them over. While the
 * ingestion interface is behind nothing is made: the rate falls, memory does not grow.
 */
export const createGenerator = ({ delivery, onLogs, now }: GeneratorDeps) => {
  const sources = new Map<Source, Running>();
  let heldBack = 0;

  /** Moves the source's clock on, and what it owes. */
  const advance = (running: Running, until: number): void => {
    const rate = running.rateAt(until);
    const most = Math.max(1, (rate * MAX_ARREARS_MS) / 1_000);
    running.owed += (rate * (until - running.madeUntil)) / 1_000;
    if (running.owed <= most) return;
    heldBack += Math.floor(running.owed - most);
    running.owed = most;
  };

  const emit = (running: Running, until: number): void => {
    const from = Math.max(running.madeUntil, until - MAX_ARREARS_MS);
    advance(running, until);
    running.madeUntil = until;
    const due = Math.floor(running.owed);
    let made = 0;
    while (made < due) {
      const count = Math.min(due - made, MAX_BATCH_LOGS);
      if (!delivery.hasRoom(count)) break;
      const at = (share: number): number => from + ((until - from) * share) / due;
      const logs = running.stream.take(count, at(made), at(made + count));
      made += count;
      running.onLogs(logs);
      onLogs(logs);
      // Settles by itself; `delivery` keeps count of it, and waits for it at the end.
      void delivery.send(logs);
    }
    running.owed -= made;
  };

  const remove = (source: Source): void => {
    sources.delete(source);
  };

  return {
    add: (source: Source): void => {
      sources.set(source, { ...source, madeUntil: now(), owed: 0 });
    },
    remove,
    tick: (): void => {
      const at = now();
      for (const [source, running] of sources) {
        emit(running, Math.min(at, running.endsAt ?? at));
        if (running.endsAt === undefined || running.endsAt > at) continue;
        remove(source);
        source.onEnd();
      }
    },
    /** Logs that were due and never made, since the ingestion interface did not keep up. */
    heldBack: (): number => heldBack,
  };
};

export type Generator = ReturnType<typeof createGenerator>;
