import { createMemoryStream, type MemoryStream } from "../../../tests/support/memory-stream.ts";
import {
  parseShardState,
  type ShardState,
  shardStateKey,
} from "../../shared/core/consumer-state.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import type { KinesisEvent } from "../../shared/core/kinesis-event.ts";
import type { StateStore } from "../../shared/core/ports.ts";
import { createEventSourceMapping, type EventSourceMapping } from "./mapping.ts";
import { sleep } from "./sleep.ts";

export type LogLine = { level: string; message: string; fields: object };

export type World = {
  stream: MemoryStream;
  /** Every event handed over, in order. */
  events: KinesisEvent[];
  /** Objects as a consumer with repeatable names leaves them. */
  objects: Map<string, string[]>;
  states: Map<string, string>;
  logs: LogLine[];
  batches: BatchTotals[];
  /** Runs before the objects of a batch are written; may throw or take its time. */
  beforeBatch: (event: KinesisEvent) => Promise<unknown> | unknown;
  /** Runs after the objects of a batch are written. */
  afterBatch: (event: KinesisEvent) => Promise<unknown> | unknown;
  onState: (operation: "read" | "write" | "written", key: string) => void;
  /** Runs before and after each object is written; may throw. */
  onObject: (moment: "write" | "written") => void;
  start(): EventSourceMapping;
  /** Ends the mapping started last as kill -9 does: nothing it still does has an effect. */
  kill(): void;
  state(shardId: string): ShardState;
  stored(): string[];
};

export const STREAM = "logs";
export const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

export const dataOf = (event: KinesisEvent): string[] =>
  event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, "base64").toString());

/** A stream, a state store and a consumer in memory; time is that of vitest's fake timers. */
export const createWorld = (options: {
  shardCount?: number;
  batchSize?: number;
  batchWindowMs?: number;
  random?: () => number;
}): World => {
  const now = () => Date.now();
  const stream = createMemoryStream(STREAM, options.shardCount ?? 1, now);
  const log =
    (level: string) =>
    (fields: object, message: string): void => {
      world.logs.push({ level, message, fields });
    };
  type Life = { isDead: boolean };
  let life: Life = { isDead: false };
  const survive = async (own: Life): Promise<void> => {
    await Promise.resolve();
    if (own.isDead) await new Promise(() => {});
  };

  const createStore = (own: Life): StateStore => ({
    read: async (key) => {
      await survive(own);
      world.onState("read", key);
      return world.states.get(key);
    },
    write: async (key, text) => {
      await survive(own);
      world.onState("write", key);
      world.states.set(key, text);
      world.onState("written", key);
      await survive(own);
    },
    list: async (prefix) => [...world.states.keys()].filter((key) => key.startsWith(prefix)).sort(),
  });

  const consume = async (own: Life, event: KinesisEvent): Promise<BatchTotals> => {
    const groups = new Map<string, { name: string; lines: string[] }>();
    for (const { eventID, kinesis } of event.Records) {
      const group = groups.get(kinesis.partitionKey) ?? { name: eventID, lines: [] };
      group.lines.push(Buffer.from(kinesis.data, "base64").toString());
      groups.set(kinesis.partitionKey, group);
    }
    for (const [key, { name, lines }] of groups) {
      await survive(own);
      world.onObject("write");
      world.objects.set(`${key}/${name}`, lines);
      world.onObject("written");
    }
    await survive(own);
    return { lines: event.Records.length, bytes: 1, parts: [...groups], quarantined: 0 };
  };

  const world: World = {
    stream,
    events: [],
    objects: new Map(),
    states: new Map(),
    logs: [],
    batches: [],
    beforeBatch: () => undefined,
    afterBatch: () => undefined,
    onState: () => undefined,
    onObject: () => undefined,
    kill: () => {
      life.isDead = true;
    },
    start: () => {
      const own: Life = { isDead: false };
      life = own;
      return createEventSourceMapping<BatchTotals>(
        {
          source: stream.source,
          state: createStore(own),
          invoke: async (event) => {
            world.events.push(event);
            const early = await world.beforeBatch(event);
            if (early !== undefined) return { response: early, summary: null };
            const summary = await consume(own, event);
            const response = (await world.afterBatch(event)) ?? { batchItemFailures: [] };
            return { response, summary };
          },
          encodeBase64: (bytes) => Buffer.from(bytes).toString("base64"),
          onBatch: (summary) => void world.batches.push(summary),
          log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
          now,
          sleep,
          random: options.random ?? (() => 1),
        },
        {
          streamName: STREAM,
          batchSize: options.batchSize ?? 100,
          batchWindowMs: options.batchWindowMs ?? 0,
        },
      );
    },
    state: (shardId) => {
      const key = shardStateKey(STREAM, shardId);
      return parseShardState(key, world.states.get(key) ?? "");
    },
    stored: () => [...world.objects.values()].flat().sort(),
  };
  return world;
};
