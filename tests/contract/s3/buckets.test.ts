import { randomUUID } from "node:crypto";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put } = suite;

test("a created bucket is listed and answers HEAD", async () => {
  const bucket = await newBucket();
  const { Buckets = [] } = await suite.s3.send(new ListBucketsCommand({}));
  const found = Buckets.find(({ Name }) => Name === bucket);
  expect(Math.abs(Date.now() - (found?.CreationDate?.getTime() ?? 0))).toBeLessThan(60_000);
  const head = await suite.s3.send(new HeadBucketCommand({ Bucket: bucket }));
  expect(head.$metadata.httpStatusCode).toBe(200);
});

test("HEAD of a missing bucket is 404", async () => {
  const head = new HeadBucketCommand({ Bucket: `contract-${randomUUID()}` });
  expect(await refusal(suite.s3.send(head))).toBe("404 NotFound");
});

test("creating one's own bucket again in us-east-1 succeeds and keeps its objects", async () => {
  const bucket = await newBucket();
  await put(bucket, "k", "still here");
  await suite.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  expect(await suite.getText(bucket, "k")).toBe("still here");
});

test.each(["ab", "Upper-Case", "under_score", "-starts-with-dash", "two..dots", "192.168.5.4"])(
  "bucket name %s is refused",
  async (Bucket) => {
    expect(await refusal(suite.s3.send(new CreateBucketCommand({ Bucket })))).toBe(
      "400 InvalidBucketName",
    );
  },
);

test("a bucket name with dots and digits is taken", async () => {
  const Bucket = `1.contract.${randomUUID()}.z9`;
  await suite.s3.send(new CreateBucketCommand({ Bucket }));
  await put(Bucket, "k", "v");
  expect(await suite.getText(Bucket, "k")).toBe("v");
  await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  await suite.s3.send(new DeleteBucketCommand({ Bucket }));
});

test("a bucket with objects cannot be deleted, an empty one can", async () => {
  const Bucket = await newBucket();
  await put(Bucket, "a/b");
  const remove = () => suite.s3.send(new DeleteBucketCommand({ Bucket }));
  expect(await refusal(remove())).toBe("409 BucketNotEmpty");
  await suite.s3.send(new DeleteObjectCommand({ Bucket, Key: "a/b" }));
  expect((await remove()).$metadata.httpStatusCode).toBe(204);
  expect(await refusal(remove())).toBe("404 NoSuchBucket");
});

test("a bucket of us-east-1 has no location constraint", async () => {
  const Bucket = await newBucket();
  const got = await suite.s3.send(new GetBucketLocationCommand({ Bucket }));
  expect(got.LocationConstraint || undefined).toBeUndefined();
});

test("bucket tags are stored, given back and removed", async () => {
  const Bucket = await newBucket();
  const get = () => suite.s3.send(new GetBucketTaggingCommand({ Bucket }));
  expect(await refusal(get())).toBe("404 NoSuchTagSet");
  const TagSet = [{ Key: "stage", Value: "local + đơn" }];
  await suite.s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  expect((await get()).TagSet).toEqual(TagSet);
  await suite.s3.send(new DeleteBucketTaggingCommand({ Bucket }));
  expect(await refusal(get())).toBe("404 NoSuchTagSet");
});

test("a lifecycle configuration is given back as it was put", async () => {
  const Bucket = await newBucket();
  const get = () => suite.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(await refusal(get())).toBe("404 NoSuchLifecycleConfiguration");
  const Rules = [
    {
      ID: "expire",
      Status: "Enabled" as const,
      Filter: { Prefix: "_quarantine/" },
      Expiration: { Days: 30 },
    },
  ];
  await suite.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  );
  expect((await get()).Rules).toEqual(Rules);
});

test("a bucket policy is given back as it was put", async () => {
  const Bucket = await newBucket();
  const get = () => suite.s3.send(new GetBucketPolicyCommand({ Bucket }));
  expect(await refusal(get())).toBe("404 NoSuchBucketPolicy");
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: `arn:aws:s3:::${Bucket}/x` },
    ],
  });
  await suite.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  expect(JSON.parse((await get()).Policy ?? "")).toEqual(JSON.parse(Policy));
});

test("a public access block is given back as it was put", async () => {
  const Bucket = await newBucket();
  const PublicAccessBlockConfiguration = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: false,
  };
  await suite.s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  const got = await suite.s3.send(new GetPublicAccessBlockCommand({ Bucket }));
  expect(got.PublicAccessBlockConfiguration).toEqual(PublicAccessBlockConfiguration);
});

test("a new bucket is encrypted with AES256 and has never been versioned", async () => {
  const Bucket = await newBucket();
  const encryption = await suite.s3.send(new GetBucketEncryptionCommand({ Bucket }));
  expect(
    encryption.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault
      ?.SSEAlgorithm,
  ).toBe("AES256");
  const versioning = await suite.s3.send(new GetBucketVersioningCommand({ Bucket }));
  expect(versioning.Status).toBeUndefined();
});
