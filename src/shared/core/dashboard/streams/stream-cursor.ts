import * as z from "zod";
import type { ShardPosition } from "../../event-source/source.ts";

/**
 * How far one shard was read: what comes after `after`, and arrived at or after `at` (epoch
 * milliseconds) where that is given. Neither is the oldest record there is.
 */
export type ShardCursor = { readonly after?: string; readonly at?: number };

/** How far a stream was read, shard by shard. */
export type StreamCursor = Readonly<Record<string, ShardCursor>>;

const MAX_SHARDS = 200;

const cursorSchema = z
  .record(
    z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/),
    z.strictObject({
      after: z
        .string()
        .regex(/^\d{1,128}$/)
        .exactOptional(),
      at: z.int().min(0).exactOptional(),
    }),
  )
  .refine((shards) => Object.keys(shards).length <= MAX_SHARDS);

/** Opaque to clients, safe in a URL and as the id of an event. */
export const encodeStreamCursor = (cursor: StreamCursor): string =>
  btoa(JSON.stringify(cursor)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Undefined for a text that `encodeStreamCursor` did not make. */
export const decodeStreamCursor = (text: string): StreamCursor | undefined => {
  try {
    const parsed: unknown = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
    return cursorSchema.parse(parsed);
  } catch {
    return undefined;
  }
};

/** Where Kinesis is to begin. With both given the time decides; what is not after `after` is left out. */
export const positionOf = ({ after, at }: ShardCursor): ShardPosition => {
  if (at !== undefined) return { type: "AT_TIMESTAMP", timestamp: new Date(at).toISOString() };
  if (after !== undefined) return { type: "AFTER_SEQUENCE_NUMBER", sequenceNumber: after };
  return { type: "TRIM_HORIZON" };
};
