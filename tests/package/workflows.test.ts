import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { isOnPath, runTool, saySkipped } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const folder = path.join(root, ".github/workflows");

type Step = { uses?: string; run?: string };
type Job = {
  steps?: Step[];
  environment?: string;
  permissions?: Record<string, string>;
  strategy?: { matrix: { node: string[] } };
  "timeout-minutes"?: number;
};
type Workflow = { permissions: Record<string, string>; jobs: Record<string, Job> };

const texts = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
);
const workflows = Object.entries(texts).map(([name, text]) => ({
  name,
  text,
  workflow: parse(text) as Workflow,
}));
const jobs = workflows.flatMap(({ workflow }) => Object.values(workflow.jobs));

test("every action is pinned by its full commit, with its release beside it, the same everywhere", () => {
  const uses = workflows.flatMap(({ text }) =>
    [...text.matchAll(/uses: (?!\.\/)(\S+)( #.*)?$/gm)].map(([, action, comment]) => ({
      name: String(action).split("@")[0],
      pin: `${action}${comment}`,
    })),
  );
  expect(uses.length).toBeGreaterThan(5);
  for (const { pin } of uses) expect(pin).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  const pins = new Map(uses.map(({ name, pin }) => [name, pin]));
  for (const { name, pin } of uses) expect(pin).toBe(pins.get(name));
});

test("workflows may read the code and nothing else; only the deploying job gets an identity", () => {
  for (const { workflow } of workflows) expect(workflow.permissions).toEqual({ contents: "read" });
  const asking = jobs.filter(({ permissions }) => permissions !== undefined);
  expect(asking).toHaveLength(1);
  expect(asking[0]?.permissions).toEqual({ contents: "read", "id-token": "write" });
  expect(asking[0]?.environment).toContain("'prod'");
  for (const { text } of workflows) expect(text).not.toMatch(/secrets\.|AWS_SECRET|access-key/i);
});

test("no run line takes text from an event, and every job that runs steps ends some time", () => {
  for (const job of jobs)
    for (const { run } of job.steps ?? []) expect(run ?? "").not.toMatch(/\$\{\{/);
  for (const job of jobs) if (job.steps) expect(job["timeout-minutes"]).toBeGreaterThan(0);
});

test("the tests run on every supported Node, and npm scripts named here exist", () => {
  const matrices = jobs.flatMap(({ strategy }) => strategy?.matrix.node ?? []);
  expect(matrices).toEqual(["20.19", "22", "24"]);
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const named = jobs.flatMap(({ steps = [] }) =>
    steps.flatMap(({ run = "" }) =>
      [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name),
    ),
  );
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

const hasActionlint = isOnPath("actionlint", "-version");
if (!hasActionlint) saySkipped("actionlint of the workflows", "no actionlint on PATH");

test.skipIf(!hasActionlint)("actionlint has nothing to say about them", async () => {
  const files = Object.keys(texts).map((name) => path.join(folder, name));
  const run = await runTool("actionlint", files, { cwd: root });
  expect(run).toMatchObject({ code: 0, stdout: "" });
});
