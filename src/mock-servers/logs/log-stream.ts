import { categoryOf, type LogType } from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";
import { createTypePicker } from "../catalogue/traffic-shape.ts";
import type { Actors } from "./context.ts";
import type { Ids } from "./ids.ts";
import { LOG_KINDS } from "./kinds.ts";
import { ANOMALY_ABOVE, type LogData, type UpstreamLog } from "./log.ts";
import { int, privateIp, round } from "./values.ts";

/** What raises the score of a log; 0 and null where nothing does. */
export type Influence = { score: number; scenarioId: string | null };

export type LogStreamDeps = {
  random: Random;
  ids: Ids;
  /** Who acts in the next trace. */
  pickActors: (random: Random) => Actors;
};

export type LogStreamOptions = {
  types?: readonly LogType[] | undefined;
  /** Asked for each log, with its type and its time in epoch milliseconds. */
  influence: (type: LogType, atMs: number, random: Random) => Influence;
};

const TRACE_SPANS = { least: 2, most: 6 };
const QUIET_SCORE_MOST = 22;
const REGIONS = ["ap-southeast-1", "ap-southeast-1", "ap-northeast-1"];

type Trace = {
  traceId: string;
  spanIds: string[];
  left: number;
  actors: Actors;
  host: string;
  region: string;
};

const levelOf = (random: Random, score: number, isFailing: boolean): LogData["level"] => {
  if (isFailing) return score > 90 && random.chance(0.2) ? "FATAL" : "ERROR";
  if (score > 50 || random.chance(0.05)) return "WARN";
  return random.chance(0.07) ? "DEBUG" : "INFO";
};

/** `2025-11-14T01:13:03.682` of a time, and three more digits of a number below 1000. */
const microTime = (atMs: number, micros: number): string =>
  new Date(atMs).toISOString().slice(0, 23) + String(micros).padStart(3, "0");

/**
 * An endless sequence of logs: traces of a few spans that go from service to service, the first
 * ones one of each type, the rest by the traffic's weights. The same chances and the same times
 * give the same logs.
 */
export const createLogStream = (
  { random, ids, pickActors }: LogStreamDeps,
  { types, influence }: LogStreamOptions,
) => {
  const pickType = createTypePicker(random, types);
  let trace: Trace | undefined;

  const openTrace = (): Trace => ({
    traceId: ids.traceId(),
    spanIds: [],
    left: int(random, TRACE_SPANS.least, TRACE_SPANS.most),
    actors: pickActors(random),
    host: privateIp(random),
    region: random.pick(REGIONS),
  });

  /** The next log, at this time; its score is the higher of its own and what influences it. */
  const next = (atMs: number): UpstreamLog => {
    trace = trace !== undefined && trace.left > 0 ? trace : openTrace();
    trace.left -= 1;
    const type = pickType();
    const kind = LOG_KINDS[type];
    const service = random.pick(kind.services);
    const cause = influence(type, atMs, random);
    const score = round(Math.max(QUIET_SCORE_MOST * random.next() ** 2, cause.score), 2);
    const stress = score / 100;
    const isFailing = random.chance(0.01 + 0.6 * stress ** 2);
    const spanId = ids.spanId();
    const parent = trace.spanIds.length === 0 ? null : random.pick(trace.spanIds);
    trace.spanIds.push(spanId);
    const timestamp = microTime(atMs, int(random, 0, 999));
    const { message, ...fields } = kind.fields({
      random,
      service,
      actors: trace.actors,
      stress,
      isFailing,
    });
    return {
      timestamp,
      log_type: type,
      data: {
        timestamp: `${timestamp}Z`,
        service,
        level: levelOf(random, score, isFailing),
        message,
        anomaly_score: score,
        is_anomaly: score > ANOMALY_ABOVE,
        trace_id: trace.traceId,
        span_id: spanId,
        parent_span_id: parent,
        host: trace.host,
        region: trace.region,
        environment: "production",
        ...fields,
      },
      metadata: {
        source: "log-synthesis",
        category: categoryOf(type),
        scenario_id: cause.scenarioId,
      },
    };
  };

  return {
    /** `count` logs, spread evenly over the time from `fromMs` up to `toMs`. */
    take: (count: number, fromMs: number, toMs: number): UpstreamLog[] => {
      const step = (toMs - fromMs) / count;
      return Array.from({ length: count }, (_, index) => next(Math.floor(fromMs + index * step)));
    },
  };
};

export type LogStream = ReturnType<typeof createLogStream>;
