export type RetryMemoryOptions = {
  /** How long a request that was taken in part is expected to come again. */
  readonly windowMs: number;
  /** Items of all requests together; past it the oldest requests are forgotten. */
  readonly maxItems: number;
};

type Entry = { readonly open: Uint32Array; readonly until: number };

/**
 * Remembers requests that were taken in part and are to be sent again, by the digest of their body,
 * with the items that are still open. Such a client sends the whole request again, byte for byte;
 * of that only what is open must be taken. A request that was not refused is not remembered: the
 * same body may be sent twice on purpose.
 */
export const createRetryMemory = (
  now: () => number,
  { windowMs, maxItems }: RetryMemoryOptions,
) => {
  const entries = new Map<string, Entry>();
  let items = 0;
  const forget = (digest: string): void => {
    items -= entries.get(digest)?.open.length ?? 0;
    entries.delete(digest);
  };
  const makeRoom = (): void => {
    for (const [digest, { until }] of entries) {
      if (until > now() && items <= maxItems) break;
      forget(digest);
    }
  };
  return {
    /** The open items of a request that comes again; undefined where all of it is to be taken. */
    openOf: (digest: string): ReadonlySet<number> | undefined => {
      makeRoom();
      const entry = entries.get(digest);
      return entry && new Set(entry.open);
    },
    /** What of a request is still to be taken, by index; nothing where it is done with. */
    settle: (digest: string, open: readonly number[]): void => {
      forget(digest);
      if (open.length === 0) return;
      entries.set(digest, { open: Uint32Array.from(open), until: now() + windowMs });
      items += open.length;
      makeRoom();
    },
  };
};

export type RetryMemory = ReturnType<typeof createRetryMemory>;
