import type { LogType } from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";
import { createThroughput } from "../../shared/core/throughput.ts";
import { SCENARIOS } from "../catalogue/scenarios.ts";
import type { LogStream } from "../logs/log-stream.ts";
import { round } from "../logs/values.ts";
import { createPattern, type PatternType } from "../patterns/patterns.ts";
import { type AnomalyBoard, describeAnomaly } from "./anomalies.ts";
import { anomalyOfScenario, type StartAnomaly } from "./anomaly-starter.ts";
import type { Delivery } from "./delivery.ts";
import type { Generator, Source } from "./generator.ts";

export type ContinuousConfig = {
  enabled: boolean;
  /** Logs a second. */
  normal_log_rate: number;
  /** An anomaly after every so many logs; 0 is never. */
  anomaly_frequency: number;
  /** Seconds. */
  anomaly_duration: number;
  /** Empty is all. */
  log_types: readonly LogType[];
  /** Seconds; null is until it is stopped. */
  duration_seconds: number | null;
  /** How the rate changes over each minute; null is not at all. */
  rate_pattern: PatternType | null;
};

export type ContinuousDeps = {
  generator: Generator;
  delivery: Delivery;
  board: AnomalyBoard;
  startAnomaly: StartAnomaly;
  createStream: (types: readonly LogType[] | undefined) => LogStream;
  random: Random;
  now: () => number;
};

const RATE_PERIOD_MS = 60_000;
/** Below the five seconds that clients wait for an answer. */
const STOP_WAIT_MS = 3_000;

const createTotals = () => ({ normal: 0, anomalous: 0, anomalies: 0, untilNext: 0 });

/** Normal traffic without an end, with an anomaly now and then, one at a time. */
export const createContinuous = (deps: ContinuousDeps) => {
  const { generator, delivery, board, startAnomaly, random, now } = deps;
  let config: ContinuousConfig | undefined;
  let source: Source | undefined;
  let totals = createTotals();
  let deliveredBefore = delivery.stats();
  let heldBackBefore = generator.heldBack();
  const throughput = createThroughput(now);

  const rateOf = (wanted: ContinuousConfig, startedAt: number): Source["rateAt"] => {
    const { normal_log_rate: rate, rate_pattern: pattern } = wanted;
    if (pattern === null) return () => rate;
    const course = createPattern(pattern, random);
    return (at) => rate * (0.5 + course(((at - startedAt) % RATE_PERIOD_MS) / RATE_PERIOD_MS));
  };

  const injectWhenDue = (
    made: number,
    { anomaly_frequency, anomaly_duration }: ContinuousConfig,
  ) => {
    if (anomaly_frequency === 0) return;
    totals.untilNext -= made;
    if (totals.untilNext > 0) return;
    totals.untilNext = anomaly_frequency;
    if (board.active().some((anomaly) => anomaly.source === "continuous")) return;
    const scenario = random.pick(SCENARIOS);
    const spec = anomalyOfScenario(scenario, "continuous", anomaly_duration * 1_000);
    if (startAnomaly(spec) !== undefined) totals.anomalies += 1;
  };

  const end = (): void => {
    if (source !== undefined) generator.remove(source);
    for (const anomaly of board.active()) {
      if (anomaly.source === "continuous") board.remove(anomaly);
    }
    source = undefined;
    if (config !== undefined) config = { ...config, enabled: false };
  };

  return {
    isEnabled: (): boolean => source !== undefined,
    /** Counts start at 0, unless it runs already: then only what it does changes. */
    start: (wanted: ContinuousConfig): void => {
      if (source === undefined) {
        totals = createTotals();
        deliveredBefore = delivery.stats();
        heldBackBefore = generator.heldBack();
      } else end();
      totals.untilNext = wanted.anomaly_frequency;
      config = wanted;
      const startedAt = now();
      source = {
        stream: deps.createStream(wanted.log_types.length === 0 ? undefined : wanted.log_types),
        rateAt: rateOf(wanted, startedAt),
        endsAt:
          wanted.duration_seconds === null
            ? undefined
            : startedAt + wanted.duration_seconds * 1_000,
        onLogs: (logs) => {
          const anomalous = logs.filter(({ data }) => data.is_anomaly).length;
          totals.anomalous += anomalous;
          totals.normal += logs.length - anomalous;
          throughput.add(logs.length);
          injectWhenDue(logs.length, wanted);
        },
        onEnd: end,
      };
      generator.add(source);
    },
    /** Stops, and waits up to 3 s for the answers to what was sent. */
    stop: async (): Promise<{ normal_logs: number; anomalies: number }> => {
      end();
      await delivery.settled(STOP_WAIT_MS);
      return { normal_logs: totals.normal, anomalies: totals.anomalies };
    },
    stats: () => {
      const at = now();
      const current = board.active().at(-1);
      const sent = delivery.stats();
      return {
        enabled: source !== undefined,
        normal_logs_generated: totals.normal,
        anomalies_injected: totals.anomalies,
        anomaly_rate: totals.normal === 0 ? 0 : round(totals.anomalies / totals.normal, 6),
        current_rate: source === undefined ? 0 : round(throughput.perSecond(), 1),
        current_anomaly: current === undefined ? null : describeAnomaly(current, at),
        anomalous_logs_generated: totals.anomalous,
        delivery: {
          ...sent,
          acknowledged: sent.acknowledged - deliveredBefore.acknowledged,
          refused: sent.refused - deliveredBefore.refused,
          unconfirmed: sent.unconfirmed - deliveredBefore.unconfirmed,
          retried: sent.retried - deliveredBefore.retried,
          requests: sent.requests - deliveredBefore.requests,
          held_back: generator.heldBack() - heldBackBefore,
        },
        config: config ?? null,
      };
    },
  };
};

export type Continuous = ReturnType<typeof createContinuous>;
