import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText } = suite;
const BODY = "123456789";

/** Published check values of the ASCII digits 1 to 9. */
const CHECKS = {
  CRC32: Buffer.from("cbf43926", "hex").toString("base64"),
  CRC32C: Buffer.from("e3069283", "hex").toString("base64"),
  CRC64NVME: Buffer.from("ae8b14860a799888", "hex").toString("base64"),
  SHA1: createHash("sha1").update(BODY).digest("base64"),
  SHA256: createHash("sha256").update(BODY).digest("base64"),
} as const;

const algorithms = Object.keys(CHECKS) as (keyof typeof CHECKS)[];

test.each(algorithms)("a right %s is stored and given back to who asks", async (algorithm) => {
  const Bucket = await newBucket();
  const field = `Checksum${algorithm}` as const;
  await put(Bucket, "k", BODY, { [field]: CHECKS[algorithm] });
  const head = await suite.s3.send(
    new HeadObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }),
  );
  expect(head[field]).toBe(CHECKS[algorithm]);
  expect(head.ChecksumType).toBe("FULL_OBJECT");
});

test.each(algorithms)("a wrong %s is refused, and nothing is stored", async (algorithm) => {
  const Bucket = await newBucket();
  const wrong = Buffer.from(CHECKS[algorithm], "base64").fill(7).toString("base64");
  expect(await refusal(put(Bucket, "k", BODY, { [`Checksum${algorithm}`]: wrong }))).toBe(
    "400 BadDigest",
  );
  expect(await refusal(getText(Bucket, "k"))).toBe("404 NoSuchKey");
});

test("a checksum that is not one is refused", async () => {
  const Bucket = await newBucket();
  expect(await refusal(put(Bucket, "k", BODY, { ChecksumCRC32: "AAA=" }))).toBe(
    "400 InvalidRequest",
  );
});

test("without being asked for, no checksum comes with an object", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k", BODY, { ChecksumSHA256: CHECKS.SHA256 });
  const head = await suite.s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  expect(head.ChecksumSHA256).toBeUndefined();
});

test("the SDK's own CRC32 comes back with the answer to a put", async () => {
  const Bucket = await newBucket();
  const done = await suite.s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: BODY }));
  expect(done).toMatchObject({ ChecksumCRC32: CHECKS.CRC32, ChecksumType: "FULL_OBJECT" });
});

test("a wrong Content-MD5 is refused, and nothing is stored", async () => {
  const Bucket = await newBucket();
  const ContentMD5 = createHash("md5").update("something else").digest("base64");
  expect(await refusal(put(Bucket, "k", BODY, { ContentMD5 }))).toBe("400 BadDigest");
  expect(await refusal(getText(Bucket, "k"))).toBe("404 NoSuchKey");
});

test("a Content-MD5 that is not one is refused", async () => {
  const Bucket = await newBucket();
  expect(await refusal(put(Bucket, "k", BODY, { ContentMD5: "bm90IG9uZQ==" }))).toBe(
    "400 InvalidDigest",
  );
});

test("a right Content-MD5 is taken", async () => {
  const Bucket = await newBucket();
  const ContentMD5 = createHash("md5").update(BODY).digest("base64");
  await put(Bucket, "k", BODY, { ContentMD5 });
  expect(await getText(Bucket, "k")).toBe(BODY);
});

test("a streamed body arrives without its chunk framing, its trailer checksum kept", async () => {
  const Bucket = await newBucket();
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(5_000 + i, `${i}`));
  const whole = Buffer.concat(pieces);
  await suite.s3.send(
    new PutObjectCommand({
      Bucket,
      Key: "k",
      Body: Readable.from(pieces),
      ContentLength: whole.length,
      ContentEncoding: "gzip",
    }),
  );
  const got = await suite.s3.send(
    new GetObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }),
  );
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);
  expect(got.ContentEncoding).toBe("gzip");
  const expected = Buffer.alloc(4);
  expected.writeUInt32BE(crc32(whole));
  expect(got.ChecksumCRC32).toBe(expected.toString("base64"));
});

test("a copy can be given a checksum of another algorithm", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "k", BODY);
  const copy = await suite.s3.send(
    new CopyObjectCommand({
      Bucket,
      Key: "to",
      CopySource: `${Bucket}/k`,
      ChecksumAlgorithm: "SHA256",
    }),
  );
  expect(copy.CopyObjectResult?.ChecksumSHA256).toBe(CHECKS.SHA256);
});
