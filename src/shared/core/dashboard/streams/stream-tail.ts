import type { Shard } from "../ports.ts";
import { descendantsOf, parentsOf, placesOf } from "./shard-graph.ts";
import type { ShardCursor } from "./stream-cursor.ts";
import type { ByeReason, HelloEvent, PingEvent } from "./tail-events.ts";
import type { TailCost, TailHubDeps, TailRequest } from "./tail-hub.ts";
import { readShard, type TailReaderOptions } from "./tail-reader.ts";
import { createTailRing, type TailEntry, type TailRing } from "./tail-ring.ts";
import {
  createTailViewer,
  type TailViewer,
  type TailViewerFeed,
  type TailViewerOptions,
} from "./tail-viewer.ts";

export type StreamTailOptions = TailReaderOptions &
  TailViewerOptions & {
    /** How long readers go on without a viewer. */
    lingerMs: number;
    /** Records and characters kept for viewers that come back; of all shards together. */
    ringEntries: number;
    ringChars: number;
    /** Shards one tail reads. */
    maxShards: number;
  };

type Reader = {
  readonly start: ShardCursor;
  /** Whatever arrives after this moment is read, epoch milliseconds. */
  readonly startedAtMs: number;
  readonly ring: TailRing;
  firstSeq: bigint | undefined;
  millisBehind: number | null;
  /** Its own: one signal with a listener for every shard looks like a leak. */
  readonly stop: AbortController;
  state: "waiting" | "reading" | "closed";
};

type Watcher = {
  feed: TailViewerFeed;
  wants(shardId: string): boolean;
  /** What came of a wanted shard is wanted, too. */
  adopt(shardId: string): void;
};

export type StreamTail = {
  attach(request: Omit<TailRequest, "stream">): Promise<TailViewer>;
  viewers(): number;
  cost(): TailCost;
  close(reason: ByeReason): void;
};

/** The tail of one stream: a reader for each shard, shared by all its viewers. */
export const createStreamTail = (
  deps: TailHubDeps,
  stream: string,
  options: StreamTailOptions,
  onEnd: () => void,
): StreamTail => {
  const { now, sleep } = deps;
  const stop = new AbortController();
  const readers = new Map<string, Reader>();
  const watchers = new Set<Watcher>();
  let shards: readonly Shard[] = [];
  let leaving = new AbortController();
  let calls = 0;
  const since = new Date(now()).toISOString();
  const ringShare = () => Math.max(1, Math.min(options.maxShards, shards.length));

  const each = (shardId: string, tell: (feed: TailViewerFeed) => void): void => {
    for (const { feed, wants } of watchers) if (wants(shardId)) tell(feed);
  };

  const behind = (): number | null => {
    const known = [...readers.values()].flatMap(({ state, millisBehind }) =>
      state === "reading" && millisBehind !== null ? [millisBehind] : [],
    );
    return known.length > 0 ? Math.max(...known) : null;
  };

  const pingOf = (): PingEvent => ({
    serverTime: new Date(now()).toISOString(),
    millisBehind: behind(),
  });

  const mayStart = (shardId: string): boolean => {
    const shard = shards.find((candidate) => candidate.shardId === shardId);
    return (shard ? parentsOf(shard) : []).every((parent) => {
      const state = readers.get(parent)?.state;
      return state === undefined || state === "closed";
    });
  };

  const startWaiting = (): void => {
    for (const [shardId, reader] of readers)
      if (reader.state === "waiting" && mayStart(shardId)) {
        reader.state = "reading";
        void run(shardId, reader).catch((error: unknown) => {
          deps.onError(error);
          close("shutdown");
        });
      }
  };

  const addReader = (shardId: string, start: ShardCursor): void => {
    const share = ringShare();
    const ring = createTailRing({
      maxEntries: Math.ceil(options.ringEntries / share),
      maxChars: Math.ceil(options.ringChars / share),
    });
    readers.set(shardId, {
      start,
      startedAtMs: now(),
      ring,
      firstSeq: undefined,
      millisBehind: null,
      stop: new AbortController(),
      state: "waiting",
    });
  };

  const followChildren = async (shardId: string, signal: AbortSignal): Promise<void> => {
    shards = (await deps.listShards(stream, signal)).items;
    for (const shard of shards) {
      if (!parentsOf(shard).includes(shardId)) continue;
      if (!readers.has(shard.shardId)) addReader(shard.shardId, {});
      for (const watcher of watchers) {
        if (!watcher.wants(shardId)) continue;
        watcher.adopt(shard.shardId);
        if (!watcher.feed.isPlaced(shard.shardId)) watcher.feed.place(shard.shardId, {});
      }
    }
    startWaiting();
  };

  const retry = async (work: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        return await work();
      } catch {
        await sleep(options.pollMs * 3, signal);
      }
    }
  };

  const run = async (shardId: string, reader: Reader): Promise<void> => {
    const end = await readShard(
      {
        source: deps.source,
        sleep,
        now,
        random: deps.random,
        onCall: () => {
          calls += 1;
        },
        onPage: (records, millisBehind) => {
          reader.millisBehind = millisBehind;
          const worst = behind();
          for (const { feed } of watchers) feed.setBehind(worst);
          for (const record of records) {
            const view = deps.view(shardId, record);
            const entry: TailEntry = {
              seq: BigInt(record.sequenceNumber),
              arrivedAtMs: record.arrivedAtMs,
              json: JSON.stringify(view),
              lines: Math.max(1, view.lineCount ?? 1),
            };
            reader.firstSeq ??= entry.seq;
            reader.ring.push(entry);
            each(shardId, (feed) => feed.offer(shardId, entry));
          }
        },
        onGap: (gap) => each(shardId, (feed) => feed.gap({ shard: shardId, ...gap })),
        onProblem: (problem) => {
          for (const { feed } of watchers)
            if (problem === null) feed.tell("ping", pingOf());
            else feed.tell("problem", { shard: shardId, ...problem });
        },
      },
      { stream, shardId, start: reader.start },
      options,
      reader.stop.signal,
    );
    if (end === "stopped") return;
    reader.state = "closed";
    reader.millisBehind = null;
    const { signal } = reader.stop;
    if (end === "closed") return retry(() => followChildren(shardId, signal), signal);
    // A shard past the retention is simply over; without any shard left the stream is gone.
    if ([...readers.values()].every(({ state }) => state === "closed")) close("gone");
    else startWaiting();
  };

  /** Whether everything after the viewer's place is still at hand. */
  const missedOf = (reader: Reader, place: ShardCursor) => {
    if (place.after === undefined || place.after === reader.start.after) return undefined;
    const after = BigInt(place.after);
    const { at } = place;
    const evicted = reader.ring.evictedUpTo();
    if (evicted !== undefined && after < evicted)
      return { after: place.after, until: String(evicted) };
    // Nothing came between `after` and `at`.
    if (at !== undefined && at >= Math.min(reader.startedAtMs, reader.start.at ?? at + 1))
      return undefined;
    const isFromStart = reader.start.after === undefined && reader.start.at === undefined;
    if (evicted !== undefined || isFromStart) return undefined;
    if (reader.start.after !== undefined && after >= BigInt(reader.start.after)) return undefined;
    if (reader.firstSeq !== undefined && after >= reader.firstSeq) return undefined;
    return {
      after: place.after,
      until: reader.firstSeq === undefined ? null : String(reader.firstSeq - 1n),
    };
  };

  const join = ({ feed }: Watcher, shardId: string, place: ShardCursor): void => {
    feed.place(shardId, place);
    const reader = readers.get(shardId);
    if (reader === undefined) return;
    const missed = missedOf(reader, place);
    if (missed) feed.gap({ shard: shardId, ...missed, records: null, lines: null, reason: "away" });
    for (const entry of reader.ring.entries()) feed.offer(shardId, entry);
  };

  const leave = async (): Promise<void> => {
    leaving = new AbortController();
    const patience = leaving;
    await sleep(options.lingerMs, patience.signal);
    if (!patience.signal.aborted && watchers.size === 0) close("shutdown");
  };

  const close = (reason: ByeReason): void => {
    stop.abort();
    for (const reader of readers.values()) reader.stop.abort();
    leaving.abort();
    for (const { feed } of watchers) feed.bye(reason);
    onEnd();
  };

  return {
    attach: async ({ shards: wanted, cursor }) => {
      // Readers of a tail that is about to end stay for whoever comes.
      leaving.abort();
      const viewer = createTailViewer(
        {
          now,
          sleep,
          onClose: () => {
            watchers.delete(watcher);
            if (watchers.size === 0 && !stop.signal.aborted) void leave();
          },
        },
        options,
      );
      const isWanted = new Set(wanted);
      const watcher: Watcher = {
        feed: viewer.feed,
        wants: (shardId) => wanted === undefined || isWanted.has(shardId),
        adopt: (shardId) => isWanted.add(shardId),
      };
      watchers.add(watcher);
      try {
        shards = (await deps.listShards(stream, stop.signal)).items;
      } catch (error) {
        viewer.close();
        throw error;
      }
      for (const shardId of wanted ?? [])
        for (const child of descendantsOf(shards, shardId)) isWanted.add(child);
      const places = placesOf(shards, cursor, now() - options.replayMs);
      const chosen = [...places].filter(([shardId]) => watcher.wants(shardId));
      const read = chosen.slice(0, options.maxShards);
      for (const [shardId, place] of read) {
        if (!readers.has(shardId)) addReader(shardId, place);
        join(watcher, shardId, place);
      }
      const hello: HelloEvent = {
        windowMs: options.windowMs,
        maxPerBatch: options.maxPerBatch,
        serverTime: new Date(now()).toISOString(),
        mode: "sse",
        shards: read.map(([shardId]) => shardId),
        notRead: chosen.slice(options.maxShards).map(([shardId]) => shardId),
      };
      viewer.feed.setBehind(behind());
      viewer.feed.tell("hello", hello);
      startWaiting();
      return viewer;
    },
    viewers: () => watchers.size,
    cost: () => ({
      stream,
      viewers: watchers.size,
      readers: [...readers.values()].filter(({ state }) => state === "reading").length,
      calls,
      since,
    }),
    close,
  };
};
