import { type Counters, type Sample, sampleOf } from "./sample.ts";

export { type Sample, sampleOf };

/** What happened within one step. Null where no two samples say. */
export type HistoryPoint = {
  /** Start of the step, epoch milliseconds. */
  at: number;
  /** Counts within the step. */
  accepted: number | null;
  rejected: number | null;
  requests: number | null;
  throttled: number | null;
  landed: number | null;
  landedBytes: number | null;
  quarantined: number | null;
  /** Worst within the step, milliseconds. */
  lagMs: number | null;
  spooledLogs: number | null;
};

export type Trend = "rising" | "falling" | "steady";

export type ShardHistory = {
  stream: string;
  shardId: string;
  /** Kinesis records read a second, of the last minutes; null with fewer than two samples. */
  recordsPerSecond: number | null;
  /** Worst of each step, one for each of the points. */
  lagMs: (number | null)[];
  trend: Trend | null;
};

export type History = {
  /** Where the figures come from. */
  source: "samples" | "cloudwatch";
  /** Before this nothing is known, epoch milliseconds; null before the first sample. */
  since: number | null;
  stepMs: number;
  points: HistoryPoint[];
  shards: ShardHistory[];
};

export type HistorySource = {
  /** The last `minutes`, in steps of `stepMs`; the newest step is still open. */
  read(request: { minutes: number; stepMs: number }): Promise<History>;
};

const COUNTERS = [
  "accepted",
  "rejected",
  "requests",
  "throttled",
  "landed",
  "landedBytes",
  "quarantined",
] as const satisfies readonly (keyof Counters)[];

/** A counter that fell belongs to a process that started again: all it shows is new. */
const growth = (before: number | null, after: number | null): number | null => {
  if (before === null || after === null) return null;
  return after < before ? after : after - before;
};

const worst = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

const add = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : a + b;

const emptyPoint = (at: number): HistoryPoint => ({
  at,
  accepted: null,
  rejected: null,
  requests: null,
  throttled: null,
  landed: null,
  landedBytes: null,
  quarantined: null,
  lagMs: null,
  spooledLogs: null,
});

/** Samples, oldest first, as steps on whole multiples of `stepMs`, from `from` to `until`. */
export const pointsOf = (
  samples: readonly Sample[],
  { from, until, stepMs }: { from: number; until: number; stepMs: number },
): HistoryPoint[] => {
  const first = Math.floor(from / stepMs);
  const points = Array.from({ length: Math.floor(until / stepMs) - first + 1 }, (_, index) =>
    emptyPoint((first + index) * stepMs),
  );
  for (const [index, sample] of samples.entries()) {
    const point = points[Math.floor(sample.at / stepMs) - first];
    if (point === undefined) continue;
    point.lagMs = worst(point.lagMs, sample.lagMs);
    point.spooledLogs = worst(point.spooledLogs, sample.spooledLogs);
    const before = samples[index - 1];
    if (before === undefined) continue;
    for (const name of COUNTERS)
      point[name] = add(point[name], growth(before.counters[name], sample.counters[name]));
  }
  return points;
};

/** Below this a change of lag is noise of polling. */
const TREND_NOISE_MS = 3_000;

/** Newest third against the oldest third. */
export const trendOf = (lags: readonly (number | null)[]): Trend | null => {
  const known = lags.filter((lag) => lag !== null);
  if (known.length < 3) return null;
  const third = Math.max(1, Math.floor(known.length / 3));
  const mean = (values: readonly number[]) =>
    values.reduce((total, value) => total + value, 0) / values.length;
  const change = mean(known.slice(-third)) - mean(known.slice(0, third));
  if (Math.abs(change) < TREND_NOISE_MS) return "steady";
  return change > 0 ? "rising" : "falling";
};

/** Rates and trends of a shard are those of the last so many minutes. */
const SHARD_WINDOW_MS = 10 * 60_000;

type Span = { from: number; until: number; stepMs: number };

const shardHistories = (
  samples: readonly Sample[],
  { from, until, stepMs }: Span,
): ShardHistory[] => {
  const first = Math.floor(from / stepMs);
  const length = Math.floor(until / stepMs) - first + 1;
  return (samples.at(-1)?.shards ?? []).map(({ stream, shardId }) => {
    const own = samples.flatMap(({ at, shards }) => {
      const shard = shards.find((one) => one.stream === stream && one.shardId === shardId);
      return shard ? [{ at, ...shard }] : [];
    });
    const lagMs = Array.from({ length }, (): number | null => null);
    for (const { at, lagMs: lag } of own) {
      const step = Math.floor(at / stepMs) - first;
      if (step >= 0 && step < length) lagMs[step] = worst(lagMs[step] ?? null, lag);
    }
    const recent = own.filter(({ at }) => at >= until - SHARD_WINDOW_MS);
    const [oldest, newest] = [recent[0], recent.at(-1)];
    const seconds = oldest && newest ? (newest.at - oldest.at) / 1000 : 0;
    return {
      stream,
      shardId,
      recordsPerSecond:
        oldest && newest && seconds > 0
          ? (growth(oldest.records, newest.records) ?? 0) / seconds
          : null,
      lagMs,
      trend: trendOf(recent.map((shard) => shard.lagMs)),
    };
  });
};

/** Keeps the newest `capacity` samples, in memory only: it starts empty with its process. */
export const createSampleHistory = (
  capacity: number,
  now: () => number,
): HistorySource & { add(sample: Sample): void } => {
  const samples: Sample[] = [];
  return {
    add: (sample) => {
      samples.push(sample);
      if (samples.length > capacity) samples.shift();
    },
    read: async ({ minutes, stepMs }) => {
      const until = now();
      const from = until - minutes * 60_000;
      return {
        source: "samples",
        since: samples[0]?.at ?? null,
        stepMs,
        points: pointsOf(samples, { from, until, stepMs }),
        shards: shardHistories(samples, { from, until, stepMs }),
      };
    },
  };
};
