import type { Sleep } from "./ports.ts";
import { encodeStreamCursor, type ShardCursor } from "./stream-cursor.ts";
import type { ByeReason, GapEvent, TailEventName, TailMessage } from "./tail-events.ts";
import type { TailEntry } from "./tail-ring.ts";

export type TailViewerOptions = {
  windowMs: number;
  pingMs: number;
  /** Shortest time from one batch to the next. */
  batchMs: number;
  /** Lines in one batch, unless a single record holds more. */
  maxPerBatch: number;
  /** Lines and characters that wait for a viewer that is slow. */
  maxQueuedLines: number;
  maxQueuedChars: number;
};

type QueuedRecord = { readonly kind: "record"; readonly shard: string; readonly entry: TailEntry };
type QueuedGap = { readonly kind: "gap"; readonly gap: GapEvent };
type Queued = QueuedRecord | QueuedGap;

export type TailViewer = {
  /** The next message; waits for it. Undefined once the viewer is closed. */
  next(): Promise<TailMessage | undefined>;
  /** May be called at any time; `next` then ends. */
  close(): void;
};

/** The hub's side of a viewer. */
export type TailViewerFeed = {
  /** Places the viewer in a shard; what is before is not its. */
  place(shard: string, at: ShardCursor): void;
  isPlaced(shard: string): boolean;
  offer(shard: string, entry: TailEntry): void;
  gap(gap: GapEvent): void;
  tell(event: TailEventName, data: object): void;
  setBehind(millisBehind: number | null): void;
  bye(reason: ByeReason): void;
};

const isBefore = ({ seq, arrivedAtMs }: TailEntry, { after, at }: ShardCursor): boolean =>
  (after !== undefined && seq <= BigInt(after)) || (at !== undefined && arrivedAtMs < at);

/**
 * What one viewer has yet to be sent: bounded. What it does not take in time becomes a gap that
 * says exactly what is left out. `onClose` is called once.
 */
export const createTailViewer = (
  { now, sleep, onClose }: { now: () => number; sleep: Sleep; onClose: () => void },
  options: TailViewerOptions,
): TailViewer & { feed: TailViewerFeed } => {
  /** Where each shard stands: as offered by the hub, and as sent. */
  const offered = new Map<string, ShardCursor>();
  const sent = new Map<string, ShardCursor>();
  const outbox: { event: TailEventName; data: object }[] = [];
  let queue: Queued[] = [];
  let queuedLines = 0;
  let queuedChars = 0;
  /** Gaps at the queue's end that may still grow, by shard. */
  const open = new Map<string, GapEvent>();
  let isFull = false;
  let millisBehind: number | null = null;
  let goodbye: ByeReason | undefined;
  let isClosed = false;
  let wake = new AbortController();
  const endsAt = now() + options.windowMs;
  let nextBatchAt = 0;
  let nextPingAt = now() + options.pingMs;

  const notify = () => wake.abort();
  const cursor = () => encodeStreamCursor(Object.fromEntries(sent));

  const leaveOut = (shard: string, { seq, lines }: TailEntry): void => {
    const grown = open.get(shard);
    if (grown !== undefined) {
      grown.until = String(seq);
      grown.records = (grown.records ?? 0) + 1;
      grown.lines = (grown.lines ?? 0) + lines;
      return;
    }
    const after = offered.get(shard)?.after ?? null;
    const gap: GapEvent = { shard, after, until: String(seq), records: 1, lines, reason: "slow" };
    open.set(shard, gap);
    queue.push({ kind: "gap", gap });
  };

  const feed: TailViewerFeed = {
    place: (shard, at) => {
      offered.set(shard, at);
      sent.set(shard, at);
    },
    isPlaced: (shard) => offered.has(shard),
    offer: (shard, entry) => {
      const at = offered.get(shard);
      if (isClosed || at === undefined || isBefore(entry, at)) return;
      if (
        queuedLines + entry.lines > options.maxQueuedLines ||
        queuedChars + entry.json.length > options.maxQueuedChars
      )
        isFull = queue.length > 0;
      if (isFull) leaveOut(shard, entry);
      else {
        open.delete(shard);
        queue.push({ kind: "record", shard, entry });
        queuedLines += entry.lines;
        queuedChars += entry.json.length;
      }
      offered.set(shard, { after: String(entry.seq) });
      notify();
    },
    gap: (gap) => {
      if (isClosed || !offered.has(gap.shard)) return;
      queue.push({ kind: "gap", gap });
      notify();
    },
    tell: (event, data) => {
      if (outbox.length < 50) outbox.push({ event, data });
      notify();
    },
    setBehind: (behind) => {
      millisBehind = behind;
    },
    bye: (reason) => {
      goodbye ??= reason;
      notify();
    },
  };

  const shiftGap = ({ gap }: QueuedGap): TailMessage => {
    queue.shift();
    if (open.get(gap.shard) === gap) open.delete(gap.shard);
    if (gap.until !== null) sent.set(gap.shard, { after: gap.until });
    return { event: "gap", data: JSON.stringify(gap), id: cursor() };
  };

  const shiftBatch = (): TailMessage => {
    const texts: string[] = [];
    let lines = 0;
    let taken = 0;
    for (const item of queue) {
      if (item.kind === "gap") break;
      if (taken > 0 && lines + item.entry.lines > options.maxPerBatch) break;
      texts.push(item.entry.json);
      lines += item.entry.lines;
      queuedChars -= item.entry.json.length;
      sent.set(item.shard, { after: String(item.entry.seq) });
      taken += 1;
    }
    queue = queue.slice(taken);
    queuedLines -= lines;
    if (queuedLines < options.maxQueuedLines / 2 && queuedChars < options.maxQueuedChars / 2)
      isFull = false;
    const data = `{"records":[${texts.join(",")}],"dropped":0,"sampled":1,"millisBehind":${millisBehind}}`;
    return { event: "batch", data, id: cursor() };
  };

  const take = (): TailMessage | undefined => {
    const told = outbox.shift();
    if (told !== undefined)
      return {
        event: told.event,
        data: JSON.stringify(told.data),
        ...(sent.size > 0 ? { id: cursor() } : {}),
      };
    const time = now();
    if (goodbye === undefined && time >= endsAt) goodbye = "window";
    if (goodbye !== undefined) {
      close();
      return { event: "bye", data: JSON.stringify({ reason: goodbye }), id: cursor() };
    }
    const first = queue[0];
    if (first !== undefined && time >= nextBatchAt) {
      nextPingAt = time + options.pingMs;
      if (first.kind === "gap") return shiftGap(first);
      nextBatchAt = time + options.batchMs;
      return shiftBatch();
    }
    if (time >= nextPingAt) {
      nextPingAt = time + options.pingMs;
      const ping = { serverTime: new Date(time).toISOString(), millisBehind };
      return { event: "ping", data: JSON.stringify(ping) };
    }
    return undefined;
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    queue = [];
    open.clear();
    notify();
    onClose();
  };

  return {
    feed,
    close,
    next: async () => {
      while (!isClosed) {
        wake = new AbortController();
        const message = take();
        if (message !== undefined) return message;
        if (isClosed) break;
        const due = Math.min(endsAt, nextPingAt, queue.length > 0 ? nextBatchAt : endsAt);
        await sleep(Math.max(1, due - now()), wake.signal);
      }
      return undefined;
    },
  };
};
