import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  type Shard,
} from "@aws-sdk/client-kinesis";
import { MIB } from "../core/limits.ts";
import {
  type Attempt,
  createMatcher,
  type LookupResult,
  type RecordLookup,
} from "../core/record-lookup.ts";

export type KinesisLookupOptions = {
  /** How far the service's clock may be behind this machine's, or ahead of it. */
  clockMarginMs?: number;
  /** Read in one look; what is left is for the next one. */
  maxBytes?: number;
};

const CLOCK_MARGIN_MS = 10_000;
const MAX_BYTES = 64 * MIB;
const SHARDS_AT_ONCE = 4;
/** A shard takes five reads a second. */
const EMPTY_PAGE_PAUSE_MS = 200;

type Matcher = ReturnType<typeof createMatcher>;

type ShardRange = { readonly shardId: string; readonly start: bigint; readonly end: bigint };

const isInvalid = (error: unknown): boolean =>
  /^(InvalidArgument|Validation)Exception$/.test((error as Error).name);

const hashKeyOf = (partitionKey: string): bigint =>
  BigInt(`0x${createHash("md5").update(partitionKey).digest("hex")}`);

const toRange = ({ ShardId, HashKeyRange }: Shard): ShardRange => ({
  shardId: ShardId ?? "",
  start: BigInt(HashKeyRange?.StartingHashKey ?? 0),
  end: BigInt(HashKeyRange?.EndingHashKey ?? 0),
});

/**
 * Looks for records in a stream: in every shard, open or closed since, whose hash range covers their
 * partition key, from the attempt's mark on to the tip. Needs ListShards, GetShardIterator and
 * GetRecords, and shares the shard's two MiB a second of reads with its consumers. Give it a client
 * with one attempt a call. Relies on clocks that agree within 10 s only where this process has not
 * stored anything in the shard before.
 */
export const createKinesisLookup = (
  client: KinesisClient,
  streamName: string,
  options: KinesisLookupOptions = {},
): RecordLookup => {
  const clockMarginMs = options.clockMarginMs ?? CLOCK_MARGIN_MS;
  const maxBytes = options.maxBytes ?? MAX_BYTES;

  const shardsSince = async (
    since: Date | undefined,
    abortSignal: AbortSignal,
  ): Promise<ShardRange[]> => {
    const shards: ShardRange[] = [];
    const filter = since && {
      ShardFilter: { Type: "FROM_TIMESTAMP" as const, Timestamp: since },
    };
    let NextToken: string | undefined;
    do {
      const command = new ListShardsCommand(
        NextToken ? { NextToken } : { StreamName: streamName, ...filter },
      );
      const page = await client.send(command, { abortSignal });
      shards.push(...(page.Shards ?? []).map(toRange));
      NextToken = page.NextToken;
    } while (NextToken);
    return shards;
  };

  /** Without the filter, which not every endpoint takes, long closed shards are read as well. */
  const shardsOf = (since: Date, signal: AbortSignal): Promise<ShardRange[]> =>
    shardsSince(since, signal).catch((error: unknown) => {
      if (!isInvalid(error)) throw error;
      return shardsSince(undefined, signal);
    });

  const iteratorFor = async (
    ShardId: string,
    since: Date,
    after: string | undefined,
    abortSignal: AbortSignal,
  ): Promise<string | undefined> => {
    const shard = { StreamName: streamName, ShardId };
    if (after !== undefined) {
      try {
        const behind = new GetShardIteratorCommand({
          ...shard,
          ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
          StartingSequenceNumber: after,
        });
        return (await client.send(behind, { abortSignal })).ShardIterator;
      } catch (error) {
        // The stream was made anew since, or the record is past its retention.
        if (!isInvalid(error)) throw error;
      }
    }
    const at = new GetShardIteratorCommand({
      ...shard,
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: since,
    });
    return (await client.send(at, { abortSignal })).ShardIterator;
  };

  /** Reads one shard up to its tip, its end or a bound; true where nothing is left to read. */
  const readShard = async (
    shardId: string,
    since: Date,
    attempt: Attempt,
    matcher: Matcher,
    isWanted: () => boolean,
    takeBytes: (bytes: number) => boolean,
    advance: (sequenceNumber: string) => void,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const until = (attempt.until ?? Number.POSITIVE_INFINITY) + clockMarginMs;
    let iterator = await iteratorFor(shardId, since, attempt.after[shardId], signal);
    while (iterator !== undefined && isWanted()) {
      const page: Awaited<ReturnType<typeof getRecords>> = await getRecords(iterator, signal);
      const records = page.Records ?? [];
      let bytes = 0;
      for (const { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp } of records) {
        const data = Data ?? new Uint8Array();
        const sequenceNumber = SequenceNumber ?? "";
        bytes += data.length;
        matcher.offer({ shardId, sequenceNumber, partitionKey: PartitionKey ?? "", data });
        advance(sequenceNumber);
        if ((ApproximateArrivalTimestamp?.getTime() ?? 0) > until) return true;
      }
      if (page.MillisBehindLatest === 0) return true;
      if (!takeBytes(bytes)) return false;
      if (records.length === 0) await sleep(EMPTY_PAGE_PAUSE_MS, undefined, { signal });
      iterator = page.NextShardIterator;
    }
    return true;
  };

  const getRecords = (ShardIterator: string, abortSignal: AbortSignal) =>
    client.send(new GetRecordsCommand({ ShardIterator }), { abortSignal });

  return {
    find: async ({ records, attempt, isKnown }, signal): Promise<LookupResult> => {
      const matcher = createMatcher({ records, isKnown });
      const since = new Date(Math.max(0, attempt.startedAt - clockMarginMs));
      const keys = new Map(
        records.map(({ partitionKey }) => [partitionKey, hashKeyOf(partitionKey)]),
      );
      const after: Record<string, string> = { ...attempt.after };
      const errors: unknown[] = [];
      let bytesLeft = maxBytes;
      let isComplete = true;
      let hasAdvanced = false;

      const queue = (await shardsOf(since, signal)).flatMap(({ shardId, start, end }) => {
        const wanted = [...keys].filter(([, hash]) => hash >= start && hash <= end);
        return wanted.length === 0 ? [] : [{ shardId, keys: wanted.map(([key]) => key) }];
      });
      const worker = async (): Promise<void> => {
        for (let shard = queue.shift(); shard !== undefined; shard = queue.shift()) {
          const { shardId, keys: wantedKeys } = shard;
          try {
            const isRead = await readShard(
              shardId,
              since,
              attempt,
              matcher,
              () => wantedKeys.some(matcher.isWanted),
              (bytes) => {
                bytesLeft -= bytes;
                return bytesLeft > 0;
              },
              (sequenceNumber) => {
                after[shardId] = sequenceNumber;
                hasAdvanced = true;
              },
              signal,
            );
            isComplete &&= isRead;
          } catch (error) {
            errors.push(error);
          }
        }
      };
      await Promise.all(Array.from({ length: SHARDS_AT_ONCE }, worker));
      // What was read before an error need not be read again.
      if (errors.length > 0 && !hasAdvanced) throw errors[0];
      return {
        found: matcher.found,
        isComplete: matcher.isEverythingFound() || (isComplete && errors.length === 0),
        attempt: { ...attempt, after },
      };
    },
  };
};
