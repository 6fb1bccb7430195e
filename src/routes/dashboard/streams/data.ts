import {
  type Attempt,
  attempt,
  type BackendError,
} from "../../../shared/core/dashboard/backend-error.ts";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { lagsOf, type ShardLag } from "../../../shared/core/dashboard/streams/consumers.ts";
import type { Known } from "../../../shared/core/dashboard/streams/known.ts";
import { isClosedShard } from "../../../shared/core/dashboard/streams/shard-graph.ts";
import { HOT_SHARE, type ShardRate } from "../../../shared/core/dashboard/streams/shard-rates.ts";
import type { StreamsDeps } from "./deps.ts";

export type StreamLags = {
  lags: ShardLag[];
  /** Why nothing is known of a consumer of this stream. */
  reason: string | null;
};

const DEADLINE_MS = 5_000;
const HISTORY = { minutes: 10, stepMs: 20_000 };
const RECENT = { minutes: 1, stepMs: 20_000 };
const FRESH_MS = 15_000;

const NO_RATES =
  "The stream is not read for this figure here: CloudWatch's IncomingRecords and IncomingBytes have it.";
const NOT_WATCHED = "No consumer of ours records its state for this stream.";

export type StreamsData = {
  /** How far the consumer of a stream is, shard by shard. */
  lags(detail: StreamDetail): Promise<Attempt<StreamLags>>;
  /** What comes in, shard by shard; closed shards are left out. */
  rates(detail: StreamDetail): Promise<Map<string, Known<ShardRate>>>;
};

export const isHot = ({ writeShare }: ShardRate): boolean => writeShare >= HOT_SHARE;

/** Figures about streams, each with the reason where it is not known. */
export const createStreamsData = ({ reader, streams, history, now }: StreamsDeps): StreamsData => ({
  lags: ({ description, shards }) =>
    attempt(async () => {
      const [consumer, past, recent] = await Promise.all([
        reader.consumer(),
        history?.read(HISTORY),
        history?.read(RECENT),
      ]);
      const latest = recent?.shards ?? [];
      const rateOf = ({ stream, shardId }: { stream: string; shardId: string }) =>
        latest.find((shard) => shard.stream === stream && shard.shardId === shardId)
          ?.recordsPerSecond ?? null;
      const lags = lagsOf(
        description.name,
        shards.items,
        consumer,
        {
          // The rate of now, the lag of a while.
          shards: (past?.shards ?? []).map((shard) => ({
            ...shard,
            recordsPerSecond: rateOf(shard),
          })),
          reason: past
            ? "It was looked at less than twice so far: a few seconds more."
            : "Nobody keeps a history here.",
        },
        { now: now(), freshMs: streams?.freshMs ?? FRESH_MS },
      );
      const isWatched = consumer.shards.some(({ stream }) => stream === description.name);
      return { lags, reason: isWatched ? null : (consumer.reason ?? NOT_WATCHED) };
    }),

  rates: async ({ description, shards }) => {
    const open = shards.items
      .filter((shard) => !isClosedShard(shard))
      .map(({ shardId }) => shardId);
    const measured = await streams?.rates?.measure(
      description.name,
      open,
      AbortSignal.timeout(DEADLINE_MS),
    );
    return measured ?? new Map(open.map((shardId) => [shardId, { value: null, reason: NO_RATES }]));
  },
});

/** The sum of what is known of every shard; not known where one of them is not. */
export const totalRate = (rates: ReadonlyMap<string, Known<ShardRate>>): Known<ShardRate> => {
  const all = [...rates.values()];
  const missing = all.find(({ value }) => value === null);
  if (missing?.reason) return { value: null, reason: missing.reason };
  const sum = (of: (rate: ShardRate) => number) =>
    all.reduce((total, { value }) => total + (value ? of(value) : 0), 0);
  return {
    value: {
      recordsPerSecond: sum((rate) => rate.recordsPerSecond),
      bytesPerSecond: sum((rate) => rate.bytesPerSecond),
      writeShare: Math.max(0, ...all.map(({ value }) => value?.writeShare ?? 0)),
    },
    reason: null,
  };
};

/** The shard that is furthest behind. */
export const worstLag = (lags: Attempt<StreamLags>): Known<ShardLag> => {
  if (!lags.ok) return { value: null, reason: (lags.error as BackendError).message };
  const known = lags.value.lags.filter(({ millisBehind }) => millisBehind.value !== null);
  const worst = known.sort((a, b) => (b.millisBehind.value ?? 0) - (a.millisBehind.value ?? 0))[0];
  const reason =
    lags.value.reason ??
    lags.value.lags.find(({ millisBehind }) => millisBehind.reason)?.millisBehind.reason;
  return worst ? { value: worst, reason: null } : { value: null, reason: reason ?? NOT_WATCHED };
};
