import type { Server } from "node:http";
import path from "node:path";
import { serve } from "@hono/node-server";
import { createDashboardApp } from "../routes/dashboard/app.ts";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { createConsumerStateSource } from "../shared/aws/consumer-state-source.ts";
import { createObjectCatalog } from "../shared/aws/object-catalog.ts";
import { createIngestAccountSource } from "../shared/aws/s3-ingest-accounts.ts";
import { createStreamCatalog } from "../shared/aws/stream-catalog.ts";
import type { Config } from "../shared/core/config.ts";
import { createDashboardReader } from "../shared/core/dashboard/reader.ts";
import { readUiFiles } from "../shared/disk/ui-files.ts";
import { createAlertStore } from "./alert-store.ts";
import { createAlertWebhook } from "./alert-webhook.ts";
import { startDashboardWatch } from "./dashboard-watch.ts";
import { createIngestStatusSource } from "./ingest-status.ts";
import type { Part, PartContext } from "./part.ts";

const REQUEST_TIMEOUT_MS = 3_000;
/** A shard with nothing to read is polled about this often; three misses mean it stands still. */
const FRESH_MS = 15_000;
/** From the last accepted log until everybody has said how far they are, without the batch window. */
const SETTLE_MS = 10_000;

const inUrl = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** An address to connect to: where a server listens on every interface, the loopback one. */
const reachable = (host: string): string =>
  host === "0.0.0.0" || host === "::" ? "127.0.0.1" : inUrl(host);

const listenError = (error: NodeJS.ErrnoException, { HOST }: Config, port: number): Error =>
  error.code === "EADDRINUSE"
    ? new Error(`Port ${port} on ${HOST} is taken: set DASHBOARD_PORT to another one.`)
    : error;

const watchedStreams = (config: Config): string[] => [
  ...new Set([config.KINESIS_STREAM_NAME, config.METRICS_STREAM_NAME]),
];

/** A local endpoint has only ours; an account may hold much that is not for everybody's eyes. */
const scopeOf = (config: Config) => {
  const isAccount = config.AWS_ENDPOINT_URL === undefined;
  const buckets = [config.TARGET_BUCKET, config.METRICS_BUCKET, config.APM_BUCKET];
  return {
    streams: isAccount ? watchedStreams(config) : undefined,
    buckets: isAccount ? [...new Set(buckets)] : undefined,
  };
};

/** The dashboard on HOST and the given port (0: any free one), with the scripts of `uiFolder`. */
export const startDashboard = async (
  { config, log }: PartContext,
  port: number = config.DASHBOARD_PORT,
  uiFolder: string = path.resolve(".build/ui"),
): Promise<Part> => {
  const ui = readUiFiles(uiFolder);
  const clientOptions = {
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    maxAttempts: 2,
  };
  const kinesis = createKinesisClient(clientOptions);
  const s3 = createS3Client(clientOptions);
  const scope = scopeOf(config);
  const now = () => Date.now();
  const ingestUrl = config.INGEST_URL ?? `http://${reachable(config.HOST)}:${config.INGEST_PORT}`;
  const reader = createDashboardReader(
    {
      streams: createStreamCatalog(kinesis, { only: scope.streams }),
      objects: createObjectCatalog(s3, { only: scope.buckets }),
      consumer: createConsumerStateSource(s3, config.TARGET_BUCKET),
      ingest: createIngestStatusSource(ingestUrl, config.INGEST_TOKEN),
      accounts: createIngestAccountSource(s3, config.TARGET_BUCKET),
      now,
    },
    {
      watchedStreams: watchedStreams(config),
      quietMs: SETTLE_MS + config.POLL_INTERVAL * 2_000,
      freshMs: Math.max(FRESH_MS, config.POLL_INTERVAL * 2_000),
    },
  );
  const dashboardUrl = `http://${reachable(config.HOST)}:${port}`;
  const watch = startDashboardWatch({
    reader,
    bucket: config.TARGET_BUCKET,
    rules: config.ALERT_RULES,
    forMs: config.ALERT_FOR * 1_000,
    notify:
      config.ALERT_WEBHOOK_URL === undefined
        ? undefined
        : createAlertWebhook(config.ALERT_WEBHOOK_URL, { stage: config.STAGE, dashboardUrl }),
    store: createAlertStore(config.DASHBOARD_DIR),
    log,
    now,
  });
  const app = createDashboardApp({
    reader,
    history: watch.history,
    alerts: watch.alerts,
    frame: {
      stage: config.STAGE,
      endpoint: config.AWS_ENDPOINT_URL?.replace(/^https?:\/\//, "") ?? "AWS",
      region: config.AWS_REGION,
    },
    ui,
    host: config.HOST,
    allowedHosts: config.ALLOWED_HOSTS,
    ingestUrl,
    log,
    now,
  });

  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, hostname: config.HOST, port }, () =>
      resolve(starting),
    ) as Server;
    starting.once("error", (error) => reject(listenError(error, config, port)));
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;

  return {
    ready: { url: `http://${inUrl(config.HOST)}:${listening}` },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Nothing here is worth waiting for: it can be asked again.
      server.closeAllConnections();
      await closed;
      await watch.stop();
      kinesis.destroy();
      s3.destroy();
    },
  };
};
