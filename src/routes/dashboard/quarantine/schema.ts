import { z } from "@hono/zod-openapi";
import type {
  QuarantinePage,
  QuarantineRecordDetail,
  ReasonCounts,
} from "../../../shared/core/dashboard/quarantine/reader.ts";
import {
  hourStartMs,
  type QuarantineCoverage,
  type QuarantineRecord,
} from "../../../shared/core/dashboard/quarantine/records.ts";
import { replayRecordCommand } from "../../../shared/core/dashboard/quarantine/replay-command.ts";
import { entryId } from "../../../shared/core/quarantine-entry.ts";
import { toBase64 } from "./base64.ts";

const coverageSchema = z
  .object({
    objects: z.int().openapi({ description: "Objects that were read." }),
    bytes: z.int(),
    list_calls: z.int(),
    back_to: z.string().nullable().openapi({ description: "The earliest arrival hour reached." }),
    stopped_by: z.enum(["end", "limit", "calls", "objects", "bytes", "time"]),
    unreadable: z.int().openapi({ description: "Lines that are no quarantine entries." }),
    are_hours_whole: z.boolean(),
  })
  .openapi("QuarantineCoverage");

const placeSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  id: z.string().openapi({ example: "49590338271490256608559692538361571095921575989136588898:0" }),
  reason: z.string().openapi({ example: "not_json" }),
  detail: z.string(),
  stream: z.string(),
  shard_id: z.string(),
  sequence_number: z.string(),
  index: z.int(),
  partition_key: z.string(),
  arrived_at: z.string(),
  bytes: z.int(),
  replay_command: z.string(),
});

const recordSchema = placeSchema
  .extend({ head: z.string().openapi({ description: "The first bytes, base64." }) })
  .openapi("QuarantineRecord");

export const quarantineSchema = z
  .object({
    records: z.array(recordSchema),
    count: z.int(),
    next_cursor: z.string().nullable(),
    coverage: coverageSchema,
  })
  .openapi("Quarantine");

export const reasonsSchema = z
  .object({
    reasons: z.array(
      z.object({
        bucket: z.string(),
        reason: z.string(),
        records: z.int(),
        objects: z.int(),
        bytes: z.int(),
        newest: z.string(),
      }),
    ),
    is_complete: z.boolean().openapi({ description: "False: the counts are floors." }),
    coverage: coverageSchema,
  })
  .openapi("QuarantineReasons");

export const recordDetailSchema = placeSchema
  .extend({
    data: z.string().openapi({ description: "The raw bytes, base64." }),
    replayed_at: z.string().nullable(),
    replayed_to: z.array(z.string()),
  })
  .openapi("QuarantineRecordDetail");

/** An hour's path as its start; the path itself where there is no such hour. */
export const hourText = (path: string): string => {
  const ms = hourStartMs(path);
  return Number.isNaN(ms) ? path : `${new Date(ms).toISOString().slice(0, 13)}:00Z`;
};

const coverageJson = ({ backTo, ...coverage }: QuarantineCoverage) => ({
  objects: coverage.objects,
  bytes: coverage.bytes,
  list_calls: coverage.listCalls,
  back_to: backTo === undefined ? null : hourText(backTo),
  stopped_by: coverage.stoppedBy,
  unreadable: coverage.unreadable,
  are_hours_whole: coverage.areHoursWhole,
});

const placeJson = (
  bucket: string,
  key: string,
  entry: Omit<QuarantineRecord, "bucket" | "key" | "bytes" | "head">,
  bytes: number,
) => ({
  bucket,
  key,
  id: entryId(entry),
  reason: entry.reason,
  detail: entry.detail,
  stream: entry.stream,
  shard_id: entry.shardId,
  sequence_number: entry.sequenceNumber,
  index: entry.index,
  partition_key: entry.partitionKey,
  arrived_at: entry.arrivedAt,
  bytes,
  replay_command: replayRecordCommand({ bucket }, entry),
});

export const quarantineJson = ({
  records,
  nextCursor,
  coverage,
}: QuarantinePage): z.infer<typeof quarantineSchema> => ({
  records: records.map(({ bucket, key, bytes, head, ...entry }) => ({
    ...placeJson(bucket, key, entry, bytes),
    head: toBase64(head),
  })),
  count: records.length,
  next_cursor: nextCursor ?? null,
  coverage: coverageJson(coverage),
});

export const reasonsJson = ({
  reasons,
  coverage,
}: ReasonCounts): z.infer<typeof reasonsSchema> => ({
  reasons: [...reasons],
  is_complete: coverage.stoppedBy === "end" && coverage.areHoursWhole,
  coverage: coverageJson(coverage),
});

export const recordJson = (
  bucket: string,
  key: string,
  { entry, data, replay }: QuarantineRecordDetail,
): z.infer<typeof recordDetailSchema> => ({
  ...placeJson(bucket, key, entry, data.length),
  data: toBase64(data),
  replayed_at: typeof replay === "object" ? replay.replayedAt : null,
  replayed_to: typeof replay === "object" ? [...replay.keys] : [],
});
