/**
 * Sizes of many objects in little memory: counts by size, rounded to three digits. Two of them
 * added up are the sketch of both; quantiles are right to half a percent.
 */
export type SizeSketch = {
  objects: number;
  bytes: number;
  smallest: number;
  largest: number;
  counts: Map<number, number>;
};

export const emptySketch = (): SizeSketch => ({
  objects: 0,
  bytes: 0,
  smallest: Number.POSITIVE_INFINITY,
  largest: 0,
  counts: new Map(),
});

/** To three digits, as figures are shown. */
export const roundSize = (size: number): number => {
  if (size < 1_000) return size;
  const step = 10 ** (Math.floor(Math.log10(size)) - 2);
  return Math.round(size / step) * step;
};

export const addSize = (sketch: SizeSketch, size: number, count = 1): void => {
  sketch.objects += count;
  sketch.bytes += size * count;
  sketch.smallest = Math.min(sketch.smallest, size);
  sketch.largest = Math.max(sketch.largest, size);
  const rounded = roundSize(size);
  sketch.counts.set(rounded, (sketch.counts.get(rounded) ?? 0) + count);
};

export const mergeSketches = (a: SizeSketch, b: SizeSketch): SizeSketch => {
  const counts = new Map(a.counts);
  for (const [size, count] of b.counts) counts.set(size, (counts.get(size) ?? 0) + count);
  return {
    objects: a.objects + b.objects,
    bytes: a.bytes + b.bytes,
    smallest: Math.min(a.smallest, b.smallest),
    largest: Math.max(a.largest, b.largest),
    counts,
  };
};

/** The size that `share` (0 to 1) of the objects do not exceed; undefined where there is none. */
export const quantile = ({ objects, counts }: SizeSketch, share: number): number | undefined => {
  if (objects === 0) return undefined;
  let seen = 0;
  for (const [size, count] of [...counts].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= share * objects) return size;
  }
  return undefined;
};

/** How many objects are below this size; rounding may move those within half a percent of it. */
export const countBelow = ({ counts }: SizeSketch, size: number): number =>
  [...counts].reduce((total, [each, count]) => total + (each < size ? count : 0), 0);
