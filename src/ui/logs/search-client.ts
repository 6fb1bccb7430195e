export type WireHit = {
  key: string;
  line: number;
  first_byte: number;
  time: string | null;
  level: string | null;
  service: string | null;
  raw: string;
  is_cut: boolean;
};

export type WireStats = {
  objects: number;
  bytes: number;
  lines: number;
  hits: number;
  elapsed_ms: number;
  hour: string | null;
  incomplete_count: number;
  incomplete: { key: string; reason: string }[];
};

export type WireEnd = { stopped_by: string; next_cursor: string | null; stats: WireStats };
export type WirePage = WireEnd & { hits: WireHit[] };
type WireEvent =
  | { name: "hits"; data: { hits: WireHit[] } }
  | { name: "progress"; data: { stats: WireStats } }
  | { name: "end"; data: WireEnd }
  | { name: "problem"; data: { detail: string } };

export type SearchState = {
  form: Readonly<Record<string, string>>;
  hits: WireHit[];
  stats: WireStats | undefined;
  stoppedBy: string | undefined;
  cursor: string | null;
  isRunning: boolean;
  /** Not before 400 ms: a quick search does not flash. */
  showsProgress: boolean;
  problem: string;
};

const MAX_HITS = 5_000;
const FLASH_MS = 400;

/** The events of a streamed answer, as they come. */
const readEvents = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<WireEvent> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const name = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (name !== undefined && data !== undefined)
          yield { name, data: JSON.parse(data) } as WireEvent;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
};

/** Newest first; the server orders hours and groups, and a later group may hold a newer line. */
const byTime = (a: WireHit, b: WireHit): number =>
  (b.time ?? "").localeCompare(a.time ?? "") || a.key.localeCompare(b.key) || a.line - b.line;

/** Each hit once: a search that was stopped and continued finds its last ones again. */
const merged = (held: readonly WireHit[], found: readonly WireHit[]): WireHit[] => {
  const known = new Set(held.map(({ key, line }) => `${line}@${key}`));
  const fresh = found.filter(({ key, line }) => !known.has(`${line}@${key}`));
  return [...held, ...fresh].sort(byTime).slice(0, MAX_HITS);
};

/** Runs searches one at a time; what was found stays while one goes on. */
export const createSearchClient = (
  form: Readonly<Record<string, string>>,
  first: WirePage | null,
  limit: number,
  curl: string | undefined,
) => {
  const state: SearchState = {
    form,
    hits: first?.hits ?? [],
    stats: first?.stats,
    stoppedBy: first?.stopped_by,
    cursor: first?.next_cursor ?? null,
    isRunning: false,
    showsProgress: first !== null,
    problem: "",
  };
  let tell = (): void => {};
  let running: AbortController | undefined;
  let earlier: WireStats | undefined;

  const set = (patch: Partial<SearchState>): void => {
    Object.assign(state, patch);
    tell();
  };

  /** Figures of all that was searched for one question, however often it was continued. */
  const added = (stats: WireStats): WireStats =>
    earlier === undefined
      ? stats
      : {
          ...stats,
          objects: stats.objects + earlier.objects,
          bytes: stats.bytes + earlier.bytes,
          elapsed_ms: stats.elapsed_ms + earlier.elapsed_ms,
          incomplete_count: stats.incomplete_count + earlier.incomplete_count,
          incomplete: [...earlier.incomplete, ...stats.incomplete].slice(0, 5),
        };

  const take = (event: WireEvent): void => {
    if (event.name === "hits") set({ hits: merged(state.hits, event.data.hits) });
    else if (event.name === "progress") set({ stats: added(event.data.stats) });
    else if (event.name === "problem") set({ problem: event.data.detail });
    else
      set({
        stats: added(event.data.stats),
        stoppedBy: event.data.stopped_by,
        cursor: event.data.next_cursor,
      });
  };

  const run = async (cursor: string | null): Promise<void> => {
    running?.abort();
    const stop = new AbortController();
    running = stop;
    set({ isRunning: true, problem: "", stoppedBy: undefined, showsProgress: cursor !== null });
    const flash = setTimeout(() => set({ showsProgress: true }), FLASH_MS);
    const query = new URLSearchParams({ ...state.form, limit: String(limit) });
    if (cursor !== null) query.set("cursor", cursor);
    try {
      const answer = await fetch(`/api/search?${query}`, {
        headers: { Accept: "text/event-stream, application/json" },
        signal: stop.signal,
      });
      if (!answer.ok || answer.body === null) {
        const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
        throw new Error(detail ?? `The dashboard answered ${answer.status}.`);
      }
      if (answer.headers.get("content-type")?.includes("event-stream"))
        for await (const event of readEvents(answer.body)) {
          // What was on its way when another search began is not of that one.
          if (running !== stop) return;
          take(event);
        }
      else {
        const page = (await answer.json()) as WirePage;
        if (running !== stop) return;
        take({ name: "hits", data: page });
        take({ name: "end", data: page });
      }
      if (state.stoppedBy === undefined && state.problem === "")
        set({ problem: "The connection ended before the search did. Continue, or search again." });
    } catch (error) {
      if (running !== stop) return;
      // Stopped by the reader: what follows the last hour is asked for again by searching anew.
      if (stop.signal.aborted) set({ stoppedBy: "cancelled", cursor });
      else set({ problem: error instanceof Error ? error.message : String(error) });
    } finally {
      clearTimeout(flash);
      if (running === stop) set({ isRunning: false });
    }
  };

  return {
    state,
    curl,
    listen: (listener: () => void) => {
      tell = listener;
    },
    search: (next: Readonly<Record<string, string>>) => {
      earlier = undefined;
      set({ form: next, hits: [], stats: undefined, cursor: null });
      return run(null);
    },
    more: () => {
      earlier = state.stats;
      return run(state.cursor);
    },
    stop: () => running?.abort(),
  };
};

export type SearchClient = ReturnType<typeof createSearchClient>;
