import type { ItemRefusal } from "../ingest-body.ts";
import { RECORD_MAX_BYTES } from "../limits.ts";
import type { SignalItem } from "../signal-door.ts";
import type { Signal } from "../signals.ts";
import { jsonAttributes } from "./json-text.ts";
import { attempt, createLineCollector, type LineCollector } from "./line-collector.ts";
import { logLine } from "./log-line.ts";
import type { MessageType } from "./message-type.ts";
import { METRIC_KINDS, metricLine } from "./metric-line.ts";
import { type Origin, originOf } from "./origin.ts";
import { OtlpError, type OtlpErrorCode } from "./otlp-error.ts";
import { readJson } from "./read-json.ts";
import { readProtobuf } from "./read-protobuf.ts";
import {
  instrumentationScope,
  keyValue,
  logRecord,
  logsRequest,
  metric,
  metricData,
  metricsRequest,
  type RequestTypes,
  resource,
  span,
  tracesRequest,
} from "./schema.ts";
import { spanLine, spanObstacle } from "./span-line.ts";

export type OtlpEncoding = "json" | "protobuf";

export type CutRequest =
  | { readonly ok: true; readonly items: SignalItem[]; readonly refused: ItemRefusal[] }
  | { readonly ok: false; readonly code: OtlpErrorCode; readonly reason: string };

type Read = <Value>(bytes: Uint8Array, type: MessageType<Value>) => Value;

const READERS: Readonly<Record<OtlpEncoding, Read>> = { json: readJson, protobuf: readProtobuf };

const REQUESTS: Readonly<Record<Signal, RequestTypes>> = {
  logs: logsRequest,
  metrics: metricsRequest,
  apm: tracesRequest,
};

/** Adds what one element of `logRecords`, `metrics` or `spans` holds. */
type AddItem = (
  read: Read,
  bytes: Uint8Array,
  origin: Origin | OtlpError,
  collector: LineCollector,
) => void;

const addLog: AddItem = (read, bytes, origin, { add }) =>
  add(bytes, origin, (known) => logLine(read(bytes, logRecord), known));

const addSpan: AddItem = (read, bytes, origin, { add }) =>
  add(bytes, origin, (known) => {
    const value = read(bytes, span);
    const obstacle = spanObstacle(value);
    if (obstacle !== undefined) throw new OtlpError("MALFORMED", obstacle);
    return spanLine(value, known);
  });

const KIND_NAMES = Object.keys(METRIC_KINDS) as (keyof typeof METRIC_KINDS)[];

const addMetric: AddItem = (read, bytes, origin, { add }) => {
  const { metadata, ...head } = read(bytes, metric);
  const metadataText = jsonAttributes(metadata?.map((entry) => read(entry, keyValue)));
  for (const name of KIND_NAMES) {
    const dataBytes = head[name];
    if (dataBytes === undefined) continue;
    const kind = METRIC_KINDS[name];
    const data = read(dataBytes, metricData[name]);
    for (const point of data.dataPoints ?? [])
      add(point, origin, (known) =>
        metricLine({ ...head, metadataText }, kind, data, read(point, kind.point), known),
      );
  }
};

const ADD_ITEM: Readonly<Record<Signal, AddItem>> = {
  logs: addLog,
  metrics: addMetric,
  apm: addSpan,
};

/** A resource or scope, which is in every line below it. */
const readShared = <Value>(
  read: Read,
  bytes: Uint8Array | undefined,
  type: MessageType<Value>,
): Value | OtlpError | undefined => {
  if (bytes === undefined) return undefined;
  return attempt(() => {
    if (bytes.length < RECORD_MAX_BYTES) return read(bytes, type);
    throw new OtlpError("TOO_LARGE", `A ${type.name} of ${bytes.length} bytes fits no record.`);
  });
};

const cut = (body: Uint8Array, read: Read, signal: Signal): LineCollector => {
  const types = REQUESTS[signal];
  const collector = createLineCollector(signal);
  for (const resourceItems of read(body, types.request).resources ?? []) {
    const { scopes, ...ofResource } = read(resourceItems, types.resourceItems);
    const shared = readShared(read, ofResource.resource, resource);
    for (const scopeItems of scopes ?? []) {
      const { items, ...ofScope } = read(scopeItems, types.scopeItems);
      const scope = readShared(read, ofScope.scope, instrumentationScope);
      const origin = originOf(shared, ofResource.schemaUrl, scope, ofScope.schemaUrl);
      for (const item of items ?? []) ADD_ITEM[signal](read, item, origin, collector);
    }
  }
  return collector;
};

/**
 * Makes one JSON line of each log record, data point or span of an Export*ServiceRequest, in the
 * order in which they stand there; docs/otlp.md has the shapes. The same request always gives the
 * same bytes. What cannot be read of one item refuses that item, of a resource or a scope those
 * below it, of what is around them the whole request.
 */
export const cutRequest = (
  body: Uint8Array,
  encoding: OtlpEncoding,
  signal: Signal,
): CutRequest => {
  try {
    const { items, refused } = cut(body, READERS[encoding], signal);
    return { ok: true, items, refused };
  } catch (error) {
    if (error instanceof OtlpError) return { ok: false, code: error.code, reason: error.message };
    throw error;
  }
};
