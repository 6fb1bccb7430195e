import { z } from "@hono/zod-openapi";

const count = z.number().nullable();
const text = z.string().nullable();

export const streamsSchema = z
  .object({
    streams: z.array(
      z.object({
        name: z.string(),
        status: text,
        shard_count: count,
        retention_hours: count,
        created_at: text,
        error: text,
      }),
    ),
    total: z.int(),
    active: z.int(),
    is_complete: z.boolean(),
  })
  .openapi("Streams");

export const streamSchema = z
  .object({
    stream_name: z.string(),
    status: z.string(),
    arn: z.string(),
    retention_hours: z.int(),
    created_at: text,
    shards: z.array(
      z.object({
        shard_id: z.string(),
        status: z.string(),
        hash_range: z.object({ start: z.string(), end: z.string() }),
        hash_share_percent: z.number(),
        sequence_range: z.object({ start: z.string(), end: text }),
        parent_shard_id: text,
        adjacent_parent_shard_id: text,
      }),
    ),
    shard_count: z.int(),
    open_shard_count: z.int(),
    shards_complete: z.boolean(),
    encryption: z.string(),
  })
  .openapi("Stream");

export const shardsSchema = z
  .object({
    stream: z.string(),
    complete: z.boolean(),
    shards: z.array(
      z.object({
        shardId: z.string(),
        state: z.enum(["open", "closed"]),
        parents: z.array(z.string()),
        hashRange: z.object({ start: z.string(), end: z.string() }),
        hashSharePercent: z.number(),
        in: z
          .object({
            recordsPerSecond: z.number(),
            bytesPerSecond: z.number(),
            writeShare: z.number().openapi({ description: "Of what one shard takes; 1 is all." }),
            hot: z.boolean(),
          })
          .nullable(),
        inReason: text,
        outRecordsPerSecond: count,
        outReason: text,
        recordsRead: count,
      }),
    ),
  })
  .openapi("Shards");

export const recordsSchema = z
  .object({
    stream: z.string(),
    records: z.array(
      z.object({
        shard: z.string(),
        seq: z
          .string()
          .openapi({ description: "Compare as an integer of 128 bits, never a Number." }),
        partitionKey: z.string(),
        arrival: z.string().openapi({ example: "2026-11-22T10:00:00.000Z" }),
        bytes: z.int(),
        encoding: z.enum(["utf8", "base64"]),
        raw: text.openapi({
          description: "The record's bytes, never parsed; null with decode=lines.",
        }),
        truncated: z.boolean(),
        lines: z
          .array(
            z.object({
              index: z.int(),
              raw: z.string(),
              encoding: z.enum(["utf8", "base64"]),
              bytes: z.int(),
              truncated: z.boolean(),
              level: text,
              reason: text,
            }),
          )
          .optional(),
        lineCount: z.int().optional(),
      }),
    ),
    millisBehindLatest: count,
    nextCursor: text,
    shards: z.array(z.string()),
    notRead: z.array(z.string()),
    calls: z.int(),
  })
  .openapi("Records");

const trend = z.enum(["rising", "falling", "steady"]).nullable();

export const consumersSchema = z
  .object({
    stream: z.string(),
    consumers: z.array(
      z.object({
        name: z.string(),
        source: z.enum(["checkpoint", "cloudwatch"]),
        shards: z.array(
          z.object({
            shardId: z.string(),
            drained: z.boolean(),
            millisBehind: count,
            reason: text.openapi({ description: "Why millisBehind is not known." }),
            trend,
            trendReason: text,
            checkpointAgeMs: count,
            sequenceNumber: text,
            records: count,
            recordsPerSecond: count,
            owner: text,
            asOf: text,
            error: z
              .object({ code: z.string(), message: z.string(), since: z.string() })
              .nullable(),
          }),
        ),
      }),
    ),
    reason: text,
  })
  .openapi("Consumers");

export const tailsSchema = z
  .object({
    tails: z.array(
      z.object({
        stream: z.string(),
        viewers: z.int(),
        readers: z.int(),
        calls: z.int(),
        since: z.string(),
      }),
    ),
  })
  .openapi("Tails");
