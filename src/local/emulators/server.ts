import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import { createDualServer } from "./dual-server.ts";
import { answerFaults, answerJson } from "./fault-door.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createKinesisService } from "./kinesis/service.ts";
import { createS3Service } from "./s3/service.ts";

/** `edition` in the answer of `/_localstack/health`, by which this endpoint is told from others. */
export const LOCAL_AWS_EDITION = "md-log-ingestion";

export type LocalAwsOptions = {
  /** Kinesis keeps its data in `<directory>/kinesis`, S3 in `<directory>/s3`. */
  directory: string;
  /** 0 takes any free port. */
  port: number;
  /** 127.0.0.1 unless given. */
  host?: string;
  /** Nothing checks credentials here, so any other than a loopback address has to be asked for. */
  allowRemote?: boolean;
  /** `aws` refuses writes and reads above the capacity of a shard; `off` (the default) takes all. */
  throttle?: "off" | "aws";
  /** Of the stream ARNs; us-east-1 unless given. */
  region?: string;
  log?: Logger;
  /** Repeats a run of random faults. */
  faultSeed?: number;
  /** Waits for the disk on every commit, so that a power cut loses nothing either. */
  syncToDisk?: boolean;
};

export type LocalAws = {
  url: string;
  faults: Faults;
  /** Lets running requests end (up to 2 s), then closes connections and files. */
  close(): Promise<void>;
};

const CLOSE_DEADLINE_MS = 2_000;

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);

/** Names the process that uses a data folder. */
const OWNER_FILE = "owner.json";
const ownerSchema = z.object({ pid: z.number(), url: z.url() });
const healthSchema = z.object({ embedded: z.object({ pid: z.number(), directory: z.string() }) });
const PROBE_TIMEOUT_MS = 1_000;

/**
 * Rejects when a living local AWS uses this folder, on whatever port: two would undo each other's
 * work. What a killed one left behind is no hindrance.
 */
const refuseSharedFolder = async (directory: string): Promise<void> => {
  let owner: z.infer<typeof ownerSchema>;
  let answered: z.infer<typeof healthSchema>;
  try {
    const text = await readFile(path.join(directory, OWNER_FILE), "utf8");
    owner = ownerSchema.parse(JSON.parse(text));
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const response = await fetch(`${owner.url}/_localstack/health`, { signal });
    answered = healthSchema.parse(await response.json());
  } catch {
    return;
  }
  if (answered.embedded.directory === directory && answered.embedded.pid === owner.pid)
    throw new Error(
      `The data folder ${directory} is in use by the local AWS at ${owner.url} (process ${owner.pid}). Stop that one, or choose another folder.`,
    );
};

/**
 * Starts Kinesis and S3 behind one endpoint, routed as LocalStack does: `X-Amz-Target: Kinesis_…`
 * is Kinesis, `/_localstack/health` the health, `/_faults` the fault door, all else S3. Rejects when
 * the port is taken, and for any address but loopback unless `allowRemote` is set.
 */
export const startLocalAws = async (options: LocalAwsOptions): Promise<LocalAws> => {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host) && options.allowRemote !== true)
    throw new Error(
      `Local AWS checks no credentials, so it listens on loopback only; ${host} needs allowRemote.`,
    );
  const directory = path.resolve(options.directory);
  const faults = createFaults(options.faultSeed);
  const startedAt = new Date().toISOString();
  const health = () => ({
    services: { kinesis: "running", s3: "running" },
    edition: LOCAL_AWS_EDITION,
    version: "1.0.0",
    embedded: { pid: process.pid, directory, startedAt },
  });

  const openServices = async () => {
    await mkdir(directory, { recursive: true });
    await refuseSharedFolder(directory);
    const kinesis = await createKinesisService({
      faults,
      directory: path.join(directory, "kinesis"),
      throttle: options.throttle ?? "off",
      fsync: options.syncToDisk === true ? "always" : "interval",
      ...(options.region === undefined ? {} : { region: options.region }),
      ...(options.log === undefined ? {} : { log: options.log }),
    });
    const s3 = await createS3Service({
      faults,
      directory: path.join(directory, "s3"),
      syncToDisk: options.syncToDisk ?? false,
    });
    return { kinesis, s3 };
  };

  let whenOpen: ReturnType<typeof openServices>;
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { kinesis, s3 } = await whenOpen;
    if (String(request.headers["x-amz-target"] ?? "").startsWith("Kinesis_"))
      return kinesis.handle(request, response);
    const pathname = request.url?.split("?", 1)[0];
    if (pathname === "/_localstack/health") return answerJson(response, 200, health());
    if (pathname === "/_faults") return answerFaults(faults, request, response);
    return s3.handle(request, response);
  };

  const running = new Set<Promise<void>>();
  const server = createDualServer((request, response) => {
    const work: Promise<void> = route(request, response)
      .catch(() => void response.destroy())
      .finally(() => running.delete(work));
    running.add(work);
  });
  // The port first: whoever finds it taken must not have touched the other's files.
  const port = await server.listen(options.port, host);
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  whenOpen = openServices();
  try {
    await whenOpen;
    await writeFile(path.join(directory, OWNER_FILE), JSON.stringify({ pid: process.pid, url }));
  } catch (error) {
    await server.close();
    throw error;
  }

  const close = async (): Promise<void> => {
    server.stopAccepting();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_DEADLINE_MS);
    });
    await Promise.race([Promise.allSettled([...running]), deadline]);
    clearTimeout(timer);
    await server.close();
    const { kinesis, s3 } = await whenOpen;
    await Promise.all([kinesis.close(), s3.close()]);
    await rm(path.join(directory, OWNER_FILE), { force: true });
  };
  let closing: Promise<void> | undefined;
  return {
    url,
    faults,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
};
