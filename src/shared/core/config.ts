import * as z from "zod";
import { parseRules } from "./dashboard/alerts/rules.ts";
import {
  EVENT_SOURCE_MAX_BATCH_RECORDS,
  EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR,
  EVENT_SOURCE_MAX_RECORD_AGE_SECONDS,
  EVENT_SOURCE_MAX_RETRY_ATTEMPTS,
  EVENT_SOURCE_MAX_WINDOW_SECONDS,
  EVENT_SOURCE_MIN_RECORD_AGE_SECONDS,
  KIB,
  MIB,
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
const anyBucketName = () =>
  z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be 3 to 63 of a-z 0-9 . -");
const bucketName = (fallback: string) => anyBucketName().default(fallback);
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
  /** Ingest, for the dashboard and the simulated upstream; by default INGEST_PORT of this machine. */
  INGEST_URL: url(),
  /** What is watched, and from which figure on it is an alert: see docs/dashboard.md. */
  ALERT_RULES: z
    .string()
    .default("lag>60,freshness>120,throttles,error_rate>0.05,ledger,gap,spool>0.5")
    .transform((text, context) => {
      const rules = parseRules(text);
      if (typeof rules !== "string") return rules;
      context.issues.push({ code: "custom", message: rules, input: text });
      return z.NEVER;
    }),
  /** How long a figure must be over its threshold, seconds. */
  ALERT_FOR: z.coerce.number().min(0).default(30),
  /** How pages follow a stream: pushed, or by asking again; by default what this place can do. */
  TAIL_MODE: z.enum(["sse", "poll"]).optional(),
  /** Gets a POST for each alert that begins or ends. */
  ALERT_WEBHOOK_URL: url(),
  /** Where the dashboard remembers which alerts it told of. */
  DASHBOARD_DIR: z.string().min(1).default(".data/dashboard"),
  /** First port of the simulated upstream services; they take this one, +1, +2, +3 and +5. */
  MOCK_PORT_BASE: z.coerce.number().int().min(1).max(65_530).default(8000),
  /** Whole number; the same one gives the same logs. By default another one each time. */
  MOCK_SEED: z.coerce.number().int().min(0).max(4_294_967_295).optional(),
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

  /** Where logs wait on the disk while Kinesis is away; a folder in it for each stream. */
  SPOOL_DIR: z.string().min(1).default(".data/spool"),
  /** Bytes the spool may take; 0 is no spool: what Kinesis does not take in time is refused. */
  SPOOL_MAX_BYTES: z.coerce.number().int().min(0).default(268_435_456),
  /** Whether records of a failed call are looked for in the stream before they are sent again. */
  VERIFY_RESEND: flag(true),
  /** How long an `Idempotency-Key` is remembered, seconds; 0 is not at all. */
  IDEMPOTENCY_WINDOW: z.coerce.number().int().min(0).max(86_400).default(600),
  /** Keys remembered at the same time; past it the oldest are forgotten early. */
  IDEMPOTENCY_MAX_KEYS: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
  /** Bearer token that ingest asks for; it does not start without one where STAGE is not local. */
  INGEST_TOKEN: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/, "must be at least 16 of A-Z a-z 0-9 . _ ~ + / -")
    .optional(),
  /** Token that the dashboard asks for; it does not start without one where STAGE is not local. */
  DASHBOARD_TOKEN: z
    .string()
    .regex(/^[A-Za-z0-9._~+/-]{16,}=*$/, "must be at least 16 of A-Z a-z 0-9 . _ ~ + / -")
    .optional(),
  /** Comma-separated names that requests may be for, besides localhost and HOST. */
  ALLOWED_HOSTS: z
    .string()
    .transform((list) =>
      list
        .split(",")
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== ""),
    )
    .default([]),

  /** How long a link to one object is good that the dashboard gives out, seconds; 0 is none. */
  PRESIGN_SECONDS: z.coerce.number().int().min(0).max(43_200).default(300),

  /** Folder for local log files, by category, type and day; none are written without it. */
  LOG_DIR: z.string().min(1).optional(),
  /** Bytes of those files together; past it the ones not written to for the longest time go. */
  LOG_DIR_MAX_BYTES: z.coerce.number().int().min(MIB).default(1_073_741_824),
  /** Where accepted logs are forwarded to, at `/api/consolidate`, as far as it takes them. */
  CONSOLIDATION_URL: url(),

  /** Longest time a record waits for its batch to fill, seconds. */
  POLL_INTERVAL: z.coerce.number().min(0).max(EVENT_SOURCE_MAX_WINDOW_SECONDS).default(5),
  /** Kinesis records per batch. */
  BATCH_SIZE: z.coerce.number().int().min(1).max(EVENT_SOURCE_MAX_BATCH_RECORDS).default(100),
  /** How often a failed batch is tried again before it is given up; -1 is until it succeeds. */
  MAXIMUM_RETRY_ATTEMPTS: z.coerce
    .number()
    .int()
    .min(-1)
    .max(EVENT_SOURCE_MAX_RETRY_ATTEMPTS)
    .default(-1),
  /** Age after which a record is given up, seconds; -1 is never. */
  MAXIMUM_RECORD_AGE: z.coerce
    .number()
    .int()
    .refine(
      (age) => age === -1 || age >= EVENT_SOURCE_MIN_RECORD_AGE_SECONDS,
      `must be -1 or ${EVENT_SOURCE_MIN_RECORD_AGE_SECONDS} to ${EVENT_SOURCE_MAX_RECORD_AGE_SECONDS}`,
    )
    .max(EVENT_SOURCE_MAX_RECORD_AGE_SECONDS)
    .default(-1),
  /** Whether a batch that failed is split in two before it is tried again. */
  BISECT_BATCH_ON_ERROR: flag(false),
  /** Batches of one shard handled at a time; records of one partition key stay in order. */
  PARALLELIZATION_FACTOR: z.coerce
    .number()
    .int()
    .min(1)
    .max(EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR)
    .default(1),
  /** Where to read a shard from that was never read before. */
  STARTING_POSITION: z.enum(["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]).default("TRIM_HORIZON"),
  /** For AT_TIMESTAMP: RFC 3339, with its zone. */
  STARTING_POSITION_TIMESTAMP: z.iso.datetime({ offset: true }).optional(),
  /** Bucket for batches that were given up, each with its invocation record. */
  ON_FAILURE_BUCKET: anyBucketName().optional(),
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

/** Settings that are fine each by itself and not together. */
const contradictionsOf = (config: Config): string[] => {
  const found: string[] = [];
  const givesUp = config.MAXIMUM_RETRY_ATTEMPTS >= 0 || config.MAXIMUM_RECORD_AGE >= 0;
  if (givesUp && config.ON_FAILURE_BUCKET === undefined)
    found.push(
      "MAXIMUM_RETRY_ATTEMPTS and MAXIMUM_RECORD_AGE give records up: set ON_FAILURE_BUCKET, where they are kept, or leave both at -1",
    );
  const isTimestampWanted = config.STARTING_POSITION === "AT_TIMESTAMP";
  if (isTimestampWanted !== (config.STARTING_POSITION_TIMESTAMP !== undefined))
    found.push(
      "STARTING_POSITION=AT_TIMESTAMP and STARTING_POSITION_TIMESTAMP go together, such as 2025-11-14T01:00:00Z",
    );
  if (config.KINESIS_STREAM_NAME === config.METRICS_STREAM_NAME)
    found.push(
      "KINESIS_STREAM_NAME and METRICS_STREAM_NAME are the same: metrics and APM need a stream of their own",
    );
  return found;
};

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
  const problems = parsed.success
    ? contradictionsOf(parsed.data)
    : parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        const value = name.endsWith("_TOKEN") ? "…" : JSON.stringify(values[name]);
        return `${name}=${value}: ${issue.message}`;
      });
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError(`Configuration refused. ${problems.join("; ")}.`);
};
