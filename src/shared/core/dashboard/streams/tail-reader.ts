import { backOffMs } from "../../event-source/back-off.ts";
import { type RecordPage, SourceError, type StreamRecord } from "../../event-source/source.ts";
import { BackendError } from "../backend-error.ts";
import type { RecordSource, Sleep } from "./ports.ts";
import { positionOf, type ShardCursor } from "./stream-cursor.ts";
import type { GapEvent, ProblemEvent } from "./tail-events.ts";

export type TailReaderOptions = {
  /** Shortest time from one GetRecords to the next. */
  pollMs: number;
  /** Bytes one page should hold; pages are asked for by number of records. */
  pageBytes: number;
  /** A reader this far from the end that does not catch up goes on nearer to it. */
  maxBehindMs: number;
  /** How far before its end a reader begins that has to skip. */
  replayMs: number;
};

export type TailReaderDeps = {
  source: RecordSource;
  sleep: Sleep;
  /** Epoch milliseconds. */
  now: () => number;
  random: () => number;
  onPage(records: readonly StreamRecord[], millisBehind: number): void;
  onGap(gap: Omit<GapEvent, "shard">): void;
  /** Null when it goes well again. */
  onProblem(problem: Omit<ProblemEvent, "shard"> | null): void;
  /** Before each GetRecords. */
  onCall(): void;
};

/** `closed`: read to its end after a reshard. `gone`: there is no such shard or stream. */
export type ReaderEnd = "closed" | "gone" | "stopped";

const MIN_PAGE = 20;
const MAX_PAGE = 2_000;
/** Pages in a row that end too far from the stream's end before some are skipped. */
const PATIENCE = 3;
const MAX_PAUSE_MS = 15_000;

const describe = (error: unknown): { code: string; detail: string } => {
  if (error instanceof SourceError && error.code === "THROTTLED")
    return {
      code: "THROTTLED",
      detail: "Kinesis throttles reading: this shard's reads are used up. The tail slows down.",
    };
  if (error instanceof BackendError) return { code: error.code, detail: error.message };
  if (error instanceof SourceError) return { code: error.code, detail: error.message };
  throw error;
};

/**
 * Reads one shard from a place on until it is closed or the signal is aborted, with at most one
 * GetRecords per `pollMs`. Expired iterators are renewed; errors slow it down and are told. Throws
 * only what is a bug.
 */
export const readShard = async (
  { source, sleep, now, random, ...on }: TailReaderDeps,
  { stream, shardId, start }: { stream: string; shardId: string; start: ShardCursor },
  options: TailReaderOptions,
  signal: AbortSignal,
): Promise<ReaderEnd> => {
  let place: ShardCursor = start;
  let iterator: string | undefined;
  /** Set where the first record that comes must be this one, or some are gone. */
  let expected: string | undefined;
  let skippedAfter: string | undefined;
  let limit = 500;
  let latePages = 0;
  let failures = 0;

  const open = (): Promise<string> => {
    const { after } = place;
    // AT the last record, not AFTER it: that it comes again proves that nothing was trimmed.
    const isAfter = after !== undefined && place.at === undefined;
    expected = isAfter ? after : undefined;
    const position = isAfter
      ? ({ type: "AT_SEQUENCE_NUMBER", sequenceNumber: after } as const)
      : positionOf(place);
    return source.getIterator(stream, shardId, position, signal);
  };

  const unread = (records: readonly StreamRecord[]): readonly StreamRecord[] => {
    const first = records[0];
    const { after } = place;
    if (first === undefined) return records;
    const known = skippedAfter ?? expected;
    if (known !== undefined && BigInt(first.sequenceNumber) > BigInt(known) + 1n)
      on.onGap({
        after: known,
        until: String(BigInt(first.sequenceNumber) - 1n),
        records: null,
        lines: null,
        reason: skippedAfter === undefined ? "trimmed" : "behind",
      });
    skippedAfter = undefined;
    expected = undefined;
    if (after === undefined) return records;
    const seen = BigInt(after);
    return records.filter(({ sequenceNumber }) => BigInt(sequenceNumber) > seen);
  };

  const take = ({ records, millisBehindLatest, nextIterator }: RecordPage): void => {
    const fresh = unread(records);
    const last = fresh.at(-1)?.sequenceNumber;
    if (last !== undefined) place = { after: last };
    const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
    if (bytes > 0)
      limit = Math.round(
        Math.min(MAX_PAGE, Math.max(MIN_PAGE, (options.pageBytes * records.length) / bytes)),
      );
    on.onPage(fresh, millisBehindLatest);
    latePages = millisBehindLatest > options.maxBehindMs ? latePages + 1 : 0;
    iterator = nextIterator;
    if (latePages > PATIENCE && nextIterator !== undefined) {
      latePages = 0;
      skippedAfter = place.after;
      place = { ...(place.after ? { after: place.after } : {}), at: now() - options.replayMs };
      iterator = undefined;
    }
  };

  while (!signal.aborted) {
    const startedAt = now();
    let pauseMs = options.pollMs;
    try {
      iterator ??= await open();
      on.onCall();
      const page = await source.getRecords(iterator, limit, signal);
      if (failures > 0) on.onProblem(null);
      failures = 0;
      take(page);
      if (page.nextIterator === undefined) return "closed";
    } catch (error) {
      if (signal.aborted) return "stopped";
      const code = error instanceof SourceError ? error.code : undefined;
      if (code === "NOT_FOUND") return "gone";
      if (code === "POSITION_REFUSED") {
        // Of an earlier stream of this name: what is there now is read from its beginning.
        place = {};
        iterator = undefined;
      } else if (code === "ITERATOR_UNUSABLE") {
        iterator = undefined;
      } else {
        failures += 1;
        pauseMs = Math.min(MAX_PAUSE_MS, options.pollMs + backOffMs(failures + 2, random));
        on.onProblem({ ...describe(error), retryMs: Math.round(pauseMs) });
      }
    }
    await sleep(Math.max(0, startedAt + pauseMs - now()), signal);
  }
  return "stopped";
};
