import { randomUUID } from "node:crypto";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createKinesisSource } from "../shared/aws/kinesis-source.ts";
import { createS3OnFailureDestination } from "../shared/aws/s3-on-failure-destination.ts";
import { createS3PartSink } from "../shared/aws/s3-part-sink.ts";
import { createS3StateStore } from "../shared/aws/s3-state-store.ts";
import { consumerOptions, createConsumer } from "../shared/core/consume.ts";
import { describeBatch } from "../shared/core/describe-batch.ts";
import { failurePolicy } from "../shared/core/event-source/failure-policy.ts";
import { createWriteLimit } from "./event-source-mapping/fenced-sink.ts";
import { createInstance } from "./event-source-mapping/instance.ts";
import {
  createEventSourceMapping,
  type EventSourceMapping,
} from "./event-source-mapping/mapping.ts";
import { createRepeatLimitedLog } from "./event-source-mapping/repeat-limited-log.ts";
import { sleep } from "./event-source-mapping/sleep.ts";
import { runPart } from "./part.ts";

const MAX_SOCKETS = 64;
/** A renewal that takes longer is tried again, well within the lease. */
const STATE_TIMEOUT_MS = 3_000;

type Destination = { streamName: string; bucket: string; apmBucket?: string };

/**
 * The consumer behind local event source mappings, one for each stream: logs go to their bucket,
 * metrics and APM to theirs. Checkpoints of both are in the bucket of the logs.
 */
await runPart("consumer", process.env, async ({ config, log }) => {
  const clientOptions = {
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    maxSockets: MAX_SOCKETS,
  };
  const kinesis = createKinesisClient({ ...clientOptions, maxAttempts: 1 });
  const s3 = createS3Client({ ...clientOptions, maxAttempts: 3 });
  // Renewals must not queue behind part objects, nor be tried again behind the mapping's back.
  const stateS3 = createS3Client({
    ...clientOptions,
    maxAttempts: 1,
    requestTimeoutMs: STATE_TIMEOUT_MS,
  });
  const codec = createCodec();
  const now = () => Date.now();
  const repeatLimitedLog = createRepeatLimitedLog(log, now);
  const behindFences = createWriteLimit(MAX_SOCKETS);
  const sinksOf = (bucket: string) => behindFences(createS3PartSink(s3, bucket));
  const onFailureBucket = config.ON_FAILURE_BUCKET;
  const timestamp = config.STARTING_POSITION_TIMESTAMP;

  const mapStream = ({ streamName, bucket, apmBucket }: Destination): EventSourceMapping => {
    const sinkBehind = sinksOf(bucket);
    const apm =
      apmBucket === undefined ? undefined : { bucket: apmBucket, sinkBehind: sinksOf(apmBucket) };
    return createEventSourceMapping(
      {
        source: createKinesisSource(kinesis),
        state: createS3StateStore(stateS3, config.TARGET_BUCKET),
        invoke: (event, fence) => {
          const deps = {
            sink: sinkBehind(fence),
            apm: apm && { stream: streamName, bucket: apm.bucket, sink: apm.sinkBehind(fence) },
            codec,
            log: repeatLimitedLog,
          };
          return createConsumer(deps, { ...consumerOptions(config), bucket })(event);
        },
        onFailure:
          onFailureBucket === undefined
            ? undefined
            : createS3OnFailureDestination(s3, onFailureBucket),
        instance: createInstance(),
        encodeBase64: codec.encodeBase64,
        onBatch: (summary) => {
          const { stream, shardId, records, lines, bytes, quarantined, lastSequenceNumber } =
            summary;
          log.info(
            {
              stream,
              shardId,
              records,
              lines,
              bytes,
              parts: summary.parts.length,
              quarantined,
              lastSequenceNumber,
            },
            describeBatch(summary),
          );
        },
        log,
        newId: randomUUID,
        now,
        monotonicNow: () => performance.now(),
        sleep,
        random: Math.random,
      },
      {
        streamName,
        batchSize: config.BATCH_SIZE,
        batchWindowMs: config.POLL_INTERVAL * 1000,
        failurePolicy: failurePolicy(
          config.MAXIMUM_RETRY_ATTEMPTS,
          config.MAXIMUM_RECORD_AGE,
          config.BISECT_BATCH_ON_ERROR,
        ),
        parallelizationFactor: config.PARALLELIZATION_FACTOR,
        startingPosition:
          timestamp !== undefined
            ? { type: "AT_TIMESTAMP", timestamp }
            : { type: config.STARTING_POSITION === "LATEST" ? "LATEST" : "TRIM_HORIZON" },
      },
    );
  };

  const logs = { streamName: config.KINESIS_STREAM_NAME, bucket: config.TARGET_BUCKET };
  const metrics = {
    streamName: config.METRICS_STREAM_NAME,
    bucket: config.METRICS_BUCKET,
    apmBucket: config.APM_BUCKET,
  };
  const mappings = [logs, metrics].map(mapStream);
  // A rejection is a defect; it ends the process, and the supervisor starts it again.
  for (const mapping of mappings) void mapping.run();
  return {
    ready: {
      stream: logs.streamName,
      bucket: logs.bucket,
      metricsStream: metrics.streamName,
      metricsBucket: metrics.bucket,
      apmBucket: metrics.apmBucket,
    },
    close: async () => {
      await Promise.all(mappings.map((mapping) => mapping.close()));
      kinesis.destroy();
      s3.destroy();
      stateS3.destroy();
    },
  };
});
