import { vi } from "vitest";
import { createFencedSinks } from "../../../src/local/event-source-mapping/fenced-sink.ts";
import {
  createEventSourceMapping,
  type EventSourceMapping,
} from "../../../src/local/event-source-mapping/mapping.ts";
import { sleep } from "../../../src/local/event-source-mapping/sleep.ts";
import { createCodec } from "../../../src/shared/aws/codec.ts";
import { type ConsumeResult, createConsumer } from "../../../src/shared/core/consume.ts";
import { SourceError, type StreamSource } from "../../../src/shared/core/event-source/source.ts";
import type { KinesisEvent } from "../../../src/shared/core/kinesis-event.ts";
import { silentLogger } from "../../../src/shared/core/logger.ts";
import type { PartSink, StateStore, WriteFence } from "../../../src/shared/core/ports.ts";
import { createRandom } from "../../../src/shared/core/random.ts";
import { createMemoryStream } from "../../support/memory-stream.ts";

type Invoke = (event: KinesisEvent, fence: WriteFence) => Promise<ConsumeResult>;

/** Where the scenario lets one function be exchanged for another; all else is the real code. */
export type Seams = {
  /** Writes part objects. */
  sink: (real: PartSink) => PartSink;
  /** Hands a batch to the consumer and answers for it. */
  invoke: (real: Invoke) => Invoke;
  source: (real: StreamSource, now: () => number) => StreamSource;
  startingPosition: "TRIM_HORIZON" | "LATEST";
};

export const HEALTHY: Seams = {
  sink: (real) => real,
  invoke: (real) => real,
  source: (real) => real,
  startingPosition: "TRIM_HORIZON",
};

export type Outcome = {
  readonly sent: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** As the shards' states count them. */
  readonly counted: { readonly stored: number; readonly quarantined: number };
};

const STREAM = "logs";
const ROUNDS = 14;
const LOGS_BEFORE_START = 25;
const LOGS_A_ROUND = 14;
const FAILURE_RATE = 0.12;
const KILL_RATE = 0.35;

/** A process, which `kill -9` may end: whatever it still does has no effect. */
type Life = { isDead: boolean };

const piecesOf = (key: string, body: string): string[] => {
  const lines = body.split("\n").slice(0, -1);
  if (!key.startsWith("_quarantine/")) return lines;
  return lines.map((line) => Buffer.from(JSON.parse(line).data, "base64").toString());
};

/**
 * The consumer behind the event source mapping, on a stream and a bucket in memory: killed at random,
 * with puts that fail before or after they took effect, reads that fail, and reshards. Time is that of
 * vitest's fake timers.
 */
export const runScenario = async (seed: number, seams: Seams): Promise<Outcome> => {
  const random = createRandom(seed);
  const now = () => Date.now();
  const stream = createMemoryStream(STREAM, 2, now);
  const objects = new Map<string, string>();
  const states = new Map<string, string>();
  const codec = createCodec();
  let isQuiet = false;
  const isTrouble = (rate: number) => !isQuiet && random.chance(rate);
  stream.fault = () =>
    isTrouble(0.05) ? new SourceError("UNAVAILABLE", "The stream does not answer.") : undefined;

  const survive = async (life: Life): Promise<void> => {
    await Promise.resolve();
    if (life.isDead) await new Promise(() => {});
  };

  const createSink = (life: Life): PartSink => ({
    putPart: async ({ key, body }) => {
      await survive(life);
      if (isTrouble(FAILURE_RATE)) throw new Error("The bucket refuses.");
      objects.set(key, Buffer.from(body).toString());
      await survive(life);
      if (isTrouble(FAILURE_RATE)) throw new Error("The bucket's answer is lost.");
      if (isTrouble(0.03)) life.isDead = true;
      await survive(life);
    },
  });

  const createStore = (life: Life): StateStore => ({
    read: async (key) => {
      await survive(life);
      const text = states.get(key);
      return text === undefined ? undefined : { text, version: text };
    },
    write: async (key, text, version) => {
      await survive(life);
      if (isTrouble(0.05)) throw new Error("The bucket refuses.");
      if ((states.get(key) ?? null) !== version) return undefined;
      states.set(key, text);
      if (isTrouble(0.05)) throw new Error("The bucket's answer is lost.");
      await survive(life);
      return text;
    },
    list: async (prefix) =>
      [...states].flatMap(([key, text]) =>
        key.startsWith(prefix) ? [{ key, version: text }] : [],
      ),
    remove: async (key) => {
      await survive(life);
      states.delete(key);
    },
  });

  const lives: Life[] = [];
  const running: Promise<void>[] = [];
  const start = (): { life: Life; mapping: EventSourceMapping } => {
    const life: Life = { isDead: false };
    const id = `process-${lives.push(life)}`;
    const sinkBehind = createFencedSinks(seams.sink(createSink(life)), 16);
    const invoke: Invoke = async (event, fence) => {
      await survive(life);
      const sink = sinkBehind(fence);
      const deps = { sink, codec, log: silentLogger };
      const options = {
        compression: "none",
        maxFutureSkewMs: 86_400_000,
        bucket: "b",
        maxPartsInFlight: 3,
      } as const;
      const result = await createConsumer(deps, options)(event);
      await survive(life);
      return result;
    };
    const mapping = createEventSourceMapping(
      {
        source: seams.source(stream.source, now),
        state: createStore(life),
        invoke: seams.invoke(invoke),
        instance: {
          id,
          isGone: (other) => lives[Number(other.slice("process-".length)) - 1]?.isDead === true,
        },
        encodeBase64: codec.encodeBase64,
        onBatch: () => {},
        log: silentLogger,
        newId: () => "id",
        now,
        monotonicNow: now,
        sleep,
        random: random.next,
      },
      {
        streamName: STREAM,
        batchSize: 1 + Math.floor(random.between(0, 20)),
        batchWindowMs: random.chance(0.5) ? 0 : 1_000,
        startingPosition: { type: seams.startingPosition },
      },
    );
    running.push(mapping.run());
    return { life, mapping };
  };

  const sent: string[] = [];
  let openShards = ["shardId-000000000000", "shardId-000000000001"];
  const put = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const number = sent.length;
      const service = random.pick(["auth", "cart", "pay"]);
      const hour = random.pick(["00", "01"]);
      const piece = random.chance(0.06)
        ? `not json ${number}`
        : `{"n":${number},"service":"${service}","timestamp":"2025-11-14T${hour}:00:00"}`;
      sent.push(piece);
      stream.put(random.pick(openShards), piece, service);
    }
  };
  const reshard = (): void => {
    const [first = ""] = openShards;
    for (const shardId of openShards) stream.close(shardId);
    openShards =
      openShards.length > 1
        ? [stream.open(...openShards)]
        : [stream.open(first), stream.open(first)];
  };

  put(LOGS_BEFORE_START);
  await vi.advanceTimersByTimeAsync(5_000);
  let current = start();
  const all = [current];
  const restart = (): void => {
    current.life.isDead = true;
    void current.mapping.close();
    current = start();
    all.push(current);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    put(Math.floor(random.between(0, LOGS_A_ROUND)));
    await vi.advanceTimersByTimeAsync(random.between(0, 2_500));
    if (random.chance(0.15)) reshard();
    if (current.life.isDead || random.chance(KILL_RATE)) {
      current.life.isDead = true;
      // Down for a while: what comes meanwhile is not to be missed.
      put(Math.floor(random.between(0, 4)));
      await vi.advanceTimersByTimeAsync(random.between(0, 3_000));
      restart();
    }
  }
  isQuiet = true;
  restart();
  await vi.advanceTimersByTimeAsync(240_000);
  for (const { mapping } of all) void mapping.close();
  await vi.advanceTimersByTimeAsync(10_000);
  await Promise.all(running);

  const copies = new Map(sent.map((piece) => [piece, 0]));
  for (const [key, body] of objects)
    for (const piece of piecesOf(key, body)) copies.set(piece, (copies.get(piece) ?? 0) + 1);
  const counted = { stored: 0, quarantined: 0 };
  for (const text of states.values()) {
    const { services = {} } = JSON.parse(text) as { services?: Record<string, [number, number]> };
    for (const [stored, quarantined] of Object.values(services)) {
      counted.stored += stored;
      counted.quarantined += quarantined;
    }
  }
  return {
    sent: sent.length,
    lost: [...copies].filter(([, count]) => count === 0).map(([piece]) => piece),
    doubled: [...copies].filter(([, count]) => count > 1).map(([piece]) => piece),
    counted,
  };
};
