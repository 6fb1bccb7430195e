import type { Hono } from "hono";
import { createDashboardApp } from "../../src/routes/dashboard/app.ts";
import { createIngestRoutes } from "../../src/routes/ingest.ts";
import { createBodyDecoder } from "../../src/shared/aws/body-decoder.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { createConsumerStateSource } from "../../src/shared/aws/consumer-state-source.ts";
import { createKinesisWriter } from "../../src/shared/aws/kinesis-writer.ts";
import { createObjectCatalog } from "../../src/shared/aws/object-catalog.ts";
import { createStreamCatalog } from "../../src/shared/aws/stream-catalog.ts";
import { loadConfig } from "../../src/shared/core/config.ts";
import { createDashboardReader } from "../../src/shared/core/dashboard/reader.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { createPutRecordsEngine } from "../../src/shared/core/put-records-engine.ts";

export type Apps = { ingest: Hono; dashboard: Hono };

/** Both apps wired as on Node, with nothing but web standards towards the server. */
export const createApps = (env: Readonly<Record<string, string | undefined>>): Apps => {
  const config = loadConfig(env);
  const log = silentLogger;
  const now = () => Date.now();
  const aws = { region: config.AWS_REGION, endpoint: config.AWS_ENDPOINT_URL };
  const kinesis = createKinesisClient({ ...aws, maxAttempts: 1 });
  const watchedStreams = [config.KINESIS_STREAM_NAME, config.METRICS_STREAM_NAME];
  const s3 = createS3Client(aws);
  const intake = (name: string) => ({
    name,
    engine: createPutRecordsEngine(
      {
        writer: createKinesisWriter(kinesis, name),
        now,
        schedule: (delayMs, task) => {
          const timer = setTimeout(task, delayMs);
          return () => clearTimeout(timer);
        },
        random: Math.random,
        log,
      },
      {
        lingerMs: config.LINGER_MS,
        packBytes: config.RECORD_PACK_BYTES,
        maxQueueBytes: config.MAX_QUEUE_BYTES,
        requestDeadlineMs: config.REQUEST_DEADLINE_MS,
      },
    ),
  });
  return {
    ingest: createIngestRoutes({
      streams: {
        logs: intake(config.KINESIS_STREAM_NAME),
        metrics: intake(config.METRICS_STREAM_NAME),
      },
      bodyDecoder: createBodyDecoder(),
      now,
      log,
      maxBodiesBytes: config.MAX_QUEUE_BYTES,
    }),
    dashboard: createDashboardApp({
      reader: createDashboardReader(
        {
          streams: createStreamCatalog(kinesis, { only: watchedStreams }),
          objects: createObjectCatalog(s3, { only: undefined }),
          consumer: createConsumerStateSource(s3, config.TARGET_BUCKET),
          now,
        },
        { watchedStreams, freshMs: 15_000 },
      ),
      frame: {
        stage: config.STAGE,
        endpoint: config.AWS_ENDPOINT_URL ?? "AWS",
        region: config.AWS_REGION,
      },
      host: config.HOST,
      log,
      now,
    }),
  };
};
