import type { RecordReader } from "./read-records.ts";
import type { ShardRates } from "./shard-rates.ts";
import type { TailHub } from "./tail-hub.ts";

/** What the pages about streams read, beside the catalogue and the consumer. */
export type StreamsPorts = {
  records: RecordReader;
  /** Undefined where answers cannot be streamed: pages then poll. */
  tail?: TailHub | undefined;
  /** Undefined where streams are not read for a figure. */
  rates?: ShardRates | undefined;
  /** Where the consumer's figures come from. */
  consumerSource: "checkpoint" | "cloudwatch";
  /** How old a shard's last poll may be while its figures still stand. */
  freshMs: number;
};
