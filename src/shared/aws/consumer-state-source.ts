import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { currentStates, parseShardState, streamStatePrefix } from "../core/consumer-state.ts";
import { mapBounded } from "../core/dashboard/bounded.ts";
import type { ConsumerStateSource, ConsumerStates } from "../core/dashboard/ports.ts";
import { callBackend } from "./backend-errors.ts";

const MAX_SHARDS_PER_STREAM = 200;
const CONCURRENCY = 8;

/**
 * Reads `_state/<stream>/<shardId>.json` of a bucket, at most 200 shards of each stream, without
 * those of a deleted stream of its name. A bucket that does not exist yet holds no state.
 */
export const createConsumerStateSource = (s3: S3Client, bucket: string): ConsumerStateSource => {
  const listKeys = async (stream: string, signal: AbortSignal) => {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: streamStatePrefix(stream),
        MaxKeys: MAX_SHARDS_PER_STREAM,
      }),
      { abortSignal: signal },
    );
    const keys = (page.Contents ?? []).flatMap(({ Key }) => (Key?.endsWith(".json") ? Key : []));
    return { keys, isComplete: page.IsTruncated !== true };
  };

  const readText = async (key: string, signal: AbortSignal): Promise<string | undefined> => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: signal,
      });
      return await Body?.transformToString();
    } catch (error) {
      // Deleted since it was listed.
      if ((error as { name?: string }).name === "NoSuchKey") return undefined;
      throw error;
    }
  };

  return {
    read: (streams, signal) =>
      callBackend<ConsumerStates>(
        "s3",
        async () => {
          const listed = await mapBounded(streams, CONCURRENCY, (stream) =>
            listKeys(stream, signal),
          );
          const result: ConsumerStates = {
            states: [],
            unreadable: [],
            isComplete: listed.every(({ isComplete }) => isComplete),
          };
          const keys = listed.flatMap((page) => page.keys);
          const texts = await mapBounded(keys, CONCURRENCY, (key) => readText(key, signal));
          for (const [index, key] of keys.entries()) {
            const text = texts[index];
            if (text === undefined) continue;
            try {
              result.states.push(parseShardState(key, text));
            } catch (error) {
              result.unreadable.push({ key, reason: (error as Error).message });
            }
          }
          const states = currentStates(result.states);
          const current = new Set(states);
          const earlier = result.states.filter((state) => !current.has(state));
          return { ...result, states, earlier };
        },
        (code) =>
          code === "NoSuchBucket"
            ? { value: { states: [], unreadable: [], isComplete: true } }
            : undefined,
      ),
  };
};
