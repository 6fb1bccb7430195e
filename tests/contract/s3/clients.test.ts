import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText, keys } = suite;

const works = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore", timeout: 30_000 }).status === 0;
const hasAwsCli = works("aws", ["--version"]);
const hasBoto3 = works("python3", ["-c", "import boto3"]);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "s3-clients-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the command prints; rejects with what it complained of when it fails. */
const run = (command: string, args: string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      timeout: 60_000,
      env: {
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        AWS_DEFAULT_REGION: "us-east-1",
        ...process.env,
        AWS_ENDPOINT_URL: suite.endpoint.url,
        AWS_PAGER: "",
      },
    });
    let out = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      complaints += text;
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${command} ${args.join(" ")}: ${complaints}`)),
    );
    child.stdin.end(input);
  });
const aws = (...args: string[]) => run("aws", args);

test.skipIf(!hasAwsCli)(
  "aws s3 cp, ls, presign and rm work on a single object",
  async () => {
    const bucket = await newBucket();
    await writeFile(path.join(folder, "one.jsonl"), '{"a":1}\n');
    await aws("s3", "cp", "one.jsonl", `s3://${bucket}/service=đ/one file.jsonl`);
    expect(await aws("s3", "ls", `s3://${bucket}/`, "--recursive")).toMatch(
      /8 service=đ\/one file.jsonl/,
    );
    await aws("s3", "cp", `s3://${bucket}/service=đ/one file.jsonl`, "back.jsonl");
    expect(await readFile(path.join(folder, "back.jsonl"), "utf8")).toBe('{"a":1}\n');
    const url = (await aws("s3", "presign", `s3://${bucket}/service=đ/one file.jsonl`)).trim();
    expect(await (await fetch(url)).text()).toBe('{"a":1}\n');
    await aws("s3", "rm", `s3://${bucket}/service=đ/one file.jsonl`);
    expect(await keys(bucket)).toEqual([]);
  },
  120_000,
);

test.skipIf(!hasAwsCli)(
  "aws s3 sync copies a folder, deletes what went, and does nothing twice",
  async () => {
    const bucket = await newBucket();
    const source = path.join(folder, "source");
    await mkdir(path.join(source, "a b"), { recursive: true });
    await writeFile(path.join(source, "a b", "x+y.txt"), "x");
    await writeFile(path.join(source, "big.bin"), Buffer.alloc(9 * 1_048_576, "b"));
    await aws("s3", "sync", "source", `s3://${bucket}/copy`);
    expect(await keys(bucket)).toEqual(["copy/a b/x+y.txt", "copy/big.bin"]);
    expect((await getText(bucket, "copy/big.bin")).length).toBe(9 * 1_048_576);
    expect(await aws("s3", "sync", "source", `s3://${bucket}/copy`)).toBe("");
    await rm(path.join(source, "big.bin"));
    await aws("s3", "sync", "source", `s3://${bucket}/copy`, "--delete");
    expect(await keys(bucket)).toEqual(["copy/a b/x+y.txt"]);
  },
  120_000,
);

test.skipIf(!hasAwsCli)(
  "aws s3 mb and rb --force make and remove a bucket",
  async () => {
    const bucket = `contract-cli-${Date.now()}`;
    await aws("s3", "mb", `s3://${bucket}`);
    for (const key of ["a", "b/c", "b/d"]) await put(bucket, key);
    expect(await aws("s3", "ls")).toContain(bucket);
    await aws("s3", "rb", `s3://${bucket}`, "--force");
    expect(await aws("s3", "ls")).not.toContain(bucket);
  },
  120_000,
);

test.skipIf(!hasAwsCli)(
  "aws s3api pages, reads ranges and reports heads",
  async () => {
    const bucket = await newBucket();
    for (const key of ["a", "b", "c", "d"]) await put(bucket, key, "0123456789");
    const listed = await aws(
      ...["s3api", "list-objects-v2", "--bucket", bucket, "--page-size", "1"],
      ...["--query", "Contents[].Key", "--output", "text"],
    );
    expect(listed.trim().split(/\s+/)).toEqual(["a", "b", "c", "d"]);
    const got = await aws(
      ...["s3api", "get-object", "--bucket", bucket, "--key", "a", "--range", "bytes=2-4"],
      ...["range.txt", "--query", "ContentRange", "--output", "text"],
    );
    expect(got.trim()).toBe("bytes 2-4/10");
    expect(await readFile(path.join(folder, "range.txt"), "utf8")).toBe("234");
    const head = await aws("s3api", "head-object", "--bucket", bucket, "--key", "b");
    expect(JSON.parse(head)).toMatchObject({ ContentLength: 10, ETag: expect.any(String) });
  },
  120_000,
);

const PYTHON = `
import boto3, hashlib, io, sys
bucket = sys.argv[1]
s3 = boto3.client("s3")
key = "service=thanh to\\u00e1n/a b+c&d=<e>.jsonl"
body = b'{"id":9007199254740993}\\n' * 1000
s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata={"records": "1000"}, ContentType="application/x-ndjson")
got = s3.get_object(Bucket=bucket, Key=key)
assert got["Body"].read() == body
assert got["Metadata"] == {"records": "1000"} and got["ContentType"] == "application/x-ndjson"
assert got["ETag"] == '"%s"' % hashlib.md5(body).hexdigest()
big = bytes(range(256)) * 4096 * 9
s3.upload_fileobj(io.BytesIO(big), bucket, "big")
assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-2"')
back = io.BytesIO()
s3.download_fileobj(bucket, "big", back)
assert back.getvalue() == big
s3.copy({"Bucket": bucket, "Key": key}, bucket, "copied")
keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1}) for o in page["Contents"]]
assert keys == ["big", "copied", key], keys
try:
    s3.get_object(Bucket=bucket, Key="none")
    raise SystemExit("not refused")
except s3.exceptions.NoSuchKey:
    pass
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in keys]})
assert len(deleted["Deleted"]) == 3, deleted
assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
print("ok")
`;

test.skipIf(!hasBoto3)(
  "boto3 puts, gets, uploads in parts, pages, copies and deletes",
  async () => {
    const bucket = await newBucket();
    expect((await run("python3", ["-", bucket], PYTHON)).trim()).toBe("ok");
  },
  120_000,
);
