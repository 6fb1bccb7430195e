import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../shared/core/random.ts";
import { createLogMaker, type SentLog, STRANGER } from "./logs.ts";

export type TrafficDeps = {
  /** A batch through the ingestion interface, until each log of it is settled. */
  send: (batch: readonly SentLog[]) => Promise<void>;
  /** Records that are no logs, past the ingestion interface. */
  putStrange: (pieces: readonly SentLog[]) => Promise<void>;
  random: Random;
  /** False while the next batch has to wait. */
  mayGoOn: (sent: number) => boolean;
  stop: AbortSignal;
};

export type TrafficOptions = {
  readonly seed: number;
  /** Logs in all. */
  readonly total: number;
  /** Logs per second. */
  readonly rate: number;
};

const MAX_IN_FLIGHT = 24;
/** Logs of a request. */
const BATCH_SIZES = [1, 5, 20, 40, 80, 120];
const SHARE_WITH_KEY = 0.8;
/** Of the smallest batches, what another producer puts into the stream instead. */
const SHARE_STRANGE = 0.3;
const MAX_STRANGE = 5;
/** What was not sent in time is made up for, but not all of it at once. */
const MAX_BEHIND_MS = 1_000;
const GATE_POLL_MS = 20;

/** Distinct logs at a steady rate. `logs` grows as they are sent. */
export const createTraffic = (
  { send, putStrange, random, mayGoOn, stop }: TrafficDeps,
  { seed, total, rate }: TrafficOptions,
) => {
  const logs: SentLog[] = [];
  const inFlight = new Set<Promise<void>>();
  const { makeLog, makeBroken } = createLogMaker(seed, random);

  return {
    logs,
    /** Resolves when the last batch has been sent for the first time. */
    run: async (): Promise<void> => {
      let dueAt = Date.now();
      for (let number = 0; logs.length < total && !stop.aborted; number += 1) {
        while (!mayGoOn(logs.length) && !stop.aborted) await sleep(GATE_POLL_MS);
        const size = Math.min(random.pick(BATCH_SIZES), total - logs.length);
        const isStrange = size <= MAX_STRANGE && random.chance(SHARE_STRANGE);
        const key = random.chance(SHARE_WITH_KEY) ? `chaos-${seed}-${number}` : undefined;
        dueAt = Math.max(dueAt, Date.now() - MAX_BEHIND_MS) + (size * 1000) / rate;
        await sleep(Math.max(0, dueAt - Date.now()));
        const batch = Array.from({ length: size }, () =>
          isStrange ? makeBroken(STRANGER) : makeLog(key),
        );
        logs.push(...batch);
        const work = isStrange ? putStrange(batch) : send(batch);
        const sending = work.finally(() => inFlight.delete(sending));
        inFlight.add(sending);
        if (inFlight.size >= MAX_IN_FLIGHT) await Promise.race(inFlight);
      }
    },
    /** Resolves when every batch is settled. */
    settle: async (): Promise<void> => {
      await Promise.all(inFlight);
    },
  };
};
