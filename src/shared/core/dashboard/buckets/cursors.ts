import * as z from "zod";
import { decodeOpaque, encodeOpaque } from "./opaque.ts";
import type { ScanCursor } from "./scan.ts";
import type { SummaryCursor } from "./summary.ts";

const count = z.int().min(0);

const scanSchema: z.ZodType<ScanCursor> = z.strictObject({
  after: z.string().min(1),
  scanned: count,
  matched: count,
});

const summarySchema: z.ZodType<SummaryCursor> = z.strictObject({
  after: z.string().min(1),
  objects: count,
  bytes: count,
  newest: z.int().nullable(),
  largest: count,
});

export const encodeScanCursor = (cursor: ScanCursor): string => encodeOpaque(cursor);
/** Undefined for a text that `encodeScanCursor` did not make. */
export const decodeScanCursor = (text: string): ScanCursor | undefined =>
  decodeOpaque(text, scanSchema);

export const encodeSummaryCursor = (cursor: SummaryCursor): string => encodeOpaque(cursor);
/** Undefined for a text that `encodeSummaryCursor` did not make. */
export const decodeSummaryCursor = (text: string): SummaryCursor | undefined =>
  decodeOpaque(text, summarySchema);
