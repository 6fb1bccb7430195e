import { compareUtf8 } from "./utf8-order.ts";

const MAX_CHUNK = 512;
const HIGH_UNIT = /[\ud800-\uffff]/;

type Chunk<T> = { keys: string[]; values: T[] };

/** First position in 0..length where `isBefore` is false; it must be true up to there. */
const lowerBound = (length: number, isBefore: (position: number) => boolean): number => {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * A map that keeps its keys in UTF-8 byte order, in chunks of at most 512: looking up and inserting
 * take microseconds at a million keys, and a page of a listing costs what it returns.
 */
export type SortedIndex<T> = {
  readonly size: number;
  get(key: string): T | undefined;
  /** The value replaced, if there was one. */
  set(key: string, value: T): T | undefined;
  /** The value removed, if there was one. */
  delete(key: string): T | undefined;
  /**
   * Entries in order from the first key for which `isBefore` is false. It must be true for a
   * leading run of keys and false for all others. The index must not change meanwhile.
   */
  from(isBefore: (key: string) => boolean): IterableIterator<[string, T]>;
};

export const createSortedIndex = <T>(): SortedIndex<T> => {
  const chunks: Chunk<T>[] = [];
  let size = 0;
  // Below U+D800 the order of strings is that of their bytes, and comparing natively is ten times
  // faster; one key above it is enough to compare with care from then on.
  let isNative = true;
  const orderFor = (key: string): ((a: string, b: string) => boolean) => {
    if (isNative && HIGH_UNIT.test(key)) isNative = false;
    return isNative ? (a, b) => a < b : (a, b) => compareUtf8(a, b) < 0;
  };

  const chunkFor = (isBefore: (key: string) => boolean): number =>
    // The last chunk whose first key is still before; it may hold the place looked for.
    Math.max(0, lowerBound(chunks.length, (i) => isBefore(chunks[i]?.keys[0] as string)) - 1);

  const locate = (key: string) => {
    const precedes = orderFor(key);
    const isBefore = (other: string) => precedes(other, key);
    let at = chunkFor(isBefore);
    let chunk = chunks[at];
    if (chunk === undefined) return { at, chunk, position: 0, isPresent: false };
    let position = lowerBound(chunk.keys.length, (i) => isBefore(chunk?.keys[i] as string));
    const next = chunks[at + 1];
    if (position === chunk.keys.length && next?.keys[0] === key) {
      at += 1;
      chunk = next;
      position = 0;
    }
    return { at, chunk, position, isPresent: chunk.keys[position] === key };
  };

  return {
    get size() {
      return size;
    },
    get: (key) => {
      const { chunk, position, isPresent } = locate(key);
      return isPresent ? chunk?.values[position] : undefined;
    },
    set: (key, value) => {
      const { at, chunk, position, isPresent } = locate(key);
      if (chunk === undefined) {
        chunks.push({ keys: [key], values: [value] });
        size += 1;
        return undefined;
      }
      if (isPresent) {
        const before = chunk.values[position];
        chunk.values[position] = value;
        return before;
      }
      chunk.keys.splice(position, 0, key);
      chunk.values.splice(position, 0, value);
      size += 1;
      if (chunk.keys.length <= MAX_CHUNK) return undefined;
      // Keys mostly come in order, so the left part is left nearly full.
      const cut = position === chunk.keys.length - 1 ? MAX_CHUNK - 1 : MAX_CHUNK / 2;
      chunks.splice(at + 1, 0, { keys: chunk.keys.splice(cut), values: chunk.values.splice(cut) });
      return undefined;
    },
    delete: (key) => {
      const { at, chunk, position, isPresent } = locate(key);
      if (chunk === undefined || !isPresent) return undefined;
      chunk.keys.splice(position, 1);
      const [removed] = chunk.values.splice(position, 1);
      if (chunk.keys.length === 0) chunks.splice(at, 1);
      size -= 1;
      return removed;
    },
    *from(isBefore) {
      const first = chunkFor(isBefore);
      for (let at = first; at < chunks.length; at += 1) {
        const { keys, values } = chunks[at] as Chunk<T>;
        const start =
          at === first ? lowerBound(keys.length, (i) => isBefore(keys[i] as string)) : 0;
        for (let i = start; i < keys.length; i += 1) yield [keys[i] as string, values[i] as T];
      }
    },
  };
};
