import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createKinesisSource } from "../shared/aws/kinesis-source.ts";
import { createS3PartSink } from "../shared/aws/s3-part-sink.ts";
import { createS3StateStore } from "../shared/aws/s3-state-store.ts";
import { consumerOptions, createConsumer } from "../shared/core/consume.ts";
import { describeBatch } from "../shared/core/describe-batch.ts";
import { createEventSourceMapping } from "./event-source-mapping/mapping.ts";
import { createRepeatLimitedLog } from "./event-source-mapping/repeat-limited-log.ts";
import { sleep } from "./event-source-mapping/sleep.ts";
import { runPart } from "./part.ts";

const MAX_SOCKETS = 64;

/** The consumer behind the local event source mapping, for the stream and bucket configured. */
await runPart("consumer", process.env, async ({ config, log }) => {
  const { KINESIS_STREAM_NAME: streamName, TARGET_BUCKET: bucket } = config;
  const clientOptions = {
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    maxSockets: MAX_SOCKETS,
  };
  const kinesis = createKinesisClient({ ...clientOptions, maxAttempts: 1 });
  const s3 = createS3Client({ ...clientOptions, maxAttempts: 3 });
  const codec = createCodec();
  const now = () => Date.now();

  const mapping = createEventSourceMapping(
    {
      source: createKinesisSource(kinesis),
      state: createS3StateStore(s3, bucket),
      invoke: createConsumer(
        { sink: createS3PartSink(s3, bucket), codec, log: createRepeatLimitedLog(log, now) },
        consumerOptions(config),
      ),
      encodeBase64: codec.encodeBase64,
      onBatch: (summary) => {
        const { stream, shardId, records, lines, bytes, quarantined, lastSequenceNumber } = summary;
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
          describeBatch(summary, bucket),
        );
      },
      log,
      now,
      sleep,
      random: Math.random,
    },
    {
      streamName,
      batchSize: config.BATCH_SIZE,
      batchWindowMs: config.POLL_INTERVAL * 1000,
    },
  );
  // A rejection is a defect; it ends the process, and the supervisor starts it again.
  void mapping.run();
  return {
    ready: { stream: streamName, bucket },
    close: async () => {
      await mapping.close();
      kinesis.destroy();
      s3.destroy();
    },
  };
});
