import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test as base, inject, vi } from "vitest";
import { poll } from "../../support/poll.ts";
import { type Outcome, outcomeOf, type Stage, TOOLS_OUTCOME } from "./package-stages.ts";
import type { Template } from "./template.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/** The first run installs the tools, some 280 MB. */
const INSTALL_DEADLINE_MS = 280_000;
const PACKAGE_DEADLINE_MS = 200_000;

export type Packages = {
  /** The folder that `sls package` left for a stage. Throws with its output where it failed. */
  folderOf(stage: Stage): Promise<string>;
  templateOf(stage: Stage): Promise<Template>;
};

/** Loads a module of the deploy tools, which the product itself does not install. */
export const requireTool = createRequire(path.join(root, "deploy/package.json"));

const readOutcome = (name: string, deadlineMs: number): Promise<Outcome> => {
  const file = path.join(inject("packagingFolder"), name);
  return poll(
    file,
    () => existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as Outcome),
    deadlineMs,
  );
};

const folderOf = async (stage: Stage): Promise<string> => {
  const { code, output } = await readOutcome(outcomeOf(stage), PACKAGE_DEADLINE_MS);
  if (code !== 0) throw new Error(`sls package --stage ${stage} ended with ${code}:\n${output}`);
  return path.join(inject("packagingFolder"), stage);
};

const packages: Packages = {
  folderOf,
  templateOf: async (stage) => {
    const file = path.join(await folderOf(stage), "cloudformation-template-update-stack.json");
    return JSON.parse(readFileSync(file, "utf8")) as Template;
  },
};

/**
 * `test` with `packages`. Where the deploy tools cannot be installed, as without a registry, such a
 * test is skipped and says so.
 */
export const test = base.extend<{ packages: Packages }>({
  packages: async ({ skip }, use) => {
    const tools = await readOutcome(TOOLS_OUTCOME, INSTALL_DEADLINE_MS);
    if (tools.code !== 0) skip(`The deploy tools could not be installed: ${tools.output}`);
    await use(packages);
  },
});

vi.setConfig({ testTimeout: INSTALL_DEADLINE_MS + PACKAGE_DEADLINE_MS });
