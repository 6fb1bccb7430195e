import type { Server } from "node:http";
import path from "node:path";
import { serve } from "@hono/node-server";
import { createDashboardApp } from "../routes/dashboard/app.ts";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createConsumerStateSource } from "../shared/aws/consumer-state-source.ts";
import { createObjectBytes } from "../shared/aws/object-bytes.ts";
import { createObjectCatalog } from "../shared/aws/object-catalog.ts";
import { createObjectSigner } from "../shared/aws/object-signer.ts";
import { createIngestAccountSource } from "../shared/aws/s3-ingest-accounts.ts";
import { createStreamCatalog } from "../shared/aws/stream-catalog.ts";
import { createStreamsPorts } from "../shared/aws/stream-ports.ts";
import { type Config, ConfigError } from "../shared/core/config.ts";
import { bucketSettings } from "../shared/core/dashboard/buckets/settings.ts";
import { createLogReader } from "../shared/core/dashboard/logs/log-reader.ts";
import { createQuarantineReader } from "../shared/core/dashboard/quarantine/reader.ts";
import { createDashboardReader } from "../shared/core/dashboard/reader.ts";
import type { Logger } from "../shared/core/logger.ts";
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

const dataBuckets = (config: Config): string[] => [
  ...new Set([config.TARGET_BUCKET, config.METRICS_BUCKET, config.APM_BUCKET]),
];

/** A local endpoint has only ours; an account may hold much that is not for everybody's eyes. */
const scopeOf = (config: Config) => {
  const isAccount = config.AWS_ENDPOINT_URL === undefined;
  return {
    streams: isAccount ? watchedStreams(config) : undefined,
    buckets: isAccount ? dataBuckets(config) : undefined,
  };
};

/** Throws a ConfigError where anybody could read what matters. */
const checkDoor = ({ STAGE, DASHBOARD_TOKEN, HOST }: Config, log: Logger): void => {
  if (DASHBOARD_TOKEN !== undefined) return;
  if (STAGE !== "local")
    throw new ConfigError(
      `STAGE=${STAGE} is not local, so the dashboard wants a token from its readers: set DASHBOARD_TOKEN to at least 16 random characters, such as those of: openssl rand -hex 32`,
    );
  if (!/^(localhost|::1|127\.\d+\.\d+\.\d+)$/.test(HOST))
    log.warn(
      { host: HOST },
      "Whoever reaches this address can read the logs: DASHBOARD_TOKEN is not set.",
    );
};

/** The dashboard on HOST and the given port (0: any free one), with the scripts of `uiFolder`. */
export const startDashboard = async (
  { config, log }: PartContext,
  port: number = config.DASHBOARD_PORT,
  uiFolder: string = path.resolve(".build/ui"),
): Promise<Part> => {
  checkDoor(config, log);
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
  const catalog = createStreamCatalog(kinesis, { only: scope.streams });
  const freshMs = Math.max(FRESH_MS, config.POLL_INTERVAL * 2_000);
  // Readers wait by themselves between attempts.
  const records = createKinesisClient({ ...clientOptions, maxAttempts: 1 });
  const streams = createStreamsPorts(
    { kinesis: records, catalog, codec: createCodec(), log, now },
    {
      canStream: config.TAIL_MODE !== "poll",
      // On AWS every read counts against what the consumer may read.
      measuresRates: config.AWS_ENDPOINT_URL !== undefined,
      consumerSource: "checkpoint",
      freshMs,
    },
  );
  const objects = createObjectCatalog(s3, { only: scope.buckets });
  const reader = createDashboardReader(
    {
      streams: catalog,
      objects,
      consumer: createConsumerStateSource(s3, config.TARGET_BUCKET),
      ingest: createIngestStatusSource(ingestUrl, config.INGEST_TOKEN),
      accounts: createIngestAccountSource(s3, config.TARGET_BUCKET),
      now,
    },
    {
      watchedStreams: watchedStreams(config),
      quietMs: SETTLE_MS + config.POLL_INTERVAL * 2_000,
      freshMs,
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
    quarantine: createQuarantineReader({ objects, now }, { buckets: dataBuckets(config) }),
    access:
      config.DASHBOARD_TOKEN === undefined
        ? undefined
        : { mode: "token", token: config.DASHBOARD_TOKEN },
    streams,
    logs: {
      reader: createLogReader({
        objects,
        bytes: createObjectBytes(s3, { only: scope.buckets }),
        now,
      }),
      canStream: true,
      endpointUrl: config.AWS_ENDPOINT_URL,
    },
    frame: {
      stage: config.STAGE,
      endpoint: config.AWS_ENDPOINT_URL?.replace(/^https?:\/\//, "") ?? "AWS",
      region: config.AWS_REGION,
    },
    storage: bucketSettings(config, (expiresSeconds) =>
      createObjectSigner(s3, { expiresSeconds, only: scope.buckets }),
    ),
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
      streams.tail?.close();
      // Nothing here is worth waiting for: it can be asked again.
      server.closeAllConnections();
      await closed;
      await watch.stop();
      kinesis.destroy();
      records.destroy();
      s3.destroy();
    },
  };
};
