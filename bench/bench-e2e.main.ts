import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPoster, makeLog } from "./support/load.ts";
import { childrenOf, machine, memoryOf, percentile } from "./support/processes.ts";

// Question: what does the whole pipeline of `npm start` hold, from HTTP to object, with nothing
// lost, and how long does a log take? A rate holds when the sender kept it within 2 % and the last
// log had landed within 10 s of being sent. Time to object is the object file's modification time
// minus the log's own `sent_at`. Sender, emulators and pipeline share the machine.

const LOG_BYTES = 512;
const BATCH = 100;
const CONNECTIONS = 16;
const BASE_RATE = 1_000;
const BASE_SECONDS = 20;
const STEP_SECONDS = 10;
const STEPS = [2_000, 4_000, 6_000, 8_000, 10_000, 12_000, 15_000, 20_000, 25_000, 30_000];
const LAND_DEADLINE_MS = 10_000;
const PORTS = { aws: 24_566, ingest: 28_004, dashboard: 28_010 };

const root = path.dirname(path.dirname(process.argv[1] ?? ""));

const startPipeline = async (directory: string): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [path.join(root, ".build/start.js")], {
    cwd: root,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${PORTS.aws}`,
      INGEST_PORT: String(PORTS.ingest),
      DASHBOARD_PORT: String(PORTS.dashboard),
      LOCAL_AWS_DIR: directory,
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk) => {
      if (String(chunk).includes("Ctrl-C")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`npm start ended with ${code}.`)));
  });
  return child;
};

const stopPipeline = async (child: ChildProcess): Promise<void> => {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  await exited;
};

const memory = (pid: number): string => {
  const all = [pid, ...childrenOf(pid)].map(memoryOf);
  const sum = (pick: (one: (typeof all)[number]) => number) =>
    Math.round(all.reduce((total, one) => total + pick(one), 0));
  return `RSS ${sum((one) => one.rssMb)} MB, PSS ${sum((one) => one.pssMb)} MB in ${all.length} processes`;
};

const partFiles = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => /service=[^/]+\/.*part-[^/]+\.jsonl$/.test(file))
    .map((file) => path.join(directory, file));

type Landed = { n: number; afterMs: number }[];

/** Reads every object not seen before. */
const createReader = (directory: string) => {
  const seen = new Map<string, number>();
  return (): Landed => {
    const landed: Landed = [];
    for (const file of partFiles(directory)) {
      const { mtimeMs, size } = statSync(file);
      if (seen.get(file) === size) continue;
      seen.set(file, size);
      for (const line of readFileSync(file, "latin1").split("\n").slice(0, -1)) {
        const { n, sent_at } = JSON.parse(line) as { n: number; sent_at: number };
        landed.push({ n, afterMs: mtimeMs - sent_at });
      }
    }
    return landed;
  };
};

let nextNumber = 0;

const drive = async (rate: number, seconds: number, read: () => Landed) => {
  const poster = createPoster(`http://127.0.0.1:${PORTS.ingest}`, CONNECTIONS);
  const first = nextNumber;
  const total = rate * seconds;
  const startedAt = performance.now();
  let refused = 0;
  const inFlight = new Set<Promise<void>>();
  for (let sent = 0; sent < total; sent += BATCH) {
    const waitMs = startedAt + (sent * 1000) / rate - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    const now = Date.now();
    const logs = Array.from({ length: BATCH }, () => makeLog(nextNumber++, LOG_BYTES, now));
    const posting = poster
      .post(Buffer.from(`{"logs":[${logs.join(",")}]}`))
      .then(({ accepted }) => {
        refused += BATCH - accepted;
      })
      .finally(() => inFlight.delete(posting));
    inFlight.add(posting);
    if (inFlight.size >= CONNECTIONS) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  const achieved = total / ((performance.now() - startedAt) / 1000);
  poster.close();
  const landed: Landed = [];
  const until = Date.now() + LAND_DEADLINE_MS;
  while (landed.length < total - refused && Date.now() < until) {
    await sleep(250);
    for (const one of read()) landed.push(one);
  }
  const inWindow = landed.filter(({ n }) => n >= first);
  const distinct = new Set(inWindow.map(({ n }) => n)).size;
  const times = inWindow.map(({ afterMs }) => afterMs);
  return {
    achieved,
    refused,
    lost: total - refused - distinct,
    doubled: inWindow.length - distinct,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
  };
};

const describe = (rate: number, result: Awaited<ReturnType<typeof drive>>): string =>
  `${String(rate).padStart(6)} logs/s asked, ${Math.round(result.achieved)} sent, refused ${result.refused}, not landed in time ${result.lost}, doubled ${result.doubled}, send to object p50 ${Math.round(result.p50)} ms p99 ${Math.round(result.p99)} ms`;

const directory = mkdtempSync(path.join(tmpdir(), "bench-e2e-"));
const startedAt = performance.now();
const pipeline = await startPipeline(directory);
console.log(
  `${machine()}; ${LOG_BYTES}-byte logs, ${BATCH} a request, defaults (POLL_INTERVAL 5, BATCH_SIZE 100)`,
);
console.log(`up after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
try {
  const pid = pipeline.pid ?? 0;
  const read = createReader(directory);
  await sleep(5_000);
  console.log(`at rest: ${memory(pid)}`);
  const base = drive(BASE_RATE, BASE_SECONDS, read);
  await sleep((BASE_SECONDS - 2) * 1000);
  const busy = memory(pid);
  console.log(describe(BASE_RATE, await base));
  console.log(`at ${BASE_RATE} logs/s: ${busy}`);
  let held = BASE_RATE;
  for (const rate of STEPS) {
    const result = await drive(rate, STEP_SECONDS, read);
    console.log(describe(rate, result));
    if (result.achieved < rate * 0.98 || result.lost > 0 || result.refused > 0) break;
    held = rate;
  }
  console.log(`highest rate that held: ${held} logs/s; ${memory(pid)}`);
} finally {
  await stopPipeline(pipeline);
  rmSync(directory, { recursive: true, force: true });
}
