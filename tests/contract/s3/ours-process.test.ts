import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePorts } from "../../support/ports.ts";
import { isOurs, refusal } from "./suite.ts";

const BUCKET = "kill-test";
let directory = "";
let child: ChildProcess | undefined;
let s3: S3Client;
let url = "";
let output = "";

const start = async (env: Record<string, string> = {}): Promise<void> => {
  url = `http://127.0.0.1:${await freePorts(1)}`;
  const started = spawn(process.execPath, [".build/emulator.js"], {
    env: { ...process.env, AWS_ENDPOINT_URL: url, LOCAL_AWS_DIR: directory, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  output = "";
  for (const stream of [started.stdout, started.stderr])
    stream?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  child = started;
  const ended = once(started, "exit").then(() => {
    throw new Error(`It did not start: ${output}`);
  });
  ended.catch(() => {});
  await Promise.race([once(started, "message"), ended]);
  s3 = new S3Client({
    region: "us-east-1",
    endpoint: url,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
};

const kill = async (signal: NodeJS.Signals): Promise<number | null> => {
  const ending = child;
  child = undefined;
  s3.destroy();
  if (ending === undefined || ending.exitCode !== null) return ending?.exitCode ?? null;
  const exited = once(ending, "exit");
  ending.kill(signal);
  const [code] = await exited;
  return code;
};

const put = (Key: string, Body: string | Uint8Array) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
const get = async (Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const list = async () => {
  const found = new Map<string, number>();
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, ...(token && { ContinuationToken: token }) }),
    );
    for (const { Key = "", Size = 0 } of page.Contents ?? []) found.set(Key, Size);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return found;
};
const objectFile = (key: string) => path.join(directory, "s3", "buckets", BUCKET, key);

describe.skipIf(!isOurs)("the local S3 as a process", () => {
  beforeEach(async () => {
    directory = await fs.mkdtemp(path.join(tmpdir(), "s3-process-"));
    await start();
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  afterEach(async () => {
    await kill("SIGKILL");
    await fs.rm(directory, { recursive: true, force: true });
  });

  test("objects are plain files under the bucket's name", async () => {
    const key = "service=thanh toán/year=2025/month=11/part-1.jsonl";
    await put(key, '{"a":1}\n');
    expect(await fs.readFile(objectFile(key), "utf8")).toBe('{"a":1}\n');
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key }));
    expect(await fs.readdir(path.join(directory, "s3", "buckets", BUCKET))).toEqual([]);
  });

  test("no key leads out of the data folder", async () => {
    const before = await fs.readdir(tmpdir());
    for (const key of ["../../../../escaped", "a/../../../../escaped", "..", "/etc/x", "a//../b"]) {
      await put(key, key);
      expect((await get(key)).toString()).toBe(key);
    }
    expect((await fs.readdir(tmpdir())).filter((name) => name.includes("escaped"))).toEqual([]);
    expect(before.includes("escaped")).toBe(false);
    expect(await fs.readdir(path.join(directory, "s3", "buckets", BUCKET))).toEqual([]);
  });

  test("what was acknowledged survives kill -9, and nothing is half there", async () => {
    const bodyOf = (version: number) => Buffer.from(`version ${version}\n`.repeat(4_000));
    const versionOf = (body: Buffer) => Number(/^version (\d+)\n/.exec(body.toString())?.[1]);
    const acknowledged = new Map<string, number>();
    const attempted = new Map<string, number>();
    let version = 0;
    let isKilled = false;
    const write = async (name: number): Promise<void> => {
      while (!isKilled) {
        version += 1;
        const mine = version;
        const key = `dir=${name}/part-${mine % 7}.jsonl`;
        attempted.set(key, mine);
        try {
          await put(key, bodyOf(mine));
        } catch {
          return;
        }
        acknowledged.set(key, mine);
      }
    };
    for (let round = 1; round <= 3; round += 1) {
      isKilled = false;
      const writers = [1, 2, 3, 4].map(write);
      // In the midst of whatever the writers have under way.
      await expect
        .poll(() => version, { timeout: 30_000, interval: 5 })
        .toBeGreaterThan(round * 60);
      await kill("SIGKILL");
      isKilled = true;
      await Promise.all(writers);
      await start();
      const listed = await list();
      for (const key of acknowledged.keys()) expect(listed.has(key)).toBe(true);
      for (const [key, size] of listed) {
        const body = await get(key);
        const found = versionOf(body);
        expect(body.equals(bodyOf(found))).toBe(true);
        expect(body.length).toBe(size);
        expect(found).toBeGreaterThanOrEqual(acknowledged.get(key) ?? 0);
        expect(found).toBeLessThanOrEqual(attempted.get(key) ?? 0);
        acknowledged.set(key, found);
      }
      expect(await fs.readdir(path.join(directory, "s3", "staging"))).toEqual([]);
    }
  }, 120_000);

  test("an upload that kill -9 cut short is not there after the restart", async () => {
    const half = new AbortController();
    const slow = fetch(`${url}/${BUCKET}/half`, {
      method: "PUT",
      signal: half.signal,
      headers: { "content-length": "10000000" },
      body: new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.alloc(1_000_000, "h")),
      }),
      duplex: "half",
    } as RequestInit).catch(() => {});
    await expect
      .poll(() => fs.readdir(path.join(directory, "s3", "staging")), { timeout: 10_000 })
      .toHaveLength(1);
    await kill("SIGKILL");
    half.abort();
    await slow;
    await start();
    expect(await refusal(get("half"))).toBe("404 NoSuchKey");
    expect(await fs.readdir(path.join(directory, "s3", "staging"))).toEqual([]);
  });

  test("a multipart upload can go on after kill -9", async () => {
    const target = { Bucket: BUCKET, Key: "upload" };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const part = { ...target, UploadId, PartNumber: 1, Body: "part one" };
    const { ETag } = await s3.send(new UploadPartCommand(part));
    await kill("SIGKILL");
    await start();
    const { Parts } = await s3.send(new ListPartsCommand({ ...target, UploadId }));
    expect(Parts).toEqual([expect.objectContaining({ PartNumber: 1, ETag, Size: 8 })]);
  });

  test("a torn last line of the index is dropped, the rest is served", async () => {
    await put("a", "one");
    await put("b", "two");
    await kill("SIGKILL");
    const index = path.join(directory, "s3", "index.jsonl");
    await fs.appendFile(index, '{"op":"put","bucket":"kill-test","key":"torn","si');
    await start();
    expect([...(await list()).keys()]).toEqual(["a", "b"]);
    await put("c", "three");
    await kill("SIGKILL");
    await start();
    expect([...(await list()).keys()]).toEqual(["a", "b", "c"]);
  });

  test("files removed by hand are missing objects, and a restart forgets them", async () => {
    await put("dir/kept", "kept");
    await put("dir/removed", "removed");
    await put("dir/edited", "edited");
    await fs.rm(objectFile("dir/removed"));
    await fs.writeFile(objectFile("dir/edited"), "something else");
    expect(await refusal(get("dir/removed"))).toBe("404 NoSuchKey");
    expect(await refusal(get("dir/edited"))).toBe("500 InternalError");
    await put("dir/edited", "put again");
    expect((await get("dir/edited")).toString()).toBe("put again");
    await kill("SIGTERM");
    await fs.rm(path.join(directory, "s3", "staging"), { recursive: true });
    await start();
    expect([...(await list()).keys()]).toEqual(["dir/edited", "dir/kept"]);
    await fs.rm(path.join(directory, "s3", "buckets", BUCKET), { recursive: true });
    expect(await refusal(get("dir/kept"))).toBe("404 NoSuchKey");
    await put("dir/kept", "back");
    expect((await get("dir/kept")).toString()).toBe("back");
  });

  test("SIGTERM ends it cleanly, and everything is there again after a start", async () => {
    await put("k", "v");
    expect(await kill("SIGTERM")).toBe(0);
    await start();
    expect((await get("k")).toString()).toBe("v");
  });

  test("a second one on the same folder is refused, and says who has it", async () => {
    await put("k", "v");
    const second = spawn(process.execPath, [".build/emulator.js"], {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePorts(1)}`,
        LOCAL_AWS_DIR: directory,
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    second.stdout.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    const [code] = await once(second, "exit");
    expect(code).toBe(1);
    expect(said).toContain(`in use by the local AWS at ${url}`);
    expect((await get("k")).toString()).toBe("v");
  });

  test("it says that it is an emulator, where, and where its data lie", async () => {
    expect(output).toContain("LOCAL EMULATOR");
    expect(output).toContain(url);
    const health = await (await fetch(`${url}/_localstack/health`)).json();
    expect(health).toMatchObject({
      services: { kinesis: "running", s3: "running" },
      edition: "md-log-ingestion",
      embedded: { directory },
    });
  });
});
