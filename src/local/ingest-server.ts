import type { Server, ServerOptions } from "node:http";
import { serve } from "@hono/node-server";
import { createIngestRoutes } from "../routes/ingest.ts";
import { createBodyDecoder } from "../shared/aws/body-decoder.ts";
import { createKinesisClient } from "../shared/aws/clients.ts";
import { type Config, ConfigError } from "../shared/core/config.ts";
import type { Logger } from "../shared/core/logger.ts";
import { openIngestStreams } from "./ingest-streams.ts";
import type { Part, PartContext } from "./part.ts";
import { openSideEffects } from "./side-effects.ts";

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
  const streams = await openIngestStreams({ config, log, kinesis });
  const sideEffects = await openSideEffects(config, log);
  const app = createIngestRoutes({
    streams: streams.intakes,
    copies: sideEffects?.copies,
    sideEffects,
    bodyDecoder: createBodyDecoder(),
    now: Date.now,
    log,
    maxBodiesBytes: config.MAX_QUEUE_BYTES,
    hosts: { host: config.HOST, others: config.ALLOWED_HOSTS },
    token: config.INGEST_TOKEN,
  });

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
    await streams.drain(0);
    await streams.close();
    await sideEffects?.close();
    throw error;
  }

  return {
    ready: { url: urlOf(server, config.HOST) },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await streams.drain(DRAIN_DEADLINE_MS);
      // Answers of what was drained are on their way; connections that stay open are idle ones.
      const cancel = schedule(1_000, () => server.closeAllConnections());
      server.closeIdleConnections();
      await closed;
      cancel();
      await streams.close();
      await sideEffects?.close();
      kinesis.destroy();
    },
  };
};
