import { setTimeout as sleep } from "node:timers/promises";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import {
  currentStates,
  parseShardState,
  streamStatePrefix,
} from "../../shared/core/consumer-state.ts";
import { fingerprint } from "./bucket.ts";

export type QuietDeps = {
  s3: S3Client;
  bucket: string;
  stream: string;
  ingestUrl: string;
};

const LOOK_EVERY_MS = 1_500;
/** Consecutive looks that found everything at rest. */
const LOOKS = 3;
const FETCH_TIMEOUT_MS = 3_000;

type Depth = { logs?: number; entries?: number; bytes?: number } | null;

/** Why the pipeline is not at rest; undefined where it is. */
const findUnrest = async (
  { s3, bucket, stream, ingestUrl }: QuietDeps,
  sinceMs: number,
): Promise<string | undefined> => {
  const response = await fetch(`${ingestUrl}/api/metrics`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  const metrics = (await response.json()) as { queue?: Depth; spool?: Depth };
  if (metrics.queue?.logs) return `${metrics.queue.logs} logs are in ingest's queue`;
  const spooled = metrics.spool?.logs ?? metrics.spool?.entries ?? 0;
  if (spooled > 0) return `${spooled} logs are in the spool`;

  const prefix = streamStatePrefix(stream);
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }),
  );
  const states = await Promise.all(
    Contents.map(async ({ Key = "" }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return parseShardState(Key, (await Body?.transformToString()) ?? "");
    }),
  );
  if (states.length === 0) return "no shard has a state yet";
  for (const state of currentStates(states)) {
    if (state.drained) continue;
    const { shardId, lastPolledAt, millisBehindLatest, pendingUntil, error } = state;
    if (lastPolledAt === null || Date.parse(lastPolledAt) < sinceMs)
      return `${shardId} has not been polled since`;
    if (error !== null) return `${shardId}: ${error.code} ${error.message}`;
    if (millisBehindLatest !== 0) return `${shardId} is ${millisBehindLatest} ms behind`;
    if (pendingUntil) return `${shardId} works on a batch`;
  }
  return undefined;
};

/**
 * Waits until ingest holds nothing, every shard was read to its end since `sinceMs`, and the bucket
 * does not change any more. Undefined, or what was still going on at the deadline.
 */
export const waitForQuiet = async (
  deps: QuietDeps,
  sinceMs: number,
  deadlineMs: number,
): Promise<string | undefined> => {
  const until = Date.now() + deadlineMs;
  let before: string | undefined;
  let quietLooks = 0;
  let unrest = "";
  while (Date.now() < until) {
    await sleep(LOOK_EVERY_MS);
    try {
      unrest = (await findUnrest(deps, sinceMs)) ?? "";
    } catch (error) {
      unrest = error instanceof Error ? error.message : String(error);
    }
    const now = unrest === "" ? await fingerprint(deps.s3, deps.bucket) : undefined;
    const isSame = now !== undefined && now === before;
    before = now;
    quietLooks = isSame ? quietLooks + 1 : 0;
    if (quietLooks >= LOOKS - 1) return undefined;
    if (unrest === "") unrest = "the bucket still changes";
  }
  return unrest;
};
