import { measure, recentGapsOf } from "../shared/core/dashboard/alerts/measure.ts";
import type { Rule } from "../shared/core/dashboard/alerts/rules.ts";
import type { AlertSource } from "../shared/core/dashboard/alerts/source.ts";
import {
  type AlertStore,
  createAlertWatch,
  type Notice,
} from "../shared/core/dashboard/alerts/watch.ts";
import { type Attempt, attempt } from "../shared/core/dashboard/backend-error.ts";
import {
  createSampleHistory,
  type HistorySource,
} from "../shared/core/dashboard/history/history.ts";
import { sampleOf } from "../shared/core/dashboard/history/sample.ts";
import type { DashboardReader } from "../shared/core/dashboard/reader.ts";
import type { Logger } from "../shared/core/logger.ts";

const SAMPLE_MS = 10_000;
const HISTORY_HOURS = 3;
const CAPACITY = (HISTORY_HOURS * 3_600_000) / SAMPLE_MS;
/** A walk over the partitions costs many calls. */
const GAPS_MS = 5 * 60_000;
const RATE_STEP_MS = 60_000;
const RATE_MINUTES = 6;

type Gaps = Attempt<{ count: number; first: string | undefined }>;

export type DashboardWatch = {
  history: HistorySource;
  alerts: AlertSource;
  /** Waits for the look that is under way. */
  stop(): Promise<void>;
};

export type DashboardWatchDeps = {
  reader: DashboardReader;
  /** Whose partitions are looked through for gaps. */
  bucket: string;
  rules: readonly Rule[];
  forMs: number;
  notify: ((notice: Notice) => Promise<void>) | undefined;
  store: AlertStore;
  log: Logger;
  now: () => number;
};

/** Looks at the pipeline every 10 s: for the charts, and for the alerts. */
export const startDashboardWatch = (deps: DashboardWatchDeps): DashboardWatch => {
  const { reader, bucket, rules, forMs, notify, store, log, now } = deps;
  const history = createSampleHistory(CAPACITY, now);
  const isGapWatched = rules.some(({ name }) => name === "gap");
  let gaps: Gaps | undefined;
  let gapsAt = Number.NEGATIVE_INFINITY;
  let lastFailure: string | undefined;
  let looking: Promise<void> | undefined;

  const readGaps = async (): Promise<Gaps | undefined> => {
    if (!isGapWatched || now() - gapsAt < GAPS_MS) return gaps;
    gapsAt = now();
    return await attempt(async () => {
      const found = await reader.partitions(bucket);
      return recentGapsOf(found?.gaps.ranges ?? [], now());
    });
  };

  const watch = createAlertWatch({
    rules,
    forMs,
    notify,
    store,
    now,
    measure: async () => {
      const [ingest, consumer, ledger] = await Promise.all([
        reader.ingest(),
        attempt(reader.consumer),
        attempt(reader.ledger),
      ]);
      history.add(sampleOf(now(), ingest, consumer));
      gaps = await readGaps();
      const recent = await history.read({ minutes: RATE_MINUTES, stepMs: RATE_STEP_MS });
      return measure({ ingest, consumer, ledger, gaps, history: recent, now: now() });
    },
  });

  const look = async (): Promise<void> => {
    try {
      await watch.tick();
      lastFailure = undefined;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      // Once, not every 10 s: what could not be told is kept and tried again.
      if (failure !== lastFailure)
        log.warn({ err: error, untold: watch.untold() }, "Alerts could not be told; trying again.");
      lastFailure = failure;
    } finally {
      looking = undefined;
    }
  };

  const lookOnce = () => {
    looking ??= look();
  };
  lookOnce();
  const timer = setInterval(lookOnce, SAMPLE_MS);
  return {
    history,
    alerts: {
      read: async () => ({
        alerts: watch.alerts(),
        isWatched: true,
        forMs,
        delivery: { isOn: notify !== undefined, untold: watch.untold() },
      }),
      firing: () => watch.alerts().filter(({ state }) => state === "firing").length,
    },
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
};
