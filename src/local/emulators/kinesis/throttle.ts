import {
  MIB,
  SHARD_WRITE_BYTES_PER_SECOND,
  SHARD_WRITE_RECORDS_PER_SECOND,
} from "../../../shared/core/limits.ts";

/** Read capacity of a shard, https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const READS_PER_SECOND = 5;
const READ_BYTES_PER_SECOND = 2 * MIB;

/** A bucket of one second's worth that refills all the time. What is taken may leave a debt. */
const createBucket = (perSecond: number, startedAt: number) => {
  let level = perSecond;
  let at = startedAt;
  return {
    levelAt: (now: number): number => {
      level = Math.min(perSecond, level + (Math.max(0, now - at) / 1000) * perSecond);
      at = Math.max(at, now);
      return level;
    },
    take: (amount: number): void => {
      level -= amount;
    },
  };
};

/** One shard's provisioned throughput: 1 MiB and 1,000 records in, 5 calls and 2 MiB out, a second. */
export const createShardThrottle = (startedAt: number) => {
  const writeBytes = createBucket(SHARD_WRITE_BYTES_PER_SECOND, startedAt);
  const writeRecords = createBucket(SHARD_WRITE_RECORDS_PER_SECOND, startedAt);
  const reads = createBucket(READS_PER_SECOND, startedAt);
  const readBytes = createBucket(READ_BYTES_PER_SECOND, startedAt);
  return {
    /** True where the shard takes this record now. A record above 1 MiB needs a full bucket. */
    admitRecord: (bytes: number, now: number): boolean => {
      const needed = Math.min(bytes, SHARD_WRITE_BYTES_PER_SECOND);
      if (writeRecords.levelAt(now) < 1 || writeBytes.levelAt(now) < needed) return false;
      writeRecords.take(1);
      writeBytes.take(bytes);
      return true;
    },
    /** True where the shard answers a GetRecords now: not while an earlier answer is in debt. */
    admitRead: (now: number): boolean => {
      if (reads.levelAt(now) < 1 || readBytes.levelAt(now) <= 0) return false;
      reads.take(1);
      return true;
    },
    countRead: (bytes: number): void => readBytes.take(bytes),
  };
};

export type ShardThrottle = ReturnType<typeof createShardThrottle>;
