import * as z from "zod";

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
  /** Last sequence number whose effects are durable; null before the first batch. */
  sequenceNumber: z.string().nullable(),
  /** True when the shard was closed by a reshard and read to its end. */
  drained: z.boolean(),
  /** Totals since the stream was created. `records` are Kinesis records, `lines` logs stored. */
  records: z.number().int(),
  lines: z.number().int(),
  bytes: z.number().int(),
  parts: z.number().int(),
  quarantined: z.number().int(),
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
