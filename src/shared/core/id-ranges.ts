/** First and last id, both included. */
export type IdRange = readonly [first: number, last: number];

/** A set of ids that mostly follow one another. */
export const createIdRanges = (initial: readonly IdRange[] = []) => {
  /** Ascending, disjoint and not touching. */
  let ranges: [number, number][] = initial.map(([first, last]) => [first, last]);

  /** Position of the first range that ends at `id` or later. */
  const find = (id: number): number => {
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ranges[middle]?.[1] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    add: (id: number): void => {
      const at = find(id - 1);
      const range = ranges[at];
      if (range === undefined || range[0] > id + 1) {
        ranges.splice(at, 0, [id, id]);
        return;
      }
      range[0] = Math.min(range[0], id);
      range[1] = Math.max(range[1], id);
      const next = ranges[at + 1];
      if (next !== undefined && next[0] <= range[1] + 1) {
        range[1] = Math.max(range[1], next[1]);
        ranges.splice(at + 1, 1);
      }
    },
    has: (id: number): boolean => {
      const range = ranges[find(id)];
      return range !== undefined && range[0] <= id;
    },
    /** Forgets every id below. */
    dropBelow: (id: number): void => {
      ranges = ranges.filter(([, last]) => last >= id);
    },
    list: (): IdRange[] => ranges.map(([first, last]) => [first, last]),
  };
};

export type IdRanges = ReturnType<typeof createIdRanges>;
