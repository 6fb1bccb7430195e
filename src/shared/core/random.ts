/** A stream of chances: the same seed gives the same ones. */
export type Random = {
  /** 0 up to, but not including, 1. */
  next(): number;
  chance(probability: number): boolean;
  /** A real number from `low` up to `high`. */
  between(low: number, high: number): number;
  /** Throws a RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** An own stream for a part of the work, so that how often one part asks does not move another. */
  fork(name: string): Random;
};

const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
};

/** Mulberry32. */
export const createRandom = (seed: number): Random => {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    chance: (probability) => next() < probability,
    between: (low, high) => low + next() * (high - low),
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new RangeError("There is nothing to pick from.");
      return items[Math.floor(next() * items.length)] as T;
    },
    fork: (name) => createRandom(seed ^ hashOf(name)),
  };
};
