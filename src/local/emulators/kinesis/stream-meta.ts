import fs from "node:fs";
import path from "node:path";
import * as z from "zod";

const hashKey = z.string().regex(/^\d{1,39}$/);
const epochMs = z.number().int().nonnegative();

const shardSchema = z.object({
  index: z.number().int().nonnegative(),
  startingHashKey: hashKey,
  endingHashKey: hashKey,
  /** Index of the shard this one came from, and of the other one in a merge. */
  parents: z.array(z.number().int().nonnegative()).max(2),
  createdAt: epochMs,
  /** Ordinal of StartingSequenceNumber; no record carries it. */
  startOrdinal: z.number().int(),
  /** Set when the shard was closed; `endOrdinal` is that of EndingSequenceNumber. */
  closed: z.object({ endOrdinal: z.number().int(), at: epochMs }).optional(),
});

const streamSchema = z.object({
  version: z.literal(1),
  name: z.string(),
  incarnation: z.number().int().positive(),
  createdAt: epochMs,
  mode: z.enum(["PROVISIONED", "ON_DEMAND"]),
  retentionHours: z.number().int().positive(),
  /** Records older than this stay unreadable when the retention period is raised again. */
  trimmedBefore: epochMs,
  maxRecordKiB: z.number().int().positive(),
  tags: z.record(z.string(), z.string()),
  nextShardIndex: z.number().int().nonnegative(),
  shards: z.array(shardSchema),
});

/** What is known of a shard apart from its records. */
export type ShardMeta = z.infer<typeof shardSchema>;

/** What is known of a stream apart from its records: the contents of its `stream.json`. */
export type StreamMeta = z.infer<typeof streamSchema>;

/** Replaces a JSON document in one step: a reader, or a crash, sees the old one or the new one. */
export const writeJsonFile = (file: string, value: unknown, isSynced: boolean): void => {
  const draft = `${file}.draft`;
  const handle = fs.openSync(draft, "w");
  try {
    fs.writeFileSync(handle, `${JSON.stringify(value, undefined, 1)}\n`);
    if (isSynced) fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(draft, file);
};

const META_FILE = "stream.json";

export const writeStreamMeta = (directory: string, meta: StreamMeta, isSynced: boolean): void =>
  writeJsonFile(path.join(directory, META_FILE), meta, isSynced);

/**
 * Reads `stream.json`; undefined where there is none, which is a stream whose creation was never
 * answered. Throws an error that names the file when it cannot be used.
 */
export const readStreamMeta = (directory: string): StreamMeta | undefined => {
  const file = path.join(directory, META_FILE);
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return streamSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `${file} is not usable. Delete the directory it lies in to go on without that stream.`,
      { cause },
    );
  }
};
