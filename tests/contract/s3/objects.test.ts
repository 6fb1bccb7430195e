import { createHash, randomBytes } from "node:crypto";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText, keys } = suite;
const md5 = (body: string | Uint8Array) => `"${createHash("md5").update(body).digest("hex")}"`;

test("an object comes back byte for byte, with its MD5 as ETag", async () => {
  const bucket = await newBucket();
  const body = randomBytes(50_000);
  expect((await put(bucket, "k", body)).etag).toBe(md5(body));
  const got = await suite.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  expect(body.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  expect(got).toMatchObject({ ContentLength: 50_000, ETag: md5(body), AcceptRanges: "bytes" });
  expect(Math.abs(Date.now() - (got.LastModified?.getTime() ?? 0))).toBeLessThan(60_000);
});

test("an empty object is an object", async () => {
  const bucket = await newBucket();
  expect((await put(bucket, "empty", "")).etag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
  expect(await getText(bucket, "empty")).toBe("");
  const head = await suite.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "empty" }));
  expect(head.ContentLength).toBe(0);
});

test("content headers and user metadata are kept", async () => {
  const bucket = await newBucket();
  const sent = {
    ContentType: "application/x-ndjson",
    ContentEncoding: "gzip",
    ContentDisposition: 'attachment; filename="a.jsonl"',
    ContentLanguage: "vi",
    CacheControl: "max-age=60",
    Metadata: { records: "12", shard: "shardId-000000000000" },
  };
  await put(bucket, "k", "x", sent);
  for (const Command of [GetObjectCommand, HeadObjectCommand])
    expect(
      await suite.s3.send(new Command({ Bucket: bucket, Key: "k" }) as GetObjectCommand),
    ).toMatchObject(sent);
});

test("without a content type an object is binary/octet-stream or what the client says", async () => {
  const bucket = await newBucket();
  await put(bucket, "k", "x");
  const { ContentType } = await suite.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "k" }));
  expect(["binary/octet-stream", "application/octet-stream"]).toContain(ContentType);
});

test("overwriting replaces body and metadata as a whole", async () => {
  const bucket = await newBucket();
  await put(bucket, "k", "a long first version", { Metadata: { first: "1" } });
  await put(bucket, "k", "second", { Metadata: { second: "2" } });
  const got = await suite.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
  expect(await got.Body?.transformToString()).toBe("second");
  expect(got.Metadata).toEqual({ second: "2" });
  expect(await keys(bucket)).toEqual(["k"]);
});

test("more than 2 KB of user metadata is refused", async () => {
  const bucket = await newBucket();
  const Metadata = { big: "m".repeat(2_100) };
  expect(await refusal(put(bucket, "k", "x", { Metadata }))).toBe("400 MetadataTooLarge");
});

test("GET of a missing key is 404 NoSuchKey", async () => {
  const Bucket = await newBucket();
  expect(await refusal(suite.s3.send(new GetObjectCommand({ Bucket, Key: "none" })))).toBe(
    "404 NoSuchKey",
  );
});

test("HEAD of a missing key is 404 without a body", async () => {
  const Bucket = await newBucket();
  expect(await refusal(suite.s3.send(new HeadObjectCommand({ Bucket, Key: "none" })))).toBe(
    "404 NotFound",
  );
});

test.each(["GET", "PUT", "DELETE"])(
  "%s in a missing bucket is 404 NoSuchBucket",
  async (method) => {
    const target = { Bucket: `contract-none-${randomBytes(6).toString("hex")}`, Key: "k" };
    const command = {
      GET: new GetObjectCommand(target),
      PUT: new PutObjectCommand({ ...target, Body: "x" }),
      DELETE: new DeleteObjectCommand(target),
    }[method];
    expect(await refusal(suite.s3.send(command as GetObjectCommand))).toBe("404 NoSuchBucket");
  },
);

test("a deleted object is gone, and deleting it again succeeds", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  expect(await refusal(getText(Bucket, "k"))).toBe("404 NoSuchKey");
  const again = await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  expect(again.$metadata.httpStatusCode).toBe(204);
});

test.each([
  ["spaces and punctuation", "a b/c+d=e&f<g>'h\"(i)!*~"],
  ["unicode", "service=thanh toán/đơn hàng/日本語-🚀.jsonl"],
  ["percent signs", "100%/%2F/%zz"],
  ["an empty segment", "a//b"],
  ["a trailing slash", "folder/"],
  ["a leading slash", "/leading"],
  ["dot segments", "a/../b/./c"],
  ["only dots", ".."],
  ["question mark and hash", "a?b#c"],
  ["900 bytes in one segment", "k".repeat(900)],
  ["1,024 bytes", `${"d/".repeat(500)}${"e".repeat(24)}`],
  ["a backslash and a colon", "c:\\windows\\x"],
  ["a Windows device name", "con/aux.txt"],
  ["a trailing dot and space", "name./x "],
  ["Hive partitions", "service=a/year=2025/month=11/day=14/hour=01/part-1.jsonl"],
])("a key with %s is kept exactly", async (_what, key) => {
  const bucket = await newBucket();
  await put(bucket, key, `body of ${key}`);
  expect(await getText(bucket, key)).toBe(`body of ${key}`);
  expect(await keys(bucket)).toEqual([key]);
});

test("a key of 1,025 bytes is refused, counted in UTF-8", async () => {
  const bucket = await newBucket();
  expect(await refusal(put(bucket, "k".repeat(1_025)))).toBe("400 KeyTooLongError");
  expect(await refusal(put(bucket, "đ".repeat(513)))).toBe("400 KeyTooLongError");
});

test("a key and others below it live side by side, in either order", async () => {
  const bucket = await newBucket();
  const all = ["a", "a/b", "a/b/c", "x/y/z", "x/y", "x"];
  for (const key of all) await put(bucket, key, key);
  for (const key of all) expect(await getText(bucket, key)).toBe(key);
  for (const Key of ["a/b", "x"])
    await suite.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  expect(await keys(bucket)).toEqual(["a", "a/b/c", "x/y", "x/y/z"]);
  expect(await getText(bucket, "a/b/c")).toBe("a/b/c");
});

test("keys that differ only in case or in Unicode form are different", async () => {
  const bucket = await newBucket();
  const all = ["Key", "key", "KEY", "caf\u00e9", "cafe\u0301", "Dir/x", "dir/x"];
  for (const key of all) await put(bucket, key, `body of ${key}`);
  for (const key of all) expect(await getText(bucket, key)).toBe(`body of ${key}`);
});

test.each([
  ["bytes=0-4", "bytes 0-4/10", "01234"],
  ["bytes=5-", "bytes 5-9/10", "56789"],
  ["bytes=-3", "bytes 7-9/10", "789"],
  ["bytes=8-100", "bytes 8-9/10", "89"],
  ["bytes=-100", "bytes 0-9/10", "0123456789"],
])("range %s is answered with 206 and %s", async (Range, contentRange, text) => {
  const Bucket = await newBucket();
  await put(Bucket, "k", "0123456789");
  const got = await suite.s3.send(new GetObjectCommand({ Bucket, Key: "k", Range }));
  expect(got.$metadata.httpStatusCode).toBe(206);
  expect(got.ContentRange).toBe(contentRange);
  expect(await got.Body?.transformToString()).toBe(text);
});

test.each(["bytes=10-", "bytes=10-20", "bytes=-0"])(
  "range %s of ten bytes is 416 InvalidRange",
  async (Range) => {
    const Bucket = await newBucket();
    await put(Bucket, "k", "0123456789");
    expect(await refusal(suite.s3.send(new GetObjectCommand({ Bucket, Key: "k", Range })))).toBe(
      "416 InvalidRange",
    );
  },
);

test.each(["bytes=5-2", "lines=1-2", "bytes=a-b"])(
  "a malformed range %s is ignored",
  async (Range) => {
    const Bucket = await newBucket();
    await put(Bucket, "k", "0123456789");
    const got = await suite.s3.send(new GetObjectCommand({ Bucket, Key: "k", Range }));
    expect(got.$metadata.httpStatusCode).toBe(200);
    expect(await got.Body?.transformToString()).toBe("0123456789");
  },
);

test("HEAD answers a range with its length", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k", "0123456789");
  const head = await suite.s3.send(new HeadObjectCommand({ Bucket, Key: "k", Range: "bytes=2-5" }));
  expect(head.ContentLength).toBe(4);
});

test("a reader may override response headers", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  const got = await suite.s3.send(
    new GetObjectCommand({
      Bucket,
      Key: "k",
      ResponseContentType: "text/plain",
      ResponseContentDisposition: "inline",
    }),
  );
  expect(got).toMatchObject({ ContentType: "text/plain", ContentDisposition: "inline" });
});

test("a copy has the body, headers and metadata of its source", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "from đ+&", "body", { Metadata: { a: "1" }, ContentType: "text/x" });
  const CopySource = encodeURIComponent(`${Bucket}/from đ+&`);
  const copy = await suite.s3.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource }));
  expect(copy.CopyObjectResult?.ETag).toBe(md5("body"));
  const got = await suite.s3.send(new GetObjectCommand({ Bucket, Key: "to" }));
  expect(got).toMatchObject({ Metadata: { a: "1" }, ContentType: "text/x" });
  expect(await got.Body?.transformToString()).toBe("body");
});

test("a copy with MetadataDirective REPLACE has new metadata", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k", "body", { Metadata: { a: "1" } });
  await suite.s3.send(
    new CopyObjectCommand({
      Bucket,
      Key: "k",
      CopySource: `${Bucket}/k`,
      MetadataDirective: "REPLACE",
      Metadata: { b: "2" },
    }),
  );
  const head = await suite.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  expect(head.Metadata).toEqual({ b: "2" });
  expect(await getText(Bucket, "k")).toBe("body");
});

test("a copy onto itself that changes nothing is refused", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  const copy = new CopyObjectCommand({ Bucket, Key: "k", CopySource: `${Bucket}/k` });
  expect(await refusal(suite.s3.send(copy))).toBe("400 InvalidRequest");
});

test("a copy of a missing source is 404 NoSuchKey", async () => {
  const Bucket = await newBucket();
  const copy = new CopyObjectCommand({ Bucket, Key: "k", CopySource: `${Bucket}/none` });
  expect(await refusal(suite.s3.send(copy))).toBe("404 NoSuchKey");
});

test("a copy whose source condition does not hold is 412", async () => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "k");
  const base = { Bucket, Key: "to", CopySource: `${Bucket}/k` };
  const bad = new CopyObjectCommand({ ...base, CopySourceIfMatch: '"other"' });
  expect(await refusal(suite.s3.send(bad))).toBe("412 PreconditionFailed");
  const none = new CopyObjectCommand({ ...base, CopySourceIfNoneMatch: etag });
  expect(await refusal(suite.s3.send(none))).toBe("412 PreconditionFailed");
  await suite.s3.send(new CopyObjectCommand({ ...base, CopySourceIfMatch: etag }));
});

test("DeleteObjects deletes what is there and reports every key", async () => {
  const Bucket = await newBucket();
  const present = ["a", "b & <c>", "đ/é\n", "d"];
  for (const key of present) await put(Bucket, key);
  const Objects = [...present.slice(0, 3), "never there"].map((Key) => ({ Key }));
  const done = await suite.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(done.Deleted?.map(({ Key }) => Key).sort()).toEqual(Objects.map(({ Key }) => Key).sort());
  expect(done.Errors ?? []).toEqual([]);
  expect(await keys(Bucket)).toEqual(["d"]);
});

test("a quiet DeleteObjects reports only errors", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "a");
  const done = await suite.s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "a" }], Quiet: true } }),
  );
  expect(done.Deleted ?? []).toEqual([]);
  expect(await keys(Bucket)).toEqual([]);
});

test("DeleteObjects takes 1,000 keys and refuses 1,001", async () => {
  const Bucket = await newBucket();
  const objects = (count: number) => Array.from({ length: count }, (_, i) => ({ Key: `k${i}` }));
  const done = await suite.s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects(1_000) } }),
  );
  expect(done.Deleted).toHaveLength(1_000);
  const more = new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects(1_001) } });
  expect(await refusal(suite.s3.send(more))).toBe("400 MalformedXML");
});

test("tags are set with the object, read, replaced and removed", async () => {
  const Bucket = await newBucket();
  const target = { Bucket, Key: "k" };
  await put(Bucket, "k", "x", { Tagging: "stage=dev&team=a%20b" });
  const tags = async () =>
    (await suite.s3.send(new GetObjectTaggingCommand(target))).TagSet?.sort((a, b) =>
      `${a.Key}` < `${b.Key}` ? -1 : 1,
    );
  expect(await tags()).toEqual([
    { Key: "stage", Value: "dev" },
    { Key: "team", Value: "a b" },
  ]);
  const { TagCount } = await suite.s3.send(new GetObjectCommand(target));
  expect(TagCount).toBe(2);
  const TagSet = [{ Key: "only/one", Value: "đơn + 1" }];
  await suite.s3.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }));
  expect(await tags()).toEqual(TagSet);
  await suite.s3.send(new DeleteObjectTaggingCommand(target));
  expect(await tags()).toEqual([]);
});

test("more than ten tags are refused", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  const TagSet = Array.from({ length: 11 }, (_, i) => ({ Key: `t${i}`, Value: "v" }));
  const command = new PutObjectTaggingCommand({ Bucket, Key: "k", Tagging: { TagSet } });
  expect(await refusal(suite.s3.send(command))).toMatch(/^400 (BadRequest|InvalidTag)$/);
});
