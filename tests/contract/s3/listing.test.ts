import {
  DeleteObjectCommand,
  ListObjectsCommand,
  type ListObjectsCommandInput,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
} from "@aws-sdk/client-s3";
import { beforeAll, expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put } = suite;

const inUtf8Order = (keys: string[]) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const MIXED = [
  "A",
  "Z",
  "a",
  "a-b",
  "a/b",
  "a/b/c",
  "a0",
  "b",
  "é",
  "\uffee",
  "😀",
  "service=a/year=2025/1.jsonl",
  "service=a/year=2025/2.jsonl",
  "service=a/year=2026/1.jsonl",
  "service=b/year=2025/1.jsonl",
  "x y+z&<q>",
];
let bucket = "";
beforeAll(async () => {
  bucket = await newBucket();
  for (const key of MIXED) await put(bucket, key, key);
});

const list = (more: Partial<ListObjectsV2CommandInput> = {}) =>
  suite.s3.send(new ListObjectsV2Command({ Bucket: bucket, ...more }));
const names = (page: Pick<ListObjectsCommandOutput, "Contents">) =>
  (page.Contents ?? []).map(({ Key = "" }) => Key);
const prefixes = (page: Pick<ListObjectsCommandOutput, "CommonPrefixes">) =>
  (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix);

const pages = async (more: Partial<ListObjectsV2CommandInput>) => {
  const keys: string[] = [];
  const common: string[] = [];
  let token: string | undefined;
  let count = 0;
  do {
    const page = await list({ ...more, ...(token && { ContinuationToken: token }) });
    keys.push(...names(page));
    common.push(...prefixes(page));
    expect(page.KeyCount).toBe(names(page).length + prefixes(page).length);
    token = page.NextContinuationToken;
    expect(page.IsTruncated).toBe(token !== undefined);
    count += 1;
  } while (token !== undefined && count < 100);
  return { keys, common, count };
};

test("keys come in the order of their UTF-8 bytes", async () => {
  expect(names(await list())).toEqual(inUtf8Order(MIXED));
});

test("each entry has size, ETag, time and storage class", async () => {
  const { Contents } = await list({ Prefix: "a/b/c" });
  expect(Contents).toEqual([
    expect.objectContaining({
      Key: "a/b/c",
      Size: 5,
      ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      LastModified: expect.any(Date),
      StorageClass: "STANDARD",
    }),
  ]);
});

test.each([1, 2, 3, 7, 16])("paging by %i gives every key once", async (MaxKeys) => {
  const { keys } = await pages({ MaxKeys });
  expect(keys).toEqual(inUtf8Order(MIXED));
});

test.each([1, 2, 5])("paging by %i with a delimiter gives each prefix once", async (MaxKeys) => {
  const { keys, common } = await pages({ MaxKeys, Delimiter: "/" });
  expect(common).toEqual(["a/", "service=a/", "service=b/"]);
  expect(keys).toEqual(inUtf8Order(MIXED.filter((key) => !key.includes("/"))));
});

test("a delimiter below a prefix shows the next level only", async () => {
  const page = await list({ Prefix: "service=a/", Delimiter: "/" });
  expect(prefixes(page)).toEqual(["service=a/year=2025/", "service=a/year=2026/"]);
  expect(names(page)).toEqual([]);
});

test("a delimiter may be longer than one character", async () => {
  const page = await list({ Prefix: "service=", Delimiter: "/year=" });
  expect(prefixes(page)).toEqual(["service=a/year=", "service=b/year="]);
});

test("a prefix need not end at a delimiter", async () => {
  expect(names(await list({ Prefix: "a" }))).toEqual(["a", "a-b", "a/b", "a/b/c", "a0"]);
});

test("StartAfter gives what follows, whether that key exists or not", async () => {
  expect(names(await list({ StartAfter: "a/b", Prefix: "a" }))).toEqual(["a/b/c", "a0"]);
  expect(names(await list({ StartAfter: "a/a", Prefix: "a" }))).toEqual(["a/b", "a/b/c", "a0"]);
});

test("MaxKeys 0 is an empty page that is not truncated", async () => {
  const page = await list({ MaxKeys: 0 });
  expect(page).toMatchObject({ KeyCount: 0, IsTruncated: false });
});

test("MaxKeys above 1,000 counts as 1,000", async () => {
  expect((await list({ MaxKeys: 5_000 })).MaxKeys).toBe(1_000);
});

test("a negative MaxKeys is refused", async () => {
  expect(await refusal(list({ MaxKeys: -1 }))).toBe("400 InvalidArgument");
});

test("a made-up continuation token is refused", async () => {
  expect(await refusal(list({ ContinuationToken: "no such token!" }))).toBe("400 InvalidArgument");
});

test("an empty bucket has no keys", async () => {
  const page = await list({ Bucket: await newBucket() });
  expect(page).toMatchObject({ KeyCount: 0, IsTruncated: false });
});

test("listing a missing bucket is 404 NoSuchBucket", async () => {
  expect(await refusal(list({ Bucket: "contract-never-made-0" }))).toBe("404 NoSuchBucket");
});

test("names are URL-encoded where asked for", async () => {
  const page = await list({ EncodingType: "url", Prefix: "x " });
  expect(page.EncodingType).toBe("url");
  expect(names(page).map((name) => decodeURIComponent(name.replace(/\+/g, " ")))).toEqual([
    "x y+z&<q>",
  ]);
});

test("a token works on while keys come and go", async () => {
  const Bucket = await newBucket();
  for (const key of ["b", "d", "f", "h", "j"]) await put(Bucket, key);
  const first = await list({ Bucket, MaxKeys: 2 });
  expect(names(first)).toEqual(["b", "d"]);
  await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "d" }));
  await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "f" }));
  for (const key of ["a", "c", "g"]) await put(Bucket, key);
  const rest = await list({ Bucket, ContinuationToken: first.NextContinuationToken });
  expect(names(rest)).toEqual(["g", "h", "j"]);
});

test("the first ListObjects pages by marker, with and without a delimiter", async () => {
  for (const Delimiter of [undefined, "/"]) {
    const seen: string[] = [];
    let marker: string | undefined;
    for (let i = 0; i < 50; i += 1) {
      const input: ListObjectsCommandInput = {
        Bucket: bucket,
        MaxKeys: 2,
        ...(Delimiter && { Delimiter }),
        ...(marker && { Marker: marker }),
      };
      const page = await suite.s3.send(new ListObjectsCommand(input));
      seen.push(...names(page), ...prefixes(page));
      if (!page.IsTruncated) break;
      // Without a delimiter S3 leaves NextMarker out, and the last key serves.
      marker = page.NextMarker ?? names(page).at(-1);
    }
    const expected =
      Delimiter === undefined
        ? MIXED
        : [...new Set(MIXED.map((key) => key.slice(0, key.indexOf("/") + 1 || key.length + 1)))];
    expect(inUtf8Order(seen)).toEqual(inUtf8Order(expected));
  }
});

test("1,005 keys come in pages of at most 1,000", async () => {
  const Bucket = await newBucket();
  const all = Array.from({ length: 1_005 }, (_, i) => `k${String(i).padStart(5, "0")}`);
  for (let at = 0; at < all.length; at += 25)
    await Promise.all(all.slice(at, at + 25).map((key) => put(Bucket, key)));
  const { keys, count } = await pages({ Bucket });
  expect(keys).toEqual(all);
  expect(count).toBe(2);
}, 60_000);
