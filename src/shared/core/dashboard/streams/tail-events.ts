import type { RecordView } from "./record-view.ts";

/** What a live tail says, whether it is pushed or polled. Shared with the browser. */

export type HelloEvent = {
  windowMs: number;
  /** Lines in one batch, unless a single record holds more. */
  maxPerBatch: number;
  serverTime: string;
  mode: "sse";
  shards: readonly string[];
  /** Shards beyond what one tail reads. */
  notRead: readonly string[];
};

export type BatchEvent = {
  records: readonly RecordView[];
  /** Always 0: what is left out is told by a gap, with its place. */
  dropped: number;
  /** Always 1: nothing is sampled. */
  sampled: number;
  millisBehind: number | null;
};

export type GapReason =
  /** This viewer did not take what was sent. */
  | "slow"
  /** They arrived while this viewer was away, and are kept no longer than a moment. */
  | "away"
  /** The stream is faster than the tail may read: it went on nearer to its end. */
  | "behind"
  /** Past the retention. */
  | "trimmed";

/** Records of a shard after `after` up to and with `until` that are not shown; null is not known. */
export type GapEvent = {
  shard: string;
  after: string | null;
  until: string | null;
  records: number | null;
  lines: number | null;
  reason: GapReason;
};

export type PingEvent = { serverTime: string; millisBehind: number | null };

export type ProblemEvent = {
  shard: string | null;
  code: string;
  detail: string;
  /** When it is tried again; null where it will not be. */
  retryMs: number | null;
};

export type ByeReason = "window" | "shutdown" | "gone";
export type ByeEvent = { reason: ByeReason };

export type TailEventName = "hello" | "batch" | "gap" | "ping" | "problem" | "bye";

/** As it goes over the wire. */
export type TailMessage = {
  readonly event: TailEventName;
  /** JSON. */
  readonly data: string;
  /** Where to go on after this message. */
  readonly id?: string;
};
