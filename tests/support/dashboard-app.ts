import type { Hono } from "hono";
import { createDashboardApp, type DashboardDeps } from "../../src/routes/dashboard/app.ts";
import { BackendError } from "../../src/shared/core/dashboard/backend-error.ts";
import { createLogReader } from "../../src/shared/core/dashboard/logs/log-reader.ts";
import type {
  ConsumerStateSource,
  IngestAccountSource,
  IngestStatusSource,
  ObjectCatalog,
  StreamCatalog,
} from "../../src/shared/core/dashboard/ports.ts";
import { createDashboardReader } from "../../src/shared/core/dashboard/reader.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { createMemoryBytes } from "./memory-bytes.ts";
import { createMemoryCatalog } from "./memory-catalog.ts";

export const NOW = Date.parse("2026-11-22T10:00:00Z");

/** Rejects every call, as an adapter does whose service is down. */
export const downCatalogs = () => {
  const fail = (backend: "kinesis" | "s3") => () =>
    Promise.reject(new BackendError({ backend, kind: "unreachable", code: "ECONNREFUSED" }));
  const kinesis = fail("kinesis");
  const s3 = fail("s3");
  return {
    streams: { listStreamNames: kinesis, describe: kinesis, listShards: kinesis },
    objects: { listBuckets: s3, list: s3, open: s3 },
    consumer: { read: s3 },
  };
};

export const memoryStreams = (names: readonly string[]): StreamCatalog => ({
  listStreamNames: async () => ({ items: [...names], isComplete: true }),
  describe: async (name) =>
    names.includes(name)
      ? {
          name,
          arn: `arn:aws:kinesis:us-east-1:000000000000:stream/${name}`,
          status: "ACTIVE",
          openShardCount: 1,
          retentionHours: 24,
          createdAt: new Date(NOW - 60_000),
          encryption: "NONE",
        }
      : undefined,
  listShards: async () => ({
    isComplete: true,
    items: [
      {
        shardId: "shardId-000000000000",
        parentShardId: undefined,
        adjacentParentShardId: undefined,
        startingHashKey: "0",
        endingHashKey: "340282366920938463463374607431768211455",
        startingSequenceNumber: "49660000000000000000000000000000000000000000000000000000",
        endingSequenceNumber: undefined,
      },
    ],
  }),
});

export type TestPorts = {
  streams?: StreamCatalog;
  objects?: ObjectCatalog;
  consumer?: ConsumerStateSource;
  ingest?: IngestStatusSource;
  accounts?: IngestAccountSource;
};

/** The whole dashboard on ports in memory, its clock standing at NOW. */
export const createTestDashboard = (
  ports: TestPorts = {},
  deps: Partial<DashboardDeps> = {},
): Hono => {
  const now = () => NOW;
  const objects = ports.objects ?? createMemoryCatalog({ "md-raw-logs": [] });
  return createDashboardApp({
    reader: createDashboardReader(
      {
        streams: ports.streams ?? memoryStreams(["logs"]),
        objects,
        consumer: ports.consumer ?? {
          read: async () => ({ states: [], unreadable: [], isComplete: true }),
        },
        ingest: ports.ingest,
        accounts: ports.accounts,
        now,
      },
      { watchedStreams: ["logs"], freshMs: 15_000, cacheMs: 0 },
    ),
    logs: {
      reader: createLogReader({ objects, bytes: createMemoryBytes(objects), now }),
      canStream: true,
    },
    frame: { stage: "local", endpoint: "127.0.0.1:4566", region: "us-east-1" },
    log: silentLogger,
    now,
    ...deps,
  });
};
