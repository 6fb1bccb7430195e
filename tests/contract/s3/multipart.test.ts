import { createHash, randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { beforeAll, expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put } = suite;
const MIB = 1_048_576;
const FIVE_MIB = randomBytes(5 * MIB);

let Bucket = "";
beforeAll(async () => {
  Bucket = await newBucket();
});

const begin = async (Key: string, more = {}) => {
  const { UploadId } = await suite.s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ...more }),
  );
  const target = { Bucket, Key, UploadId };
  return {
    target,
    part: async (PartNumber: number, Body: string | Uint8Array): Promise<CompletedPart> => {
      const { ETag } = await suite.s3.send(new UploadPartCommand({ ...target, PartNumber, Body }));
      return { PartNumber, ETag };
    },
    complete: (Parts: CompletedPart[]) =>
      suite.s3.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts } })),
    abort: () => suite.s3.send(new AbortMultipartUploadCommand(target)),
    parts: (more: { MaxParts?: number; PartNumberMarker?: string } = {}) =>
      suite.s3.send(new ListPartsCommand({ ...target, ...more })),
  };
};

const bytesOf = async (Key: string) => {
  const { Body } = await suite.s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

test("parts become one object, whose ETag is the MD5 of MD5s and their number", async () => {
  const upload = await begin("joined", { Metadata: { a: "1" }, ContentType: "text/x" });
  const tail = Buffer.from("the end");
  const done = await upload.complete([await upload.part(1, FIVE_MIB), await upload.part(2, tail)]);
  const etag = `"${createHash("md5")
    .update(Buffer.concat([md5(FIVE_MIB), md5(tail)]))
    .digest("hex")}-2"`;
  expect(done.ETag).toBe(etag);
  expect((await bytesOf("joined")).equals(Buffer.concat([FIVE_MIB, tail]))).toBe(true);
  const head = await suite.s3.send(new HeadObjectCommand({ Bucket, Key: "joined" }));
  expect(head).toMatchObject({ ETag: etag, Metadata: { a: "1" }, ContentType: "text/x" });
});

test("lib-storage uploads 12 MiB in parts", async () => {
  const Body = randomBytes(12 * MIB);
  const upload = new Upload({ client: suite.s3, params: { Bucket, Key: "lib-storage", Body } });
  expect((await upload.done()).ETag).toMatch(/-3"$/);
  expect((await bytesOf("lib-storage")).equals(Body)).toBe(true);
});

test("part numbers need not be consecutive, and unnamed parts are left out", async () => {
  const upload = await begin("gaps");
  const first = await upload.part(3, FIVE_MIB);
  await upload.part(5, "not named");
  const last = await upload.part(10_000, "end");
  await upload.complete([first, last]);
  const expected = Buffer.concat([FIVE_MIB, Buffer.from("end")]);
  expect((await bytesOf("gaps")).equals(expected)).toBe(true);
});

test("a part uploaded again replaces the one before", async () => {
  const upload = await begin("replaced");
  await upload.part(1, "old");
  const part = await upload.part(1, "new");
  await upload.complete([part]);
  expect((await bytesOf("replaced")).toString()).toBe("new");
});

test("nothing shows of an upload before it is completed", async () => {
  const upload = await begin("hidden");
  await upload.part(1, "part");
  expect(await refusal(bytesOf("hidden"))).toBe("404 NoSuchKey");
  expect(await suite.keys(Bucket)).not.toContain("hidden");
  await upload.abort();
});

test("an aborted upload is gone, with its parts", async () => {
  const upload = await begin("aborted");
  const part = await upload.part(1, "part");
  await upload.abort();
  expect(await refusal(upload.parts())).toBe("404 NoSuchUpload");
  expect(await refusal(upload.part(2, "late"))).toBe("404 NoSuchUpload");
  expect(await refusal(upload.complete([part]))).toBe("404 NoSuchUpload");
  expect(await suite.keys(Bucket)).not.toContain("aborted");
});

test("parts are listed in order, in pages", async () => {
  const upload = await begin("listed");
  for (const number of [2, 1, 7]) await upload.part(number, "p".repeat(number));
  const all = await upload.parts();
  expect(all.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 1],
    [2, 2],
    [7, 7],
  ]);
  const first = await upload.parts({ MaxParts: 2 });
  expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: "2" });
  const rest = await upload.parts({ MaxParts: 2, PartNumberMarker: "2" });
  expect(rest.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([7]);
  expect(rest.IsTruncated).toBe(false);
  await upload.abort();
});

test("uploads under way are listed by key", async () => {
  const bucket = await newBucket();
  const ids: string[] = [];
  for (const Key of ["b", "a", "a/b"]) {
    const { UploadId = "" } = await suite.s3.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key }),
    );
    ids.push(UploadId);
  }
  const list = (more = {}) =>
    suite.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...more }));
  expect((await list()).Uploads?.map(({ Key }) => Key)).toEqual(["a", "a/b", "b"]);
  expect((await list({ Prefix: "a/" })).Uploads?.map(({ UploadId }) => UploadId)).toEqual([ids[2]]);
  for (const [at, Key] of ["b", "a", "a/b"].entries())
    await suite.s3.send(
      new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId: ids[at] }),
    );
  expect((await list()).Uploads ?? []).toEqual([]);
});

test("parts out of order are refused", async () => {
  const upload = await begin("order");
  const parts = [await upload.part(1, FIVE_MIB), await upload.part(2, "end")];
  expect(await refusal(upload.complete(parts.reverse()))).toBe("400 InvalidPartOrder");
  await upload.abort();
});

test("a part that was not uploaded, or has another ETag, is refused", async () => {
  const upload = await begin("invalid");
  const part = await upload.part(1, "one");
  expect(await refusal(upload.complete([part, { PartNumber: 2, ETag: part.ETag }]))).toBe(
    "400 InvalidPart",
  );
  const ETag = '"00000000000000000000000000000000"';
  expect(await refusal(upload.complete([{ PartNumber: 1, ETag }]))).toBe("400 InvalidPart");
  await upload.abort();
});

test("a part under 5 MiB that is not the last is refused", async () => {
  const upload = await begin("small");
  const parts = [await upload.part(1, "one"), await upload.part(2, "two")];
  expect(await refusal(upload.complete(parts))).toBe("400 EntityTooSmall");
  await upload.abort();
});

test("completing without parts is refused", async () => {
  const upload = await begin("no-parts");
  expect(await refusal(upload.complete([]))).toMatch(/^400 (MalformedXML|InvalidRequest)$/);
  await upload.abort();
});

test.each([0, 10_001])("part number %i is refused", async (number) => {
  const upload = await begin("number");
  expect(await refusal(upload.part(number, "x"))).toBe("400 InvalidArgument");
  await upload.abort();
});

test("an upload id of another key is no upload of this one", async () => {
  const upload = await begin("mine");
  const { UploadId } = upload.target;
  const part = new UploadPartCommand({ Bucket, Key: "other", UploadId, PartNumber: 1, Body: "x" });
  expect(await refusal(suite.s3.send(part))).toBe("404 NoSuchUpload");
  await upload.abort();
});

test("completing a second time, as a client does that lost the answer, succeeds", async () => {
  const upload = await begin("twice");
  const parts = [await upload.part(1, "body")];
  const first = await upload.complete(parts);
  expect((await upload.complete(parts)).ETag).toBe(first.ETag);
  expect((await bytesOf("twice")).toString()).toBe("body");
});

test("a part can be copied from a range of an object", async () => {
  await put(Bucket, "source", "0123456789");
  const upload = await begin("part-copy");
  const { CopyPartResult } = await suite.s3.send(
    new UploadPartCopyCommand({
      ...upload.target,
      PartNumber: 1,
      CopySource: `${Bucket}/source`,
      CopySourceRange: "bytes=2-5",
    }),
  );
  await upload.complete([{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
  expect((await bytesOf("part-copy")).toString()).toBe("2345");
});

test("one part of an object can be read by its number", async () => {
  const upload = await begin("by-number");
  await upload.complete([await upload.part(1, FIVE_MIB), await upload.part(2, "tail")]);
  const got = await suite.s3.send(
    new GetObjectCommand({ Bucket, Key: "by-number", PartNumber: 2 }),
  );
  expect(got).toMatchObject({
    ContentRange: `bytes ${5 * MIB}-${5 * MIB + 3}/${5 * MIB + 4}`,
    PartsCount: 2,
  });
  expect(await got.Body?.transformToString()).toBe("tail");
});

test("checksums of parts make up the object's composite checksum", async () => {
  const upload = await begin("composite", { ChecksumAlgorithm: "SHA256" });
  const sent: CompletedPart[] = [];
  const digests: Buffer[] = [];
  for (const [at, Body] of [FIVE_MIB, Buffer.from("tail")].entries()) {
    const { ETag, ChecksumSHA256 } = await suite.s3.send(
      new UploadPartCommand({
        ...upload.target,
        PartNumber: at + 1,
        Body,
        ChecksumAlgorithm: "SHA256",
      }),
    );
    const digest = createHash("sha256").update(Body).digest();
    expect(ChecksumSHA256).toBe(digest.toString("base64"));
    digests.push(digest);
    sent.push({ PartNumber: at + 1, ETag, ChecksumSHA256 });
  }
  const done = await upload.complete(sent);
  const composite = createHash("sha256").update(Buffer.concat(digests)).digest("base64");
  expect(done.ChecksumSHA256).toBe(`${composite}-2`);
});
