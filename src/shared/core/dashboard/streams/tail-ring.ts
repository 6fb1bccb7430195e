/** One record, ready to be sent. All viewers share the text. */
export type TailEntry = {
  readonly seq: bigint;
  readonly arrivedAtMs: number;
  /** JSON of a RecordView. */
  readonly json: string;
  readonly lines: number;
};

export type TailRing = {
  push(entry: TailEntry): void;
  entries(): readonly TailEntry[];
  /** The newest entry that was let go; undefined where everything is still here. */
  evictedUpTo(): bigint | undefined;
};

/** The newest records of a shard, bounded by number and characters. */
export const createTailRing = (limits: { maxEntries: number; maxChars: number }): TailRing => {
  let held: TailEntry[] = [];
  let first = 0;
  let chars = 0;
  let evicted: bigint | undefined;
  return {
    push: (entry) => {
      held.push(entry);
      chars += entry.json.length;
      while (held.length - first > limits.maxEntries || chars > limits.maxChars) {
        const oldest = held[first];
        if (oldest === undefined) break;
        first += 1;
        chars -= oldest.json.length;
        evicted = oldest.seq;
      }
      // Moved now and then, not with every record.
      if (first > 256 && first > held.length / 2) {
        held = held.slice(first);
        first = 0;
      }
    },
    entries: () => held.slice(first),
    evictedUpTo: () => evicted,
  };
};
