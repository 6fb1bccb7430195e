import { spawn } from "node:child_process";
import { createServer } from "node:http";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { pipelineEnv, runCommand, startPipeline, waitForLines } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";

const root = path.dirname(path.dirname(import.meta.dirname));

const occupy = async (port: number): Promise<void> => {
  const server = createServer((_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
};

test("a taken port is named, with the variable to set, and nothing is left running", async () => {
  const env = await pipelineEnv();
  await occupy(Number(env.INGEST_PORT));
  const run = await runCommand(["start"], env);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`Port ${env.INGEST_PORT} on 127.0.0.1 is taken`);
  expect(run.stderr).toContain("INGEST_PORT=");
});

test("a stranger on the AWS port is told apart from an AWS endpoint", async () => {
  const env = await pipelineEnv();
  await occupy(Number(new URL(String(env.AWS_ENDPOINT_URL)).port));
  const run = await runCommand(["start"], env);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("not an AWS endpoint");
  expect(run.stderr).toContain("AWS_ENDPOINT_URL=http://127.0.0.1:");
});

test("a bad variable stops the start with a sentence that names it", async () => {
  const run = await runCommand(["start"], { ...(await pipelineEnv()), BATCH_SIZE: "0" });
  expect(run.code).toBe(78);
  expect(run.stderr).toContain('BATCH_SIZE="0"');
});

test("an AWS endpoint that already answers is used instead of the embedded one, and said so", async () => {
  const first = await startPipeline(await pipelineEnv());
  const second = await startPipeline(
    await pipelineEnv({
      AWS_ENDPOINT_URL: first.awsUrl,
      TARGET_BUCKET: "another-bucket",
      KINESIS_STREAM_NAME: "another-stream",
    }),
  );
  expect(second.output()).toContain("used instead of the embedded one");
  const answer = await fetch(`${second.ingestUrl}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"service":"borrowed"}',
  });
  expect(answer.status).toBe(200);
  await waitForLines(first.s3, "another-bucket", 1);
});

test("send without a server says so and fails", async () => {
  const run = await runCommand(["send", "-"], await pipelineEnv(), Buffer.from('{"a":1}\n'));
  expect(run.code).toBe(1);
  expect(run.stdout).toContain("sent 1, accepted 0, rejected 1");
  expect(run.stderr).toContain("ECONNREFUSED");
});

test("a Ctrl-C that npm hands on a second time still stops everything in order", async () => {
  const pipeline = await startPipeline(await pipelineEnv());
  pipeline.child.kill("SIGINT");
  pipeline.child.kill("SIGINT");
  expect(await pipeline.stop()).toBe(0);
  expect(pipeline.output()).toContain("Stopped.");
});

test("npm that is told to end takes the whole pipeline with it", async () => {
  const env = await pipelineEnv();
  const npm = spawn("npm", ["start"], { cwd: root, env, detached: true });
  onTestFinished(() => {
    try {
      if (npm.pid !== undefined) process.kill(-npm.pid, "SIGKILL");
    } catch {
      // All of it has ended, as it should.
    }
  });
  let output = "";
  npm.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await poll("npm start prints what runs", () => output.includes("Ctrl-C stops"), 45_000);
  npm.kill("SIGTERM");
  await poll("everything has stopped", () => output.includes("Stopped."), 20_000);
});
