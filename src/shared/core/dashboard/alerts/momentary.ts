import type { BackendError } from "../backend-error.ts";
import { type Attempt, attempt } from "../backend-error.ts";
import type { History, HistorySource } from "../history/history.ts";
import { createMemo } from "../memo.ts";
import type { DashboardReader } from "../reader.ts";
import type { Measurements } from "./alert.ts";
import { measure, recentGapsOf } from "./measure.ts";
import type { Rule } from "./rules.ts";

export type MomentaryDeps = {
  reader: Pick<DashboardReader, "ingest" | "consumer" | "ledger" | "partitions">;
  history: HistorySource | undefined;
  rules: readonly Rule[];
  /** Whose partitions are looked through for gaps. */
  bucket: string;
  now: () => number;
};

export type MomentaryOptions = {
  /** How long measurements are shared among callers. */
  cacheMs?: number;
  /** A walk over the partitions costs many calls. */
  gapsCacheMs?: number;
  /** Longest wait for the walk; what it finds later is for the next look. */
  gapsWaitMs?: number;
};

type Gaps = { count: number; first: string | undefined };

const STEP_MS = 60_000;
/** CloudWatch's newest minutes are still to come. */
const MINUTES = 10;

const NO_HISTORY: History = {
  source: "samples",
  since: null,
  stepMs: STEP_MS,
  points: [],
  shards: [],
};

/** Undefined where it takes longer. */
const within = async <T>(work: Promise<T>, waitMs: number): Promise<T | undefined> => {
  const signal = AbortSignal.timeout(waitMs);
  return await Promise.race([
    work,
    new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    }),
  ]);
};

/** Up to the newest point that anything is known of. */
const knownPart = (history: History): History => ({
  ...history,
  points: history.points.slice(
    0,
    history.points.findLastIndex(
      ({ accepted, throttled }) => accepted !== null || throttled !== null,
    ) + 1,
  ),
});

/** Rates that rest on a history which could not be read are not known, for that reason. */
const withoutHistory = (measured: Measurements, error: BackendError): Measurements => {
  const unknown = { value: null, reason: error.message };
  return { ...measured, throttles: unknown, error_rate: unknown };
};

/**
 * Every rule's figure at this moment, for where nobody watches between requests. Each part is
 * bounded by the deadline of what it reads, and a dead backend makes its own rules unknown only.
 */
export const createMomentaryMeasure = (
  { reader, history, rules, bucket, now }: MomentaryDeps,
  { cacheMs = 10_000, gapsCacheMs = 5 * 60_000, gapsWaitMs = 2_500 }: MomentaryOptions = {},
): (() => Promise<Measurements>) => {
  const memo = createMemo<Measurements>(cacheMs, now);
  const gapsMemo = createMemo<Gaps>(gapsCacheMs, now);
  const isGapWatched = rules.some(({ name }) => name === "gap");

  const findGaps = (): Promise<Attempt<Gaps>> =>
    attempt(() =>
      gapsMemo("", async () => {
        const found = await reader.partitions(bucket);
        return recentGapsOf(found?.gaps.ranges ?? [], now());
      }),
    );

  return () =>
    memo("", async () => {
      const [ingest, consumer, ledger, past, gaps] = await Promise.all([
        reader.ingest(),
        attempt(reader.consumer),
        attempt(reader.ledger),
        attempt(async () => history?.read({ minutes: MINUTES, stepMs: STEP_MS })),
        isGapWatched ? within(findGaps(), gapsWaitMs) : undefined,
      ]);
      const recent = knownPart((past.ok ? past.value : undefined) ?? NO_HISTORY);
      const measured = measure({ ingest, consumer, ledger, gaps, history: recent, now: now() });
      return past.ok ? measured : withoutHistory(measured, past.error);
    });
};
