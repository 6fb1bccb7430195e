import { handle } from "hono/aws-lambda";
import { pino } from "pino";
import { createIngestRoutes } from "../routes/ingest.ts";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { createKinesisClient } from "../shared/aws/clients.ts";
import { createKinesisWriter } from "../shared/aws/kinesis-writer.ts";
import { createPutRecordsEngine } from "../shared/core/put-records-engine.ts";
import { lockApp } from "./access.ts";
import { loadLambdaConfig } from "./lambda-config.ts";
import { createTokenReader } from "./token.ts";

const config = loadLambdaConfig(process.env);
const log = pino({ level: config.LOG_LEVEL, base: { part: "ingest" } });

const kinesis = createKinesisClient({
  region: config.AWS_REGION,
  endpoint: config.AWS_ENDPOINT_URL,
  requestTimeoutMs: config.REQUEST_DEADLINE_MS,
  maxAttempts: 1,
});

const intake = (name: string) => ({
  name,
  engine: config.KINESIS_ENABLED
    ? createPutRecordsEngine(
        {
          writer: createKinesisWriter(kinesis, name),
          now: Date.now,
          schedule: (delayMs, task) => {
            const timer = setTimeout(task, delayMs);
            return () => clearTimeout(timer);
          },
          random: Math.random,
          log,
        },
        {
          // One request at a time: there is no company to wait for.
          lingerMs: 0,
          packBytes: config.RECORD_PACK_BYTES,
          maxQueueBytes: config.MAX_QUEUE_BYTES,
          requestDeadlineMs: config.REQUEST_DEADLINE_MS,
        },
      )
    : undefined,
});

const app = createIngestRoutes({
  streams: {
    logs: intake(config.KINESIS_STREAM_NAME),
    metrics: intake(config.METRICS_STREAM_NAME),
  },
  bodyDecoder: createBodyDecoder(),
  now: Date.now,
  log,
  maxBodiesBytes: config.MAX_QUEUE_BYTES,
});

/**
 * The ingestion interface behind an HTTP API or a function URL, locked. Answers after PutRecords
 * did: a frozen function sends nothing.
 */
export const handler = handle(
  lockApp(app, { mode: config.AUTH, readToken: createTokenReader(config), log }),
);
