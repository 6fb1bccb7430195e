import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { S3Client } from "@aws-sdk/client-s3";
import { createKinesisClient, createS3Client } from "../../../src/shared/aws/clients.ts";
import { launchPart, type PartProcess, runOnce } from "../../support/part-process.ts";
import { freePorts } from "../../support/ports.ts";

/** A pipeline of real processes, its data in a folder of its own. */
export type Site = {
  /** The dashboard's address. */
  url: string;
  ingestUrl: string;
  awsUrl: string;
  env: NodeJS.ProcessEnv;
  kinesis: KinesisClient;
  s3: S3Client;
  /** Accepts logs, as any client sends them; throws where one is refused. */
  send(logs: readonly object[]): Promise<void>;
  /** Starts a part again, after the one that runs was killed; its environment may differ. */
  restart(part: "dashboard" | "consumer" | "ingest", env?: NodeJS.ProcessEnv): Promise<PartProcess>;
  /** Kills one part, as a crash does. */
  kill(part: SitePart): Promise<void>;
};

type SitePart = "emulator" | "ingest" | "consumer" | "dashboard";

const sendTo = async (url: string, logs: readonly object[]): Promise<void> => {
  const answer = await fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ logs }),
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
};

/** Starts emulator, ingest, consumer and dashboard on free ports, and ends them afterwards. */
export const withSite = async (
  use: (site: Site) => Promise<void>,
  extra: NodeJS.ProcessEnv = {},
): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), "site-"));
  const [aws, ingest, dashboard] = await freePorts(3);
  const awsUrl = `http://127.0.0.1:${aws}`;
  const env: NodeJS.ProcessEnv = {
    AWS_ENDPOINT_URL: awsUrl,
    INGEST_PORT: String(ingest),
    DASHBOARD_PORT: String(dashboard),
    LOCAL_AWS_DIR: path.join(folder, "aws"),
    SPOOL_DIR: path.join(folder, "spool"),
    DASHBOARD_DIR: path.join(folder, "dashboard"),
    POLL_INTERVAL: "1",
    LOG_LEVEL: "warn",
    ...extra,
  };
  const kills = new Map<string, PartProcess["kill"]>();
  const start = (part: SitePart, more: NodeJS.ProcessEnv = {}) =>
    launchPart(part, { ...env, ...more }, (kill) => kills.set(part, kill));
  const clients = { region: "us-east-1", endpoint: awsUrl };
  const kinesis = createKinesisClient(clients);
  const s3 = createS3Client(clients);
  try {
    await start("emulator");
    await runOnce("setup", env);
    await Promise.all([start("ingest"), start("consumer"), start("dashboard")]);
    const ingestUrl = `http://127.0.0.1:${ingest}`;
    await use({
      url: `http://127.0.0.1:${dashboard}`,
      ingestUrl,
      awsUrl,
      env,
      kinesis,
      s3,
      send: (logs) => sendTo(ingestUrl, logs),
      kill: async (part) => {
        await kills.get(part)?.("SIGKILL");
      },
      restart: async (part, more) => {
        await kills.get(part)?.("SIGKILL");
        return await start(part, more);
      },
    });
  } finally {
    kinesis.destroy();
    s3.destroy();
    await Promise.all([...kills.values()].map((kill) => kill("SIGKILL")));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};
