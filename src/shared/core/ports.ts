/** What the core needs of the outside, as narrow as the calls it makes. Adapters are in shared/aws. */

/** One entry of PutRecords. Sizes count `data` plus the partition key's UTF-8 bytes. */
export type RecordEntry = { readonly data: Uint8Array; readonly partitionKey: string };

export type EntryResult =
  | { readonly ok: true; readonly sequenceNumber: string; readonly shardId: string }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * One PutRecords call: results in the order of the entries. Throws when the call as a whole
 * failed, in which case nothing is known of any entry. Never retries by itself.
 */
export type RecordWriter = {
  putRecords(entries: readonly RecordEntry[], signal: AbortSignal): Promise<EntryResult[]>;
};

/** A part object, ready to be written. */
export type PartObject = {
  readonly key: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** Says, up to the last moment, whether its holder may still write. */
export type WriteFence = {
  /** Aborted when a write under way has to be given up. */
  readonly signal: AbortSignal;
  /** Throws when no write may begin any more. */
  assertHeld(): void;
};

/** Writes part objects by plain overwrite: the same key replaces. */
export type PartSink = {
  /** The fence is asked before each attempt to write. */
  putPart(part: PartObject, fence?: WriteFence): Promise<void>;
};

/** Platform primitives that web standards lack or do too slowly for the hot path. */
export type Codec = {
  /** Malformed UTF-8 becomes U+FFFD. */
  decodeUtf8(bytes: Uint8Array): string;
  /** The bytes are overwritten by the next call: one buffer serves all, and stays in the cache. */
  decodeBase64(text: string): Uint8Array;
  encodeBase64(bytes: Uint8Array): string;
  gzip(bytes: Uint8Array): Promise<Uint8Array>;
  /** Throws a RangeError when the result would exceed `maxBytes`, an Error when it is not whole gzip. */
  gunzip(bytes: Uint8Array, maxBytes: number): Uint8Array;
  md5(bytes: Uint8Array): Uint8Array;
};

export type StoredState = {
  readonly text: string;
  /** Changes with every write. */
  readonly version: string;
};

/** Small JSON documents in a bucket, one per shard of a stream: checkpoints and consumer state. */
export type StateStore = {
  /** Undefined where there is none. */
  read(key: string): Promise<StoredState | undefined>;
  /**
   * Writes if the stored version is still this one; null stands for nothing stored. Returns the new
   * version, or undefined when something else is stored. After an error it may be written or not.
   */
  write(key: string, text: string, version: string | null): Promise<string | undefined>;
  /** Every key below a prefix, in order. */
  list(prefix: string): Promise<{ readonly key: string; readonly version: string }[]>;
  remove(key: string): Promise<void>;
};

/** The quarantine of a bucket, for reading. */
export type QuarantineStore = {
  /** What comes next after a prefix, up to and with the next slash. */
  prefixes(prefix: string): AsyncIterable<string>;
  /** Keys below a prefix in order, from behind `startAfter`. */
  keys(prefix: string, startAfter?: string): AsyncIterable<string>;
  /** Undefined where there is none. */
  read(key: string): Promise<Uint8Array | undefined>;
};

export type DecodedBody =
  | { readonly ok: true; readonly body: Uint8Array }
  | { readonly ok: false; readonly reason: "TOO_LARGE" | "CORRUPT" };

/** Undoes the content encoding of a request body. */
export type BodyDecoder = {
  /** Lower-case names that `decode` knows, such as `gzip`. */
  readonly encodings: readonly string[];
  /** Stops as soon as the result exceeds `maxBytes`. Never throws. */
  decode(encoding: string, body: Uint8Array, maxBytes: number): Promise<DecodedBody>;
};
