export type Memo<T> = (key: string, load: () => Promise<T>) => Promise<T>;

const MAX_ENTRIES = 500;

/**
 * Shares one load among all callers of a key, and its result for `ttlMs` from the load's start, so
 * that any number of open pages cost one call. A failed load is not kept.
 */
export const createMemo = <T>(
  ttlMs: number,
  now: () => number,
  maxEntries: number = MAX_ENTRIES,
): Memo<T> => {
  const entries = new Map<string, { startedAt: number; isPending: boolean; value: Promise<T> }>();
  return (key, load) => {
    const found = entries.get(key);
    if (found && (found.isPending || now() - found.startedAt < ttlMs)) return found.value;
    const entry = { startedAt: now(), isPending: true, value: load() };
    entry.value.then(
      () => {
        entry.isPending = false;
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    entries.delete(key);
    entries.set(key, entry);
    const oldest = entries.keys().next();
    if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value);
    return entry.value;
  };
};
