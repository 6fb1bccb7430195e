import type { RecordView } from "../../shared/core/dashboard/streams/record-view.ts";
import type {
  BatchEvent,
  GapEvent,
  HelloEvent,
  PingEvent,
  ProblemEvent,
} from "../../shared/core/dashboard/streams/tail-events.ts";
import { fetchRecords } from "./missing.ts";
import { takeSlot } from "./slots.ts";

export type ConnectionEvents = {
  onRecords(records: readonly RecordView[]): void;
  onGap(gap: GapEvent): void;
  onBehind(millisBehind: number | null): void;
  /** How it stands, in words; null when all is well. */
  onProblem(words: string | null): void;
  onHello(how: { mode: "sse" | "poll"; shards: number; notRead: number }): void;
};

export type Connection = { start(): void; stop(): void };

const POLL_MS = 2_000;
/** While there is more to read than one answer holds. */
const CATCH_UP_MS = 400;
const HIDDEN_MS = 60_000;
const FIRST_RECORDS = 8;
const MAX_WAIT_MS = 30_000;

/**
 * Follows a stream by server-sent events, or by asking again where those cannot be had. Goes on
 * where it was after any break, and rests while the page has been hidden for a minute.
 */
export const createConnection = (
  { stream, shard, mode }: { stream: string; shard: string; mode: "sse" | "poll" },
  on: ConnectionEvents,
): Connection => {
  let cursor = "";
  let isWanted = false;
  let isResting = false;
  let failures = 0;
  /** Ends what runs; a new one is made for each start. */
  let run: AbortController | undefined;
  let hiddenTimer = 0;

  const ofShard: Record<string, string> = shard === "" ? {} : { shard };

  const wait = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end);
    });

  const failed = (error: unknown): number => {
    failures += 1;
    const ms = Math.min(MAX_WAIT_MS, 1_000 * 2 ** Math.min(failures, 5));
    const words = error instanceof Error ? error.message : String(error);
    on.onProblem(`${words} Next try in ${Math.round(ms / 1000)} s.`);
    return ms;
  };

  const begin = async (): Promise<void> => {
    if (cursor !== "") return;
    const first = await fetchRecords(stream, {
      position: "NEWEST",
      limit: String(FIRST_RECORDS),
      ...ofShard,
    });
    on.onRecords(first.records);
    cursor = first.nextCursor ?? "";
  };

  const poll = async (signal: AbortSignal): Promise<void> => {
    on.onHello({ mode: "poll", shards: 0, notRead: 0 });
    while (!signal.aborted) {
      let pauseMs = POLL_MS;
      try {
        const query = cursor === "" ? { position: "LATEST" } : { cursor };
        const page = await fetchRecords(stream, { ...ofShard, ...query, limit: "500" });
        if (signal.aborted) return;
        on.onRecords(page.records);
        on.onBehind(page.millisBehindLatest);
        on.onProblem(null);
        failures = 0;
        cursor = page.nextCursor ?? "";
        if (page.millisBehindLatest > 0) pauseMs = CATCH_UP_MS;
      } catch (error) {
        if (signal.aborted) return;
        pauseMs = failed(error);
      }
      await wait(pauseMs, signal);
    }
  };

  const push = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const query = new URLSearchParams({ ...ofShard, ...(cursor === "" ? {} : { cursor }) });
      const source = new EventSource(
        `/api/kinesis/stream/${encodeURIComponent(stream)}/tail?${query}`,
      );
      const end = () => {
        source.close();
        resolve();
      };
      signal.addEventListener("abort", end);
      const listen = <T>(name: string, take: (data: T) => void) =>
        source.addEventListener(name, (event) => {
          take(JSON.parse(event.data) as T);
          if (event.lastEventId !== "") cursor = event.lastEventId;
        });
      listen<HelloEvent>("hello", ({ shards, notRead }) => {
        failures = 0;
        on.onProblem(null);
        on.onHello({ mode: "sse", shards: shards.length, notRead: notRead.length });
      });
      listen<BatchEvent>("batch", ({ records, millisBehind }) => {
        on.onRecords(records);
        on.onBehind(millisBehind);
        on.onProblem(null);
      });
      listen<GapEvent>("gap", on.onGap);
      listen<PingEvent>("ping", ({ millisBehind }) => {
        on.onBehind(millisBehind);
        on.onProblem(null);
      });
      listen<ProblemEvent>("problem", ({ detail }) => on.onProblem(detail));
      listen("bye", () => {});
      source.addEventListener("error", () => {
        // The browser tries again by itself, with the last id, unless the answer was a refusal.
        if (source.readyState === EventSource.CLOSED) end();
        else on.onProblem("The connection broke. It is made again.");
      });
    });

  const follow = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await begin();
        break;
      } catch (error) {
        await wait(failed(error), signal);
      }
    }
    if (signal.aborted) return;
    const release = mode === "sse" ? await takeSlot() : undefined;
    if (release === undefined) return poll(signal);
    while (!signal.aborted) {
      await push(signal);
      if (!signal.aborted) await wait(failed("The dashboard does not answer."), signal);
    }
    release();
  };

  const start = () => {
    if (run !== undefined || isResting) return;
    run = new AbortController();
    void follow(run.signal);
  };
  const stop = () => {
    run?.abort();
    run = undefined;
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden)
      hiddenTimer = setTimeout(() => {
        isResting = true;
        stop();
      }, HIDDEN_MS);
    else if (isResting) {
      isResting = false;
      if (isWanted) start();
    }
  });

  return {
    start: () => {
      isWanted = true;
      start();
    },
    stop: () => {
      isWanted = false;
      stop();
      on.onProblem(null);
    },
  };
};
