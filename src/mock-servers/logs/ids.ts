import type { Random } from "../../shared/core/random.ts";

/** One to one on 32 bits: the finaliser of MurmurHash3. */
const mix = (value: number): number => {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

const hex8 = (value: number): string => value.toString(16).padStart(8, "0");

const word = (random: Random): number => Math.floor(random.next() * 2 ** 32);

/**
 * Ids in W3C Trace Context's form (32 and 16 lower-case hex digits). A counter in disguise: none
 * comes twice in four thousand million, and those of another seed are others.
 */
export const createIds = (random: Random) => {
  const salts = Array.from({ length: 6 }, () => word(random));
  let traces = 0;
  let spans = 0;
  const words = (count: number, first: number, length: number): string => {
    let text = "";
    for (let at = first; at < first + length; at += 1)
      text += hex8(mix((count + (salts[at] ?? 0)) | 0));
    return text;
  };
  return {
    traceId: (): string => words(++traces, 0, 4),
    spanId: (): string => words(++spans, 4, 2),
  };
};

export type Ids = ReturnType<typeof createIds>;
