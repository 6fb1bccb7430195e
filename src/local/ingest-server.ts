import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { createIngestRoutes } from "../routes/ingest.ts";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { createKinesisClient } from "../shared/aws/clients.ts";
import { createKinesisWriter } from "../shared/aws/kinesis-writer.ts";
import type { Config } from "../shared/core/config.ts";
import { createPutRecordsEngine } from "../shared/core/put-records-engine.ts";
import type { Part, PartContext } from "./part.ts";

const HEADERS_TIMEOUT_MS = 10_000;
/** For a whole request, body included. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than a load balancer keeps its end open, so that it is never the one surprised. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const DRAIN_DEADLINE_MS = 5_000;
const MAX_CONNECTIONS = 4_096;

const schedule = (delayMs: number, task: () => void): (() => void) => {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
};

const listenError = (error: NodeJS.ErrnoException, { HOST }: Config, port: number): Error =>
  error.code === "EADDRINUSE"
    ? new Error(`Port ${port} on ${HOST} is taken: set INGEST_PORT to another one.`)
    : error;

const urlOf = (server: Server, host: string): string => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
};

/** The ingestion interface on HOST and the given port (0: any free one). */
export const startIngest = async (
  { config, log }: PartContext,
  port: number = config.INGEST_PORT,
): Promise<Part> => {
  const kinesis = createKinesisClient({
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    requestTimeoutMs: config.REQUEST_DEADLINE_MS,
    maxAttempts: 1,
  });
  const engine = createPutRecordsEngine(
    {
      writer: createKinesisWriter(kinesis, config.KINESIS_STREAM_NAME),
      now: Date.now,
      schedule,
      random: Math.random,
      log,
    },
    {
      lingerMs: config.LINGER_MS,
      packBytes: config.RECORD_PACK_BYTES,
      maxQueueBytes: config.MAX_QUEUE_BYTES,
      requestDeadlineMs: config.REQUEST_DEADLINE_MS,
    },
  );
  const app = createIngestRoutes({
    engine: config.KINESIS_ENABLED ? engine : undefined,
    streamName: config.KINESIS_STREAM_NAME,
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log,
    maxBodiesBytes: config.MAX_QUEUE_BYTES,
  });

  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve(
      {
        fetch: app.fetch,
        hostname: config.HOST,
        port,
        serverOptions: {
          headersTimeout: HEADERS_TIMEOUT_MS,
          requestTimeout: REQUEST_TIMEOUT_MS,
          keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        },
      },
      () => resolve(starting),
    ) as Server;
    starting.maxConnections = MAX_CONNECTIONS;
    starting.once("error", (error) => reject(listenError(error, config, port)));
  });

  return {
    ready: { url: urlOf(server, config.HOST) },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await engine.close(DRAIN_DEADLINE_MS);
      // Answers of what was drained are on their way; connections that stay open are idle ones.
      const cancel = schedule(1_000, () => server.closeAllConnections());
      server.closeIdleConnections();
      await closed;
      cancel();
      kinesis.destroy();
    },
  };
};
