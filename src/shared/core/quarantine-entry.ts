import * as z from "zod";
import { hourPath } from "./partition.ts";
import { QUARANTINE_PREFIX } from "./quarantine.ts";

/** A line of a quarantine object as it is read: its reason may be one of another version. */
const storedEntrySchema = z.object({
  reason: z.string().regex(/^[a-z0-9_]{1,64}$/),
  detail: z.string(),
  stream: z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/),
  shardId: z.string().regex(/^[a-zA-Z0-9_.-]{1,128}$/),
  sequenceNumber: z.string().regex(/^\d{1,128}$/),
  index: z.number().int().min(0),
  partitionKey: z.string(),
  arrivedAt: z.iso.datetime(),
  data: z.base64(),
});

export type StoredEntry = z.infer<typeof storedEntrySchema>;

/** The entry on a line of a quarantine object; undefined where it is none of ours. */
export const parseQuarantineLine = (line: string): StoredEntry | undefined => {
  try {
    return storedEntrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
};

/** Which records of the quarantine are meant; what is absent does not matter. */
export type Selection = {
  readonly reasons?: readonly string[] | undefined;
  /** Arrival times, milliseconds since the epoch: from `sinceMs`, before `untilMs`. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly stream?: string | undefined;
  readonly shardId?: string | undefined;
  readonly id?: { readonly sequenceNumber: string; readonly index: number } | undefined;
};

/** `<sequence number>:<index>`, which names a record within its shard, and among all in practice. */
export const entryId = ({
  sequenceNumber,
  index,
}: Pick<StoredEntry, "sequenceNumber" | "index">): string => `${sequenceNumber}:${index}`;

export const isSelected = (selection: Selection, entry: StoredEntry): boolean => {
  const { reasons, sinceMs, untilMs, stream, shardId, id } = selection;
  const arrivedAtMs = Date.parse(entry.arrivedAt);
  return (
    (reasons === undefined || reasons.includes(entry.reason)) &&
    (sinceMs === undefined || arrivedAtMs >= sinceMs) &&
    (untilMs === undefined || arrivedAtMs < untilMs) &&
    (stream === undefined || entry.stream === stream) &&
    (shardId === undefined || entry.shardId === shardId) &&
    (id === undefined || entryId(id) === entryId(entry))
  );
};

export const reasonPrefix = (reason: string): string => `${QUARANTINE_PREFIX}reason=${reason}/`;

const KEY =
  /^_quarantine\/reason=([^/]+)\/(year=\d{4}\/month=\d\d\/day=\d\d\/hour=\d\d)\/[^/]+\.jsonl$/;

/** Reason and arrival hour (`year=…/month=…/day=…/hour=…`) of a quarantine object's key. */
export const parseQuarantineKey = (key: string): { reason: string; hour: string } | undefined => {
  const [, reason, hour] = KEY.exec(key) ?? [];
  return reason === undefined || hour === undefined ? undefined : { reason, hour };
};

const HOUR_MS = 3_600_000;

/** The first and the last arrival hour that can hold selected records, as they stand in keys. */
export const hourBounds = ({ sinceMs, untilMs }: Selection) => ({
  first: sinceMs === undefined ? undefined : hourPath(Math.floor(sinceMs / HOUR_MS)),
  last: untilMs === undefined ? undefined : hourPath(Math.floor((untilMs - 1) / HOUR_MS)),
});
