import { type SpawnOptions, spawn, spawnSync } from "node:child_process";

export type ToolResult = { code: number | null; stdout: string; stderr: string };

/** True when the program can be started; for tests that use one where it is installed. */
export const isOnPath = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args.length > 0 ? args : ["--version"], { stdio: "ignore", timeout: 20_000 })
    .status === 0;

/** Says on the console, not only in the test's name, what was not tested and why. */
export const saySkipped = (what: string, reason: string): void => {
  console.warn(`SKIPPED ${what}: ${reason}`);
};

/** Runs a program to its end, or kills it after the deadline; the output is kept whole. */
export const runTool = (
  program: string,
  args: readonly string[],
  { deadlineMs = 60_000, ...options }: SpawnOptions & { deadlineMs?: number } = {},
): Promise<ToolResult> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout?.on("data", (chunk) => (stdout += chunk));
    child.stderr?.on("data", (chunk) => (stderr += chunk));
    const timer = setTimeout(() => {
      stderr += `\nKilled: ${program} did not end within ${deadlineMs} ms.`;
      child.kill("SIGKILL");
    }, deadlineMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
