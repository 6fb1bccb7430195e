import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DescribeStreamSummaryCommand, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { isOnPath, runTool, saySkipped, type ToolResult } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const script = path.join(root, "localstack-init/01-setup-resources.sh");

/**
 * An awslocal that keeps streams and buckets as empty files, logs its calls, and answers an error
 * for the operation named in STUB_FAILS (`operation=text`).
 */
const STUB = `#!/usr/bin/env bash
cd "$STUB_FOLDER"
echo "$*" >> calls
fail() { echo "An error occurred ($1) when calling the operation" >&2; exit 254; }
if [[ -n "\${STUB_FAILS:-}" && "$2" == "\${STUB_FAILS%%=*}" ]]; then fail "\${STUB_FAILS#*=}"; fi
case "$2" in
  describe-stream-summary) [[ -e "stream.$4" ]] || fail ResourceNotFoundException ;;
  create-stream) [[ -e "stream.$4" ]] && fail ResourceInUseException; echo "$6" > "stream.$4" ;;
  wait) [[ -e "stream.$5" ]] || fail "Max attempts exceeded" ;;
  head-bucket) [[ -e "bucket.$4" ]] || fail 404 ;;
  create-bucket) [[ -e "bucket.$4" ]] && fail BucketAlreadyOwnedByYou; : > "bucket.$4" ;;
  *) fail "not in the stub" ;;
esac
`;

type Stub = { run(env?: NodeJS.ProcessEnv): Promise<ToolResult>; calls(): string[] };

const createStub = (): Stub => {
  const folder = mkdtempSync(path.join(tmpdir(), "awslocal-stub-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const bin = path.join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(path.join(bin, "awslocal"), STUB);
  chmodSync(path.join(bin, "awslocal"), 0o755);
  let seen = 0;
  return {
    run: (env = {}) =>
      runTool("bash", [script], {
        env: { PATH: `${bin}:/usr/bin:/bin`, STUB_FOLDER: folder, ...env },
      }),
    calls: () => {
      const all = readFileSync(path.join(folder, "calls"), "utf8").trimEnd().split("\n");
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
  };
};

const creations = (calls: readonly string[]): string[] =>
  calls.filter((call) => /\bcreate-/.test(call));

test("the init script creates both streams and the three buckets, and a second run creates nothing", async () => {
  const stub = createStub();
  const first = await stub.run();
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout.trimEnd().split("\n")).toEqual([
    "stream stage01-logs-stream: created, 2 shards",
    "stream stage01-metrics-stream: created, 2 shards",
    "bucket md-raw-logs: created",
    "bucket md-raw-metrics: created",
    "bucket md-raw-apm: created",
    "streams and buckets are ready",
  ]);
  expect(creations(stub.calls())).toHaveLength(5);

  const second = await stub.run();
  expect(second.code).toBe(0);
  expect(second.stdout.match(/exists/g)).toHaveLength(5);
  expect(creations(stub.calls())).toEqual([]);
});

test("the init script takes names, shards and region from the environment", async () => {
  const stub = createStub();
  const env = {
    STREAM_NAME: "s1",
    METRICS_STREAM_NAME: "s2",
    TARGET_BUCKET: "b-one",
    METRICS_BUCKET: "b-two",
    APM_BUCKET: "b-three",
    SHARD_COUNT: "3",
    AWS_DEFAULT_REGION: "ap-southeast-1",
  };
  expect((await stub.run(env)).code).toBe(0);
  const location = "--create-bucket-configuration LocationConstraint=ap-southeast-1";
  expect(creations(stub.calls())).toEqual([
    "kinesis create-stream --stream-name s1 --shard-count 3",
    "kinesis create-stream --stream-name s2 --shard-count 3",
    `s3api create-bucket --bucket b-one ${location}`,
    `s3api create-bucket --bucket b-two ${location}`,
    `s3api create-bucket --bucket b-three ${location}`,
  ]);
});

test.each([
  ["create-stream=ResourceInUseException", "someone else creates the stream in the same moment"],
  ["create-bucket=BucketAlreadyOwnedByYou", "someone else creates the bucket in the same moment"],
])("%s is no failure: %s", async (fails) => {
  const stub = createStub();
  const run = await stub.run({ STUB_FAILS: fails });
  // The stub's stream is never there, so that waiting for it ends the run for the stream's case.
  if (fails.startsWith("create-stream")) expect(run.stderr).toContain("kinesis wait stream-exists");
  else expect(run).toMatchObject({ code: 0, stderr: "" });
});

test.each(["describe-stream-summary", "create-stream", "wait", "head-bucket", "create-bucket"])(
  "an error of %s that is not understood ends the script, with its text",
  async (operation) => {
    const run = await createStub().run({ STUB_FAILS: `${operation}=AccessDenied` });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(operation);
    expect(run.stderr).toContain("AccessDenied");
    expect(run.stdout).not.toContain("are ready");
  },
);

const hasAws = isOnPath("aws");
if (!hasAws) saySkipped("the init script with the real aws CLI", "no aws on PATH");

test.skipIf(!hasAws)(
  "with the real aws CLI it creates in the local AWS what npm start creates, twice over",
  async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "init-script-"));
    const localAws = await startLocalAws({ directory, port: 0 });
    const clientOptions = { region: "us-east-1", endpoint: localAws.url };
    const kinesis = createKinesisClient(clientOptions);
    const s3 = createS3Client(clientOptions);
    onTestFinished(async () => {
      kinesis.destroy();
      s3.destroy();
      await localAws.close();
      rmSync(directory, { recursive: true, force: true });
    });
    const env = { PATH: process.env.PATH, HOME: directory, AWS_ENDPOINT_URL: localAws.url };
    const first = await runTool("bash", [script], { env });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout.match(/created/g)).toHaveLength(5);
    const second = await runTool("bash", [script], { env });
    expect(second.stdout.match(/exists/g)).toHaveLength(5);

    const { StreamNames = [] } = await kinesis.send(new ListStreamsCommand({}));
    expect(StreamNames).toEqual(["stage01-logs-stream", "stage01-metrics-stream"]);
    for (const StreamName of StreamNames) {
      const summary = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
      expect(summary.StreamDescriptionSummary).toMatchObject({
        StreamStatus: "ACTIVE",
        OpenShardCount: 2,
      });
    }
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    expect(Buckets.map(({ Name }) => Name).sort()).toEqual([
      "md-raw-apm",
      "md-raw-logs",
      "md-raw-metrics",
    ]);

    // What npm start runs finds nothing left to do and leaves everything as it is.
    const setup = await runTool(process.execPath, [path.join(root, ".build/setup.js")], { env });
    expect(setup).toMatchObject({ code: 0 });
    expect((await kinesis.send(new ListStreamsCommand({}))).StreamNames).toHaveLength(2);
    expect((await s3.send(new ListBucketsCommand({}))).Buckets).toHaveLength(3);
  },
  120_000,
);

const hasShellcheck = isOnPath("shellcheck");
if (!hasShellcheck) saySkipped("shellcheck of the init script", "no shellcheck on PATH");

test.skipIf(!hasShellcheck)("shellcheck has nothing to say about the init script", async () => {
  expect(await runTool("shellcheck", [script])).toMatchObject({ code: 0, stdout: "" });
});
