import * as z from "zod";
import { decodeOpaque, encodeOpaque } from "../buckets/opaque.ts";
import type { WalkCursor } from "./walk-cursor.ts";

const pair = z.tuple([z.string(), z.string()]);

const schema: z.ZodType<WalkCursor> = z.union([
  z.strictObject({ others: z.string() }),
  z.strictObject({
    from: z.string(),
    to: z.string().optional(),
    at: pair.optional(),
    open: z.array(pair).max(32),
  }),
]);

export const encodeWalkCursor = (cursor: WalkCursor): string => encodeOpaque(cursor);

/** Undefined for a text that `encodeWalkCursor` did not make. */
export const decodeWalkCursor = (text: string): WalkCursor | undefined =>
  decodeOpaque(text, schema);
