import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { isOnPath, runTool } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const requirements = path.join(import.meta.dirname, "requirements.txt");

const INSTALL_DEADLINE_MS = 300_000;
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 2_000;

export type Installed = { ok: true; program: string } | { ok: false; reason: string };

/**
 * The pinned MiniStack, in a Python environment of its own under `.venv/`, which is installed once.
 * Says why where it cannot be had: no Python, no venv module, or no way to PyPI.
 */
export const installMinistack = async (): Promise<Installed> => {
  if (!isOnPath("python3")) return { ok: false, reason: "there is no python3" };
  const pins = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const folder = path.join(root, ".venv", `ministack-${pins}`);
  const program = path.join(folder, "bin/ministack");
  const done = path.join(folder, "installed");
  if (existsSync(done)) return { ok: true, program };
  rmSync(folder, { recursive: true, force: true });
  const options = { deadlineMs: INSTALL_DEADLINE_MS };
  const created = await runTool("python3", ["-m", "venv", folder], options);
  if (created.code !== 0) return { ok: false, reason: `python3 -m venv: ${lastLine(created)}` };
  const pip = path.join(folder, "bin/pip");
  const flags = ["--disable-pip-version-check", "--quiet", "--retries", "1", "--timeout", "15"];
  const installed = await runTool(pip, ["install", ...flags, "-r", requirements], options);
  if (installed.code !== 0)
    return { ok: false, reason: `pip could not install it from PyPI: ${lastLine(installed)}` };
  writeFileSync(done, "");
  return { ok: true, program };
};

const lastLine = ({ stdout, stderr }: { stdout: string; stderr: string }): string =>
  `${stdout}\n${stderr}`.trim().split("\n").at(-1) ?? "";

export type Ministack = {
  url: string;
  /** What it printed so far, the output of the functions included. */
  output(): string;
  stop(): Promise<void>;
};

/** Starts MiniStack on a free port of the loopback address, without its SFTP and MQTT listeners. */
export const startMinistack = async (program: string): Promise<Ministack> => {
  const [port] = await freePorts(1);
  const folder = mkdtempSync(path.join(tmpdir(), "ministack-"));
  const child = spawn(program, [], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      // The functions run on the Node that runs this test.
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      LAMBDA_EXECUTOR: "local",
      SFTP_ENABLED: "0",
      IOT_MTLS_ENABLED: "0",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("error", (error) => {
    output += error.message;
  });
  const stop = async () => {
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    if (child.exitCode === null && child.signalCode === null) await exited;
    clearTimeout(force);
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await poll(
      "MiniStack is ready",
      async () => {
        if (child.exitCode !== null) throw new Error(`MiniStack ended: ${output}`);
        return (await fetch(`${url}/_ministack/ready`)).ok;
      },
      READY_DEADLINE_MS,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, output: () => output, stop };
};
