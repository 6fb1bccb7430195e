const BASE_MS = 200;
const CAP_MS = 30_000;

/**
 * Wait before the next try, milliseconds: doubles from 200 ms to 30 s, half of it by chance, so
 * that shards which failed together do not come back together. `failures` counts from 1.
 */
export const backOffMs = (failures: number, random: () => number): number => {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
};
