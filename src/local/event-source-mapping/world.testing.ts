import { createMemoryStream, type MemoryStream } from "../../../tests/support/memory-stream.ts";
import {
  parseShardState,
  type ShardState,
  shardStateKey,
} from "../../shared/core/consumer-state.ts";
import type { BatchTotals } from "../../shared/core/event-source/shard-state.ts";
import type { KinesisEvent } from "../../shared/core/kinesis-event.ts";
import type { StateStore, WriteFence } from "../../shared/core/ports.ts";
import {
  createEventSourceMapping,
  type EventSourceMapping,
  type EventSourceMappingOptions,
} from "./mapping.ts";
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
  /** How long the consumer works on an object before it sends it, milliseconds. */
  encodeMs: () => number;
  /** How long an object is on its way after its writer has let go of it, milliseconds. */
  transitMs: () => number;
  /** Every object written: by which instance, and whether it held the shard's lease at that time. */
  writes: { instance: string; shardId: string; atMs: number; wasOwner: boolean }[];
  /** What the on-failure destination took. */
  givenUp: Map<string, string>;
  start(overrides?: Partial<EventSourceMappingOptions>): WorldMapping;
  /** Ends the mapping started last as kill -9 does: nothing it still does has an effect. */
  kill(): void;
  state(shardId: string): ShardState;
  stored(): string[];
};

export type WorldMapping = EventSourceMapping & {
  id: string;
  kill(): void;
  /** Stops it as SIGSTOP does, until `thaw`. */
  freeze(): void;
  thaw(): void;
};

type Life = { id: string; isDead: boolean; frozen: Promise<void> | undefined };

export const STREAM = "logs";
export const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

export const dataOf = (event: KinesisEvent): string[] =>
  event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, "base64").toString());

/** As S3's entity tags: of the content alone. */
const versionOf = (text: string): string => `"${text}"`;

/** A stream, a state store and a consumer in memory; time is that of vitest's fake timers. */
export const createWorld = (options: {
  shardCount?: number;
  batchSize?: number;
  batchWindowMs?: number;
  random?: () => number;
  /** False: nobody can know that another instance ended, as on different machines. */
  knowsEnds?: boolean;
  /** What the on-failure destination throws; null: there is none. */
  destinationFault?: (() => Error) | null;
}): World => {
  const now = () => Date.now();
  let ids = 0;
  const stream = createMemoryStream(STREAM, options.shardCount ?? 1, now);
  const log =
    (level: string) =>
    (fields: object, message: string): void => {
      world.logs.push({ level, message, fields });
    };
  const lives: Life[] = [];
  const survive = async (own: Life): Promise<void> => {
    await Promise.resolve();
    while (own.frozen !== undefined) await own.frozen;
    if (own.isDead) await new Promise(() => {});
  };

  const createStore = (own: Life): StateStore => ({
    read: async (key) => {
      await survive(own);
      world.onState("read", key);
      await survive(own);
      const text = world.states.get(key);
      return text === undefined ? undefined : { text, version: versionOf(text) };
    },
    write: async (key, text, version) => {
      await survive(own);
      world.onState("write", key);
      const stored = world.states.get(key);
      if ((stored === undefined ? null : versionOf(stored)) !== version) return undefined;
      world.states.set(key, text);
      world.onState("written", key);
      await survive(own);
      return versionOf(text);
    },
    list: async (prefix) => {
      await survive(own);
      return [...world.states]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, text]) => ({ key, version: versionOf(text) }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    remove: async (key) => {
      await survive(own);
      world.states.delete(key);
    },
  });

  const ownerOf = (shardId: string): unknown =>
    JSON.parse(world.states.get(shardStateKey(STREAM, shardId)) ?? "{}").owner;

  const land = (own: Life, shardId: string, key: string, lines: string[]): void => {
    world.objects.set(key, lines);
    world.writes.push({
      instance: own.id,
      shardId,
      atMs: now(),
      wasOwner: ownerOf(shardId) === own.id,
    });
  };

  const consume = async (
    own: Life,
    event: KinesisEvent,
    fence: WriteFence,
  ): Promise<BatchTotals> => {
    const groups = new Map<string, { name: string; lines: string[] }>();
    for (const { eventID, kinesis } of event.Records) {
      const group = groups.get(kinesis.partitionKey) ?? { name: eventID, lines: [] };
      group.lines.push(Buffer.from(kinesis.data, "base64").toString());
      groups.set(kinesis.partitionKey, group);
    }
    for (const [key, { name, lines }] of groups) {
      const encodeMs = world.encodeMs();
      if (encodeMs > 0) await new Promise((resolve) => setTimeout(resolve, encodeMs));
      await survive(own);
      fence.assertHeld();
      world.onObject("write");
      const [shardId = ""] = name.split(":");
      const transitMs = world.transitMs();
      // What was sent lands, whatever becomes of the sender.
      if (transitMs > 0) setTimeout(() => land(own, shardId, `${key}/${name}`, lines), transitMs);
      else land(own, shardId, `${key}/${name}`, lines);
      if (transitMs > 0) await sleep(transitMs + 1, fence.signal);
      fence.signal.throwIfAborted();
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
    encodeMs: () => 0,
    transitMs: () => 0,
    writes: [],
    givenUp: new Map(),
    kill: () => {
      const life = lives.at(-1);
      if (life !== undefined) life.isDead = true;
    },
    start: (overrides) => {
      const own: Life = { id: `instance-${lives.length}`, isDead: false, frozen: undefined };
      lives.push(own);
      let thaw = () => {};
      const mapping = createEventSourceMapping<BatchTotals>(
        {
          source: stream.source,
          state: createStore(own),
          invoke: async (event, fence) => {
            await survive(own);
            world.events.push(event);
            const early = await world.beforeBatch(event);
            if (early !== undefined) return { response: early, summary: null };
            const summary = await consume(own, event, fence);
            const response = (await world.afterBatch(event)) ?? { batchItemFailures: [] };
            return { response, summary };
          },
          encodeBase64: (bytes) => Buffer.from(bytes).toString("base64"),
          onBatch: (summary) => void world.batches.push(summary),
          onFailure:
            options.destinationFault === null
              ? undefined
              : {
                  put: async (key, body) => {
                    await survive(own);
                    const error = options.destinationFault?.();
                    if (error) throw error;
                    world.givenUp.set(key, body);
                  },
                },
          instance: {
            id: own.id,
            isGone: (id) =>
              options.knowsEnds !== false && lives.some((life) => life.id === id && life.isDead),
          },
          log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
          newId: () => `id-${ids++}`,
          now,
          monotonicNow: now,
          // A frozen process sees its timers late.
          sleep: async (ms, signal) => {
            await sleep(ms, signal);
            while (own.frozen !== undefined) await own.frozen;
          },
          random: options.random ?? (() => 1),
        },
        {
          streamName: STREAM,
          batchSize: options.batchSize ?? 100,
          batchWindowMs: options.batchWindowMs ?? 0,
          ...overrides,
        },
      );
      return {
        ...mapping,
        id: own.id,
        kill: () => {
          own.isDead = true;
          thaw();
        },
        freeze: () => {
          own.frozen ??= new Promise((resolve) => {
            thaw = () => {
              own.frozen = undefined;
              resolve();
            };
          });
        },
        thaw: () => thaw(),
      };
    },
    state: (shardId) => {
      const key = shardStateKey(STREAM, shardId);
      return parseShardState(key, world.states.get(key) ?? "");
    },
    stored: () => [...world.objects.values()].flat().sort(),
  };
  return world;
};
