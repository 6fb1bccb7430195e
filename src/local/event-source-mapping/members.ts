import type { Logger } from "../../shared/core/logger.ts";
import type { StateStore } from "../../shared/core/ports.ts";
import type { Instance } from "./instance.ts";
import { LEASE_MS } from "./shard-lease.ts";
import type { Sleep } from "./sleep.ts";

/** How often an instance shows itself and looks at the others. */
const BEAT_MS = 5_000;
/** A shard that nobody takes is anybody's after this long. */
const UNWANTED_MS = 6_000;
/** A silent instance's sign of life is removed after this long. */
const FORGET_MS = 60_000;

export type MembersDeps = {
  store: StateStore;
  instance: Instance;
  log: Logger;
  now(): number;
  monotonicNow(): number;
  sleep: Sleep;
};

/** The instances that share a stream, and how many shards each of them has. */
export type Members = {
  /** Shows this instance and looks at the others until stopped; then takes its leave. */
  run(signal: AbortSignal): Promise<void>;
  /** Resolves when the others have been looked at for the first time, or could not be. */
  readonly known: Promise<void>;
  /** Whether it is this instance's turn to take a free shard, which was free for so long. */
  mayTake(freeForMs: number): boolean;
  /** Notes a shard that is had now; `handOver` is called when others should have it. */
  hold(shardId: string, handOver: () => void): void;
  drop(shardId: string): void;
};

type Other = { version: string; seenAtMs: number; held: number };

/**
 * No stream can have this prefix: its name holds no `~`. Nothing here decides who may write, only
 * who should ask; an instance that is wrongly counted or missed costs time, never exactness.
 */
const prefixOf = (stream: string): string => `_state/~instances/${stream}/`;

export const createMembers = (
  { store, instance, log, now, monotonicNow, sleep }: MembersDeps,
  stream: string,
  openShardCount: () => number,
): Members => {
  const prefix = prefixOf(stream);
  const ownKey = `${prefix}${instance.id}.json`;
  const held = new Map<string, () => void>();
  const others = new Map<string, Other>();
  let ownVersion: string | null = null;
  let beats = 0;
  let markKnown = () => {};
  const known = new Promise<void>((resolve) => {
    markKnown = resolve;
  });

  const show = async (): Promise<void> => {
    beats += 1;
    const text = JSON.stringify({
      stream,
      instance: instance.id,
      held: held.size,
      beats,
      at: new Date(now()).toISOString(),
    });
    const written = await store.write(ownKey, text, ownVersion);
    // Removed by somebody, or an earlier answer was lost: the next one finds what there is.
    ownVersion = written ?? (await store.read(ownKey))?.version ?? null;
  };

  const heldOf = async (key: string): Promise<number> => {
    const text = (await store.read(key))?.text ?? "{}";
    try {
      const { held: count } = JSON.parse(text) as { held?: unknown };
      return typeof count === "number" ? count : 0;
    } catch {
      return 0;
    }
  };

  const look = async (): Promise<void> => {
    const found = await store.list(prefix);
    const keys = new Set(found.map(({ key }) => key));
    for (const key of others.keys()) if (!keys.has(key)) others.delete(key);
    for (const { key, version } of found) {
      if (key === ownKey) continue;
      const before = others.get(key);
      if (instance.isGone(key.slice(prefix.length).replace(/\.json$/, ""))) {
        others.delete(key);
        await store.remove(key);
      } else if (before?.version !== version)
        others.set(key, { version, seenAtMs: monotonicNow(), held: await heldOf(key) });
      else if (monotonicNow() - before.seenAtMs > FORGET_MS) await store.remove(key);
    }
  };

  const live = (): Other[] =>
    [...others.values()].filter(({ seenAtMs }) => monotonicNow() - seenAtMs < LEASE_MS);

  /** Gives one shard away where another instance has at least two fewer. */
  const balance = (): void => {
    const fewest = Math.min(...live().map((other) => other.held));
    if (held.size - fewest < 2) return;
    const [shardId, handOver] = [...held].at(-1) ?? [];
    log.info({ stream, shardId }, `Shard ${shardId} is handed over to another instance.`);
    handOver?.();
  };

  const beat = async (): Promise<void> => {
    try {
      await show();
      await look();
      balance();
    } catch (error) {
      log.debug({ err: error, stream }, "The other instances could not be looked at.");
    }
  };

  return {
    known,
    run: async (signal) => {
      while (!signal.aborted) {
        await beat();
        markKnown();
        await sleep(BEAT_MS, signal);
      }
      markKnown();
      // Else the others wait for it a little longer.
      await store.remove(ownKey).catch(() => undefined);
    },
    mayTake: (freeForMs) => {
      const around = live();
      const share = Math.max(1, Math.floor(openShardCount() / (around.length + 1)));
      const hasFewest = around.every((other) => held.size < other.held);
      return held.size < share || hasFewest || freeForMs >= UNWANTED_MS;
    },
    hold: (shardId, handOver) => void held.set(shardId, handOver),
    drop: (shardId) => void held.delete(shardId),
  };
};
