import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { onTestFinished, vi } from "vitest";
import { startLocalAws } from "../../../src/local/emulators/server.ts";
import { createKinesisClient, createS3Client } from "../../../src/shared/aws/clients.ts";
import { ensureBucket, ensureStream } from "../../../src/shared/aws/setup-resources.ts";
import { requireTool } from "./packages.ts";

export type Handler = (event: unknown, context?: unknown) => Promise<unknown>;

export type HttpAnswer = {
  statusCode: number;
  body: string;
  headers: Record<string, string>;
};

type Zip = new (
  file: string,
) => {
  extractAllTo(folder: string, overwrite: boolean): void;
  getEntries(): { entryName: string; header: { compressedSize: number } }[];
};

const root = path.resolve(import.meta.dirname, "../../..");

export const readEvent = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(root, "events", `${name}.json`), "utf8"));

/** Unpacks a function's zip into a folder of its own, as Lambda does. Removed after the test. */
export const unpack = (zipFile: string): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "bundle-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  new (requireTool("adm-zip") as Zip)(zipFile).extractAllTo(folder, true);
  return folder;
};

/** Bytes of a zip, by the files in it. */
export const sizesIn = (zipFile: string): { name: string; bytes: number }[] =>
  new (requireTool("adm-zip") as Zip)(zipFile)
    .getEntries()
    .map(({ entryName, header }) => ({ name: entryName, bytes: header.compressedSize }));

/** Loads a handler of an unpacked bundle afresh, with the environment it would have. */
export const loadHandler = (
  folder: string,
  name: string,
  env: Readonly<Record<string, string>>,
): Handler => {
  for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value);
  // Every load of a logger listens for the process's end.
  process.setMaxListeners(100);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const require = createRequire(path.join(folder, "package.json"));
  const file = require.resolve(`./src/handlers/${name}.js`);
  delete require.cache[file];
  return (require(file) as { handler: Handler }).handler;
};

/** The local AWS in this process, with the streams and buckets of the local stage. */
export const startAws = async (): Promise<{ url: string; s3: S3Client }> => {
  const directory = mkdtempSync(path.join(tmpdir(), "package-aws-"));
  const aws = await startLocalAws({ directory, port: 0 });
  const kinesis = createKinesisClient({ region: "us-east-1", endpoint: aws.url });
  const s3 = createS3Client({ region: "us-east-1", endpoint: aws.url });
  onTestFinished(async () => {
    kinesis.destroy();
    s3.destroy();
    await aws.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const deps = { kinesis, s3, sleep: (ms: number) => sleep(ms) };
  for (const stream of ["stage01-logs-stream", "stage01-metrics-stream"])
    await ensureStream(deps, stream, 1);
  for (const bucket of ["md-raw-logs", "md-raw-metrics", "md-raw-apm"])
    await ensureBucket(deps, bucket);
  return { url: aws.url, s3 };
};
