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

/** The connection was never made. */
const UNCONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "CredentialsProviderError",
]);

/** A call that was refused, or never left, stored nothing; of any other that is not known. */
const mayBeStored = (label: string, message: string, status: number | undefined): boolean =>
  !UNCONNECTED.has(label) &&
  !/did not establish a connection/.test(message) &&
  (status === undefined || status < 400 || status >= 500);

/** What a gateway says in the place of Kinesis is no word on what Kinesis still does. */
const isAnswer = (status: number | undefined): boolean =>
  status !== undefined && status !== 502 && status !== 504;

const toError = (error: unknown): PutRecordsError => {
  const { name = "UnknownError", message = String(error), $metadata } = error as ServiceError;
  const code = (error as { code?: unknown }).code;
  // Node names its network errors by `code`; AWS names its own by `name`.
  const label = typeof code === "string" ? code : name;
  const status = $metadata?.httpStatusCode;
  return new PutRecordsError(kindOf(name, status), label, message, {
    cause: error,
    mayBeStored: mayBeStored(label, message, status),
    isAnswered: isAnswer(status),
  });
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
