import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { ensureStream } from "../../src/shared/aws/setup-resources.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { runTool, saySkipped } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
/** A folder of its own, so that 190 MB of runtimes are no part of any other install. */
const tools = path.join(import.meta.dirname, "tools");
const bin = path.join(tools, "node_modules/.bin");

const INSTALL_DEADLINE_MS = 240_000;
const SUITE_DEADLINE_MS = 120_000;

const RUNTIMES = [
  {
    name: "deno",
    // vitest itself runs on Deno; Deno's own runner knows no vitest.
    tests: ["run", "-A", "--no-lock", "node_modules/vitest/vitest.mjs", "run", "--project", "unit"],
    passed: /Tests +(\d+) passed/,
    serve: ["run", "-A", "--no-lock", "tests/runtimes/deno.ts"],
  },
  {
    name: "bun",
    // Bun's runner takes tests that import vitest as its own.
    tests: ["test"],
    passed: /(\d+) pass\b/,
    serve: ["run", "tests/runtimes/bun.ts"],
  },
] as const;

let folder: string;
let missing: string | undefined;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "runtimes-"));
  const isInstalled = () => RUNTIMES.every(({ name }) => existsSync(path.join(bin, name)));
  if (!isInstalled()) {
    const options = { cwd: tools, deadlineMs: INSTALL_DEADLINE_MS };
    const { stderr } = await runTool("npm", ["ci"], options);
    if (!isInstalled()) missing = `npm could not install Deno and Bun: ${stderr.slice(-300)}`;
  }
  if (missing === undefined) return;
  if (process.env.REQUIRE_RUNTIMES) throw new Error(missing);
  saySkipped("the apps on Deno and Bun", missing);
}, INSTALL_DEADLINE_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: folder,
  // What a runtime keeps for itself stays out of the checkout and of the user's home.
  DENO_DIR: path.join(folder, "deno"),
  NO_COLOR: "1",
  ...extra,
});

describe.each(RUNTIMES)("on $name", ({ name, tests, passed, serve }) => {
  const program = path.join(bin, name);

  test(
    "every route test of both apps passes",
    async ({ skip }) => {
      if (missing !== undefined) return skip(missing);
      const run = await runTool(program, [...tests, "src/routes/"], {
        cwd: root,
        deadlineMs: SUITE_DEADLINE_MS,
        env: env(),
      });
      const output = run.stdout + run.stderr;
      expect(run.code, output).toBe(0);
      const count = Number(passed.exec(output)?.[1]);
      expect(count, output).toBeGreaterThan(30);
      console.log(`${name}: ${count} route tests passed`);
    },
    SUITE_DEADLINE_MS,
  );

  test("its own server takes logs to Kinesis and shows the page", async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const directory = mkdtempSync(path.join(folder, "aws-"));
    const localAws = await startLocalAws({ directory, port: 0 });
    onTestFinished(() => localAws.close());
    const clientOptions = { region: "us-east-1", endpoint: localAws.url };
    const kinesis = createKinesisClient(clientOptions);
    const s3 = createS3Client(clientOptions);
    onTestFinished(() => {
      kinesis.destroy();
      s3.destroy();
    });
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    await ensureStream({ kinesis, s3, sleep }, "stage01-logs-stream", 1);

    const [ingestPort, dashboardPort] = await freePorts(2);
    const child = spawn(program, serve, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: env({
        AWS_ENDPOINT_URL: localAws.url,
        INGEST_PORT: String(ingestPort),
        DASHBOARD_PORT: String(dashboardPort),
      }),
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        output += chunk;
      });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await exited;
    });
    const page = await poll(
      `${name} answers`,
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
        return await fetch(`http://127.0.0.1:${dashboardPort}/`);
      },
      30_000,
    );
    expect(page.status).toBe(200);
    expect((await page.text()).slice(0, 15)).toMatch(/^<!doctype html>$/i);
    const answer = await fetch(`http://127.0.0.1:${ingestPort}/api/ingest/batch`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"logs":[{"service":"edge","n":1},{"service":"edge","n":2}]}',
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { accepted: 2 }]);
    const summary = await fetch(`http://127.0.0.1:${dashboardPort}/api/stats/summary`);
    expect(await summary.json()).toMatchObject({ kinesis: { active_streams: 1 } });
  });
});

test("docs/runtimes.md shows the very files that were served here", () => {
  const page = readFileSync(path.join(root, "docs/runtimes.md"), "utf8");
  for (const { name } of RUNTIMES) {
    const file = readFileSync(path.join(import.meta.dirname, `${name}.ts`), "utf8");
    expect(page).toContain(file.trim());
  }
});
