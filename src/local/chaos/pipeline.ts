import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export type PartName = "local-aws" | "ingest" | "consumer" | "dashboard";

export type Pipeline = {
  readonly ingestUrl: string;
  readonly dashboardUrl: string;
  readonly awsUrl: string;
  /** Data, and `pipeline.log` with all that the processes said. */
  readonly folder: string;
  isUp(part: PartName): boolean;
  /** Sends SIGKILL and resolves when the part is up again. Throws after a minute. */
  kill(part: PartName): Promise<void>;
  waitUntilUp(part: PartName): Promise<void>;
  /** Parts that ended though nobody had killed them, with what the supervisor said. */
  readonly unexpectedEnds: readonly string[];
  /** Stops all parts as Ctrl-C does; the exit code. */
  stop(): Promise<number | null>;
  remove(): void;
};

const FIRST_PORT = 21_000;
const LAST_PORT = 31_999;
const UP_DEADLINE_MS = 60_000;
const POLL_MS = 25;
const STOP_DEADLINE_MS = 40_000;
/** Long enough to be down for a while, short enough to be killed often. */
const RESTART_DELAY_MS = 250;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** Below 32768: above it a client's own end of a connection can take a part's port. */
const freePorts = async (count: number): Promise<number[]> => {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt += 1) {
    if (attempt > 1000) throw new Error("There are no free ports.");
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
};

type LogLine = { child?: string; pid?: number; msg?: string };

const parse = (line: string): LogLine => {
  if (!line.startsWith("{")) return {};
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return {};
  }
};

/**
 * Starts what `npm start` starts: ports of its own, data in a new folder, and a copy of the build,
 * so that a part which is started again is the same code as before. Ports and folders come on top
 * of `env`.
 */
export const startPipeline = async (
  buildFolder: string,
  env: NodeJS.ProcessEnv,
): Promise<Pipeline> => {
  const folder = mkdtempSync(path.join(tmpdir(), "chaos-"));
  const build = path.join(folder, "build");
  mkdirSync(build);
  cpSync(buildFolder, build, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}\n');
  const [aws = 0, ingest = 0, dashboard = 0] = await freePorts(3);
  const awsUrl = `http://127.0.0.1:${aws}`;
  const child: ChildProcess = spawn(
    process.execPath,
    [path.join(build, "start.js"), "--restart-delay-ms", String(RESTART_DELAY_MS)],
    {
      // Whatever a part keeps below its working directory is of this run alone.
      cwd: folder,
      env: {
        ...env,
        AWS_ENDPOINT_URL: awsUrl,
        INGEST_PORT: String(ingest),
        DASHBOARD_PORT: String(dashboard),
        LOCAL_AWS_DIR: path.join(folder, "data"),
        LOG_FORMAT: "json",
        LOG_LEVEL: "debug",
      },
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C is for this process, which stops the pipeline in its own time.
      detached: true,
    },
  );
  const log = createWriteStream(path.join(folder, "pipeline.log"));
  const pids = new Map<string, number>();
  const unexpectedEnds: string[] = [];
  let isReady = false;
  const see = (line: string): void => {
    log.write(`${line}\n`);
    if (line.includes("Ctrl-C stops everything")) isReady = true;
    const { child: part, pid, msg = "" } = parse(line);
    if (part !== undefined && pid !== undefined) pids.set(part, pid);
    const ended = /^([a-z-]+) ended with exit code/.exec(msg);
    if (ended?.[1] === undefined) return;
    pids.delete(ended[1]);
    unexpectedEnds.push(msg);
  };
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on("line", see);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));

  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadline = Date.now() + UP_DEADLINE_MS;
    while (!isSo()) {
      if (child.exitCode !== null)
        throw new Error(`npm start ended with exit code ${child.exitCode}. See ${folder}.`);
      if (Date.now() > deadline)
        throw new Error(`Not within ${UP_DEADLINE_MS / 1000} s: ${what}. See ${folder}.`);
      await sleep(POLL_MS);
    }
  };

  const waitUntilUp = (part: PartName) => until(`${part} is up`, () => pids.has(part));

  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill("SIGINT");
    const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    const code = await exited;
    clearTimeout(deadline);
    await new Promise<void>((resolve) => log.end(resolve));
    return code;
  };

  try {
    await until("npm start prints what runs", () => isReady);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ingestUrl: `http://127.0.0.1:${ingest}`,
    dashboardUrl: `http://127.0.0.1:${dashboard}`,
    awsUrl,
    folder,
    unexpectedEnds,
    isUp: (part) => pids.has(part),
    waitUntilUp,
    kill: async (part) => {
      const pid = pids.get(part);
      if (pid === undefined) throw new Error(`${part} is not up.`);
      pids.delete(part);
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // It ended by itself a moment ago, which the supervisor will say.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
      await waitUntilUp(part);
    },
    stop,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
