import type { LogLevel } from "../../shared/core/dashboard/log-level.ts";
import type { RecordView } from "../../shared/core/dashboard/streams/record-view.ts";

/** A log in its shard: sequence number, and place within the record. */
export type Place = { readonly seq: string; readonly index: number };

export type Line = Place & {
  readonly kind: "line";
  readonly id: number;
  readonly shard: string;
  readonly key: string;
  readonly arrival: string;
  readonly raw: string;
  readonly encoding: "utf8" | "base64";
  readonly bytes: number;
  readonly truncated: boolean;
  readonly level: LogLevel | null;
  readonly reason: string | null;
};

/** What is missing of one shard: after the one place, up to and with the other. */
export type MissingRange = {
  readonly shard: string;
  readonly after: Place | null;
  until: Place | null;
};

/** Stands exactly where lines are missing. */
export type Skip = {
  readonly kind: "skip";
  readonly id: number;
  /** Null where nobody knows how many. */
  lines: number | null;
  ranges: MissingRange[];
  /** Why they are missing, for people. */
  readonly why: string;
  state: "idle" | "loading" | "failed";
};

export type Item = Line | Skip;

let lastId = 0;
export const nextId = (): number => {
  lastId += 1;
  return lastId;
};

/** After every line of a record. */
export const LAST_INDEX = Number.MAX_SAFE_INTEGER;

/** The lines of a record; one that could not be unpacked at all is a line itself. */
export const linesOf = (record: RecordView): Line[] =>
  (record.lines ?? []).map((line) => ({
    kind: "line",
    id: nextId(),
    shard: record.shard,
    seq: record.seq,
    key: record.partitionKey,
    arrival: record.arrival,
    index: line.index,
    raw: line.raw,
    encoding: line.encoding,
    bytes: line.bytes,
    truncated: line.truncated,
    level: line.level,
    reason: line.reason,
  }));

export const isAfter = (a: Place, b: Place): boolean => {
  if (a.seq === b.seq) return a.index > b.index;
  // Decimal without leading zeros: the longer is the greater.
  return a.seq.length === b.seq.length ? a.seq > b.seq : a.seq.length > b.seq.length;
};

export const isError = ({ level }: Line): boolean => level === "error" || level === "fatal";
