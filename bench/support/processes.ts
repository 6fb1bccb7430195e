import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
const buildFolder = path.dirname(process.argv[1] ?? "");

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};

/** Nearest-rank percentile, 0 to 100. */
export const percentile = (values: readonly number[], rank: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((rank / 100) * sorted.length) - 1)] ?? Number.NaN;
};

export const machine = (): string =>
  `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model.trim()}`;

const canPin = (): boolean => spawnSync("taskset", ["-V"]).status === 0 && cpus().length > 1;

/** A started part; `pin` asks for one core, where the system has `taskset`. */
export const startPart = async (
  script: string,
  env: NodeJS.ProcessEnv,
  pin?: number,
): Promise<ChildProcess> => {
  const command = [process.execPath, path.join(buildFolder, `${script}.js`)];
  const pinned =
    pin !== undefined && canPin() ? ["taskset", "-c", String(pin), ...command] : command;
  const child = spawn(pinned[0] ?? "", pinned.slice(1), {
    env: { ...process.env, LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`${script} ended with ${code}.`)));
  });
  return child;
};

/** Runs a part that ends by itself. */
export const runPart = (script: string, env: NodeJS.ProcessEnv): void => {
  const run = spawnSync(process.execPath, [path.join(buildFolder, `${script}.js`)], {
    env: { ...process.env, LOG_LEVEL: "warn", ...env },
    stdio: "inherit",
  });
  if (run.status !== 0) throw new Error(`${script} failed.`);
};

export const stopPart = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await Promise.race([exited, sleep(15_000).then(() => child.kill("SIGKILL"))]);
};

/** CPU seconds a process has used so far, user and system, of Linux's /proc. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

export type Memory = { rssMb: number; pssMb: number };

/** Resident memory; PSS splits pages that processes share, such as Node's own code. */
export const memoryOf = (pid: number): Memory => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const field = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? Number.NaN) / 1024;
  return { rssMb: field("Rss"), pssMb: field("Pss") };
};

/** Child processes of a process, of Linux's /proc. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
