import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { createMemo } from "../core/dashboard/memo.ts";
import type { StreamCatalog } from "../core/dashboard/ports.ts";
import type { Sleep } from "../core/dashboard/streams/ports.ts";
import { createRecordReader } from "../core/dashboard/streams/read-records.ts";
import { toRecordView } from "../core/dashboard/streams/record-view.ts";
import { createShardRates } from "../core/dashboard/streams/shard-rates.ts";
import type { StreamsPorts } from "../core/dashboard/streams/streams-ports.ts";
import { createTailHub } from "../core/dashboard/streams/tail-hub.ts";
import type { Logger } from "../core/logger.ts";
import type { Codec } from "../core/ports.ts";
import { createStreamRecordSource } from "./stream-records.ts";

export type StreamsPortsDeps = {
  kinesis: KinesisClient;
  catalog: StreamCatalog;
  codec: Codec;
  log: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};

export type StreamsPortsOptions = Pick<StreamsPorts, "consumerSource" | "freshMs"> & {
  /** Whether streams may be read for a figure. */
  measuresRates: boolean;
  /** Whether answers can be streamed. */
  canStream: boolean;
};

const SHARDS_CACHE_MS = 5_000;

const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });

/** Everything the pages about streams need, over one client that makes one attempt per call. */
export const createStreamsPorts = (
  { kinesis, catalog, codec, log, now }: StreamsPortsDeps,
  options: StreamsPortsOptions,
): StreamsPorts => {
  const source = createStreamRecordSource(kinesis);
  const { measuresRates, canStream, ...rest } = options;
  return {
    ...rest,
    records: createRecordReader({
      catalog,
      source,
      codec,
      shardsMemo: createMemo(SHARDS_CACHE_MS, now),
      now,
    }),
    rates: measuresRates ? createShardRates({ source, now }) : undefined,
    tail: canStream
      ? createTailHub({
          source,
          listShards: (stream, signal) => catalog.listShards(stream, signal),
          view: (shard, record) =>
            toRecordView(shard, record, codec, { maxRawBytes: 0, withLines: true }),
          sleep,
          now,
          random: Math.random,
          onError: (err) => log.error({ err }, "A live tail ended by an unexpected error."),
        })
      : undefined,
  };
};
