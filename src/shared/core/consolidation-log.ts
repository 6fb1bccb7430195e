import type { AcceptedItem } from "./accepted-copies.ts";
import { readLogHead } from "./log-head.ts";

const decoder = new TextDecoder();

/**
 * A log in the form that `/api/consolidate` takes, as JSON text: `data` is the log's own `data`, or
 * the whole of a flat log, in its producer's bytes. A log without a time of its own gets this one.
 */
export const consolidationLog = ({ service, bytes }: AcceptedItem, acceptedAt: string): string => {
  const { logType, timestamp, data } = readLogHead(bytes);
  const raw = (range: { start: number; end: number } | undefined) =>
    decoder.decode(range === undefined ? bytes : bytes.subarray(range.start, range.end));
  const time = timestamp === undefined ? JSON.stringify(acceptedAt) : raw(timestamp);
  return `{"source":${JSON.stringify(service)},"timestamp":${time},"log_type":${JSON.stringify(logType ?? "unknown")},"data":${raw(data)},"metadata":{"accepted_at":${JSON.stringify(acceptedAt)}}}`;
};
