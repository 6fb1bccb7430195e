import type { RecordEntry } from "./ports.ts";

/** A PutRecords call whose outcome is not known, and where in the stream its records would be. */
export type Attempt = {
  /** Epoch milliseconds by this machine's clock. */
  readonly startedAt: number;
  /** Nothing of it can have arrived later; undefined where no end is known. */
  readonly until?: number | undefined;
  /** By shard id, the last sequence number known before it: what it stored comes after. */
  readonly after: Readonly<Record<string, string>>;
};

/** Where a record was stored. */
export type StoredAt = { readonly shardId: string; readonly sequenceNumber: string };

export type LookupQuery = {
  /** Found by partition key and exact bytes. */
  readonly records: readonly RecordEntry[];
  readonly attempt: Attempt;
  /** Records that are accounted for already, by their sequence number. */
  readonly isKnown: (sequenceNumber: string) => boolean;
};

export type LookupResult = {
  /** In the order of the records; undefined where none was seen. */
  readonly found: readonly (StoredAt | undefined)[];
  /** False where a bound came first: what was not found is asked for again, with `attempt`. */
  readonly isComplete: boolean;
  /** The attempt, moved up to where the stream has been read. */
  readonly attempt: Attempt;
};

/** Looks in the stream itself. Throws where it cannot be read, in which case nothing is known. */
export type RecordLookup = {
  find(query: LookupQuery, signal: AbortSignal): Promise<LookupResult>;
};

/** A record as it was read from a shard. */
export type SeenRecord = StoredAt & RecordEntry;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
};

/**
 * Pairs wanted records with seen ones, each of both at most once: of two equal records that were
 * sent, one that was stored accounts for one.
 */
export const createMatcher = ({ records, isKnown }: Pick<LookupQuery, "records" | "isKnown">) => {
  const found: (StoredAt | undefined)[] = records.map(() => undefined);
  const wanted = new Map<string, Set<number>>();
  for (const [index, { partitionKey }] of records.entries()) {
    const indexes = wanted.get(partitionKey) ?? new Set();
    wanted.set(partitionKey, indexes.add(index));
  }
  return {
    found,
    offer: ({ partitionKey, data, sequenceNumber, shardId }: SeenRecord): void => {
      const indexes = wanted.get(partitionKey);
      if (indexes === undefined || isKnown(sequenceNumber)) return;
      for (const index of indexes) {
        if (!isSame(records[index]?.data ?? new Uint8Array(), data)) continue;
        found[index] = { shardId, sequenceNumber };
        indexes.delete(index);
        if (indexes.size === 0) wanted.delete(partitionKey);
        return;
      }
    },
    isWanted: (partitionKey: string): boolean => wanted.has(partitionKey),
    isEverythingFound: (): boolean => wanted.size === 0,
  };
};
