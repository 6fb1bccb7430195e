import * as z from "zod";
import { countsByServiceSchema } from "./ledger-counts.ts";

const sequenceNumber = z.string().nullable();

/** One object per shard: the checkpoint of the local event source mapping and what it has done. */
export const shardStateSchema = z.object({
  version: z.literal(1),
  stream: z.string(),
  shardId: z.string(),
  /**
   * Creation time of the stream these numbers belong to, ISO 8601: a stream that was deleted and
   * made again under its name starts anew.
   */
  streamCreatedAt: z.string(),
  parentShardIds: z.array(z.string()),
  /**
   * Last sequence number up to which every record's effects are durable; null before the first
   * batch.
   */
  sequenceNumber,
  /**
   * Last sequence number of the batch being handled. Whoever goes on from here hands over exactly
   * that batch first, so that a write of it that is still on its way changes nothing.
   */
  pendingUntil: sequenceNumber.optional(),
  /** With a parallelization factor above 1: how far each lane came, in place of `pendingUntil`. */
  lanes: z.array(z.object({ sequenceNumber, pendingUntil: sequenceNumber })).optional(),
  /** Arrival time of the first record wanted, ISO 8601; null or absent means TRIM_HORIZON. */
  startTimestamp: z.string().nullable().optional(),
  /** The instance that reads the shard; null or absent when none does. */
  owner: z.string().nullable().optional(),
  /** When the owner's lease ends unless renewed, by its clock: for people, nothing decides by it. */
  leaseExpiresAt: z.string().nullable().optional(),
  /** Counts the writes of this object: one that does not change any more has lost its owner. */
  revision: z.number().int().optional(),
  /** True when the shard was closed by a reshard and read to its end. */
  drained: z.boolean(),
  /** Totals since the stream was created. `records` are Kinesis records, `lines` logs stored. */
  records: z.number().int(),
  lines: z.number().int(),
  bytes: z.number().int(),
  parts: z.number().int(),
  quarantined: z.number().int(),
  /** Logs stored and pieces quarantined by service, since ever: a stream made anew goes on from them. */
  services: countsByServiceSchema.optional(),
  /** Batches whose handler failed and that were tried again. */
  failedBatches: z.number().int(),
  lastBatchAt: z.string().nullable(),
  lastBatchRecords: z.number().int(),
  /** Last sign of life, about every 5 s: a poll, or a batch still being handled or tried again. */
  lastPolledAt: z.string().nullable(),
  /**
   * As GetRecords answered at `lastPolledAt`, or the age of the batch's first record while it is
   * being handled; null before the first poll.
   */
  millisBehindLatest: z.number().nullable(),
  /** Records read at `lastPolledAt` or before that wait for their batch. */
  waitingRecords: z.number().int().optional(),
  /** Age of the last batch's last record when its handler was called, milliseconds. */
  iteratorAgeMs: z.number().nullable().optional(),
  /** Records given up and sent to the on-failure destination. They are part of `records`. */
  discarded: z.number().int().optional(),
  /** Why the shard does not move; null when it does. */
  error: z.object({ code: z.string(), message: z.string(), since: z.string() }).nullable(),
});

export type ShardState = z.infer<typeof shardStateSchema>;

export const STATE_PREFIX = "_state/";

/** `_state/<stream>/` */
export const streamStatePrefix = (stream: string): string => `${STATE_PREFIX}${stream}/`;

/** `_state/<stream>/<shardId>.json` */
export const shardStateKey = (stream: string, shardId: string): string =>
  `${streamStatePrefix(stream)}${shardId}.json`;

/** Reads a stored shard state. Throws an error that names the key when it is not one. */
export const parseShardState = (key: string, text: string): ShardState => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`Checkpoint ${key} is not JSON.`, { cause });
  }
  const parsed = shardStateSchema.safeParse(value);
  if (!parsed.success)
    throw new Error(`Checkpoint ${key} is not usable: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

/** The states of each stream's newest incarnation; those of a deleted stream of its name are left out. */
export const currentStates = (states: readonly ShardState[]): ShardState[] => {
  const newest = new Map<string, string>();
  for (const { stream, streamCreatedAt } of states)
    if (streamCreatedAt > (newest.get(stream) ?? "")) newest.set(stream, streamCreatedAt);
  return states.filter(({ stream, streamCreatedAt }) => newest.get(stream) === streamCreatedAt);
};
