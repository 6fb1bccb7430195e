import path from "node:path";
import { handle, streamHandle } from "hono/aws-lambda";
import { pino } from "pino";
import { createDashboardApp } from "../routes/dashboard/app.ts";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import {
  createCloudWatchClient,
  createCloudWatchConsumerSource,
} from "../shared/aws/cloudwatch-consumer-source.ts";
import { createCloudWatchHistory } from "../shared/aws/cloudwatch-history.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createConsumerStateSource } from "../shared/aws/consumer-state-source.ts";
import { createObjectBytes } from "../shared/aws/object-bytes.ts";
import { createObjectCatalog } from "../shared/aws/object-catalog.ts";
import { createObjectSigner } from "../shared/aws/object-signer.ts";
import { createStreamCatalog } from "../shared/aws/stream-catalog.ts";
import { createStreamsPorts } from "../shared/aws/stream-ports.ts";
import { createMomentaryMeasure } from "../shared/core/dashboard/alerts/momentary.ts";
import { createMomentaryAlerts } from "../shared/core/dashboard/alerts/source.ts";
import { bucketSettings } from "../shared/core/dashboard/buckets/settings.ts";
import { createLogReader } from "../shared/core/dashboard/logs/log-reader.ts";
import { createQuarantineReader } from "../shared/core/dashboard/quarantine/reader.ts";
import { createDashboardReader } from "../shared/core/dashboard/reader.ts";
import { readUiFiles } from "../shared/disk/ui-files.ts";
import { lockApp } from "./access.ts";
import { keepKeysExact } from "./exact-keys.ts";
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

/** CloudWatch's figures are of whole minutes, and up to some minutes late. */
const CLOUDWATCH_FRESH_MS = 5 * 60_000;
const STATE_FRESH_MS = 15_000;

const fromCloudWatch = () => {
  const client = createCloudWatchClient(clientOptions);
  const options = {
    namespace: config.METRICS_NAMESPACE,
    stage: config.STAGE,
    functions: {
      [config.KINESIS_STREAM_NAME]: config.CONSUMER_FUNCTION,
      [config.METRICS_STREAM_NAME]: config.METRICS_CONSUMER_FUNCTION,
    },
    ingestFunction: config.INGEST_FUNCTION,
    now,
  };
  return {
    freshMs: CLOUDWATCH_FRESH_MS,
    source: createCloudWatchConsumerSource(client, options),
    history: createCloudWatchHistory(client, options),
  };
};

const fromState = () => ({
  freshMs: STATE_FRESH_MS,
  source: createConsumerStateSource(s3, config.TARGET_BUCKET),
  history: undefined,
});

const consumer = config.CONSUMER_FIGURES === "cloudwatch" ? fromCloudWatch() : fromState();

const catalog = createStreamCatalog(createKinesisClient(clientOptions), { only: watchedStreams });

const reader = createDashboardReader(
  {
    streams: catalog,
    objects: createObjectCatalog(s3, {
      only: [config.TARGET_BUCKET, config.METRICS_BUCKET, config.APM_BUCKET],
    }),
    consumer: consumer.source,
    now,
  },
  { watchedStreams, freshMs: consumer.freshMs },
);

const measure = createMomentaryMeasure({
  reader,
  history: consumer.history,
  rules: config.ALERT_RULES,
  bucket: config.TARGET_BUCKET,
  now,
});

// The Lambda runtime has it where answers can be streamed; emulators and `sls invoke local` do not.
const isStreaming = config.RESPONSE_STREAMING && "awslambda" in globalThis;

/** Lambda's 6 MB, less what base64 adds. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const buckets = [config.TARGET_BUCKET, config.METRICS_BUCKET, config.APM_BUCKET];
const objects = createObjectCatalog(s3, { only: buckets });

const dashboard = createDashboardApp({
  // The lock below lets nobody in unasked.
  access: { mode: "outside" },
  quarantine: createQuarantineReader({ objects, now }, { buckets }),
  streams: createStreamsPorts(
    {
      kinesis: createKinesisClient({ ...clientOptions, maxAttempts: 1 }),
      catalog,
      codec: createCodec(),
      log,
      now,
    },
    {
      // A streamed answer is paid for to its end, whether or not anybody still listens.
      canStream: false,
      measuresRates: config.AWS_ENDPOINT_URL !== undefined,
      consumerSource: config.CONSUMER_FIGURES === "cloudwatch" ? "cloudwatch" : "checkpoint",
      freshMs: consumer.freshMs,
    },
  ),
  logs: {
    reader: createLogReader({
      objects,
      bytes: createObjectBytes(s3, { only: buckets }),
      now,
    }),
    // As for tails: a search is made page by page.
    canStream: false,
    maxAnswerBytes: isStreaming ? undefined : MAX_ANSWER_BYTES,
    endpointUrl: config.AWS_ENDPOINT_URL,
  },
  reader,
  history: consumer.history,
  alerts: createMomentaryAlerts(config.ALERT_RULES, measure, now),
  frame: {
    stage: config.STAGE,
    endpoint: config.AWS_ENDPOINT_URL ?? "AWS",
    region: config.AWS_REGION,
  },
  storage: bucketSettings(config, (expiresSeconds) =>
    createObjectSigner(s3, { expiresSeconds, only: buckets }),
  ),
  ui: uiFiles(),
  log,
  now,
});

const app = lockApp(keepKeysExact(dashboard), {
  mode: config.AUTH,
  readToken: createTokenReader(config),
  log,
});

/** The dashboard behind an HTTP API or a function URL, read-only and locked. */
export const handler = isStreaming ? streamHandle(app) : handle(app);
