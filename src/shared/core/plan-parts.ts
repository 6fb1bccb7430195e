import { decodeRecord, type RecordVisitor } from "./decode-record.ts";
import { partitionTimeMs } from "./event-time.ts";
import {
  assertSameShard,
  type KinesisEvent,
  type KinesisEventRecord,
  originOf,
  type ShardOrigin,
} from "./kinesis-event.ts";
import { ledgerName } from "./ledger-counts.ts";
import { type LinePosition, partName } from "./part-name.ts";
import { encodePartitionValue, hourOf, OTHER_SERVICES, partitionPrefix } from "./partition.ts";
import type { Codec } from "./ports.ts";
import { type QuarantineReason, quarantineLine, quarantinePrefix } from "./quarantine.ts";
import { serviceOf } from "./service.ts";
import { isApmLog, type Route, routeOfKey } from "./signals.ts";

/** The lines of one batch that go to one part object. */
export type PartPlan = {
  /** For the bucket of APM. */
  readonly isApm: boolean;
  /** Key without its suffix, `service=…/…/part-<uuid>`. */
  readonly name: string;
  /** Pieces of the body, to be joined: lines, each with its line break. */
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  readonly lines: number;
  readonly firstSequenceNumber: string;
  readonly lastSequenceNumber: string;
};

export type BatchPlan = {
  readonly origin: ShardOrigin;
  readonly parts: readonly PartPlan[];
  readonly quarantine: readonly PartPlan[];
  readonly quarantinedByReason: Readonly<Partial<Record<QuarantineReason, number>>>;
  /** By what the partition key says, for a piece that is no log names no service. */
  readonly quarantinedByService: ReadonlyMap<string, number>;
  /** Messages that hold no logs by design. */
  readonly skipped: number;
};

export type PlanOptions = {
  /** Event times further ahead of the record's arrival count as missing. */
  readonly maxFutureSkewMs: number;
  /** When given, every other service is stored under `service=__other__`. */
  readonly services?: ReadonlySet<string> | undefined;
  /**
   * The stream that metrics and APM share: each of its records is what its partition key says. Where
   * another producer than ingest chose the key, each line is what it says of itself.
   */
  readonly metricsStream?: string | undefined;
};

const LF = 0x0a;

/** Small enough that memory is reused rather than asked of the system, page by page. */
const CHUNK_MAX_BYTES = 64 * 1024;

type Group = {
  readonly first: LinePosition;
  lastSequenceNumber: string;
  lines: number;
  bytes: number;
  /** Full ones. */
  readonly chunks: Uint8Array[];
  chunk: Uint8Array;
  chunkBytes: number;
};

const closeChunk = (group: Group): void => {
  group.chunks.push(group.chunk.subarray(0, group.chunkBytes));
  group.chunkBytes = 0;
};

/** Copies at once: what a record was decoded into is gone with the next record. */
const append = (group: Group, line: Uint8Array): void => {
  const bytes = line.length + 1;
  if (group.chunkBytes + bytes > group.chunk.length) {
    if (group.chunkBytes > 0) closeChunk(group);
    const doubled = Math.min(2 * group.chunk.length, CHUNK_MAX_BYTES);
    group.chunk = new Uint8Array(Math.max(bytes, doubled));
  }
  group.chunk.set(line, group.chunkBytes);
  group.chunkBytes += bytes;
  group.chunk[group.chunkBytes - 1] = LF;
  group.bytes += bytes;
  group.lines += 1;
};

/** Groups by key and hour, in the order in which they were first met. */
const createGroups = <Key>() => {
  const byKey = new Map<Key, Map<number, Group>>();
  return {
    add(key: Key, hour: number, sequenceNumber: string, index: number, line: Uint8Array): void {
      let byHour = byKey.get(key);
      if (byHour === undefined) {
        byHour = new Map();
        byKey.set(key, byHour);
      }
      let group = byHour.get(hour);
      if (group === undefined) {
        group = {
          first: { sequenceNumber, index },
          lastSequenceNumber: sequenceNumber,
          lines: 0,
          bytes: 0,
          chunks: [],
          chunk: new Uint8Array(0),
          chunkBytes: 0,
        };
        byHour.set(hour, group);
      }
      append(group, line);
      group.lastSequenceNumber = sequenceNumber;
    },
    map<Result>(plan: (key: Key, hour: number, group: Group) => Result): Result[] {
      return [...byKey].flatMap(([key, byHour]) =>
        [...byHour].map(([hour, group]) => plan(key, hour, group)),
      );
    },
  };
};

const arrivalMs = ({ eventID, kinesis }: KinesisEventRecord): number => {
  const ms = Math.round(kinesis.approximateArrivalTimestamp * 1000);
  if (!Number.isSafeInteger(ms))
    throw new Error(`Record ${eventID} has no approximateArrivalTimestamp.`);
  return ms;
};

/** What goes to one bucket. */
const createTarget = () => ({
  // Undefined stands for the services that are not on the list.
  logs: createGroups<string | undefined>(),
  rejects: createGroups<QuarantineReason>(),
});

/**
 * Decides where every piece of a batch goes. Each decision depends on its record and the options
 * alone, never on the batch, so that any re-batching of the same records leaves the same lines.
 * Throws on an empty event or one of several shards.
 */
export const planParts = (event: KinesisEvent, codec: Codec, options: PlanOptions): BatchPlan => {
  const { maxFutureSkewMs, services } = options;
  const first = event.Records[0];
  if (first === undefined) throw new Error("An event must hold at least one record.");
  const origin = originOf(first);

  const isShared = origin.stream === options.metricsStream;
  const main = createTarget();
  const apm = createTarget();
  const quarantinedByReason: Partial<Record<QuarantineReason, number>> = {};
  const quarantinedByService = new Map<string, number>();
  let skipped = 0;

  let record = first;
  let route: Route | undefined;
  let arrivedAtMs = 0;
  let index = 0;
  const visitor: RecordVisitor = {
    log(line, log, envelope) {
      const service = serviceOf(log, envelope?.service);
      const isListed = services === undefined || services.has(service);
      const hour = hourOf(partitionTimeMs(log, arrivedAtMs, maxFutureSkewMs, envelope?.timeMs));
      const isApm = route === undefined ? isShared && isApmLog(log) : route.signal === "apm";
      const { logs } = isApm ? apm : main;
      logs.add(isListed ? service : undefined, hour, record.kinesis.sequenceNumber, index, line);
      index += 1;
    },
    reject(reason, detail, data) {
      const { sequenceNumber, partitionKey } = record.kinesis;
      const line = quarantineLine({
        reason,
        detail,
        stream: origin.stream,
        shardId: origin.shardId,
        sequenceNumber,
        index,
        partitionKey,
        arrivedAt: new Date(arrivedAtMs).toISOString(),
        data: codec.encodeBase64(data),
      });
      const { rejects } = route?.signal === "apm" ? apm : main;
      rejects.add(reason, hourOf(arrivedAtMs), sequenceNumber, index, line);
      quarantinedByReason[reason] = (quarantinedByReason[reason] ?? 0) + 1;
      const service = ledgerName(route?.service ?? partitionKey, services);
      quarantinedByService.set(service, (quarantinedByService.get(service) ?? 0) + 1);
      index += 1;
    },
    skip() {
      skipped += 1;
    },
  };
  for (record of event.Records) {
    assertSameShard(origin, first, record);
    route = isShared ? routeOfKey(record.kinesis.partitionKey) : undefined;
    arrivedAtMs = arrivalMs(record);
    index = 0;
    decodeRecord(codec.decodeBase64(record.kinesis.data), visitor, codec);
  }

  const plan = (
    isApm: boolean,
    [prefix, value]: readonly [prefix: string, value: string],
    hour: number,
    group: Group,
  ): PartPlan => {
    closeChunk(group);
    return {
      isApm,
      name: prefix + partName(origin, group.first, value, hour),
      chunks: group.chunks,
      bytes: group.bytes,
      lines: group.lines,
      firstSequenceNumber: group.first.sequenceNumber,
      lastSequenceNumber: group.lastSequenceNumber,
    };
  };
  const planLogs = ({ logs }: typeof main, isApm: boolean): PartPlan[] =>
    logs.map((service, hour, group) => {
      const value = service === undefined ? OTHER_SERVICES : encodePartitionValue(service);
      return plan(isApm, [partitionPrefix(value, hour), value], hour, group);
    });
  const planRejects = ({ rejects }: typeof main, isApm: boolean): PartPlan[] =>
    rejects.map((reason, hour, group) =>
      // No partition value holds a slash.
      plan(isApm, [quarantinePrefix(reason, hour), `_quarantine/${reason}`], hour, group),
    );
  return {
    origin,
    parts: [...planLogs(main, false), ...planLogs(apm, true)],
    quarantine: [...planRejects(main, false), ...planRejects(apm, true)],
    quarantinedByReason,
    quarantinedByService,
    skipped,
  };
};
