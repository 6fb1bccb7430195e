import path from "node:path";
import { handle, streamHandle } from "hono/aws-lambda";
import { pino } from "pino";
import { createDashboardApp } from "../routes/dashboard/app.ts";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import {
  createCloudWatchClient,
  createCloudWatchConsumerSource,
} from "../shared/aws/cloudwatch-consumer-source.ts";
import { createConsumerStateSource } from "../shared/aws/consumer-state-source.ts";
import { createObjectCatalog } from "../shared/aws/object-catalog.ts";
import { createStreamCatalog } from "../shared/aws/stream-catalog.ts";
import { createDashboardReader } from "../shared/core/dashboard/reader.ts";
import { readUiFiles } from "../shared/disk/ui-files.ts";
import { lockApp } from "./access.ts";
import { loadLambdaConfig } from "./lambda-config.ts";
import { createTokenReader } from "./token.ts";

const config = loadLambdaConfig(process.env);
const clientOptions = {
  region: config.AWS_REGION,
  endpoint: config.AWS_ENDPOINT_URL,
  requestTimeoutMs: 3_000,
  maxAttempts: 2,
};
const s3 = createS3Client(clientOptions);
const watchedStreams = [config.KINESIS_STREAM_NAME, config.METRICS_STREAM_NAME];
const now = () => Date.now();
const log = pino({ level: config.LOG_LEVEL, base: { part: "dashboard" } });

/** The deployment puts them beside the handlers; without them the pages are still whole. */
const uiFiles = () => {
  try {
    return readUiFiles(path.join(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), ".build/ui"));
  } catch (error) {
    log.warn({ err: error }, "The pages go without their scripts: run the build, then package.");
    return undefined;
  }
};

const consumer =
  config.CONSUMER_FIGURES === "cloudwatch"
    ? {
        // CloudWatch's figures are of whole minutes, and up to some minutes late.
        freshMs: 5 * 60_000,
        source: createCloudWatchConsumerSource(createCloudWatchClient(clientOptions), {
          namespace: config.METRICS_NAMESPACE,
          stage: config.STAGE,
          functions: {
            [config.KINESIS_STREAM_NAME]: config.CONSUMER_FUNCTION,
            [config.METRICS_STREAM_NAME]: config.METRICS_CONSUMER_FUNCTION,
          },
          now,
        }),
      }
    : { freshMs: 15_000, source: createConsumerStateSource(s3, config.TARGET_BUCKET) };

const dashboard = createDashboardApp({
  reader: createDashboardReader(
    {
      streams: createStreamCatalog(createKinesisClient(clientOptions), { only: watchedStreams }),
      objects: createObjectCatalog(s3, {
        only: [config.TARGET_BUCKET, config.METRICS_BUCKET, config.APM_BUCKET],
      }),
      consumer: consumer.source,
      now,
    },
    { watchedStreams, freshMs: consumer.freshMs },
  ),
  frame: {
    stage: config.STAGE,
    endpoint: config.AWS_ENDPOINT_URL ?? "AWS",
    region: config.AWS_REGION,
  },
  ui: uiFiles(),
  log,
  now,
});

const app = lockApp(dashboard, { mode: config.AUTH, readToken: createTokenReader(config), log });

// The Lambda runtime has it where answers can be streamed; emulators and `sls invoke local` do not.
const canStream = "awslambda" in globalThis;

/** The dashboard behind an HTTP API or a function URL, read-only and locked. */
export const handler = config.RESPONSE_STREAMING && canStream ? streamHandle(app) : handle(app);
