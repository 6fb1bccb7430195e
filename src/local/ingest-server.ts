import { randomUUID } from "node:crypto";
import type { Server, ServerOptions } from "node:http";
import { serve } from "@hono/node-server";
import { createIngestRoutes } from "../routes/ingest.ts";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { createKinesisLookup } from "../shared/aws/kinesis-lookup.ts";
import { createKinesisWriter } from "../shared/aws/kinesis-writer.ts";
import { createAccountWriter } from "../shared/aws/s3-ingest-accounts.ts";
import { type Config, ConfigError } from "../shared/core/config.ts";
import { createIdempotency, type KeyLog, type KnownBatch } from "../shared/core/idempotency.ts";
import type { Logger } from "../shared/core/logger.ts";
import {
  createPutRecordsEngine,
  type PutRecordsEngine,
} from "../shared/core/put-records-engine.ts";
import { type AcceptedFile, openAcceptedFile } from "./ledger/accepted-file.ts";
import { createIngestLedger } from "./ledger/ingest-ledger.ts";
import type { Part, PartContext } from "./part.ts";
import { type FileSpool, openFileSpool } from "./spool/file-spool.ts";
import { openKeyLog } from "./spool/key-log.ts";
import { spoolFolder, warnOfOtherSpools } from "./spool/spool-folder.ts";

const HTTP_TIMEOUTS = {
  headersTimeout: 10_000,
  /** For a whole request, body included: a client that sends a byte a second is cut off. */
  requestTimeout: 30_000,
  /** How often the two above are looked after. */
  connectionsCheckingInterval: 1_000,
  /** Longer than a load balancer keeps its end open, so that it is never the one surprised. */
  keepAliveTimeout: 65_000,
} satisfies ServerOptions;

const DRAIN_DEADLINE_MS = 5_000;
const MAX_CONNECTIONS = 4_096;
/** The engine's own deadlines are shorter; this one ends a drain's call that hangs. */
const KINESIS_TIMEOUT_MS = 15_000;
const PUBLISH_TIMEOUT_MS = 2_000;

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

/** Throws a ConfigError where anybody could send logs to something that matters. */
const checkDoor = ({ STAGE, INGEST_TOKEN, HOST }: Config, log: Logger): void => {
  if (INGEST_TOKEN !== undefined) return;
  if (STAGE !== "local")
    throw new ConfigError(
      `STAGE=${STAGE} is not local, so ingest wants a token from its callers: set INGEST_TOKEN to at least 16 random characters, such as those of: openssl rand -hex 32`,
    );
  if (!/^(localhost|::1|127\.\d+\.\d+\.\d+)$/.test(HOST))
    log.warn(
      { host: HOST },
      "Whoever reaches this address can send logs: INGEST_TOKEN is not set.",
    );
};

/** The disk behind the engine: the spool, and the keys of batches beside it. */
const openDisk = async (config: Config, log: Logger) => {
  if (config.SPOOL_MAX_BYTES === 0 || !config.KINESIS_ENABLED) return undefined;
  const folder = spoolFolder(config);
  const now = () => Date.now();
  const spool = await openFileSpool({ folder, maxBytes: config.SPOOL_MAX_BYTES, log, now });
  await warnOfOtherSpools(config, log);
  const keyLog = await openKeyLog(folder, { windowMs: config.IDEMPOTENCY_WINDOW * 1000, now });
  return { spool, keyLog, accepted: await openAcceptedFile(folder) };
};

/** Counts what is accepted, and publishes the counts in the bucket where the logs end up. */
const openLedger = (
  config: Config,
  log: Logger,
  engine: PutRecordsEngine,
  file: AcceptedFile | undefined,
) => {
  const s3 = createS3Client({
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    requestTimeoutMs: PUBLISH_TIMEOUT_MS,
    maxAttempts: 1,
  });
  const ledger = createIngestLedger(
    {
      file,
      newId: randomUUID,
      put: createAccountWriter(s3, config.TARGET_BUCKET),
      stats: engine.stats,
      now: Date.now,
      log,
    },
    {
      stream: config.KINESIS_STREAM_NAME,
      allowedServices: config.SERVICES?.length ? new Set(config.SERVICES) : undefined,
    },
  );
  return {
    record: ledger.record,
    settle: ledger.settle,
    close: async (): Promise<void> => {
      await ledger.close();
      s3.destroy();
    },
  };
};

const createKeys = (
  config: Config,
  log: Logger,
  engine: PutRecordsEngine,
  disk: { spool: FileSpool; keyLog: KeyLog & { known: readonly KnownBatch[] } } | undefined,
) => {
  if (config.IDEMPOTENCY_WINDOW === 0) return undefined;
  const tagged = disk?.spool.taggedAtStart();
  const known = disk?.keyLog.known.map((batch) => ({ ...batch, spooled: tagged?.get(batch.key) }));
  return createIdempotency(
    { now: Date.now, mark: engine.mark, log, keyLog: disk?.keyLog, known: known ?? [] },
    {
      windowMs: config.IDEMPOTENCY_WINDOW * 1000,
      maxKeys: config.IDEMPOTENCY_MAX_KEYS,
      packBytes: config.RECORD_PACK_BYTES,
    },
  );
};

/** The ingestion interface on HOST and the given port (0: any free one). */
export const startIngest = async (
  { config, log }: PartContext,
  port: number = config.INGEST_PORT,
  http: Partial<typeof HTTP_TIMEOUTS> = {},
): Promise<Part> => {
  checkDoor(config, log);
  const clientOptions = {
    region: config.AWS_REGION,
    endpoint: config.AWS_ENDPOINT_URL,
    requestTimeoutMs: KINESIS_TIMEOUT_MS,
    maxAttempts: 1,
  };
  const kinesis = createKinesisClient(clientOptions);
  const disk = await openDisk(config, log);
  const engine = createPutRecordsEngine(
    {
      writer: createKinesisWriter(kinesis, config.KINESIS_STREAM_NAME),
      lookup: config.VERIFY_RESEND
        ? createKinesisLookup(kinesis, config.KINESIS_STREAM_NAME)
        : undefined,
      spool: disk?.spool,
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
  const ledger = config.KINESIS_ENABLED
    ? openLedger(config, log, engine, disk?.accepted)
    : undefined;
  const app = createIngestRoutes({
    ledger,
    engine: config.KINESIS_ENABLED ? engine : undefined,
    streamName: config.KINESIS_STREAM_NAME,
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log,
    maxBodiesBytes: config.MAX_QUEUE_BYTES,
    idempotency: createKeys(config, log, engine, disk),
    hosts: { host: config.HOST, others: config.ALLOWED_HOSTS },
    token: config.INGEST_TOKEN,
  });

  const closeDisk = async (): Promise<void> => {
    await ledger?.close();
    await disk?.keyLog.close();
    await disk?.spool.close();
  };

  const listen = (): Promise<Server> =>
    new Promise<Server>((resolve, reject) => {
      const starting = serve(
        {
          fetch: app.fetch,
          hostname: config.HOST,
          port,
          serverOptions: { ...HTTP_TIMEOUTS, ...http },
        },
        () => resolve(starting),
      ) as Server;
      starting.maxConnections = MAX_CONNECTIONS;
      starting.once("error", (error) => reject(listenError(error, config, port)));
    });
  let server: Server;
  try {
    server = await listen();
  } catch (error) {
    await engine.close(0);
    await closeDisk();
    throw error;
  }

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
      await closeDisk();
      kinesis.destroy();
    },
  };
};
