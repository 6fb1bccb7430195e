import type { Config } from "./config.ts";
import type { BatchResponse, KinesisEvent } from "./kinesis-event.ts";
import { batchCounts, type CountsByService } from "./ledger-counts.ts";
import type { Logger } from "./logger.ts";
import { serviceOfKey } from "./partition.ts";
import { type PartPlan, planParts } from "./plan-parts.ts";
import type { Codec, PartObject, PartSink } from "./ports.ts";

export type ConsumerDeps = {
  sink: PartSink;
  /** Where APM goes of the stream that it shares with metrics; `bucket` is for log lines. */
  apm?: { readonly stream: string; readonly sink: PartSink; readonly bucket: string } | undefined;
  codec: Codec;
  log: Logger;
};

export type ConsumerOptions = {
  /** Of part objects; quarantine objects are never compressed. Changing it renames parts. */
  compression: "none" | "gzip";
  /** Event times further ahead of the record's arrival count as missing. */
  maxFutureSkewMs: number;
  /** When not empty, every other service is stored under `service=__other__`. */
  services?: readonly string[] | undefined;
  /** Where the sink writes; for log lines. */
  bucket: string;
  maxPartsInFlight?: number;
};

/** `bytes` is the size of the object as stored. */
export type WrittenPart = { bucket: string; key: string; lines: number; bytes: number };

/** What one batch left in the bucket. */
export type BatchSummary = {
  stream: string;
  shardId: string;
  /** Kinesis records. */
  records: number;
  /** Logs stored in part objects, and the size of these. */
  lines: number;
  bytes: number;
  parts: WrittenPart[];
  /** Pieces that were no log, and the objects that keep them. */
  quarantined: number;
  quarantinedByReason: Record<string, number>;
  quarantineParts: WrittenPart[];
  /** Lines stored and pieces quarantined, by service. */
  services: CountsByService;
  /** Messages that hold no logs by design, such as CloudWatch Logs' test of the stream. */
  skipped: number;
  /** Partitions met in this batch: one part object each. */
  groups: number;
  firstSequenceNumber: string;
  lastSequenceNumber: string;
};

/** `summary` is null when the batch failed and must come again whole. */
export type ConsumeResult = { response: BatchResponse; summary: BatchSummary | null };

export type Consumer = (event: KinesisEvent) => Promise<ConsumeResult>;

const DEFAULT_MAX_PARTS_IN_FLIGHT = 16;
const CONTENT_TYPE = "application/x-ndjson";
const HOUR_MS = 3_600_000;

/** The consumer's part of the configuration, the same on Lambda and on a laptop. */
export const consumerOptions = (config: Config): ConsumerOptions => ({
  compression: config.COMPRESSION,
  maxFutureSkewMs: config.MAX_FUTURE_SKEW * HOUR_MS,
  services: config.SERVICES,
  bucket: config.TARGET_BUCKET,
});

const join = ({ chunks, bytes }: PartPlan): Uint8Array => {
  const body = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
};

/** Runs at most `limit` tasks at a time. After a failure starts no more, and throws it once all have settled. */
const runBounded = async (
  limit: number,
  tasks: readonly (() => Promise<void>)[],
): Promise<void> => {
  const queue = tasks.values();
  let failed: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const task of queue) {
      try {
        await task();
      } catch (error) {
        failed ??= { error };
      }
      if (failed !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, worker));
  if (failed !== undefined) throw failed.error;
};

/**
 * The consumer: one shard batch in, part objects out, the same objects however often and in
 * whatever batches the records come. Data errors go to quarantine and never fail a batch. When an
 * object cannot be written the whole batch is reported from its first record. Throws only on an
 * event that is not one of Kinesis.
 */
export const createConsumer = (
  { sink, apm, codec, log }: ConsumerDeps,
  options: ConsumerOptions,
): Consumer => {
  const { bucket, compression, maxFutureSkewMs } = options;
  const maxPartsInFlight = options.maxPartsInFlight ?? DEFAULT_MAX_PARTS_IN_FLIGHT;
  const services = options.services?.length ? new Set(options.services) : undefined;

  const toObject = async (
    part: PartPlan,
    shardId: string,
    isPacked: boolean,
  ): Promise<PartObject> => {
    const body = join(part);
    return {
      key: `${part.name}.jsonl${isPacked ? ".gz" : ""}`,
      body: isPacked ? await codec.gzip(body) : body,
      contentType: CONTENT_TYPE,
      metadata: {
        records: String(part.lines),
        shard: shardId,
        "first-sequence-number": part.firstSequenceNumber,
        "last-sequence-number": part.lastSequenceNumber,
      },
    };
  };

  return async (event) => {
    const first = event.Records[0]?.kinesis.sequenceNumber;
    const last = event.Records.at(-1)?.kinesis.sequenceNumber;
    if (first === undefined || last === undefined)
      return { response: { batchItemFailures: [] }, summary: null };

    const plan = planParts(event, codec, {
      maxFutureSkewMs,
      services,
      metricsStream: apm?.stream,
    });
    const { origin, parts, quarantine, quarantinedByReason, skipped } = plan;
    const { stream, shardId } = origin;
    const writeInto =
      (written: WrittenPart[], isPacked: boolean) =>
      (part: PartPlan) =>
      async (): Promise<void> => {
        const object = await toObject(part, shardId, isPacked);
        const target = (part.isApm ? apm : undefined) ?? { sink, bucket };
        await target.sink.putPart(object);
        const { key, body } = object;
        written.push({ bucket: target.bucket, key, lines: part.lines, bytes: body.length });
      };
    const writtenParts: WrittenPart[] = [];
    const quarantineParts: WrittenPart[] = [];
    const tasks = [
      ...parts.map(writeInto(writtenParts, compression === "gzip")),
      ...quarantine.map(writeInto(quarantineParts, false)),
    ];
    const records = event.Records.length;
    try {
      await runBounded(maxPartsInFlight, tasks);
    } catch (error) {
      log.warn(
        { err: error, stream, shardId, bucket, records, firstSequenceNumber: first },
        "Batch not written, it must come again whole.",
      );
      return { response: { batchItemFailures: [{ itemIdentifier: first }] }, summary: null };
    }

    const sum = (written: WrittenPart[], field: "lines" | "bytes") =>
      written.reduce((total, part) => total + part[field], 0);
    const quarantined = sum(quarantineParts, "lines");
    if (quarantined > 0)
      log.warn(
        { stream, shardId, bucket, quarantined, quarantinedByReason },
        "Records that are no logs went to quarantine.",
      );
    const summary: BatchSummary = {
      stream,
      shardId,
      records,
      lines: sum(writtenParts, "lines"),
      bytes: sum(writtenParts, "bytes"),
      parts: writtenParts.sort((a, b) => (a.key < b.key ? -1 : 1)),
      quarantined,
      quarantinedByReason,
      quarantineParts: quarantineParts.sort((a, b) => (a.key < b.key ? -1 : 1)),
      services: batchCounts(
        writtenParts.map(({ key, lines }) => [serviceOfKey(key), lines]),
        plan.quarantinedByService,
      ),
      skipped,
      groups: parts.length,
      firstSequenceNumber: first,
      lastSequenceNumber: last,
    };
    return { response: { batchItemFailures: [] }, summary };
  };
};
