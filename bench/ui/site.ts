import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { seedDemoData } from "../../src/local/demo-data/seed.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { runPart, startPart, stopPart } from "../support/processes.ts";
import { startBigBucket } from "./big-bucket.ts";

const PORTS = { aws: 24_666, big: 24_667, ingest: 28_104, dashboard: 28_110, down: 28_111 };
const LAND_DEADLINE_MS = 120_000;

const local = (port: number): string => `http://127.0.0.1:${port}`;

export type BenchSite = {
  url: string;
  /** A dashboard whose AWS does not answer. */
  downUrl: string;
  ingestUrl: string;
  /** List calls for the bucket of a million keys since it was asked last. */
  takeListCalls(): number;
  close(): Promise<void>;
};

type Summary = { ledger: { streams: { in_flight: number | null }[] } };

const waitUntilLanded = async (url: string): Promise<void> => {
  const until = Date.now() + LAND_DEADLINE_MS;
  while (Date.now() < until) {
    const { ledger } = (await (await fetch(`${url}/api/stats/summary`)).json()) as Summary;
    if (ledger.streams.length > 0 && ledger.streams.every(({ in_flight }) => in_flight === 0))
      return;
    await sleep(500);
  }
  throw new Error(`The demo data had not landed after ${LAND_DEADLINE_MS / 1000} s.`);
};

/** A pipeline of real processes full of demo data, and a second dashboard that has no AWS. */
export const startSite = async (say: (what: string) => void): Promise<BenchSite> => {
  const folder = mkdtempSync(path.join(tmpdir(), "bench-ui-"));
  const bigBucket = await startBigBucket(PORTS.big, local(PORTS.aws));
  const common = {
    AWS_ENDPOINT_URL: local(PORTS.aws),
    INGEST_PORT: String(PORTS.ingest),
    LOCAL_AWS_DIR: path.join(folder, "aws"),
    SPOOL_DIR: path.join(folder, "spool"),
    POLL_INTERVAL: "1",
  };
  const parts: ChildProcess[] = [];
  const start = async (name: string, env: NodeJS.ProcessEnv) => {
    parts.push(await startPart(name, { ...common, ...env }));
  };
  const close = async (): Promise<void> => {
    // The local AWS goes last: what the others still have to say, they say to it.
    for (const part of parts.toReversed()) await stopPart(part);
    await bigBucket.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start("emulator", {});
    runPart("setup", common);
    await start("ingest", {});
    await start("consumer", { LOG_LEVEL: "error" });
    await start("dashboard", {
      // Sees the bucket of a million keys, and everything else behind it.
      AWS_ENDPOINT_URL: local(PORTS.big),
      DASHBOARD_PORT: String(PORTS.dashboard),
      DASHBOARD_DIR: path.join(folder, "dashboard"),
    });
    await start("dashboard", {
      // Nothing listens on port 9.
      AWS_ENDPOINT_URL: local(9),
      DASHBOARD_PORT: String(PORTS.down),
      DASHBOARD_DIR: path.join(folder, "down"),
      LOG_LEVEL: "error",
    });
    const clients = { region: "us-east-1", endpoint: local(PORTS.aws) };
    const [s3, kinesis] = [createS3Client(clients), createKinesisClient(clients)];
    await seedDemoData({
      s3,
      kinesis,
      ingestUrl: local(PORTS.ingest),
      logsBucket: "md-raw-logs",
      logsStream: "stage01-logs-stream",
      nowMs: Date.now(),
      say,
    });
    s3.destroy();
    kinesis.destroy();
    await waitUntilLanded(local(PORTS.dashboard));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: local(PORTS.dashboard),
    downUrl: local(PORTS.down),
    ingestUrl: local(PORTS.ingest),
    takeListCalls: bigBucket.takeListCalls,
    close,
  };
};
