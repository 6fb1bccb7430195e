import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { onTestFinished } from "vitest";
import { createS3Client } from "../../src/shared/aws/clients.ts";
import { poll } from "./poll.ts";
import { freePorts } from "./ports.ts";

const root = path.dirname(path.dirname(import.meta.dirname));

export type Pipeline = {
  child: ChildProcess;
  output(): string;
  ingestUrl: string;
  dashboardUrl: string;
  awsUrl: string;
  dataFolder: string;
  env: NodeJS.ProcessEnv;
  s3: S3Client;
  /** Sends SIGINT, as Ctrl-C does, and waits for the exit code. */
  stop(): Promise<number | null>;
};

export type RunResult = { code: number | null; stdout: string; stderr: string };

/** Runs one of the project's commands (`send`, …) to its end, as `npm run` does. */
export const runCommand = (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input?: Uint8Array,
): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["scripts/run.mjs", ...args], { cwd: root, env });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input ?? "");
  });

/** Runs what ends something when whoever has it is done: the test, or else all tests of a file. */
export type OnEnd = (end: () => unknown) => void;
const onTestEnd: OnEnd = (end) =>
  onTestFinished(async () => {
    await end();
  });

/** A folder of the test's own, removed when it ends. */
export const temporaryFolder = (onEnd: OnEnd = onTestEnd): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "pipeline-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** The environment of a pipeline on free ports, with its data in a folder of its own. */
export const pipelineEnv = async (
  extra: NodeJS.ProcessEnv = {},
  onEnd: OnEnd = onTestEnd,
): Promise<NodeJS.ProcessEnv> => {
  const [aws, ingest, dashboard] = await freePorts(3);
  return {
    ...process.env,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}`,
    INGEST_PORT: String(ingest),
    DASHBOARD_PORT: String(dashboard),
    LOCAL_AWS_DIR: path.join(temporaryFolder(onEnd), "data"),
    SPOOL_DIR: path.join(temporaryFolder(onEnd), "spool"),
    DASHBOARD_DIR: path.join(temporaryFolder(onEnd), "dashboard"),
    POLL_INTERVAL: "1",
    LOG_FORMAT: "json",
    ...extra,
  };
};

/** Starts `npm start -- …args` and waits until every part answers. Stopped when the test ends. */
export const startPipeline = async (
  env: NodeJS.ProcessEnv,
  args: readonly string[] = [],
  onEnd: OnEnd = onTestEnd,
): Promise<Pipeline> => {
  const child = spawn(process.execPath, ["scripts/run.mjs", "start", ...args], { cwd: root, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const stop = async () => {
    if (child.exitCode === null && !child.killed) child.kill("SIGINT");
    return await exited;
  };
  onEnd(stop);
  await poll(
    "npm start prints what runs",
    () => {
      if (child.exitCode !== null) throw new Error(`npm start ended: ${output}`);
      return output.includes("Ctrl-C stops everything");
    },
    45_000,
  );
  const awsUrl = String(env.AWS_ENDPOINT_URL);
  const s3 = createS3Client({ region: "us-east-1", endpoint: awsUrl });
  onEnd(() => s3.destroy());
  return {
    child,
    output: () => output,
    ingestUrl: `http://127.0.0.1:${env.INGEST_PORT}`,
    dashboardUrl: `http://127.0.0.1:${env.DASHBOARD_PORT}`,
    awsUrl,
    dataFolder: String(env.LOCAL_AWS_DIR),
    env,
    s3,
    stop,
  };
};

/** Every object below a prefix: key to body, as latin1 text so that bytes compare one to one. */
export const readObjects = async (
  s3: S3Client,
  bucket: string,
  prefix = "service=",
): Promise<Map<string, string>> => {
  const objects = new Map<string, string>();
  for await (const page of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  ))
    for (const { Key } of page.Contents ?? []) {
      if (Key === undefined) continue;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      objects.set(Key, (await Body?.transformToString("latin1")) ?? "");
    }
  return objects;
};

/** All lines of the objects, sorted: the multiset to compare with what was sent. */
export const linesOf = (objects: Map<string, string>): string[] =>
  [...objects.values()].flatMap((body) => body.split("\n").slice(0, -1)).sort();

/** Waits until at least `count` lines have landed, then returns every object. */
export const waitForLines = (
  s3: S3Client,
  bucket: string,
  count: number,
  deadlineMs = 30_000,
): Promise<Map<string, string>> =>
  poll(
    `${count} lines in s3://${bucket}`,
    async () => {
      const objects = await readObjects(s3, bucket);
      return linesOf(objects).length >= count && objects;
    },
    deadlineMs,
  );
