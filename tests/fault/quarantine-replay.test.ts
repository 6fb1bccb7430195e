import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { createS3Client } from "../../src/shared/aws/clients.ts";
import { createCodec } from "../../src/shared/aws/codec.ts";
import { createS3PartSink } from "../../src/shared/aws/s3-part-sink.ts";
import { createConsumer } from "../../src/shared/core/consume.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { aggregate } from "../support/kpl.ts";
import { linesOf, readObjects, temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { type ShardRecord, sequenceNumberAt, toEvent } from "../support/shard-batch.ts";

const BUCKET = "md-raw-logs";
const SHARDS = ["shardId-000000000000", "shardId-000000000001"];
const PER_SHARD = 20;
const HOUR = "year=2025/month=11/day=14/hour=01";

/** A log in single quotes, which is no JSON: `tr` can repair it. */
const brokenLog = (shard: number, n: number) =>
  `{'service':'svc-${n % 3}','timestamp':'2025-11-14T01:00:00Z','shard':${shard},'n':${n}}`;
const REPAIR = `tr "'" '"'`;
const ELSEWHERE = `sed "s/svc-/moved-/; s/'/\\"/g"`;

type Run = { code: number | null; stdout: string; stderr: string };

/** Quarantined records in two shards, good logs beside them, and the command in processes of its own. */
const createWorld = async () => {
  const [port = 0] = await freePorts(1);
  const aws = await startLocalAws({ directory: temporaryFolder(), port });
  onTestFinished(aws.close);
  const s3 = createS3Client({ region: "us-east-1", endpoint: aws.url });
  onTestFinished(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const consume = createConsumer(
    { sink: createS3PartSink(s3, BUCKET), codec: createCodec(), log: silentLogger },
    { compression: "none", maxFutureSkewMs: 86_400_000, bucket: BUCKET },
  );
  const feed = async (records: readonly ShardRecord[]) => {
    const { summary } = await consume(toEvent(records));
    expect(summary).not.toBeNull();
  };

  const children = new Set<ChildProcess>();
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [path.resolve(".build/quarantine.js"), ...args], {
      env: { ...process.env, AWS_ENDPOINT_URL: aws.url, TARGET_BUCKET: BUCKET, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    const run: Run = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (run.stdout += chunk));
    child.stderr.on("data", (chunk) => (run.stderr += chunk));
    const ended = once(child, "close").then(([code]) => {
      children.delete(child);
      return { ...run, code: code as number | null };
    });
    return { child, ended };
  };
  const run = (...args: string[]): Promise<Run> => start(args).ended;
  return { aws, s3, feed, start, run };
};

const feedShards = async ({ feed }: Awaited<ReturnType<typeof createWorld>>) => {
  for (const [shard, shardId] of SHARDS.entries())
    for (let from = 0; from < PER_SHARD; from += 10)
      await feed(
        Array.from({ length: 10 }, (_, at) => ({
          shardId,
          sequenceNumber: sequenceNumberAt(1_000 * shard + from + at),
          data: [
            `{"service":"good","timestamp":"2025-11-14T01:00:00Z","n":${from + at}}`,
            brokenLog(shard, from + at),
          ].join("\n"),
        })),
      );
};

const broken = SHARDS.flatMap((_, shard) =>
  Array.from({ length: PER_SHARD }, (__, n) => brokenLog(shard, n).replaceAll("'", '"')),
);
const good = SHARDS.flatMap(() =>
  Array.from(
    { length: PER_SHARD },
    (_, n) => `{"service":"good","timestamp":"2025-11-14T01:00:00Z","n":${n}}`,
  ),
);

const storedLines = async (s3: S3Client) => linesOf(await readObjects(s3, BUCKET));
const folders = async (s3: S3Client) =>
  [...new Set([...(await readObjects(s3, BUCKET)).keys()].map((key) => path.dirname(key)))].sort();

/** Lets `puts` writes through, three for a record, and kills it in the middle of the next ones. */
const killAfter = async (
  puts: number,
  { aws, start }: Awaited<ReturnType<typeof createWorld>>,
  args: readonly string[],
): Promise<void> => {
  aws.faults.add({
    service: "s3",
    operation: "PutObject",
    skip: puts,
    action: { delayMs: 8_000, reset: true },
  });
  const { child, ended } = start(args);
  await poll(
    "its writes hang",
    () => {
      if (child.exitCode !== null) throw new Error("It ended before it could be killed.");
      return aws.faults.list().some(({ hits }) => hits > 0);
    },
    60_000,
  );
  child.kill("SIGKILL");
  expect((await ended).code).toBeNull();
  aws.faults.clear();
};

test("replayed twice, killed half-way in between: every record is stored once, the quarantine as it was", async () => {
  const world = await createWorld();
  await feedShards(world);
  const quarantine = await readObjects(world.s3, BUCKET, "_quarantine/reason=");
  const replay = ["replay", "--reason", "not_json", "--fix", REPAIR];

  await killAfter(50, world, replay);
  const partly = (await storedLines(world.s3)).length - good.length;
  expect(partly).toBeGreaterThan(0);
  expect(partly).toBeLessThan(broken.length);

  const second = await world.run(...replay);
  expect(second).toMatchObject({ code: 0, stderr: "" });
  expect(await storedLines(world.s3)).toEqual([...broken, ...good].sort());
  const objects = await readObjects(world.s3, BUCKET);

  const third = await world.run(...replay);
  expect(third.stdout).toContain(`${broken.length} replayed before`);
  const fourth = await world.run(...replay, "--again");
  expect(fourth).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Replayed ${broken.length} records`),
  });
  expect(await readObjects(world.s3, BUCKET)).toEqual(objects);
  expect(await readObjects(world.s3, BUCKET, "_quarantine/reason=")).toEqual(quarantine);
  expect(await folders(world.s3)).toEqual([
    `service=good/${HOUR}`,
    ...[0, 1, 2].map((n) => `service=svc-${n}/${HOUR}`),
  ]);
}, 120_000);

test("another repair takes the place of one that was killed half-way, wherever its logs go", async () => {
  const world = await createWorld();
  await feedShards(world);
  await killAfter(50, world, ["replay", "--all", "--fix", REPAIR]);
  await killAfter(35, world, ["replay", "--all", "--fix", ELSEWHERE, "--again"]);
  expect(await world.run("replay", "--all", "--fix", ELSEWHERE, "--again")).toMatchObject({
    code: 0,
  });
  const moved = broken.map((line) => line.replace("svc-", "moved-"));
  expect(await storedLines(world.s3)).toEqual([...moved, ...good].sort());
}, 120_000);

test("with S3 refusing, resetting and dropping answers, runs until one is whole store every record once", async () => {
  const world = await createWorld();
  await feedShards(world);
  const rule = { service: "s3", probability: 0.08 } as const;
  world.aws.faults.add({ ...rule, operation: "PutObject", action: { dropReply: true } });
  world.aws.faults.add({ ...rule, operation: "PutObject", action: { code: "SlowDown" } });
  world.aws.faults.add({ ...rule, operation: "DeleteObject", action: { dropReply: true } });
  world.aws.faults.add({ ...rule, action: { reset: true } });
  let runs = 0;
  for (let code: number | null = 1; code !== 0; runs += 1) {
    if (runs === 20) throw new Error("No run of twenty got to its end.");
    const fix = runs === 0 ? ELSEWHERE : REPAIR;
    ({ code } = await world.run("replay", "--all", "--fix", fix, ...(runs < 2 ? ["--again"] : [])));
    if (runs === 0) code = 1;
  }
  world.aws.faults.clear();
  expect(await world.run("replay", "--all", "--fix", REPAIR, "--again")).toMatchObject({ code: 0 });
  expect(await storedLines(world.s3)).toEqual([...broken, ...good].sort());
}, 120_000);

test("two replays at the same time store every record once", async () => {
  const world = await createWorld();
  await feedShards(world);
  const args = ["replay", "--all", "--fix", REPAIR];
  const runs = await Promise.all([world.run(...args), world.run(...args)]);
  for (const { code } of runs) expect(code).toBe(0);
  expect(await storedLines(world.s3)).toEqual([...broken, ...good].sort());
});

test("list, show and a dry run tell what there is, safely and within 80 columns; what is no log stays", async () => {
  const world = await createWorld();
  const kpl = aggregate('{"service":"a"}');
  await world.feed([
    { data: "not json \u001b[2J\u202e" },
    { data: Buffer.from([0xff, 0, 1, 2]) },
    { data: kpl.subarray(0, -1) },
    { data: gzipSync('{"service":"cut"}').subarray(0, -4) },
  ]);

  const list = await world.run("list");
  expect(list.code).toBe(0);
  expect(list.stdout).toMatch(/not_json +2025-11-14 +shardId-000000000000 +1 +0 +01:20:30\n/);
  const { groups } = JSON.parse((await world.run("list", "--json")).stdout);
  expect(groups.map(({ reason }: { reason: string }) => reason).sort()).toEqual([
    "bad_gzip",
    "bad_kpl",
    "invalid_utf8",
    "not_json",
  ]);

  const show = await world.run("show");
  expect(show.stdout).toContain("| not json \\x1b[2J\\u202e\n");
  expect(show.stdout).toMatch(/\| 000000 {2}ff 00 01 02 +\.\.\.\.\n/);
  const dry = await world.run("replay", "--reason", "not_json", "--dry-run", "--fix", "echo '{}'");
  for (const row of `${list.stdout}${show.stdout}${dry.stdout}`.split("\n")) {
    expect(row.length).toBeLessThanOrEqual(80);
    expect(row).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  }
  const raw = await world.run("show", "--raw", "--id", `${sequenceNumberAt(0)}:0`);
  expect(raw.stdout).toBe("not json \u001b[2J\u202e");

  expect(dry.stdout).toMatch(
    /not_json \d+:0\n {4}would store 1 log\n {4}service=unknown\/year=2025\/month=11/,
  );
  expect(await readObjects(world.s3, BUCKET)).toEqual(new Map());

  const replay = await world.run("replay", "--all", "--json", "--fix", "exit 3");
  expect(replay.code).toBe(1);
  expect(JSON.parse(replay.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    summary: { chosen: 4, replayed: 0, kept: 4 },
  });
  expect(await readObjects(world.s3, BUCKET)).toEqual(new Map());

  const log = '{"service":"fixed"}';
  expect(
    await world.run("replay", "--reason", "not_json", "--fix", `printf '%s' '${log}'`),
  ).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nReplayed 1 record \(1 log\)\.\n$/) });
  expect(await storedLines(world.s3)).toEqual([log]);
  expect((await world.run("list", "--reason", "not_json")).stdout).toMatch(/ 1 +1 +01:20:30\n/);
  expect((await world.run("show", "--reason", "not_json")).stdout).toMatch(
    /replayed {2}\d{4}-.*Z, 1 log\n {12}service=fixed\//,
  );
});

test("wrong usage, no endpoint and no bucket are told apart in one sentence each", async () => {
  const world = await createWorld();
  expect(await world.run("replay")).toMatchObject({ code: 2, stdout: "" });
  expect(await world.run("list", "--bucket", "other-bucket")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("There is no bucket other-bucket at "),
  });
  const [port] = await freePorts(1);
  expect(await world.run("list", "--endpoint", `http://127.0.0.1:${port}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("S3 cannot be reached (ECONNREFUSED)."),
  });
});
