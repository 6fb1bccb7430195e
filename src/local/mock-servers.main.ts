import { randomInt, randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { setTimeout as sleepFor } from "node:timers/promises";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { PORT_OFFSETS, type ServiceName } from "../mock-servers/port-offsets.ts";
import { createIngestClient } from "../mock-servers/traffic/ingest-client.ts";
import { createUpstream } from "../mock-servers/upstream.ts";
import type { Config } from "../shared/core/config.ts";
import { type Part, type PartContext, runPart } from "./part.ts";

/** Whatever HOST is: these take orders from anybody who reaches them. */
const LOOPBACK = "127.0.0.1";
const CLIENT_TIMEOUT_MS = 5_000;
const EVERY_INTERFACE = new Set(["0.0.0.0", "::"]);

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  sleepFor(Math.max(0, ms), undefined, { signal }).catch(() => {});

const every = (ms: number, task: () => void): (() => void) => {
  const timer = setInterval(task, ms);
  return () => clearInterval(timer);
};

const ingestUrlOf = ({ INGEST_URL, HOST, INGEST_PORT }: Config): string => {
  const host = EVERY_INTERFACE.has(HOST) ? LOOPBACK : HOST;
  return INGEST_URL ?? `http://${host.includes(":") ? `[${host}]` : host}:${INGEST_PORT}`;
};

const listen = (app: Hono, name: ServiceName, port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: LOOPBACK, port }, () =>
      resolve(server),
    ) as Server;
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Error(
              `Port ${port} for ${name} is taken: set MOCK_PORT_BASE to another first port.`,
            )
          : error,
      ),
    );
  });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** The five simulated upstream services, from MOCK_PORT_BASE on. */
const startMockServers = async ({ config, log }: PartContext): Promise<Part> => {
  const seed = config.MOCK_SEED ?? randomInt(2 ** 32);
  const url = ingestUrlOf(config);
  const client = createIngestClient(fetch, {
    url,
    token: config.INGEST_TOKEN,
    timeoutMs: CLIENT_TIMEOUT_MS,
  });
  const upstream = createUpstream(
    { client, now: Date.now, sleep, every, newId: randomUUID, log },
    { seed },
  );
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const { acknowledged, refused, unconfirmed } = await upstream.close();
    await Promise.all(servers.map(closeServer));
    if (acknowledged + refused + unconfirmed === 0) return;
    log.info(
      { acknowledged, refused, unconfirmed },
      `Of the logs sent ${acknowledged} were acknowledged, ${refused} refused, ${unconfirmed} not answered.`,
    );
  };
  try {
    for (const [name, offset] of Object.entries(PORT_OFFSETS) as [ServiceName, number][])
      servers.push(await listen(upstream.apps[name], name, config.MOCK_PORT_BASE + offset));
  } catch (error) {
    await close();
    throw error;
  }
  const first = `http://${LOOPBACK}:${config.MOCK_PORT_BASE}`;
  log.info({ url: first, ingest: url, seed }, `Upstream servers from ${first} on, seed ${seed}.`);
  return { ready: { url: first, seed: String(seed) }, close };
};

await runPart("mock-servers", process.env, startMockServers);
