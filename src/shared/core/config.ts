import * as z from "zod";
import {
  EVENT_SOURCE_MAX_BATCH_RECORDS,
  EVENT_SOURCE_MAX_WINDOW_SECONDS,
  KIB,
  RECORD_MAX_BYTES,
} from "./limits.ts";

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const flag = (fallback: boolean) =>
  z
    .enum(["true", "false", "1", "0"])
    .transform((value) => value === "true" || value === "1")
    .default(fallback);
const streamName = (fallback: string) =>
  z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,128}$/, "must be 1 to 128 of a-z A-Z 0-9 _ . -")
    .default(fallback);
const bucketName = (fallback: string) =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be 3 to 63 of a-z 0-9 . -")
    .default(fallback);
const url = () =>
  z.url({ protocol: /^https?$/, error: "must be an http:// or https:// address" }).optional();

/** Every setting there is: name, rule, default. README's table is checked against it. */
export const configSchema = z.object({
  STAGE: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,19}$/)
    .default("local"),
  HOST: z.string().min(1).default("127.0.0.1"),
  INGEST_PORT: port(8004),
  DASHBOARD_PORT: port(8010),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),

  AWS_ENDPOINT_URL: url(),
  AWS_REGION: z.string().min(1).default("us-east-1"),

  KINESIS_ENABLED: flag(true),
  KINESIS_STREAM_NAME: streamName("stage01-logs-stream"),
  METRICS_STREAM_NAME: streamName("stage01-metrics-stream"),
  TARGET_BUCKET: bucketName("md-raw-logs"),
  METRICS_BUCKET: bucketName("md-raw-metrics"),
  APM_BUCKET: bucketName("md-raw-apm"),
  /** Shards of each stream that `npm start` creates; existing streams are left as they are. */
  SHARD_COUNT: z.coerce.number().int().min(1).max(64).default(2),

  /** Longest wait of a small request for company, milliseconds. */
  LINGER_MS: z.coerce.number().int().min(0).max(20).default(5),
  /** Logs of one service travel together in one Kinesis record up to this size; 0 is one log a record. */
  RECORD_PACK_BYTES: z.coerce
    .number()
    .int()
    .min(0)
    .max(RECORD_MAX_BYTES)
    .default(100 * KIB),
  /** Logs waiting for Kinesis, bytes; past it the answer is 429. */
  MAX_QUEUE_BYTES: z.coerce.number().int().min(RECORD_MAX_BYTES).default(67_108_864),
  /** Longest time a request waits for Kinesis before it is answered, milliseconds. */
  REQUEST_DEADLINE_MS: z.coerce.number().int().min(100).max(60_000).default(4_000),

  /** Longest time a record waits for its batch to fill, seconds. */
  POLL_INTERVAL: z.coerce.number().min(0).max(EVENT_SOURCE_MAX_WINDOW_SECONDS).default(5),
  /** Kinesis records per batch. */
  BATCH_SIZE: z.coerce.number().int().min(1).max(EVENT_SOURCE_MAX_BATCH_RECORDS).default(100),
  COMPRESSION: z.enum(["none", "gzip"]).default("none"),
  /** Event times further ahead of the record's arrival count as missing, hours. */
  MAX_FUTURE_SKEW: z.coerce.number().min(0).default(24),
  /** Comma-separated; when set, every other service is stored under `service=__other__`. */
  SERVICES: z
    .string()
    .transform((list) =>
      list
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== ""),
    )
    .optional(),
});

export type Config = z.infer<typeof configSchema>;

/** Names that users of other tools know, and the name each stands for here. */
const ALIASES: Readonly<Record<string, keyof Config>> = {
  AWS_DEFAULT_REGION: "AWS_REGION",
  STREAM_NAME: "KINESIS_STREAM_NAME",
};

export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the configuration. An empty variable counts as unset. Throws one ConfigError naming every
 * bad variable, its value and its rule.
 */
export const loadConfig = (env: Readonly<Record<string, string | undefined>>): Config => {
  const values: Record<string, string> = {};
  for (const [alias, name] of Object.entries(ALIASES)) {
    const value = env[alias];
    if (value) values[name] = value;
  }
  for (const name of Object.keys(configSchema.shape)) {
    const value = env[name];
    if (value) values[name] = value;
  }
  const parsed = configSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name}=${JSON.stringify(values[name])}: ${issue.message}`;
  });
  throw new ConfigError(`Configuration refused. ${problems.join("; ")}.`);
};
