import {
  type JsonText,
  jsonArray,
  jsonAttributes,
  jsonCount,
  jsonEnum,
  jsonId,
  jsonObject,
  jsonString,
  jsonTime,
} from "./json-text.ts";
import type { Origin } from "./origin.ts";
import { type Span, spanKind, statusCode } from "./schema.ts";

const isId = (hex: string | undefined, bytes: number): boolean =>
  hex?.length === 2 * bytes && /[^0]/.test(hex);

/** Why a span cannot be told from others; undefined where it can, opentelemetry-proto trace.proto. */
export const spanObstacle = ({ traceId, spanId }: Span): string | undefined => {
  if (!isId(traceId, 16)) return "A trace id is 16 bytes that are not all zero.";
  return isId(spanId, 8) ? undefined : "A span id is 8 bytes that are not all zero.";
};

const durationOf = ({ startTimeUnixNano = 0n, endTimeUnixNano = 0n }: Span): JsonText =>
  startTimeUnixNano === 0n || endTimeUnixNano === 0n
    ? undefined
    : String(endTimeUnixNano - startTimeUnixNano);

export const spanLine = (span: Span, { service, resource, scope }: Origin): string =>
  jsonObject([
    ["timestamp", jsonTime(span.startTimeUnixNano)],
    ["end_timestamp", jsonTime(span.endTimeUnixNano)],
    ["duration_ns", durationOf(span)],
    ["service", JSON.stringify(service)],
    ["name", JSON.stringify(span.name ?? "")],
    ["kind", jsonEnum(span.kind, spanKind)],
    ["trace_id", jsonId(span.traceId)],
    ["span_id", jsonId(span.spanId)],
    ["parent_span_id", jsonId(span.parentSpanId)],
    ["trace_state", jsonString(span.traceState)],
    ["flags", jsonCount(span.flags)],
    ["status", jsonEnum(span.status?.code, statusCode)],
    ["status_message", jsonString(span.status?.message)],
    ["attributes", jsonAttributes(span.attributes)],
    ["dropped_attributes_count", jsonCount(span.droppedAttributesCount)],
    [
      "events",
      jsonArray(
        span.events?.map((event) =>
          jsonObject([
            ["timestamp", jsonTime(event.timeUnixNano)],
            ["name", JSON.stringify(event.name ?? "")],
            ["attributes", jsonAttributes(event.attributes)],
            ["dropped_attributes_count", jsonCount(event.droppedAttributesCount)],
          ]),
        ),
      ),
    ],
    ["dropped_events_count", jsonCount(span.droppedEventsCount)],
    [
      "links",
      jsonArray(
        span.links?.map((link) =>
          jsonObject([
            ["trace_id", jsonId(link.traceId)],
            ["span_id", jsonId(link.spanId)],
            ["trace_state", jsonString(link.traceState)],
            ["flags", jsonCount(link.flags)],
            ["attributes", jsonAttributes(link.attributes)],
            ["dropped_attributes_count", jsonCount(link.droppedAttributesCount)],
          ]),
        ),
      ),
    ],
    ["dropped_links_count", jsonCount(span.droppedLinksCount)],
    ["resource", resource],
    ["scope", scope],
  ]);
