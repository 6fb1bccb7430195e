import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText } = suite;
const WRONG = '"00000000000000000000000000000000"';

test.each([
  ["GET", GetObjectCommand],
  ["HEAD", HeadObjectCommand],
] as const)("%s with If-Match reads only that version", async (_method, Command) => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "k");
  const read = (IfMatch: string) =>
    suite.s3.send(new Command({ Bucket, Key: "k", IfMatch }) as GetObjectCommand);
  expect((await read(etag)).ETag).toBe(etag);
  expect(await refusal(read(WRONG))).toMatch(/^412 /);
});

test.each([
  ["GET", GetObjectCommand],
  ["HEAD", HeadObjectCommand],
] as const)("%s with If-None-Match of the version is 304", async (_method, Command) => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "k");
  const read = (IfNoneMatch: string) =>
    suite.s3.send(new Command({ Bucket, Key: "k", IfNoneMatch }) as GetObjectCommand);
  expect(await refusal(read(etag))).toMatch(/^304 /);
  expect((await read(WRONG)).ETag).toBe(etag);
});

test("If-Modified-Since answers 304 for an object that is older", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  const read = (IfModifiedSince: Date) =>
    suite.s3.send(new GetObjectCommand({ Bucket, Key: "k", IfModifiedSince }));
  expect(await refusal(read(new Date(Date.now() + 5_000)))).toMatch(/^304 /);
  await read(new Date(Date.now() - 3_600_000));
});

test("If-Unmodified-Since answers 412 for an object that is newer", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k");
  const read = (IfUnmodifiedSince: Date) =>
    suite.s3.send(new GetObjectCommand({ Bucket, Key: "k", IfUnmodifiedSince }));
  expect(await refusal(read(new Date(Date.now() - 3_600_000)))).toMatch(/^412 /);
  await read(new Date(Date.now() + 5_000));
});

test("a matching If-Match wins over a failing If-Unmodified-Since", async () => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "k");
  const got = await suite.s3.send(
    new GetObjectCommand({
      Bucket,
      Key: "k",
      IfMatch: etag,
      IfUnmodifiedSince: new Date(Date.now() - 3_600_000),
    }),
  );
  expect(got.$metadata.httpStatusCode).toBe(200);
});

test("a put with If-None-Match * creates and never overwrites", async () => {
  const bucket = await newBucket();
  await put(bucket, "k", "first", { IfNoneMatch: "*" });
  expect(await refusal(put(bucket, "k", "second", { IfNoneMatch: "*" }))).toBe(
    "412 PreconditionFailed",
  );
  expect(await getText(bucket, "k")).toBe("first");
});

test("of twenty racing creators exactly one wins, and its body stays", async () => {
  const bucket = await newBucket();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => ({
      i,
      outcome: await refusal(put(bucket, "k", `writer ${i}`, { IfNoneMatch: "*" })),
    })),
  );
  const winners = outcomes.filter(({ outcome }) => outcome === "not refused");
  expect(winners).toHaveLength(1);
  expect(await getText(bucket, "k")).toBe(`writer ${winners[0]?.i}`);
  for (const { outcome } of outcomes)
    expect(["not refused", "412 PreconditionFailed", "409 ConditionalRequestConflict"]).toContain(
      outcome,
    );
});

test("a put with If-Match replaces only the version it names", async () => {
  const bucket = await newBucket();
  const first = await put(bucket, "k", "first");
  const second = await put(bucket, "k", "second", { IfMatch: first.etag });
  expect(await refusal(put(bucket, "k", "third", { IfMatch: first.etag }))).toBe(
    "412 PreconditionFailed",
  );
  await put(bucket, "k", "fourth", { IfMatch: second.etag });
  expect(await getText(bucket, "k")).toBe("fourth");
});

test("of ten racing updaters of one version exactly one wins", async () => {
  const bucket = await newBucket();
  const { etag } = await put(bucket, "k", "0");
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      refusal(put(bucket, "k", `update ${i}`, { IfMatch: etag })),
    ),
  );
  expect(outcomes.filter((outcome) => outcome === "not refused")).toHaveLength(1);
});

test("a put with If-Match on a missing key is 404 NoSuchKey", async () => {
  const bucket = await newBucket();
  expect(await refusal(put(bucket, "none", "x", { IfMatch: WRONG }))).toBe("404 NoSuchKey");
});

test("a copy with If-None-Match * never overwrites", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "from", "new");
  await put(Bucket, "to", "old");
  const copy = new CopyObjectCommand({
    Bucket,
    Key: "to",
    CopySource: `${Bucket}/from`,
    IfNoneMatch: "*",
  });
  expect(await refusal(suite.s3.send(copy))).toBe("412 PreconditionFailed");
  expect(await getText(Bucket, "to")).toBe("old");
});

test("a multipart completion with If-None-Match * never overwrites", async () => {
  const Bucket = await newBucket();
  const target = { Bucket, Key: "k" };
  const { UploadId } = await suite.s3.send(new CreateMultipartUploadCommand(target));
  const part = await suite.s3.send(
    new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "part" }),
  );
  await put(Bucket, "k", "there first");
  const complete = new CompleteMultipartUploadCommand({
    ...target,
    UploadId,
    IfNoneMatch: "*",
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
  });
  expect(await refusal(suite.s3.send(complete))).toBe("412 PreconditionFailed");
  expect(await getText(Bucket, "k")).toBe("there first");
});

test("a delete with If-Match removes only the version it names", async () => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "k");
  const remove = (IfMatch: string) =>
    suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "k", IfMatch }));
  expect(await refusal(remove(WRONG))).toBe("412 PreconditionFailed");
  expect(await getText(Bucket, "k")).toBe("x");
  await remove(etag);
  expect(await refusal(getText(Bucket, "k"))).toBe("404 NoSuchKey");
});

test("DeleteObjects keeps a key whose ETag does not match, and says so", async () => {
  const Bucket = await newBucket();
  const { etag } = await put(Bucket, "match");
  await put(Bucket, "other");
  const Objects = [
    { Key: "match", ETag: etag },
    { Key: "other", ETag: WRONG },
  ];
  const done = await suite.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  expect(done.Deleted?.map(({ Key }) => Key)).toEqual(["match"]);
  expect(done.Errors?.map(({ Key, Code }) => `${Key} ${Code}`)).toEqual([
    "other PreconditionFailed",
  ]);
  expect(await suite.keys(Bucket)).toEqual(["other"]);
});
