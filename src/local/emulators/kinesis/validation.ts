import * as z from "zod";
import { PARTITION_KEY_MAX_LENGTH, PUT_RECORDS_MAX_ENTRIES } from "../../../shared/core/limits.ts";
import { serializationFailed, validationFailed } from "./errors.ts";

type Path = readonly PropertyKey[];

/** The constraints of the service model, https://docs.aws.amazon.com/kinesis/latest/APIReference/ */
const STREAM_NAME = /^[a-zA-Z0-9_.-]+$/;
const STREAM_ARN = /^arn:aws.*:kinesis:.*:\d{12}:stream\/\S+$/;
const SHARD_ID = /^[a-zA-Z0-9_.-]+$/;
const HASH_KEY = /^(0|([1-9]\d{0,38}))$/;
const SEQUENCE_NUMBER = /^(0|([1-9]\d{0,128}))$/;

export const streamName = z.string().min(1).max(128).regex(STREAM_NAME);
export const streamArn = z.string().min(1).max(2048).regex(STREAM_ARN);
export const shardId = z.string().min(1).max(128).regex(SHARD_ID);
export const hashKey = z.string().regex(HASH_KEY);
export const sequenceNumber = z.string().regex(SEQUENCE_NUMBER);
/** Seconds since the epoch, with a fraction. */
export const timestamp = z.number();
export const limit = z.int().min(1).max(10_000);
export const token = z.string().min(1).max(1_048_576);
export const tagKey = z.string().min(1).max(128);
export const tags = z.record(tagKey, z.string().max(256));
export const maxRecordKiB = z.int().min(1024).max(10_240);

/** StreamName, StreamARN or both; which of them is needed is the operation's to say. */
export const streamTarget = { StreamName: streamName.nullish(), StreamARN: streamArn.nullish() };

const isShortEnough = (text: string): boolean =>
  // Characters are never more than UTF-16 units; the exact count is only taken past the limit.
  text.length <= PARTITION_KEY_MAX_LENGTH || [...text].length <= PARTITION_KEY_MAX_LENGTH;

const partitionKey = z
  .string()
  .min(1)
  .refine(isShortEnough, {
    params: {
      constraint: `Member must have length less than or equal to ${PARTITION_KEY_MAX_LENGTH}`,
    },
  });

/** What one record brings; `Data` is base64. */
export const record = {
  Data: z.string(),
  PartitionKey: partitionKey,
  ExplicitHashKey: hashKey.nullish(),
};
export const records = z.array(z.object(record)).min(1).max(PUT_RECORDS_MAX_ENTRIES);

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** `records.1.member.partitionKey` */
const memberPath = (path: Path): string =>
  path
    .map((part) => (typeof part === "number" ? `${part + 1}.member` : lowerFirst(String(part))))
    .join(".");

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce(
    (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
    root,
  );

const JAVA_TYPES: Readonly<Record<string, string>> = {
  string: "java.lang.String",
  number: "java.lang.Number",
  boolean: "java.lang.Boolean",
};

const describeType = (value: unknown): string => {
  if (Array.isArray(value)) return "Start of list";
  return JAVA_TYPES[typeof value] ?? "Start of structure or map";
};

const LENGTH_ORIGINS = new Set(["string", "array"]);

const constraintOf = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case "too_small":
      return LENGTH_ORIGINS.has(issue.origin)
        ? `Member must have length greater than or equal to ${issue.minimum}`
        : `Member must have value greater than or equal to ${issue.minimum}`;
    case "too_big":
      return LENGTH_ORIGINS.has(issue.origin)
        ? `Member must have length less than or equal to ${issue.maximum}`
        : `Member must have value less than or equal to ${issue.maximum}`;
    case "invalid_format":
      return `Member must satisfy regular expression pattern: ${String(issue.pattern ?? issue.format).replace(/^\/\^|\$\/$/g, "")}`;
    case "invalid_value":
      return `Member must satisfy enum value set: [${issue.values.join(", ")}]`;
    case "custom":
      return String(issue.params?.constraint ?? issue.message);
    case "invalid_key":
      return `Map keys must satisfy constraint: [${issue.issues.map(constraintOf).join(", ")}]`;
    default:
      return issue.message;
  }
};

const quote = (value: unknown): string => {
  if (value === undefined || value === null) return "Value null";
  if (typeof value === "object") return "Value";
  const text = String(value);
  return `Value '${text.length > 300 ? `${text.slice(0, 300)}...` : text}'`;
};

/**
 * Checks a request's members. A wrong JSON type is a SerializationException that names the member;
 * every broken constraint is listed in one ValidationException.
 */
export const parseInput = <Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems: string[] = [];
  for (const issue of parsed.error.issues) {
    const value = valueAt(body, issue.path);
    const member = memberPath(issue.path);
    if (value === undefined || value === null)
      problems.push(
        `Value null at '${member}' failed to satisfy constraint: Member must not be null`,
      );
    else if (issue.code === "invalid_type")
      throw serializationFailed(
        `${describeType(value)} found at '${member}' can not be converted to ${issue.expected}.`,
      );
    else
      problems.push(
        `${quote(value)} at '${member}' failed to satisfy constraint: ${constraintOf(issue)}`,
      );
  }
  throw validationFailed(problems);
};
