import type { BatchTag } from "./spool.ts";

/** More than these are not remembered; the oldest are forgotten first. */
const MAX_KEYS = 10_000;

/**
 * Keyed records whose way to the disk took longer than their client waited. While one is under way
 * nobody can say whether it will be there; once it is, the key's next try must not add it again.
 */
export const createLateAppends = () => {
  const underWay = new Map<string, Set<Promise<void>>>();
  const stored = new Map<string, Set<number>>();

  return {
    /** An append with records of these keys; it never rejects. */
    begin: (tags: readonly BatchTag[], append: Promise<void>): void => {
      for (const key of new Set(tags.map((tag) => tag.key))) {
        const appends = underWay.get(key) ?? new Set();
        underWay.set(key, appends.add(append));
        void append.then(() => {
          appends.delete(append);
          if (appends.size === 0) underWay.delete(key);
        });
      }
    },

    /** On the disk, after its client was told that this is not known. */
    arrived: ({ key, ordinal }: BatchTag): void => {
      stored.set(key, (stored.get(key) ?? new Set()).add(ordinal));
      const [oldest] = stored.keys();
      if (stored.size > MAX_KEYS && oldest !== undefined) stored.delete(oldest);
    },

    /** Resolves when all appends of this key have ended; undefined where none is under way. */
    ended: (key: string): Promise<unknown> | undefined => {
      const appends = underWay.get(key);
      return appends && Promise.all(appends);
    },

    /** Records of this key that arrived late, by their position among its records. */
    storedOf: (key: string): ReadonlySet<number> | undefined => stored.get(key),
  };
};

export type LateAppends = ReturnType<typeof createLateAppends>;
