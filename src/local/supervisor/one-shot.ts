import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PartFailedError, type PartSpec } from "./supervise.ts";

/** Runs a script to its end. Throws PartFailedError unless it exits with 0 within the deadline. */
export const runOnce = async (
  spec: PartSpec,
  show: (part: string, line: string) => void,
  deadlineMs: number,
): Promise<void> => {
  const child = spawn(process.execPath, ["--enable-source-maps", spec.script], {
    env: spec.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => show(spec.name, line));
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", resolve);
  });
  if (code !== 0) throw new PartFailedError(`${spec.name} failed.`);
};
