import { type RecordPage, SourceError, type StreamRecord } from "../../event-source/source.ts";
import { GET_RECORDS_MAX_RECORDS, MIB } from "../../limits.ts";
import type { Codec } from "../../ports.ts";
import { BackendError } from "../backend-error.ts";
import { mapBounded } from "../bounded.ts";
import type { Memo } from "../memo.ts";
import type { Bounded, Shard, StreamCatalog } from "../ports.ts";
import type { RecordSource } from "./ports.ts";
import { type RecordView, type RecordViewOptions, toRecordView } from "./record-view.ts";
import { isClosedShard, parentsOf } from "./shard-graph.ts";
import {
  encodeStreamCursor,
  positionOf,
  type ShardCursor,
  type StreamCursor,
} from "./stream-cursor.ts";

export type RecordStart =
  | { readonly type: "TRIM_HORIZON" }
  /** From now on. */
  | { readonly type: "LATEST" }
  /** The last records there are, oldest first. */
  | { readonly type: "NEWEST" }
  | { readonly type: "AT_TIMESTAMP"; readonly atMs: number }
  | { readonly type: "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER"; readonly sequence: string };

export type RecordsRequest = {
  stream: string;
  /** All of them where absent, at most `maxShards`. */
  shards?: readonly string[] | undefined;
  start: RecordStart | { readonly type: "CURSOR"; readonly cursor: StreamCursor };
  /** Most records in the answer. */
  limit: number;
  view: RecordViewOptions;
};

export type RecordsRead = {
  records: RecordView[];
  /** Of the shard that is furthest behind; null where no shard was read. */
  millisBehindLatest: number | null;
  /** Where to go on; null where every shard is closed and read to its end. */
  nextCursor: string | null;
  shards: string[];
  /** Shards beyond what one request reads. */
  notRead: string[];
  calls: number;
};

export type RecordReader = {
  /**
   * Undefined where there is no such stream; `unknownShard` and `refused` are for who asked. Throws
   * BackendError.
   */
  read(
    request: RecordsRequest,
    signal: AbortSignal,
  ): Promise<RecordsRead | { unknownShard: string } | { refused: string } | undefined>;
};

const MAX_SHARDS = 8;
const MAX_ROUNDS = 5;
const FAN_OUT = 4;
/** Of all records of an answer together. */
const MAX_BYTES = 3 * MIB;
/** How far back the newest records are looked for; the last is further than any retention. */
const NEWEST_SPANS_MS = [10_000, 3 * 60_000, 3_600_000, 366 * 86_400_000] as const;
const NEWEST_CALLS = 6;
/** Kinesis refuses times that are ahead of its clock. */
const CLOCK_SKEW_MS = 1_000;

type Lane = {
  readonly shardId: string;
  cursor: ShardCursor;
  iterator: string | undefined;
  millisBehind: number | null;
  isClosed: boolean;
  isRefused: boolean;
};

const lane = (shardId: string, cursor: ShardCursor): Lane => ({
  shardId,
  cursor,
  iterator: undefined,
  millisBehind: null,
  isClosed: false,
  isRefused: false,
});

const asBackendError = (error: unknown): unknown =>
  error instanceof SourceError && error.code !== "POSITION_REFUSED"
    ? new BackendError(
        {
          backend: "kinesis",
          kind: error.code === "ABORTED" ? "unreachable" : "failed",
          code: error.code,
        },
        { cause: error },
      )
    : error;

const startCursor = (start: RecordStart, now: number): ShardCursor => {
  switch (start.type) {
    case "LATEST":
      return { at: now - CLOCK_SKEW_MS };
    case "AT_TIMESTAMP":
      return { at: Math.min(start.atMs, now - CLOCK_SKEW_MS) };
    case "AFTER_SEQUENCE_NUMBER":
      return { after: start.sequence };
    default:
      return {};
  }
};

/** Reads records of a stream's shards from any place on. Bounded in calls, records and bytes. */
export const createRecordReader = (
  {
    catalog,
    source,
    codec,
    shardsMemo,
    now,
  }: {
    catalog: StreamCatalog;
    source: RecordSource;
    codec: Codec;
    shardsMemo: Memo<Bounded<Shard> | undefined>;
    /** Epoch milliseconds. */
    now: () => number;
  },
  { maxShards = MAX_SHARDS }: { maxShards?: number } = {},
): RecordReader => {
  const shardsOf = (stream: string, signal: AbortSignal) =>
    shardsMemo(stream, async () =>
      (await catalog.describe(stream, signal)) === undefined
        ? undefined
        : catalog.listShards(stream, signal),
    );

  const page = async (
    stream: string,
    { shardId, cursor, iterator }: Lane,
    limit: number,
    first: RecordStart | undefined,
    signal: AbortSignal,
  ): Promise<RecordPage> => {
    const position =
      first?.type === "AT_SEQUENCE_NUMBER"
        ? ({ type: "AT_SEQUENCE_NUMBER", sequenceNumber: first.sequence } as const)
        : positionOf(cursor);
    return source.getRecords(
      iterator ?? (await source.getIterator(stream, shardId, position, signal)),
      limit,
      signal,
    );
  };

  /** Reads on in one shard; what the byte budget does not allow stays for the next request. */
  const advance = async (
    stream: string,
    of: Lane,
    limit: number,
    budget: { leftBytes: number },
    first: RecordStart | undefined,
    signal: AbortSignal,
  ): Promise<StreamRecord[]> => {
    const askedAt = now();
    let read: RecordPage;
    try {
      read = await page(stream, of, limit, first, signal);
    } catch (error) {
      if (!(error instanceof SourceError) || error.code !== "POSITION_REFUSED") throw error;
      of.isRefused = true;
      return [];
    }
    const seen = of.cursor.after === undefined ? -1n : BigInt(of.cursor.after);
    const taken: StreamRecord[] = [];
    let wasCut = false;
    for (const record of read.records) {
      if (BigInt(record.sequenceNumber) <= seen) continue;
      if (budget.leftBytes < record.data.length && budget.leftBytes < MAX_BYTES) {
        wasCut = true;
        break;
      }
      budget.leftBytes -= record.data.length;
      taken.push(record);
    }
    const last = taken.at(-1);
    of.millisBehind =
      wasCut && last ? Math.max(1, now() - last.arrivedAtMs) : read.millisBehindLatest;
    if (last !== undefined) of.cursor = { after: last.sequenceNumber };
    else if (read.millisBehindLatest > 0 && !wasCut)
      // Nothing here, but further on: where Kinesis has come to is all that is known.
      of.cursor = { ...of.cursor, at: askedAt - read.millisBehindLatest - CLOCK_SKEW_MS };
    of.iterator = wasCut ? undefined : read.nextIterator;
    of.isClosed = !wasCut && read.nextIterator === undefined;
    return taken;
  };

  /** The last records of one shard: looks further and further back until there are enough. */
  const newest = async (
    stream: string,
    of: Lane,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ records: StreamRecord[]; calls: number }> => {
    let best: StreamRecord[] = [];
    let calls = 0;
    for (const span of NEWEST_SPANS_MS) {
      const askedAt = now();
      const from = askedAt - span;
      const trial = lane(of.shardId, span > 86_400_000 ? {} : { at: from });
      let last: StreamRecord[] = [];
      let isAtEnd = false;
      for (; calls < NEWEST_CALLS && !isAtEnd; calls += 1) {
        const read = await page(stream, trial, GET_RECORDS_MAX_RECORDS, undefined, signal);
        last = [...last, ...read.records].slice(-limit);
        trial.iterator = read.nextIterator;
        trial.millisBehind = read.millisBehindLatest;
        isAtEnd = read.nextIterator === undefined || read.millisBehindLatest === 0;
        trial.isClosed = read.nextIterator === undefined;
      }
      if (!isAtEnd) break;
      best = last;
      const end = last.at(-1)?.sequenceNumber;
      const at = askedAt - CLOCK_SKEW_MS;
      of.cursor = end === undefined ? { at } : { after: end, at };
      of.millisBehind = 0;
      of.isClosed = trial.isClosed;
      if (best.length >= limit || calls >= NEWEST_CALLS) break;
    }
    return { records: best, calls };
  };

  const lanesOf = (listed: readonly Shard[], request: RecordsRequest): Lane[] => {
    const { start } = request;
    const wanted = request.shards && new Set(request.shards);
    const shards = listed.filter(({ shardId }) => wanted?.has(shardId) ?? true);
    if (start.type === "CURSOR")
      return shards.flatMap(({ shardId }) => {
        const at = Object.hasOwn(start.cursor, shardId) ? start.cursor[shardId] : undefined;
        return at === undefined ? [] : [lane(shardId, at)];
      });
    const isOnlyOpen = start.type === "LATEST" || start.type === "NEWEST";
    return shards
      .filter((shard) => wanted !== undefined || !isOnlyOpen || !isClosedShard(shard))
      .map(({ shardId }) => lane(shardId, startCursor(start, now())));
  };

  const readAll = async (
    request: RecordsRequest,
    listed: readonly Shard[],
    signal: AbortSignal,
  ): Promise<RecordsRead | { refused: string }> => {
    const { stream, start, limit, view } = request;
    let lanes = lanesOf(listed, request);
    const found: { shardId: string; record: StreamRecord }[] = [];
    const budget = { leftBytes: MAX_BYTES };
    const touched = new Set<Lane>();
    let calls = 0;
    /** Children are read after their parents, and only a few shards in one request. */
    const ready = (): Lane[] => {
      const open = new Set(lanes.filter(({ isClosed }) => !isClosed).map(({ shardId }) => shardId));
      return lanes.filter(({ shardId, isClosed, isRefused }) => {
        const shard = listed.find((candidate) => candidate.shardId === shardId);
        const isChildOfOpen = shard !== undefined && parentsOf(shard).some((id) => open.has(id));
        return !isClosed && !isRefused && !isChildOfOpen;
      });
    };
    const isSeek = start.type === "AT_SEQUENCE_NUMBER" || start.type === "AFTER_SEQUENCE_NUMBER";
    for (let round = 0; round < (start.type === "NEWEST" ? 1 : MAX_ROUNDS); round += 1) {
      const left = limit - found.length;
      const chosen = ready()
        .filter((of) => touched.has(of) || touched.size < maxShards)
        .filter((of) => !touched.has(of) || of.millisBehind !== 0)
        .slice(0, Math.min(maxShards, Math.max(1, left)));
      if (left <= 0 || chosen.length === 0 || budget.leftBytes <= 0) break;
      // A sequence number belongs to one shard; which, only Kinesis knows.
      const share = Math.max(1, Math.floor(left / (isSeek && round === 0 ? 1 : chosen.length)));
      await mapBounded(chosen, FAN_OUT, async (of) => {
        const isFirst = !touched.has(of);
        touched.add(of);
        if (start.type === "NEWEST") {
          const read = await newest(stream, of, share, signal);
          calls += read.calls;
          found.push(...read.records.map((record) => ({ shardId: of.shardId, record })));
          return;
        }
        calls += 1;
        const first = isFirst && start.type !== "CURSOR" ? start : undefined;
        const records = await advance(stream, of, share, budget, first, signal);
        found.push(...records.map((record) => ({ shardId: of.shardId, record })));
        if (!of.isClosed) return;
        for (const child of listed)
          if (
            parentsOf(child).includes(of.shardId) &&
            !lanes.some(({ shardId }) => shardId === child.shardId)
          )
            lanes = [...lanes, lane(child.shardId, {})];
      });
    }
    if (isSeek && touched.size > 0 && [...touched].every(({ isRefused }) => isRefused))
      return { refused: start.sequence };
    const rest = lanes.filter(({ isClosed, isRefused }) => !isClosed && !isRefused);
    const known = [...touched].flatMap(({ millisBehind }) => millisBehind ?? []);
    return {
      records: found
        .sort((a, b) => a.record.arrivedAtMs - b.record.arrivedAtMs)
        .map(({ shardId, record }) => toRecordView(shardId, record, codec, view)),
      millisBehindLatest: known.length > 0 ? Math.max(...known) : null,
      nextCursor:
        rest.length > 0
          ? encodeStreamCursor(Object.fromEntries(rest.map((of) => [of.shardId, of.cursor])))
          : null,
      shards: [...touched].map(({ shardId }) => shardId),
      notRead: rest.filter((of) => !touched.has(of)).map(({ shardId }) => shardId),
      calls,
    };
  };

  return {
    read: async (request, signal) => {
      const listed = await shardsOf(request.stream, signal);
      if (listed === undefined) return undefined;
      const unknownShard = request.shards?.find(
        (wanted) => !listed.items.some(({ shardId }) => shardId === wanted),
      );
      if (unknownShard !== undefined) return { unknownShard };
      try {
        return await readAll(request, listed.items, signal);
      } catch (error) {
        throw asBackendError(error);
      }
    },
  };
};
