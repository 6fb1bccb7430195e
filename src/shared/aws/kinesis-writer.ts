import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import type { EntryResult, RecordWriter } from "../core/ports.ts";
import { PutRecordsError, type PutRecordsErrorKind } from "../core/put-records-error.ts";

const THROTTLES = /Throttl|ThroughputExceeded|LimitExceeded|TooManyRequests|SlowDown/;

type ServiceError = { name?: string; message?: string; $metadata?: { httpStatusCode?: number } };

const kindOf = (name: string, status: number | undefined): PutRecordsErrorKind => {
  if (THROTTLES.test(name) || status === 429) return "throttled";
  // No status: no answer came, or none that could be read.
  return status === undefined || status < 400 || status >= 500 ? "unavailable" : "permanent";
};

const toError = (error: unknown): PutRecordsError => {
  const { name = "UnknownError", message = String(error), $metadata } = error as ServiceError;
  const code = (error as { code?: unknown }).code;
  // Node names its network errors by `code`; AWS names its own by `name`.
  const label = typeof code === "string" ? code : name;
  return new PutRecordsError(kindOf(name, $metadata?.httpStatusCode), label, message, error);
};

/**
 * PutRecords on one stream. The client must make one attempt only (`maxAttempts: 1`): retrying
 * whole calls would send again what was stored.
 */
export const createKinesisWriter = (client: KinesisClient, streamName: string): RecordWriter => ({
  putRecords: async (entries, signal) => {
    const command = new PutRecordsCommand({
      StreamName: streamName,
      Records: entries.map(({ data, partitionKey }) => ({
        Data: data,
        PartitionKey: partitionKey,
      })),
    });
    const output = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      throw toError(error);
    });
    return (output.Records ?? []).map(
      ({ SequenceNumber, ShardId, ErrorCode, ErrorMessage }): EntryResult =>
        SequenceNumber !== undefined && ErrorCode === undefined
          ? { ok: true, sequenceNumber: SequenceNumber, shardId: ShardId ?? "" }
          : { ok: false, code: ErrorCode ?? "InternalFailure", message: ErrorMessage ?? "" },
    );
  },
});
