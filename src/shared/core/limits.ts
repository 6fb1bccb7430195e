/** The services' published limits. Everything that packs, splits or refuses reads them from here. */

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** PutRecords, https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
export const PUT_RECORDS_MAX_ENTRIES = 500;
/** Data and partition keys of one PutRecords request together. */
export const PUT_RECORDS_MAX_BYTES = 10 * MIB;
/** Data and partition key of one record; a stream's default `MaxRecordSizeInKiB`. */
export const RECORD_MAX_BYTES = MIB;
/** Unicode code points. */
export const PARTITION_KEY_MAX_LENGTH = 256;

/** GetRecords, https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html */
export const GET_RECORDS_MAX_RECORDS = 10_000;
export const GET_RECORDS_MAX_BYTES = 10 * MIB;
export const SHARD_ITERATOR_MAX_AGE_MS = 5 * 60_000;

/** Write capacity of a provisioned shard, per second. */
export const SHARD_WRITE_BYTES_PER_SECOND = MIB;
export const SHARD_WRITE_RECORDS_PER_SECOND = 1000;

/** Lambda's synchronous invocation payload, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const LAMBDA_PAYLOAD_MAX_BYTES = 6 * MIB;
export const EVENT_SOURCE_MAX_BATCH_RECORDS = 10_000;
export const EVENT_SOURCE_MAX_WINDOW_SECONDS = 300;
/** https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html; -1 is no limit. */
export const EVENT_SOURCE_MAX_RETRY_ATTEMPTS = 10_000;
export const EVENT_SOURCE_MIN_RECORD_AGE_SECONDS = 60;
export const EVENT_SOURCE_MAX_RECORD_AGE_SECONDS = 604_800;
export const EVENT_SOURCE_MAX_PARALLELIZATION_FACTOR = 10;

/** S3 object key, UTF-8 bytes. */
export const S3_KEY_MAX_BYTES = 1024;
export const S3_LIST_MAX_KEYS = 1000;

/** A body larger than this is answered with 413 before it is parsed. */
export const INGEST_MAX_BODY_BYTES = 20 * MIB;
/** A compressed body may not unpack to more. */
export const INGEST_MAX_DECODED_BYTES = 64 * MIB;
/** Logs in one request; the answer names every refused one, and each costs bookkeeping. */
export const INGEST_MAX_LOGS = 100_000;
/** Objects and arrays inside one another in a log. */
export const INGEST_MAX_DEPTH = 256;
/** Characters of an `Idempotency-Key`. */
export const IDEMPOTENCY_KEY_MAX_LENGTH = 255;
/** Everything of a `{"logs":[…]}` body besides the logs themselves. */
export const INGEST_MAX_ENVELOPE_BYTES = MIB;
/** What one gzip-compressed record of the stream may unpack to. */
export const RECORD_MAX_DECODED_BYTES = 64 * MIB;
