import type { StreamRecord } from "../../event-source/source.ts";
import type { Bounded, Shard } from "../ports.ts";
import type { RecordSource, Sleep } from "./ports.ts";
import type { RecordView } from "./record-view.ts";
import type { StreamCursor } from "./stream-cursor.ts";
import { createStreamTail, type StreamTail, type StreamTailOptions } from "./stream-tail.ts";
import type { TailViewer } from "./tail-viewer.ts";

export type TailHubDeps = {
  source: RecordSource;
  listShards(stream: string, signal: AbortSignal): Promise<Bounded<Shard>>;
  view(shard: string, record: StreamRecord): RecordView;
  sleep: Sleep;
  /** Epoch milliseconds. */
  now: () => number;
  random: () => number;
  /** Called with what is a bug, not a failure of a service. */
  onError(error: unknown): void;
};

export type TailHubOptions = StreamTailOptions & { maxStreams: number; maxViewers: number };

export type TailRequest = {
  stream: string;
  /** Only these and what comes of them by resharding; all where absent. */
  shards?: readonly string[] | undefined;
  /** Where to go on; a moment ago where absent. */
  cursor?: StreamCursor | undefined;
};

export type TailCost = {
  stream: string;
  viewers: number;
  /** Shards being read. */
  readers: number;
  /** GetRecords so far. */
  calls: number;
  since: string;
};

export type TailHub = {
  /** Undefined where as many viewers watch already as may. Throws BackendError. */
  attach(request: TailRequest): Promise<TailViewer | undefined>;
  /** What the tails of this process cost just now. */
  costs(): TailCost[];
  /** Says goodbye to every viewer and ends every reader. */
  close(): void;
};

const TAIL_OPTIONS: TailHubOptions = {
  pollMs: 1_000,
  pageBytes: 2 * 1024 * 1024,
  maxBehindMs: 60_000,
  replayMs: 5_000,
  lingerMs: 10_000,
  windowMs: 15 * 60_000,
  pingMs: 15_000,
  batchMs: 250,
  maxPerBatch: 500,
  maxQueuedLines: 5_000,
  maxQueuedChars: 8 * 1024 * 1024,
  ringEntries: 5_000,
  ringChars: 32 * 1024 * 1024,
  maxShards: 32,
  maxStreams: 8,
  maxViewers: 40,
};

/**
 * Live tails for any number of viewers: one reader per shard with at most one GetRecords a second,
 * whoever watches, ended 10 s after the last viewer left. Everything it keeps is bounded.
 */
export const createTailHub = (
  deps: TailHubDeps,
  overrides: Partial<TailHubOptions> = {},
): TailHub => {
  const options = { ...TAIL_OPTIONS, ...overrides };
  const tails = new Map<string, StreamTail>();
  const tailOf = (stream: string): StreamTail | undefined => {
    const found = tails.get(stream);
    if (found !== undefined) return found;
    if (tails.size >= options.maxStreams) return undefined;
    const tail = createStreamTail(deps, stream, options, () => {
      if (tails.get(stream) === tail) tails.delete(stream);
    });
    tails.set(stream, tail);
    return tail;
  };
  const viewers = (): number => [...tails.values()].reduce((sum, tail) => sum + tail.viewers(), 0);
  return {
    attach: async ({ stream, ...request }) =>
      viewers() >= options.maxViewers ? undefined : tailOf(stream)?.attach(request),
    costs: () => [...tails.values()].map((tail) => tail.cost()),
    close: () => {
      for (const tail of tails.values()) tail.close("shutdown");
    },
  };
};
