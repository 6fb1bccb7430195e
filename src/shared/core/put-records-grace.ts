/**
 * How long a PutRecords call that ended without an answer may still store its records: a look that
 * begins sooner finds them, but cannot tell that they are not there. It covers a server that was
 * stalled for seconds, and a request that waits for two TCP retransmissions (1 s and 2 s). Longer
 * would hold up the logs of that service for so long; Kinesis states no bound of its own.
 */
export const LATE_ARRIVAL_GRACE_MS = 5_000;

const PRUNE_ABOVE = 1_000;

/**
 * Remembers for each partition key until when a call without an answer may still store something.
 * Calls of an earlier process count as given up when this one began.
 */
export const createGrace = (now: () => number, graceMs: number = LATE_ARRIVAL_GRACE_MS) => {
  const endOfEarlier = now() + graceMs;
  const ends = new Map<string, number>();
  return {
    graceMs,
    /** A call with these partition keys has ended without an answer. */
    begin: (partitionKeys: Iterable<string>): void => {
      const end = now() + graceMs;
      if (ends.size > PRUNE_ABOVE)
        for (const [partitionKey, other] of ends) if (other <= now()) ends.delete(partitionKey);
      for (const partitionKey of partitionKeys) ends.set(partitionKey, end);
    },
    /** Epoch milliseconds; a look that began before is not the last word on this process' calls. */
    endOf: (partitionKey: string): number => ends.get(partitionKey) ?? 0,
    /** As endOf, for what an earlier process may have sent. */
    endOfEarlier,
  };
};

export type Grace = ReturnType<typeof createGrace>;
