import type { z } from "@hono/zod-openapi";
import type { History, HistorySource } from "../../../shared/core/dashboard/history/history.ts";
import { QueryError } from "../query.ts";
import type { historySchema } from "./schema.ts";

const MAX_MINUTES = 180;
const MAX_POINTS = 1_080;

/** Why there is no history where nobody keeps one. */
export const NO_HISTORY = "Nobody keeps a history here.";

const within = (name: string, text: string | undefined, fallback: number, max: number): number => {
  if (text === undefined || text === "") return fallback;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new QueryError(name, `${name} must be a whole number from 1 to ${max}.`);
};

/** `?minutes=180&step=60`, step in seconds. */
export const parseHistoryRequest = (query: {
  minutes?: string | undefined;
  step?: string | undefined;
}): { minutes: number; stepMs: number } => {
  const minutes = within("minutes", query.minutes, 60, MAX_MINUTES);
  const step = within("step", query.step, 60, 3_600);
  if ((minutes * 60) / step > MAX_POINTS)
    throw new QueryError(
      "step",
      `step must be at least ${Math.ceil((minutes * 60) / MAX_POINTS)}.`,
    );
  return { minutes, stepMs: step * 1_000 };
};

/** A step for about a hundred points, milliseconds: a multiple of the 10 s between samples. */
export const stepFor = (minutes: number): number =>
  Math.max(10_000, Math.ceil((minutes * 60_000) / 120 / 10_000) * 10_000);

/** An empty one, where there is no source. */
export const readHistory = async (
  source: HistorySource | undefined,
  request: { minutes: number; stepMs: number },
): Promise<History> =>
  source === undefined
    ? { source: "samples", since: null, stepMs: request.stepMs, points: [], shards: [] }
    : source.read(request);

const iso = (at: number): string => new Date(at).toISOString();

export const historyJson = (
  { source, since, stepMs, points, shards }: History,
  reason: string | null,
): z.infer<typeof historySchema> => ({
  source,
  since: since === null ? null : iso(since),
  step_seconds: stepMs / 1_000,
  points: points.map(({ at, landedBytes, lagMs, spooledLogs, ...counts }) => ({
    at: iso(at),
    ...counts,
    landed_bytes: landedBytes,
    lag_ms: lagMs,
    spooled_logs: spooledLogs,
  })),
  shards: shards.map(({ stream, shardId, recordsPerSecond, lagMs, trend }) => ({
    stream,
    shard_id: shardId,
    records_per_second: recordsPerSecond,
    lag_ms: lagMs,
    trend,
  })),
  reason,
});
