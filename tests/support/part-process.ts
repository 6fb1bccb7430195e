import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { onTestFinished } from "vitest";

const root = path.dirname(path.dirname(import.meta.dirname));
const READY_DEADLINE_MS = 30_000;

export type PartProcess = {
  readonly child: ChildProcess;
  readonly url: string;
  output(): string;
  /** The exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
};

const launch = (name: string, env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [path.join(root, ".build", `${name}.js`)], {
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });

/** Runs a part that ends by itself, such as `setup`. */
export const runOnce = async (name: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const child = launch(name, env);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      output += chunk;
    });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${name} ended with ${code}:\n${output}`);
};

/** Starts one part of the pipeline as the supervisor does; who asks ends it, by `onLaunch`'s kill. */
export const launchPart = (
  name: string,
  env: NodeJS.ProcessEnv,
  onLaunch: (kill: PartProcess["kill"]) => void,
): Promise<PartProcess> =>
  new Promise((resolve, reject) => {
    const child = launch(name, env);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
    const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return await exited;
    };
    onLaunch(kill);
    const deadline = setTimeout(
      () => reject(new Error(`${name} was not ready in time:\n${output}`)),
      READY_DEADLINE_MS,
    );
    void exited.then((code) => {
      clearTimeout(deadline);
      // What it wrote last is still in the pipe.
      setTimeout(() => reject(new Error(`${name} ended with ${code}:\n${output}`)), 100);
    });
    child.once("message", (message) => {
      clearTimeout(deadline);
      const { url = "" } = message as { url?: string };
      resolve({ child, url, output: () => output, exited, kill });
    });
  });

/** Starts one part of the pipeline, until the test ends. Rejects where it ends by itself instead. */
export const startPart = (name: string, env: NodeJS.ProcessEnv): Promise<PartProcess> =>
  launchPart(name, env, (kill) => {
    onTestFinished(async () => {
      await kill("SIGKILL");
    });
  });
