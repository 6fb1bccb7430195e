import { expect, test } from "vitest";
import { runCommand } from "../support/pipeline.ts";

test("npm run chaos keeps every promise in a short run, and says so in its table and exit code", async () => {
  const run = await runCommand(
    ["chaos", "--logs", "400", "--rate", "100", "--seed", "1"],
    process.env,
  );
  expect(run).toMatchObject({ code: 0 });
  expect(run.stdout).toMatch(/^lost +0$/m);
  expect(run.stdout).toMatch(/^duplicated \(ours\) +0$/m);
  expect(run.stdout).toMatch(/^kills survived +3$/m);
  expect(run.stdout).toMatch(/^ledger at the end +balanced$/m);
}, 240_000);

test("npm run chaos refuses an option it does not know with 2", async () => {
  const run = await runCommand(["chaos", "--seeds", "1"], process.env);
  expect(run).toMatchObject({ code: 2, stdout: "" });
  expect(run.stderr).toContain("--seeds");
}, 60_000);
