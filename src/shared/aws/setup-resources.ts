import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ResourceInUseException,
  ResourceNotFoundException,
} from "@aws-sdk/client-kinesis";
import { CreateBucketCommand, HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";

export type SetupDeps = { kinesis: KinesisClient; s3: S3Client; sleep(ms: number): Promise<void> };

const ACTIVE_DEADLINE_MS = 30_000;
const POLL_MS = 100;

const statusOf = async (kinesis: KinesisClient, name: string): Promise<string | undefined> => {
  try {
    const { StreamDescriptionSummary } = await kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName: name }),
    );
    return StreamDescriptionSummary?.StreamStatus;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};

/**
 * Makes sure a stream exists and is ACTIVE, within 30 s. An existing stream keeps its shards.
 * Two callers at once are fine.
 */
export const ensureStream = async (
  { kinesis, sleep }: SetupDeps,
  name: string,
  shardCount: number,
): Promise<void> => {
  for (let waitedMs = 0; waitedMs < ACTIVE_DEADLINE_MS; waitedMs += POLL_MS) {
    const status = await statusOf(kinesis, name);
    if (status === "ACTIVE" || status === "UPDATING") return;
    if (status === undefined) {
      try {
        await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shardCount }));
      } catch (error) {
        if (!(error instanceof ResourceInUseException)) throw error;
      }
    }
    await sleep(POLL_MS);
  }
  throw new Error(`Stream ${name} is not ACTIVE after ${ACTIVE_DEADLINE_MS / 1000} s.`);
};

/** Makes sure a bucket exists. */
export const ensureBucket = async ({ s3 }: SetupDeps, name: string): Promise<void> => {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: name }));
    return;
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status !== 404) throw error;
  }
  await s3.send(new CreateBucketCommand({ Bucket: name }));
};
