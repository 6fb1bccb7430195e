import {
  type ShardPosition,
  SourceError,
  type StreamRecord,
  type StreamSource,
} from "../../src/shared/core/event-source/source.ts";

const ITERATOR_MAX_AGE_MS = 5 * 60_000;

type MemoryShard = {
  shardId: string;
  parentShardIds: string[];
  records: StreamRecord[];
  isClosed: boolean;
};

export type MemoryStream = {
  source: StreamSource;
  put(shardId: string, data: string | Uint8Array, partitionKey?: string): string;
  open(...parentShardIds: string[]): string;
  close(shardId: string): void;
  /** Drops the oldest records of a shard. */
  trim(shardId: string, count: number): void;
  /** Drops a shard as if it had passed the retention. */
  forget(shardId: string): void;
  recreate(shardCount: number): void;
  remove(): void;
  /** Calls so far, such as `getRecords shardId-000000000000`. */
  calls: string[];
  /** Throws instead of answering, when it returns an error. */
  fault: ((operation: string, shardId: string) => Error | undefined) | undefined;
};

/** A stream in memory with the rules of Kinesis that a reader can see. Time comes from `now`. */
export const createMemoryStream = (
  name: string,
  shardCount: number,
  now: () => number,
): MemoryStream => {
  let shards: MemoryShard[] = [];
  let incarnation = 0;
  let createdAtMs = 0;
  let isThere = false;
  let nextShard = 0;
  let nextSequence = 49_600_000_000_000_000_000_000n;
  const iterators = new Map<
    string,
    { incarnation: number; shardId: string; from: bigint; madeAtMs: number }
  >();

  const open = (...parentShardIds: string[]): string => {
    const shardId = `shardId-${String(nextShard++).padStart(12, "0")}`;
    shards.push({ shardId, parentShardIds, records: [], isClosed: false });
    return shardId;
  };
  const recreate = (count: number): void => {
    shards = [];
    nextShard = 0;
    incarnation += 1;
    createdAtMs = Math.max(now(), createdAtMs + 1);
    isThere = true;
    for (let index = 0; index < count; index += 1) open();
  };
  recreate(shardCount);

  const shardOf = (shardId: string): MemoryShard => {
    const shard = isThere ? shards.find((candidate) => candidate.shardId === shardId) : undefined;
    if (!shard) throw new SourceError("NOT_FOUND", `${shardId} does not exist.`);
    return shard;
  };
  const makeIterator = (shardId: string, from: bigint): string => {
    const iterator = `${iterators.size}`;
    iterators.set(iterator, { incarnation, shardId, from, madeAtMs: now() });
    return iterator;
  };
  const startOf = (shard: MemoryShard, position: ShardPosition): bigint => {
    if (position.type === "TRIM_HORIZON") return 0n;
    if (position.type === "AT_TIMESTAMP") {
      const from = Date.parse(position.timestamp);
      if (from > now()) throw new SourceError("UNAVAILABLE", "The timestamp is in the future.");
      const first = shard.records.find(({ arrivedAtMs }) => arrivedAtMs >= from);
      return first ? BigInt(first.sequenceNumber) : nextSequence;
    }
    const number = BigInt(position.sequenceNumber);
    if (number >= nextSequence)
      throw new SourceError("POSITION_REFUSED", `${number} is of no record.`);
    return position.type === "AT_SEQUENCE_NUMBER" ? number : number + 1n;
  };

  const stream: MemoryStream = {
    calls: [],
    fault: undefined,
    open,
    recreate,
    remove: () => {
      isThere = false;
      shards = [];
    },
    put: (shardId, data, partitionKey = "key") => {
      const sequenceNumber = String(nextSequence);
      nextSequence += 2n;
      shardOf(shardId).records.push({
        sequenceNumber,
        partitionKey,
        data: typeof data === "string" ? new TextEncoder().encode(data) : data,
        arrivedAtMs: now(),
      });
      return sequenceNumber;
    },
    close: (shardId) => {
      shardOf(shardId).isClosed = true;
    },
    trim: (shardId, count) => {
      shardOf(shardId).records.splice(0, count);
    },
    forget: (shardId) => {
      shards = shards.filter((shard) => shard.shardId !== shardId);
    },
    source: {
      describe: async () => {
        called("describe", "");
        if (!isThere) throw new SourceError("NOT_FOUND", `Stream ${name} does not exist.`);
        return {
          arn: `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`,
          status: "ACTIVE",
          createdAt: new Date(createdAtMs).toISOString(),
        };
      },
      listShards: async () => {
        called("listShards", "");
        return shards.map(({ shardId, parentShardIds }) => ({ shardId, parentShardIds }));
      },
      getIterator: async (_stream, shardId, position) => {
        called("getIterator", shardId);
        return makeIterator(shardId, startOf(shardOf(shardId), position));
      },
      getRecords: async (iterator, limit) => {
        const position = iterators.get(iterator);
        if (!position || position.incarnation !== incarnation)
          throw new SourceError("ITERATOR_UNUSABLE", "Not an iterator of this stream.");
        called("getRecords", position.shardId);
        if (now() - position.madeAtMs > ITERATOR_MAX_AGE_MS)
          throw new SourceError("ITERATOR_UNUSABLE", "Iterator expired.");
        const shard = shardOf(position.shardId);
        const rest = shard.records.filter(
          ({ sequenceNumber }) => BigInt(sequenceNumber) >= position.from,
        );
        const records = rest.slice(0, limit);
        const last = records.at(-1);
        const left = rest[records.length];
        return {
          records,
          millisBehindLatest: left ? Math.max(1, now() - left.arrivedAtMs) : 0,
          nextIterator:
            shard.isClosed && left === undefined
              ? undefined
              : makeIterator(
                  position.shardId,
                  last ? BigInt(last.sequenceNumber) + 1n : position.from,
                ),
        };
      },
    },
  };
  const called = (operation: string, shardId: string): void => {
    stream.calls.push(`${operation} ${shardId}`.trimEnd());
    const error = stream.fault?.(operation, shardId);
    if (error) throw error;
  };
  return stream;
};
