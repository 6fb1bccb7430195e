import type { LogType } from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";
import type { Influence } from "../logs/log-stream.ts";
import { round } from "../logs/values.ts";
import { createPattern, type PatternType, withRiseAndFall } from "../patterns/patterns.ts";

export type AnomalySource = "continuous" | "execution" | "trigger";

export type AnomalySpec = {
  source: AnomalySource;
  anomalyType: string;
  scenarioId: string | null;
  patternType: PatternType;
  /** 0 to 100. */
  peakScore: number;
  /** Those it shows in; empty is all. */
  logTypes: readonly LogType[];
  durationMs: number;
};

export type Anomaly = AnomalySpec & {
  startedAt: number;
  endsAt: number;
  /** 0 to 100; 0 before and after. */
  scoreAt(atMs: number): number;
};

/** Of the logs of the types it shows in. */
const AFFECTED_SHARE = 0.7;
const SCORE_NOISE = 4;

export const createAnomaly = (spec: AnomalySpec, startedAt: number, random: Random): Anomaly => {
  const course = withRiseAndFall(createPattern(spec.patternType, random));
  return {
    ...spec,
    startedAt,
    endsAt: startedAt + spec.durationMs,
    scoreAt: (atMs) => spec.peakScore * course((atMs - startedAt) / spec.durationMs),
  };
};

export type AnomalyBoard = ReturnType<typeof createAnomalyBoard>;

/** The anomalies that are going on; at most `capacity`. */
export const createAnomalyBoard = (now: () => number, capacity: number) => {
  let anomalies: readonly Anomaly[] = [];
  const active = (): readonly Anomaly[] => {
    const at = now();
    if (anomalies.some(({ endsAt }) => endsAt <= at))
      anomalies = anomalies.filter(({ endsAt }) => endsAt > at);
    return anomalies;
  };
  return {
    active,
    isFull: (): boolean => active().length >= capacity,
    add: (anomaly: Anomaly): void => {
      anomalies = [...active(), anomaly];
    },
    remove: (anomaly: Anomaly): void => {
      anomalies = anomalies.filter((one) => one !== anomaly);
    },
    /** The strongest of those that show in this log. */
    influence: (type: LogType, atMs: number, random: Random): Influence => {
      let strongest: Influence = { score: 0, scenarioId: null };
      for (const { logTypes, scoreAt, scenarioId } of anomalies) {
        if (logTypes.length > 0 && !logTypes.includes(type)) continue;
        if (!random.chance(AFFECTED_SHARE)) continue;
        const score = scoreAt(atMs) + random.between(-SCORE_NOISE, SCORE_NOISE);
        if (score > strongest.score) strongest = { score: Math.min(100, score), scenarioId };
      }
      return strongest;
    },
  };
};

/** As `current_anomaly` shows it. */
export const describeAnomaly = (anomaly: Anomaly, now: number) => ({
  anomaly_type: anomaly.anomalyType,
  source: anomaly.source,
  scenario_id: anomaly.scenarioId,
  pattern_type: anomaly.patternType,
  intensity: round(anomaly.peakScore / 100, 3),
  anomaly_score: round(anomaly.scoreAt(now), 2),
  log_types: anomaly.logTypes,
  started_at: new Date(anomaly.startedAt).toISOString(),
  ends_at: new Date(anomaly.endsAt).toISOString(),
});
