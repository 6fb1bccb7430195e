/** Keeps the newest `capacity` items, and counts all that there ever were. */
export type Ring<T> = {
  push(item: T): void;
  /** At most `limit`, the newest first. */
  newest(limit: number): T[];
  readonly total: number;
};

export const createRing = <T>(capacity: number): Ring<T> => {
  const items: T[] = [];
  let total = 0;
  return {
    push: (item) => {
      items[total % capacity] = item;
      total += 1;
    },
    newest: (limit) =>
      Array.from(
        { length: Math.min(limit, items.length) },
        (_, age) => items[(total - 1 - age) % capacity] as T,
      ),
    get total() {
      return total;
    },
  };
};
