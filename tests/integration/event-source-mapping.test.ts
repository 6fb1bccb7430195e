import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordsCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import type { FaultRule } from "../../src/local/emulators/faults.ts";
import { startLocalAws } from "../../src/local/emulators/server.ts";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { parseShardState, shardStateKey } from "../../src/shared/core/consumer-state.ts";
import { linesOf, readObjects, temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";

const STREAM = "esm-logs";
const BUCKET = "esm-bucket";
const SERVICES = ["cart", "login", "pay", "search"];
const root = path.dirname(path.dirname(import.meta.dirname));

type LogLine = { level: string; msg: string; shardId?: string; records?: number };

const createWorld = async (shardCount: number) => {
  const aws = await startLocalAws({ directory: temporaryFolder(), port: 0 });
  const clientOptions = { region: "us-east-1", endpoint: aws.url };
  const kinesis = createKinesisClient(clientOptions);
  const s3 = createS3Client(clientOptions);
  onTestFinished(async () => {
    kinesis.destroy();
    s3.destroy();
    await aws.close();
  });

  const whenActive = () =>
    poll("the stream is ACTIVE", async () => {
      const { StreamDescriptionSummary: summary } = await kinesis.send(
        new DescribeStreamSummaryCommand({ StreamName: STREAM }),
      );
      return summary?.StreamStatus === "ACTIVE";
    });
  const createStream = async (ShardCount: number) => {
    await kinesis.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount }));
    await whenActive();
  };
  await createStream(shardCount);
  // The consumer reads both.
  await kinesis.send(
    new CreateStreamCommand({ StreamName: "stage01-metrics-stream", ShardCount: 1 }),
  );
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));

  const sent: string[] = [];
  const put = async (count: number): Promise<void> => {
    const lines = Array.from({ length: count }, (_, index) => {
      const id = sent.length + index;
      const service = SERVICES[id % SERVICES.length];
      return JSON.stringify({ id, service, timestamp: "2025-11-14T01:02:03Z" });
    });
    const { FailedRecordCount } = await kinesis.send(
      new PutRecordsCommand({
        StreamName: STREAM,
        // Keys of their own spread the services over all shards.
        Records: lines.map((line, index) => ({
          PartitionKey: `${sent.length + index}`,
          Data: Buffer.from(line),
        })),
      }),
    );
    expect(FailedRecordCount).toBe(0);
    sent.push(...lines);
  };

  const logs: LogLine[] = [];
  let child: ChildProcess | undefined;
  const exited = () =>
    new Promise<number | null>((resolve) => {
      if (!child || child.exitCode !== null || child.signalCode !== null)
        resolve(child?.exitCode ?? null);
      else child.once("exit", resolve);
    });
  const start = (env: NodeJS.ProcessEnv = {}): void => {
    child = spawn(process.execPath, [path.join(root, ".build", "consumer.js")], {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: aws.url,
        KINESIS_STREAM_NAME: STREAM,
        TARGET_BUCKET: BUCKET,
        POLL_INTERVAL: "0.2",
        BATCH_SIZE: "50",
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    child.stdout?.on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) logs.push(JSON.parse(line));
    });
  };
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    const code = exited();
    child?.kill(signal);
    return await code;
  };
  onTestFinished(async () => {
    await stop("SIGKILL");
  });

  const state = async (shardId: string) => {
    const key = shardStateKey(STREAM, shardId);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return parseShardState(key, (await Body?.transformToString()) ?? "");
  };
  const countRecords = async (): Promise<number> => {
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
    const states = await Promise.all(Shards.map(({ ShardId = "" }) => state(ShardId)));
    return states.reduce((sum, { records }) => sum + records, 0);
  };
  const stored = async () => linesOf(await readObjects(s3, BUCKET));
  return {
    kinesis,
    s3,
    aws,
    createStream,
    whenActive,
    sent,
    put,
    logs,
    start,
    stop,
    stored,
    fault: (rule: FaultRule) =>
      fetch(`${aws.url}/_faults`, { method: "POST", body: JSON.stringify(rule) }),
    /** Waits until the states count every record of the stream, then compares every line. */
    expectExactlyOnce: async ({ ofOldStream = 0, deadlineMs = 40_000 } = {}) => {
      const inStream = sent.length - ofOldStream;
      const areCounted = async () => (await countRecords()) === inStream;
      await poll(`${inStream} records counted`, areCounted, deadlineMs).catch((error) => {
        const said = logs.map((line) => JSON.stringify(line)).join("\n");
        throw new Error(`${error.message}\n${said}`, { cause: error });
      });
      expect(await stored()).toEqual([...sent].sort());
    },
    state,
    openShards: async () => {
      const { Shards } = await kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
      return (Shards ?? []).filter((shard) => !shard.SequenceNumberRange?.EndingSequenceNumber);
    },
  };
};

const shardIdOf = (index: number): string => `shardId-${String(index).padStart(12, "0")}`;

test("records over four shards land once each, and the states add up", async () => {
  const world = await createWorld(4);
  world.start();
  for (let round = 0; round < 5; round += 1) await world.put(400);
  await world.expectExactlyOnce();
  expect(world.logs.filter(({ level }) => level !== "info")).toEqual([]);
  expect(world.logs.filter(({ msg }) => msg.startsWith("Wrote")).length).toBeGreaterThanOrEqual(40);
});

test("split and merge under load lose nothing, and no child is read before its parents", async () => {
  const world = await createWorld(2);
  world.start();
  await world.put(300);
  const [first] = await world.openShards();
  const { StartingHashKey = "0", EndingHashKey = "0" } = first?.HashKeyRange ?? {};
  const half = (BigInt(StartingHashKey) + BigInt(EndingHashKey)) / 2n;
  const splitting = world.kinesis.send(
    new SplitShardCommand({
      StreamName: STREAM,
      ShardToSplit: first?.ShardId,
      NewStartingHashKey: String(half),
    }),
  );
  await Promise.all([splitting, world.put(300)]);
  await world.whenActive();
  await world.put(300);
  const open = await world.openShards();
  expect(open).toHaveLength(3);
  const byHash = open.sort((a, b) =>
    BigInt(a.HashKeyRange?.StartingHashKey ?? 0) < BigInt(b.HashKeyRange?.StartingHashKey ?? 0)
      ? -1
      : 1,
  );
  const [left, right] = byHash;
  const merging = world.kinesis.send(
    new MergeShardsCommand({
      StreamName: STREAM,
      ShardToMerge: left?.ShardId,
      AdjacentShardToMerge: right?.ShardId,
    }),
  );
  await Promise.all([merging, world.put(300)]);
  await world.whenActive();
  await world.put(300);
  await world.expectExactlyOnce();

  const { Shards = [] } = await world.kinesis.send(new ListShardsCommand({ StreamName: STREAM }));
  expect(Shards).toHaveLength(5);
  const written = world.logs.filter(({ msg }) => msg.startsWith("Wrote"));
  for (const { ShardId, ParentShardId, AdjacentParentShardId } of Shards)
    for (const parent of [ParentShardId, AdjacentParentShardId]) {
      if (parent === undefined) continue;
      expect((await world.state(parent)).drained).toBe(true);
      const lastOfParent = written.findLastIndex(({ shardId }) => shardId === parent);
      const firstOfChild = written.findIndex(({ shardId }) => shardId === ShardId);
      if (firstOfChild >= 0) expect(firstOfChild).toBeGreaterThan(lastOfParent);
    }
});

test("kill -9 at random moments leaves every line exactly once", async () => {
  const world = await createWorld(3);
  // Slow writes make it likely that a kill hits between the objects of a batch.
  await world.fault({ service: "s3", operation: "PutObject", action: { delayMs: 15 } });
  const writes = () => world.logs.filter(({ msg }) => msg.startsWith("Wrote")).length;
  for (let round = 0; round < 8; round += 1) {
    const before = writes();
    // Other batch sizes each time: what is read again comes in other batches.
    world.start({ BATCH_SIZE: String(10 + 17 * (round % 4)) });
    await world.put(200);
    await poll("something is written", () => writes() > before);
    await sleep(Math.random() * 200);
    await world.stop("SIGKILL");
  }
  await fetch(`${world.aws.url}/_faults`, { method: "DELETE" });
  world.start();
  await world.expectExactlyOnce();
}, 120_000);

test("SIGTERM ends cleanly, and a restart goes on from the checkpoint", async () => {
  const world = await createWorld(2);
  world.start();
  await world.put(200);
  await world.expectExactlyOnce();
  expect(await world.stop("SIGTERM")).toBe(0);
  const handled = world.logs.length;
  await world.put(200);
  world.start();
  await world.expectExactlyOnce();
  const again = world.logs.slice(handled).reduce((sum, { records = 0 }) => sum + records, 0);
  expect(again).toBe(200);
});

test("when S3 fails, or stores and drops its answer, nothing is lost and nothing is there twice", async () => {
  const world = await createWorld(2);
  await world.fault({
    service: "s3",
    operation: "PutObject",
    probability: 0.5,
    times: 60,
    action: { code: "SlowDown" },
  });
  await world.fault({
    service: "s3",
    operation: "PutObject",
    probability: 0.2,
    times: 10,
    action: { dropReply: true },
  });
  for (const action of [
    { reset: true },
    { code: "ExpiredIteratorException" },
    { code: "ProvisionedThroughputExceededException" },
    { code: "InternalFailure", status: 500 },
  ])
    await world.fault({ service: "kinesis", operation: "GetRecords", times: 3, action });
  world.start();
  for (let round = 0; round < 5; round += 1) await world.put(200);
  await world.expectExactlyOnce();
});

test("a stream that is deleted and made again is read from its start", async () => {
  const world = await createWorld(2);
  world.start();
  await world.put(100);
  await world.expectExactlyOnce();
  await world.kinesis.send(new DeleteStreamCommand({ StreamName: STREAM }));
  await poll("the stream is gone", async () =>
    world.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: STREAM })).then(
      () => false,
      (error) => error.name === "ResourceNotFoundException",
    ),
  );
  await world.createStream(1);
  await world.put(100);
  await world.expectExactlyOnce({ ofOldStream: 100 });
  expect(world.logs.some(({ level, msg }) => level === "warn" && msg.includes("set aside"))).toBe(
    true,
  );
});

test("a bad checkpoint is shown and not skipped", async () => {
  const world = await createWorld(2);
  const key = shardStateKey(STREAM, shardIdOf(0));
  await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: "{ not JSON" }));
  await world.put(200);
  world.start();
  await poll("the bad checkpoint is said", () =>
    world.logs.some(({ level, msg }) => level === "error" && msg.includes(key)),
  );
  await poll("the other shard goes on", async () => (await world.stored()).length > 0);
  expect((await world.stored()).length).toBeLessThan(200);

  await world.stop("SIGTERM");
  await world.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
  world.start();
  await world.expectExactlyOnce();
});
