import { pino } from "pino";
import { createS3Client } from "../shared/aws/clients.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createS3PartSink } from "../shared/aws/s3-part-sink.ts";
import { consumerOptions, createConsumer } from "../shared/core/consume.ts";
import type { BatchResponse, KinesisEvent } from "../shared/core/kinesis-event.ts";
import { batchMetricsLine } from "./batch-metrics.ts";
import { loadLambdaConfig } from "./lambda-config.ts";

const config = loadLambdaConfig(process.env);

const s3 = createS3Client({ region: config.AWS_REGION, endpoint: config.AWS_ENDPOINT_URL });

const consume = createConsumer(
  {
    sink: createS3PartSink(s3, config.TARGET_BUCKET),
    apm: {
      stream: config.METRICS_STREAM_NAME,
      sink: createS3PartSink(s3, config.APM_BUCKET),
      bucket: config.APM_BUCKET,
    },
    codec: createCodec(),
    log: pino({ level: config.LOG_LEVEL }),
  },
  consumerOptions(config),
);

const metricsOptions = { namespace: config.METRICS_NAMESPACE, stage: config.STAGE };

/**
 * Lambda entry of the consumer, for whichever stream is mapped to it; the mapping must have
 * `ReportBatchItemFailures`. All goes to TARGET_BUCKET, but for the APM of METRICS_STREAM_NAME. Each batch leaves its figures in the log as metrics.
 */
export const handler = async (event: KinesisEvent): Promise<BatchResponse> => {
  const { response, summary } = await consume(event);
  const line = batchMetricsLine(event, summary, Date.now(), metricsOptions);
  if (line !== undefined) process.stdout.write(`${line}\n`);
  return response;
};
