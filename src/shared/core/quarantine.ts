import { hourPath } from "./partition.ts";

export const QUARANTINE_PREFIX = "_quarantine/";

/** Why a piece of a record is no log. Part of object keys: never rename one. */
export type QuarantineReason =
  | "empty"
  | "invalid_utf8"
  | "not_json"
  | "not_an_object"
  | "bad_gzip"
  | "too_large"
  | "bad_kpl";

/** One line of a quarantine object. */
export type QuarantineEntry = {
  reason: QuarantineReason;
  /** One sentence for a person. */
  detail: string;
  stream: string;
  shardId: string;
  sequenceNumber: string;
  index: number;
  partitionKey: string;
  /** ISO 8601, UTC. */
  arrivedAt: string;
  /** The raw bytes, base64. */
  data: string;
};

/** `_quarantine/reason=<code>/year=YYYY/month=MM/day=DD/hour=HH/`, by arrival. */
export const quarantinePrefix = (reason: QuarantineReason, hour: number): string =>
  `${QUARANTINE_PREFIX}reason=${reason}/${hourPath(hour)}/`;

const encoder = new TextEncoder();

export const quarantineLine = (entry: QuarantineEntry): Uint8Array =>
  encoder.encode(JSON.stringify(entry));
