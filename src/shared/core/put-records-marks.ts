import type { Attempt, StoredAt } from "./record-lookup.ts";

/** How long after its call was given up a record may still arrive: a server may have been stalled. */
const LANDING_MS = 5 * 60_000;
/** Sequence numbers remembered one by one, the newest; 100 bytes each. */
const REMEMBERED = 20_000;

/**
 * What this process knows is in the stream: by shard the last sequence number it was given, and
 * the last 20,000 of them one by one. A later call stores behind the former, so that a look for
 * it begins there; the latter are never taken for the records of another call.
 */
export const createMarks = (remembered: number = REMEMBERED) => {
  let after: Readonly<Record<string, string>> = {};
  const known = new Set<string>();
  return {
    note: (stored: readonly StoredAt[]): void => {
      const next: Record<string, string> = { ...after };
      for (const { shardId, sequenceNumber } of stored) {
        known.add(sequenceNumber);
        const last = next[shardId];
        if (last === undefined || BigInt(last) < BigInt(sequenceNumber))
          next[shardId] = sequenceNumber;
      }
      after = next;
      for (const oldest of known) {
        if (known.size <= remembered) break;
        known.delete(oldest);
      }
    },
    isKnown: (sequenceNumber: string): boolean => known.has(sequenceNumber),
    /** To be taken before the call begins. */
    attempt: (startedAt: number, timeoutMs: number): Attempt => ({
      startedAt,
      until: startedAt + timeoutMs + LANDING_MS,
      after,
    }),
  };
};

export type Marks = ReturnType<typeof createMarks>;
