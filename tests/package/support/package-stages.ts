import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    packagingFolder: string;
  }
}

export const STAGES = ["local", "dev", "staging", "prod"] as const;
export type Stage = (typeof STAGES)[number];

/** Left in the packaging folder, one file each, as soon as it is known. */
export type Outcome = { code: number | null; output: string };
export const TOOLS_OUTCOME = "tools.json";
export const outcomeOf = (stage: Stage): string => `${stage}.json`;

const root = path.resolve(import.meta.dirname, "../../..");
const INSTALL_TOOLS =
  "import('./scripts/install.mjs').then(({ ensureInstalled }) => ensureInstalled(require('node:path').resolve('deploy')))";

/**
 * Installs the deploy tools and packages every stage, one after the other, while the tests that
 * need no package run already. Those that do wait for their stage's outcome.
 */
export const setup = (project: TestProject): (() => void) => {
  const folder = mkdtempSync(path.join(tmpdir(), "packages-"));
  project.provide("packagingFolder", folder);
  let child: ChildProcess | undefined;
  let isStopped = false;

  const run = (args: readonly string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      if (isStopped) return resolve({ code: null, output: "stopped" });
      let output = "";
      child = spawn(process.execPath, args, { cwd: root, env: awayFromAws() });
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (chunk) => {
          output += chunk;
        });
      child.once("error", (error) => resolve({ code: null, output: String(error) }));
      child.once("close", (code) => resolve({ code, output }));
    });
  const write = (name: string, outcome: Outcome): void => {
    if (!isStopped) writeFileSync(path.join(folder, name), JSON.stringify(outcome));
  };

  const packageAll = async (): Promise<void> => {
    const tools = await run(["-e", INSTALL_TOOLS]);
    write(TOOLS_OUTCOME, tools);
    if (tools.code !== 0) return;
    for (const stage of STAGES) {
      mkdirSync(path.join(folder, stage));
      const args = ["package", "--stage", stage, "--package", path.join(folder, stage)];
      write(outcomeOf(stage), await run(["scripts/sls.mjs", ...args]));
    }
  };
  void packageAll();

  return () => {
    isStopped = true;
    child?.kill();
    rmSync(folder, { recursive: true, force: true });
  };
};

/** No credentials and no region of whoever runs the tests: packaging needs neither. */
export const awayFromAws = (): NodeJS.ProcessEnv => {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env))
    if (!name.startsWith("AWS_") && name !== "NODE_OPTIONS") env[name] = value;
  return { ...env, AWS_EC2_METADATA_DISABLED: "true" };
};
