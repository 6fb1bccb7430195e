import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { pipelineEnv, temporaryFolder } from "../support/pipeline.ts";
import { freePorts } from "../support/ports.ts";
import { isOnPath, runTool, saySkipped, type ToolResult } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const SCRIPTS = ["start.sh", "stop.sh", "test-kinesis.sh", "test-pipeline.sh"];

type Scripts = {
  env: NodeJS.ProcessEnv;
  runFolder: string;
  /** Runs a script from a folder that is not the repository. */
  run(script: string, ...args: string[]): Promise<ToolResult>;
};

/** Scripts on ports and folders of their own; what they leave running is stopped at the end. */
const setUp = async (extra: NodeJS.ProcessEnv = {}): Promise<Scripts> => {
  const runFolder = path.join(temporaryFolder(), "run");
  const { LOG_FORMAT: _, ...base } = await pipelineEnv();
  const env = { ...base, RUN_DIR: runFolder, NO_COLOR: "", ...extra };
  const run = (script: string, ...args: string[]) =>
    runTool("bash", [path.join(root, script), ...args], {
      env,
      cwd: tmpdir(),
      deadlineMs: 170_000,
    });
  onTestFinished(async () => {
    await run("stop.sh");
  }, 60_000);
  return { env, runFolder, run };
};

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
};

const ingestHealth = (env: NodeJS.ProcessEnv) => `http://127.0.0.1:${env.INGEST_PORT}/health`;
const awsHealth = (env: NodeJS.ProcessEnv) => `${env.AWS_ENDPOINT_URL}/_localstack/health`;
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // Its remains may wait for whoever is to collect them.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
const pidIn = (folder: string): number =>
  Number(readFileSync(path.join(folder, "pid"), "utf8").split("\n")[0]);

const hasShellcheck = isOnPath("shellcheck");
if (!hasShellcheck) saySkipped("shellcheck of the scripts", "no shellcheck on PATH");

test.skipIf(!hasShellcheck)("shellcheck has nothing to say about the scripts", async () => {
  const files = [...SCRIPTS, "scripts/common.sh"].map((file) => path.join(root, file));
  expect(await runTool("shellcheck", files)).toMatchObject({ code: 0, stdout: "" });
});

test("no script waits a fixed time, and all are executable", () => {
  for (const script of SCRIPTS)
    expect(readFileSync(path.join(root, script), "utf8")).not.toMatch(/\bsleep\b/);
  // The one there is stands in the loop of wait_for, which has a deadline.
  expect(
    readFileSync(path.join(root, "scripts/common.sh"), "utf8").match(/\bsleep\b/g),
  ).toHaveLength(1);
});

test.each(SCRIPTS)("%s refuses what it does not know, and starts nothing", async (script) => {
  const { run } = await setUp();
  const result = await run(script, "--no-such-thing");
  expect(result.code).not.toBe(0);
  expect(result.stderr).not.toBe("");
});

/** Upstream servers of which the first says it makes logs; none of them reaches the pipeline. */
const startIdleUpstream = async (made: number): Promise<number> => {
  const [base = 0] = await freePorts(1);
  const bodies: Record<string, object> = {
    "/health": { status: "healthy", service: "idle" },
    "/api/continuous/start": { message: "started" },
    "/api/continuous/stats": { normal_logs_generated: made },
    "/api/continuous/stop": { message: "stopped", stats: { normal_logs: made, anomalies: 0 } },
  };
  for (const offset of [0, 1, 2, 3, 5]) {
    const server = http.createServer((request, response) => {
      request.resume();
      response.end(JSON.stringify(bodies[request.url ?? ""]));
    });
    await new Promise<void>((done) => server.listen(base + offset, "127.0.0.1", done));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  return base;
};

test("start, one record through, the whole pipeline through, stop, stop again", async () => {
  const [base = 0] = await freePorts(1);
  const { env, runFolder, run } = await setUp({ MOCK_PORT_BASE: String(base) });
  const started = await run("start.sh", "--embedded", "--with-mock-servers");
  expect(started).toMatchObject({ code: 0, stderr: "" });
  expect(started.stdout).toContain("Running");
  expect(started.stdout).toContain("Mock servers");
  expect(started.stdout).toContain(`http://127.0.0.1:${env.INGEST_PORT}`);
  expect(started.stdout).toContain("embedded local AWS");
  expect(started.stdout).not.toContain("\u001b");
  expect(await answers(ingestHealth(env))).toBe(true);
  const pid = pidIn(runFolder);

  const again = await run("start.sh");
  expect(again.code).toBe(0);
  expect(again.stdout).toContain(`It already runs (process ${pid})`);
  expect(pidIn(runFolder)).toBe(pid);

  for (const args of [[], ["--direct"]]) {
    const tested = await run("test-kinesis.sh", ...args);
    expect(tested).toMatchObject({ code: 0, stderr: "" });
    expect(tested.stdout).toMatch(/stream +stage01-logs-stream: shardId-\d+, record \d+/);
    expect(tested.stdout).toMatch(
      /object +s3:\/\/md-raw-logs\/service=test-kinesis\/year=.+\.jsonl/,
    );
  }

  Object.assign(env, { RATE: "100", DURATION: "2" });
  const passed = await run("test-pipeline.sh");
  expect(passed).toMatchObject({ code: 0, stderr: "" });
  expect(passed.stdout).toMatch(/made +\d{2,} logs/);
  expect(passed.stdout).toMatch(/stored +\d{2,} logs in \d+ new objects; ledger: balanced/);
  expect(passed.stdout).toMatch(/Samples\n {2}service=.+\n {4}\{"/);
  expect(passed.stdout).toContain("Passed");

  Object.assign(env, { DURATION: "0", TEST_TIMEOUT: "1" });
  env.MOCK_PORT_BASE = String(await startIdleUpstream(7));
  const lost = await run("test-pipeline.sh");
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain("7 logs were made, 0 were accepted");
  expect(lost.stderr).toContain("nothing reached S3");
  env.MOCK_PORT_BASE = String(await startIdleUpstream(0));
  const idle = await run("test-pipeline.sh");
  expect(idle.code).toBe(1);
  expect(idle.stderr).toContain("no log was made");

  const stopped = await run("stop.sh");
  expect(stopped).toMatchObject({ code: 0, stderr: "" });
  expect(stopped.stdout).toContain("Stopped.");
  expect(isAlive(pid)).toBe(false);
  expect(await answers(ingestHealth(env))).toBe(false);
  expect(await answers(awsHealth(env))).toBe(false);
  expect(await answers(`http://127.0.0.1:${base}/health`)).toBe(false);
  expect(await run("stop.sh")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Nothing to stop"),
  });

  for (const script of ["test-kinesis.sh", "test-pipeline.sh"]) {
    const failed = await run(script);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`http://127.0.0.1:${env.INGEST_PORT}`);
    expect(failed.stderr).toContain("FAILED");
  }
}, 240_000);

test("they need node, npm, curl and what every system has, and no other tool", () => {
  for (const script of [...SCRIPTS, "scripts/common.sh"])
    expect(readFileSync(path.join(root, script), "utf8")).not.toMatch(/\b(grep|sed|awk|jq|nc)\b/);
});

test("a start that fails shows why, and leaves nothing running", async () => {
  const { env, runFolder, run } = await setUp();
  const server = http.createServer((_request, response) => response.end("mine"));
  await new Promise<void>((done) => server.listen(Number(env.DASHBOARD_PORT), "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
  });
  const failed = await run("start.sh", "--embedded");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(`Port ${env.DASHBOARD_PORT} on 127.0.0.1 is taken`);
  expect(failed.stderr).toContain("nothing is left running");
  expect(existsSync(path.join(runFolder, "pid"))).toBe(false);
  expect(await answers(awsHealth(env))).toBe(false);
  expect(await answers(ingestHealth(env))).toBe(false);
}, 120_000);

test("a start that takes too long is given up, and what it had started is stopped", async () => {
  const { env, run } = await setUp({ START_TIMEOUT: "0" });
  const failed = await run("start.sh", "--embedded");
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("within 0 s");
  expect(await answers(awsHealth(env))).toBe(false);
}, 120_000);

test("an AWS endpoint that runs already is used, and is not what stop.sh stops", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "scripts-aws-"));
  const aws = await startLocalAws({ directory, port: 0 });
  onTestFinished(async () => {
    await aws.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const { env, run } = await setUp({ AWS_ENDPOINT_URL: aws.url });
  const started = await run("start.sh");
  expect(started.code).toBe(0);
  expect(started.stdout).toContain("already running");
  const withMocks = await run("start.sh", "--with-mock-servers");
  expect(withMocks.code).toBe(1);
  expect(withMocks.stderr).toContain("./stop.sh first");
  expect((await run("stop.sh")).code).toBe(0);
  expect(await answers(awsHealth(env))).toBe(true);
}, 120_000);

test("a process that has the remembered number by chance is left alone", async () => {
  const { runFolder, run } = await setUp();
  mkdirSync(runFolder, { recursive: true });
  writeFileSync(path.join(runFolder, "pid"), `${process.pid}\n12345\n`);
  expect((await run("stop.sh")).stdout).toContain("Nothing to stop");
});

/** A docker that runs the local AWS where LocalStack would be, and notes its calls. */
const createDocker = (port: number, isBroken: boolean) => {
  const folder = temporaryFolder();
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  const up = isBroken
    ? "echo 'pull access denied' >&2; exit 1"
    : `
    AWS_ENDPOINT_URL=http://127.0.0.1:${port} LOCAL_AWS_DIR=${folder}/data \\
      ${process.execPath} ${root}/.build/emulator.js >/dev/null 2>&1 &
    echo $! >${folder}/pid
    until curl -s -o /dev/null http://127.0.0.1:${port}; do sleep 0.1; done`;
  writeFileSync(
    path.join(bin, "docker"),
    `#!/usr/bin/env bash
echo "$*" >>${folder}/calls
case "$*" in
  "compose up"*) ${up} ;;
  "compose stop"*) [[ ! -e ${folder}/pid ]] || kill "$(cat ${folder}/pid)" ;;
esac
`,
  );
  chmodSync(path.join(bin, "docker"), 0o755);
  return {
    path: `${bin}:${process.env.PATH}`,
    calls: () => readFileSync(path.join(folder, "calls"), "utf8"),
  };
};

test("where Docker runs LocalStack is started in it, and stopped with the rest", async () => {
  const [port = 0] = await freePorts(1);
  const docker = createDocker(port, false);
  const { env, run } = await setUp({
    PATH: docker.path,
    LOCALSTACK_PORT: String(port),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  });
  const started = await run("start.sh");
  expect(started.code).toBe(0);
  expect(started.stdout).toContain("LocalStack, started in Docker");
  expect(docker.calls()).toContain("compose up --detach --wait localstack");
  expect((await run("stop.sh")).code).toBe(0);
  expect(docker.calls()).toContain("compose stop localstack");
  expect(await answers(awsHealth(env))).toBe(false);
}, 120_000);

test("where LocalStack does not start, the embedded local AWS takes its place, unless told not to", async () => {
  const [port = 0] = await freePorts(1);
  const docker = createDocker(port, true);
  const { run } = await setUp({
    PATH: docker.path,
    LOCALSTACK_PORT: String(port),
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  });
  const told = await run("start.sh", "--docker");
  expect(told.code).toBe(1);
  expect(told.stderr).toContain("LocalStack did not start: pull access denied");
  const started = await run("start.sh");
  expect(started.code).toBe(0);
  expect(started.stderr).toContain("pull access denied");
  expect(started.stdout).toContain("embedded local AWS");
}, 120_000);
