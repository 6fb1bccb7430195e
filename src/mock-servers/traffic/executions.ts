import type { LogType } from "../../shared/core/log-types.ts";
import type { Random } from "../../shared/core/random.ts";
import type { LogStream } from "../logs/log-stream.ts";
import { createPattern } from "../patterns/patterns.ts";
import type { AnomalyBoard, AnomalySpec } from "./anomalies.ts";
import type { StartAnomaly } from "./anomaly-starter.ts";
import type { Generator, Source } from "./generator.ts";

export type ExecutionStatus = "running" | "completed" | "stopped";

export type Execution = {
  execution_id: string;
  scenario_id: string | null;
  anomaly_type: string;
  status: ExecutionStatus;
  parameters: Readonly<Record<string, unknown>>;
  duration_seconds: number;
  started_at: string;
  ended_at: string | null;
  logs_generated: number;
};

export type ExecutionSpec = {
  anomaly: AnomalySpec;
  parameters: Readonly<Record<string, unknown>>;
  /** Logs a second at its height, on top of the traffic there is. */
  rate: number;
};

export type ExecutionDeps = {
  generator: Generator;
  board: AnomalyBoard;
  startAnomaly: StartAnomaly;
  createStream: (types: readonly LogType[] | undefined) => LogStream;
  random: Random;
  now: () => number;
};

export const MAX_ACTIVE_EXECUTIONS = 50;
const EXECUTIONS_KEPT = 1_000;
/** An execution is never quite silent: its beginning can be seen too. */
const LEAST_SHARE = 0.2;

type Run = { execution: Execution; stop(status: ExecutionStatus): void };

/**
 * Scenarios and triggered anomalies while they run: each raises the scores of the logs it shows in,
 * and writes some of its own. Keeps the last 1,000; at most 50 at a time.
 */
export const createExecutions = (deps: ExecutionDeps) => {
  const { generator, board, startAnomaly, random, now } = deps;
  const runs = new Map<string, Run>();
  let started = 0;

  const active = (): Execution[] =>
    [...runs.values()]
      .map(({ execution }) => execution)
      .filter(({ status }) => status === "running");

  const forgetOldest = (): void => {
    for (const [id, { execution }] of runs) {
      if (runs.size <= EXECUTIONS_KEPT) return;
      if (execution.status !== "running") runs.delete(id);
    }
  };

  return {
    /** Undefined where as many run as may. */
    start: ({ anomaly: spec, parameters, rate }: ExecutionSpec): Execution | undefined => {
      if (active().length >= MAX_ACTIVE_EXECUTIONS) return undefined;
      const anomaly = startAnomaly(spec);
      if (anomaly === undefined) return undefined;
      started += 1;
      const id = `EXE_${String(started).padStart(6, "0")}`;
      const execution: Execution = {
        execution_id: id,
        scenario_id: spec.scenarioId,
        anomaly_type: spec.anomalyType,
        status: "running",
        parameters,
        duration_seconds: spec.durationMs / 1_000,
        started_at: new Date(anomaly.startedAt).toISOString(),
        ended_at: null,
        logs_generated: 0,
      };
      const course = createPattern(spec.patternType, random);
      const source: Source = {
        stream: deps.createStream(spec.logTypes.length === 0 ? undefined : spec.logTypes),
        rateAt: (at) => {
          const share = course((at - anomaly.startedAt) / spec.durationMs);
          return rate * (LEAST_SHARE + (1 - LEAST_SHARE) * share);
        },
        endsAt: anomaly.endsAt,
        onLogs: (logs) => {
          execution.logs_generated += logs.length;
        },
        onEnd: () => stop("completed"),
      };
      const stop = (status: ExecutionStatus): void => {
        if (execution.status !== "running") return;
        execution.status = status;
        execution.ended_at = new Date(now()).toISOString();
        generator.remove(source);
        board.remove(anomaly);
      };
      runs.set(id, { execution, stop });
      generator.add(source);
      forgetOldest();
      return execution;
    },
    get: (id: string): Execution | undefined => runs.get(id)?.execution,
    /** The newest first. */
    list: (): Execution[] => [...runs.values()].map(({ execution }) => execution).reverse(),
    activeCount: (): number => active().length,
    stop: (id: string): void => runs.get(id)?.stop("stopped"),
    stopAll: (): void => {
      for (const run of runs.values()) run.stop("stopped");
    },
  };
};

export type Executions = ReturnType<typeof createExecutions>;
