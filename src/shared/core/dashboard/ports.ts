import type { IngestAccount } from "../accepted-ledger.ts";
import type { ShardState } from "../consumer-state.ts";

/** What the dashboard reads. Every method throws BackendError when its service does not answer. */

export type StreamDescription = {
  name: string;
  arn: string;
  status: string;
  openShardCount: number;
  retentionHours: number;
  createdAt: Date | undefined;
  encryption: string;
};

export type Shard = {
  shardId: string;
  parentShardId: string | undefined;
  adjacentParentShardId: string | undefined;
  /** 128-bit decimal strings. */
  startingHashKey: string;
  endingHashKey: string;
  startingSequenceNumber: string;
  /** Set once the shard is closed by a reshard. */
  endingSequenceNumber: string | undefined;
};

/** A list that was cut at a bound says so. */
export type Bounded<T> = { items: T[]; isComplete: boolean };

export type StreamCatalog = {
  listStreamNames(signal: AbortSignal): Promise<Bounded<string>>;
  /** Undefined where no stream has that name. */
  describe(name: string, signal: AbortSignal): Promise<StreamDescription | undefined>;
  /** Closed shards too, as long as the service still knows them. */
  listShards(name: string, signal: AbortSignal): Promise<Bounded<Shard>>;
};

export type ObjectEntry = {
  key: string;
  size: number;
  lastModified: Date | undefined;
  storageClass: string;
};

export type ListRequest = {
  bucket: string;
  prefix?: string | undefined;
  delimiter?: string | undefined;
  /** 1 to 1000. */
  maxKeys: number;
  /** Lists what comes after this key, in byte order. */
  startAfter?: string | undefined;
  /** Goes on where a page of the same prefix and delimiter ended. */
  token?: string | undefined;
};

export type ListPage = {
  objects: ObjectEntry[];
  prefixes: string[];
  /** Undefined on the last page. */
  nextToken: string | undefined;
};

export type ObjectStream = {
  /** Bytes of the whole object, not of the range. */
  size: number;
  contentType: string | undefined;
  lastModified: Date | undefined;
  metadata: Readonly<Record<string, string>>;
  /** Must be read to its end or cancelled. */
  body: ReadableStream<Uint8Array>;
};

export type Missing = { missing: "bucket" | "key" };

export type ObjectCatalog = {
  listBuckets(signal: AbortSignal): Promise<Bounded<string>>;
  /** One page, one call. Undefined where no bucket has that name. */
  list(request: ListRequest, signal: AbortSignal): Promise<ListPage | undefined>;
  /** At most the first `maxBytes` of an object, as a stream. */
  open(
    bucket: string,
    key: string,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<ObjectStream | Missing>;
};

export type ConsumerStates = {
  states: ShardState[];
  /** What is left of those of deleted streams that had the same names. */
  earlier?: ShardState[];
  /** State objects that are there and cannot be understood. */
  unreadable: { key: string; reason: string }[];
  isComplete: boolean;
};

export type IngestAccounts = {
  accounts: IngestAccount[];
  /** Account objects that are there and cannot be understood. */
  unreadable: { key: string; reason: string }[];
  isComplete: boolean;
};

export type IngestAccountSource = {
  /** What the ingestion interfaces last published of their counts for this stream. */
  read(stream: string, signal: AbortSignal): Promise<IngestAccounts>;
};

export type ConsumerStateSource = {
  /** What the consumer last wrote about each shard of these streams. */
  read(streams: readonly string[], signal: AbortSignal): Promise<ConsumerStates>;
};

/** The ingestion interface's own figures; null where it did not say. */
export type IngestStatus = {
  logsPerSecond: number | null;
  accepted: number | null;
  rejected: number | null;
  queueSize: number | null;
  /** HTTP requests since it started, and Kinesis records that were throttled. */
  requests?: number | null;
  throttledRecords?: number | null;
  /** What waits on its disk while Kinesis is away; null where there is no spool. */
  spool?: {
    readonly logs: number;
    readonly bytes: number;
    readonly maxBytes: number;
    readonly oldestAgeSeconds: number;
  } | null;
};

export type IngestStatusSource = { read(signal: AbortSignal): Promise<IngestStatus> };
