import type { Hono } from "hono";
import type { LogType } from "../shared/core/log-types.ts";
import type { Logger } from "../shared/core/logger.ts";
import { createRandom } from "../shared/core/random.ts";
import { createLogConsolidation } from "./apps/log-consolidation.ts";
import { createLogSynthesis } from "./apps/log-synthesis.ts";
import { createOrchestrator } from "./apps/orchestrator.ts";
import { createPatternGenerator } from "./apps/pattern-generator.ts";
import { createStateManager } from "./apps/state-manager.ts";
import { createEntityStore } from "./entities/store.ts";
import { createIds } from "./logs/ids.ts";
import { createLogStream, type LogStreamOptions } from "./logs/log-stream.ts";
import { createRecentLogs } from "./logs/recent-logs.ts";
import type { ServiceName } from "./port-offsets.ts";
import { createAnomalyBoard } from "./traffic/anomalies.ts";
import { createAnomalyStarter } from "./traffic/anomaly-starter.ts";
import { createContinuous } from "./traffic/continuous.ts";
import { createDelivery } from "./traffic/delivery.ts";
import { createExecutions, MAX_ACTIVE_EXECUTIONS } from "./traffic/executions.ts";
import { createGenerator } from "./traffic/generator.ts";
import type { IngestClient } from "./traffic/ingest-client.ts";

export type UpstreamDeps = {
  client: IngestClient;
  /** Epoch milliseconds. */
  now: () => number;
  /** Resolves early when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls the task until the answer is called. */
  every: (ms: number, task: () => void) => () => void;
  /** Unique for ever, whatever the seed. */
  newId: () => string;
  log: Logger;
};

const TICK_MS = 100;
const GIVE_UP_AFTER_MS = 60_000;
const MAX_IN_FLIGHT = 16;
const MAX_IN_FLIGHT_LOGS = 20_000;
const CLOSE_WAIT_MS = 5_000;

/**
 * The upstream services as apps, over one store of entities and one line to the ingestion
 * interface. The same seed gives the same sequence of logs, apart from their times.
 */
export const createUpstream = (deps: UpstreamDeps, { seed }: { seed: number }) => {
  const { client, now, sleep, newId, log } = deps;
  const random = createRandom(seed);
  const ids = createIds(random.fork("ids"));
  const store = createEntityStore({ random: random.fork("entities"), now });
  const recent = createRecentLogs();
  const delivery = createDelivery(
    { client, now, sleep, random: random.fork("waits").next, newKey: newId },
    {
      maxInFlight: MAX_IN_FLIGHT,
      maxInFlightLogs: MAX_IN_FLIGHT_LOGS,
      giveUpAfterMs: GIVE_UP_AFTER_MS,
    },
  );
  const generator = createGenerator({ delivery, onLogs: recent.add, now });
  // One more than the executions: the anomaly of the continuous traffic always has a place.
  const board = createAnomalyBoard(now, MAX_ACTIVE_EXECUTIONS + 1);
  const startAnomaly = createAnomalyStarter(board, now, random.fork("anomalies"));

  let streams = 0;
  const createStream = (
    name: string,
    types: readonly LogType[] | undefined,
    influence: LogStreamOptions["influence"],
  ) => {
    streams += 1;
    return createLogStream(
      { random: random.fork(`${name}-${streams}`), ids, pickActors: store.pickActors },
      { types, influence },
    );
  };
  const influenced = (name: string) => (types: readonly LogType[] | undefined) =>
    createStream(name, types, board.influence);

  const shared = { generator, board, startAnomaly, now };
  const continuous = createContinuous({
    ...shared,
    delivery,
    createStream: influenced("continuous"),
    random: random.fork("continuous"),
  });
  const executions = createExecutions({
    ...shared,
    createStream: influenced("execution"),
    random: random.fork("executions"),
  });

  const apps: Readonly<Record<ServiceName, Hono>> = {
    "scenario-orchestrator": createOrchestrator({ continuous, executions, log }),
    "pattern-generator": createPatternGenerator({ random: random.fork("patterns"), log }),
    "log-synthesis": createLogSynthesis({
      createStream: (types, influence) => createStream("synthesis", types, influence),
      delivery,
      recent,
      now,
      log,
    }),
    "state-manager": createStateManager({ store, log }),
    "log-consolidation": createLogConsolidation({ now, newId, log }),
  };
  const stopTicking = deps.every(TICK_MS, generator.tick);

  return {
    apps,
    /** Stops all traffic, waits up to 8 s for what is under way, and says what became of all. */
    close: async () => {
      executions.stopAll();
      await continuous.stop();
      stopTicking();
      await delivery.close(CLOSE_WAIT_MS);
      return delivery.stats();
    },
  };
};
