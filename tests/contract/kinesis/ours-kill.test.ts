import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  AddTagsToStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  ListTagsForStreamCommand,
  SplitShardCommand,
} from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { poll } from "../../support/poll.ts";
import { freePorts } from "../../support/ports.ts";
import { clientOf, createKit, entry, isOurs, text } from "./support.ts";

const ours = test.runIf(isOurs);

let directory = "";
let emulator: ChildProcess | undefined;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "kinesis-kill-"));
});
afterAll(async () => {
  await kill();
  await rm(directory, { recursive: true, force: true });
});

const start = async (port: number): Promise<void> => {
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [path.resolve(".build/emulator.js")], {
    env: { ...process.env, AWS_ENDPOINT_URL: url, LOCAL_AWS_DIR: directory, LOG_LEVEL: "error" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  emulator = child;
  await poll("the emulator answers", async () => {
    if (child.exitCode !== null) throw new Error(`The emulator exited with ${child.exitCode}.`);
    return (await fetch(`${url}/_localstack/health`)).ok;
  });
};

const kill = async (): Promise<void> => {
  const child = emulator;
  emulator = undefined;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
};

ours(
  "whatever was acknowledged is there after kill -9 in the middle of the load, in order and once",
  async () => {
    const [port = 0] = await freePorts(1);
    await start(port);
    const client = clientOf(`http://127.0.0.1:${port}`);
    const { createStream, put, iterator, get } = createKit(client);
    const StreamName = await createStream({ ShardCount: 1 });
    const acknowledged = new Map<string, string>();
    let sent = 0;

    for (let round = 0; round < 3; round += 1) {
      const target = acknowledged.size + 2000;
      let isKilled = false;
      const writer = async (): Promise<void> => {
        while (!isKilled) {
          const lines = Array.from({ length: 100 }, () => {
            sent += 1;
            return `line ${sent} ${"x".repeat(sent % 700)}`;
          });
          try {
            const { Records = [] } = await put(
              StreamName,
              lines.map((line) => entry(line)),
            );
            Records.forEach(({ SequenceNumber = "" }, i) => {
              expect(acknowledged.has(SequenceNumber)).toBe(false);
              acknowledged.set(SequenceNumber, lines[i] ?? "");
            });
          } catch (error) {
            if (!isKilled) throw error;
          }
        }
      };
      const writers = [writer(), writer()];
      await poll("enough is acknowledged", () => acknowledged.size >= target);
      isKilled = true;
      await kill();
      await Promise.all(writers);
      await start(port);
    }

    const found = new Map<string, string>();
    let previous = 0n;
    let next: string | undefined = await iterator(StreamName);
    for (let isEmpty = false; !isEmpty && next; ) {
      const answer: Awaited<ReturnType<typeof get>> = await get(next);
      for (const record of answer.Records ?? []) {
        const number = BigInt(record.SequenceNumber ?? 0);
        expect(number > previous).toBe(true);
        previous = number;
        found.set(record.SequenceNumber ?? "", text(record));
      }
      next = answer.NextShardIterator;
      isEmpty = answer.Records?.length === 0;
    }
    for (const [number, line] of acknowledged) expect(found.get(number)).toBe(line);
    client.destroy();
    await kill();
  },
  120_000,
);

ours(
  "streams, shards, tags, retention and iterators survive kill -9",
  async () => {
    const [port = 0] = await freePorts(1);
    await start(port);
    const client = clientOf(`http://127.0.0.1:${port}`);
    const kit = createKit(client);
    const StreamName = await kit.createStream();
    await kit.put(StreamName, [entry("before")]);
    const iterator = await kit.iterator(StreamName);
    await client.send(new AddTagsToStreamCommand({ StreamName, Tags: { team: "logs" } }));
    await client.send(
      new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }),
    );
    await kit.waitActive(StreamName);
    await client.send(
      new SplitShardCommand({
        StreamName,
        ShardToSplit: "shardId-000000000000",
        NewStartingHashKey: "5",
      }),
    );
    const shards = await kit.shardsOf(StreamName);
    await kill();
    await start(port);
    expect(await kit.shardsOf(StreamName)).toEqual(shards);
    expect(shards).toHaveLength(3);
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    );
    expect(StreamDescriptionSummary).toMatchObject({ RetentionPeriodHours: 48, OpenShardCount: 2 });
    const { Tags } = await client.send(new ListTagsForStreamCommand({ StreamName }));
    expect(Tags).toEqual([{ Key: "team", Value: "logs" }]);
    const answer = await kit.get(iterator);
    expect(answer.Records?.map(text)).toEqual(["before"]);
    expect(answer.ChildShards).toHaveLength(2);
    client.destroy();
    await kill();
  },
  60_000,
);
