import * as z from "zod";
import { MIB, PUT_RECORDS_MAX_BYTES } from "../../../../shared/core/limits.ts";
import {
  internalFailure,
  invalidArgument,
  KinesisError,
  serializationFailed,
  throughputExceeded,
  validationFailed,
} from "../errors.ts";
import type { IncomingRecord } from "../frames.ts";
import { MAX_HASH_KEY } from "../hash-key.ts";
import { parseSequenceNumber } from "../sequence-number.ts";
import type { PreparedAppend } from "../shard-log.ts";
import type { ShardHandle, Stream } from "../stream.ts";
import { record, records, sequenceNumber, streamTarget } from "../validation.ts";
import { type Context, defineOperation, targetDataStream } from "./operation.ts";

type Entry = {
  Data: string;
  PartitionKey: string;
  ExplicitHashKey?: string | null | undefined;
};

type EntryAnswer =
  | { SequenceNumber: string; ShardId: string }
  | { ErrorCode: string; ErrorMessage: string };

const decodedBytes = (base64: string, member: string): number => {
  if (base64.length % 4 !== 0)
    throw serializationFailed(
      `Value at '${member}' can not be converted to a Blob: base64 encoded length is expected a multiple of 4 bytes but found: ${base64.length}`,
    );
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
};

const toRecord = (
  { Data, PartitionKey }: Entry,
  path: string,
  maxBytes: number,
): IncomingRecord => {
  const dataBytes = decodedBytes(Data, `${path}data`);
  const keyBytes = Buffer.byteLength(PartitionKey);
  // The key counts, https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
  if (dataBytes > maxBytes)
    throw validationFailed([
      `Value at '${path}data' failed to satisfy constraint: Member must have length less than or equal to ${maxBytes}`,
    ]);
  if (dataBytes + keyBytes > maxBytes)
    throw validationFailed([
      `Value at '${path}data' failed to satisfy constraint: data and partition key together must have length less than or equal to ${maxBytes}; they have ${dataBytes + keyBytes}`,
    ]);
  return { partitionKey: PartitionKey, keyBytes, data: Data, dataBytes };
};

const shardFor = (stream: Stream, { PartitionKey, ExplicitHashKey }: Entry): ShardHandle => {
  const router = stream.router();
  if (ExplicitHashKey == null) return stream.handleAt(router.byPartitionKey(PartitionKey));
  const key = BigInt(ExplicitHashKey);
  if (key > MAX_HASH_KEY)
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${ExplicitHashKey}`,
    );
  return stream.handleAt(router.byHashKey(key));
};

const isAdmitted = (
  shard: ShardHandle,
  { keyBytes, dataBytes }: IncomingRecord,
  { isThrottled, now }: Context,
): boolean => !isThrottled || shard.throttle(now()).admitRecord(keyBytes + dataBytes, now());

const maxRecordBytes = (stream: Stream): number => stream.meta().maxRecordKiB * 1024;

const putRecord = defineOperation(
  z.object({
    ...streamTarget,
    ...record,
    SequenceNumberForOrdering: sequenceNumber.nullish(),
  }),
  async (input, context) => {
    const stream = targetDataStream(input, context);
    const { name, incarnation } = stream.meta();
    const after = input.SequenceNumberForOrdering;
    if (after != null && parseSequenceNumber(after)?.incarnation !== incarnation)
      throw invalidArgument(
        `ExclusiveMinimumSequenceNumber ${after} used in PutRecord on stream ${name} under account ${context.account} is invalid.`,
      );
    const incoming = toRecord(input, "", maxRecordBytes(stream));
    const shard = shardFor(stream, input);
    if (!isAdmitted(shard, incoming, context))
      throw throughputExceeded(shard.id, name, context.account);
    const prepared = shard.log.prepare([incoming], context.now());
    shard.log.commit(prepared);
    stream.trimBytes();
    await context.settle(stream);
    return {
      ShardId: shard.id,
      SequenceNumber: shard.sequenceNumber(prepared.firstOrdinal),
      EncryptionType: "NONE",
    };
  },
);

const injectedFailure = (stream: Stream, shard: ShardHandle, context: Context) => {
  const { name } = stream.meta();
  const fault = context.faults.decide({
    service: "kinesis",
    operation: "PutRecords.entry",
    resource: name,
  });
  if (fault === undefined) return undefined;
  const code = fault.code ?? "InternalFailure";
  const message =
    fault.message ??
    (code === "ProvisionedThroughputExceededException"
      ? throughputExceeded(shard.id, name, context.account).message
      : "Internal service failure.");
  return { ErrorCode: code, ErrorMessage: message };
};

type ShardWrite = {
  shard: ShardHandle;
  records: IncomingRecord[];
  /** Where each record stood in the request. */
  positions: number[];
};

const commitShard = (
  { shard, positions }: ShardWrite,
  prepared: PreparedAppend,
  answers: EntryAnswer[],
): void => {
  try {
    shard.log.commit(prepared);
    positions.forEach((position, i) => {
      answers[position] = {
        SequenceNumber: shard.sequenceNumber(prepared.firstOrdinal + i),
        ShardId: shard.id,
      };
    });
  } catch (error) {
    if (!(error instanceof KinesisError)) throw error;
    for (const position of positions)
      answers[position] = { ErrorCode: error.code, ErrorMessage: error.message };
  }
};

const putRecords = defineOperation(
  z.object({ ...streamTarget, Records: records }),
  async (input, context) => {
    const stream = targetDataStream(input, context);
    const maxBytes = maxRecordBytes(stream);
    const incoming = input.Records.map((entry, i) =>
      toRecord(entry, `records.${i + 1}.member.`, maxBytes),
    );
    const total = incoming.reduce((sum, { keyBytes, dataBytes }) => sum + keyBytes + dataBytes, 0);
    if (total > PUT_RECORDS_MAX_BYTES)
      throw invalidArgument(`Records size exceeds ${PUT_RECORDS_MAX_BYTES / MIB} MB limit`);

    const shards = input.Records.map((entry) => shardFor(stream, entry));
    const answers = new Array<EntryAnswer>(incoming.length);
    const writes = new Map<ShardHandle, ShardWrite>();
    incoming.forEach((item, position) => {
      const shard = shards[position] as ShardHandle;
      const failure = injectedFailure(stream, shard, context);
      if (failure !== undefined) {
        answers[position] = failure;
        return;
      }
      if (!isAdmitted(shard, item, context)) {
        const { code, message } = throughputExceeded(shard.id, stream.meta().name, context.account);
        answers[position] = { ErrorCode: code, ErrorMessage: message };
        return;
      }
      let write = writes.get(shard);
      if (write === undefined) {
        write = { shard, records: [], positions: [] };
        writes.set(shard, write);
      }
      write.records.push(item);
      write.positions.push(position);
    });

    // All data is decoded before any of it is written: a request that cannot be read stores nothing.
    const prepared = [...writes.values()].map((write) => ({
      write,
      frames: write.shard.log.prepare(write.records, context.now()),
    }));
    for (const { write, frames } of prepared) commitShard(write, frames, answers);
    stream.trimBytes();
    await context.settle(stream);

    const failed = answers.filter((answer) => "ErrorCode" in answer);
    const hasStored = failed.length < answers.length;
    const isDiskFull = prepared.length > 0 && !hasStored && failed.every(isStorageFailure);
    if (isDiskFull) throw internalFailure(failed[0]?.ErrorMessage ?? "Internal service failure.");
    return { FailedRecordCount: failed.length, Records: answers, EncryptionType: "NONE" };
  },
);

const isStorageFailure = (answer: { ErrorCode: string }): boolean =>
  answer.ErrorCode === "InternalFailure";

export const putOperations = { PutRecord: putRecord, PutRecords: putRecords };
