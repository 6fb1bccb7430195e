import { FilterError, parseWhen } from "../../../shared/core/dashboard/logs/log-filter.ts";
import type { QuarantineSelection } from "../../../shared/core/dashboard/quarantine/records.ts";
import { parseQuarantineKey } from "../../../shared/core/quarantine-entry.ts";
import { QueryError, requireText } from "../query.ts";

/** Parameters as they stand in the URL; an empty one counts as absent. */
export type QuarantineQuery = Readonly<
  Partial<
    Record<
      "bucket" | "reason" | "from" | "to" | "stream" | "shard" | "cursor" | "limit",
      string | undefined
    >
  >
>;

export const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

/** As everywhere in the dashboard; `3d` is the same as `-3d`, since `--since` takes it so. */
const timeOf = (name: string, text: string | undefined, now: number): number | undefined => {
  const trimmed = text?.trim();
  try {
    return parseWhen(name, trimmed?.replace(/^(\d+[smhd])$/, "-$1"), now);
  } catch (error) {
    if (error instanceof FilterError) throw new QueryError(name, error.message);
    throw error;
  }
};

const nameOf = (name: string, text: string | undefined, pattern: RegExp, rule: string) => {
  const trimmed = text?.trim();
  if (!trimmed) return undefined;
  if (pattern.test(trimmed)) return trimmed;
  throw new QueryError(name, `${name} must be ${rule}.`);
};

const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;
const NAME_RULE = "1 to 128 of a-z A-Z 0-9 _ . -";

export const parseSelection = (
  query: QuarantineQuery,
  buckets: readonly string[],
  now: number,
): QuarantineSelection => {
  const bucket = query.bucket || undefined;
  if (bucket !== undefined && !buckets.includes(bucket))
    throw new QueryError(
      "bucket",
      `bucket must be one of ${buckets.join(", ")}, or absent for all.`,
    );
  return {
    buckets: bucket === undefined ? buckets : [bucket],
    reason: nameOf("reason", query.reason, /^[a-z0-9_]{1,64}$/, "a code such as not_json"),
    sinceMs: timeOf("from", query.from, now),
    untilMs: timeOf("to", query.to, now),
    stream: nameOf("stream", query.stream, NAME, NAME_RULE),
    shardId: nameOf("shard", query.shard, NAME, NAME_RULE),
  };
};

export const parseLimit = (text: string | undefined): number => {
  if (!text) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new QueryError("limit", `limit must be a whole number from 1 to ${MAX_LIMIT}.`);
};

/** Which record: the bucket, the object that holds it, and `<sequence number>:<index>`. */
export const parseRecordQuery = (query: Readonly<Record<string, string | undefined>>) => {
  const bucket = requireText("bucket", query.bucket);
  const key = requireText("key", query.key);
  if (parseQuarantineKey(key) === undefined)
    throw new QueryError("key", "key must be the key of an object below _quarantine/reason=.");
  const id = requireText("id", query.id);
  const [, sequenceNumber, index] = /^(\d{1,128}):(\d{1,9})$/.exec(id) ?? [];
  if (sequenceNumber === undefined)
    throw new QueryError("id", "id must be <sequence number>:<index>.");
  return { bucket, key, id: { sequenceNumber, index: Number(index) } };
};
