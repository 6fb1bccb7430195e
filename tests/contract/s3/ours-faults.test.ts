import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterEach, describe, expect, test } from "vitest";
import type { FaultRule } from "../../../src/local/emulators/faults.ts";
import { isOurs, refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText, keys } = suite;

const door = async (method: string, body?: unknown) => {
  const response = await fetch(`${suite.endpoint.url}/_faults`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
};
const addFault = (rule: Omit<FaultRule, "service">) => door("POST", { service: "s3", ...rule });

/** The same endpoint through a client that tries three times, as clients do by default. */
const retryingClient = () =>
  new S3Client({
    region: "us-east-1",
    endpoint: suite.endpoint.url,
    forcePathStyle: true,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 3,
  });

describe.skipIf(!isOurs)("faults on request", () => {
  afterEach(() => door("DELETE"));

  test("a fault code answers 503 SlowDown unless told otherwise, and does nothing", async () => {
    const bucket = await newBucket();
    await addFault({ operation: "PutObject", times: 1, action: { code: "SlowDown" } });
    expect(await refusal(put(bucket, "k"))).toBe("503 SlowDown");
    expect(await keys(bucket)).toEqual([]);
    await put(bucket, "k");
    await addFault({ operation: "GetObject", action: { code: "InternalError", status: 500 } });
    expect(await refusal(getText(bucket, "k"))).toBe("500 InternalError");
  });

  test("a fault may name a part of bucket/key, a number of times and a start", async () => {
    const bucket = await newBucket();
    await addFault({
      operation: "PutObject",
      resource: `${bucket}/service=a/`,
      skip: 1,
      times: 1,
      action: { code: "SlowDown" },
    });
    await put(bucket, "service=b/1");
    await put(bucket, "service=a/1");
    expect(await refusal(put(bucket, "service=a/2"))).toBe("503 SlowDown");
    await put(bucket, "service=a/3");
    expect((await door("GET")).body).toMatchObject({ faults: [{ hits: 1 }] });
  });

  test("a dropped answer leaves a whole object behind, and a retry is harmless", async () => {
    const bucket = await newBucket();
    const client = retryingClient();
    await addFault({ operation: "PutObject", times: 1, action: { dropReply: true } });
    const body = "line\n".repeat(10_000);
    expect(await refusal(put(bucket, "k", body))).not.toBe("not refused");
    expect(await getText(bucket, "k")).toBe(body);
    await addFault({ operation: "PutObject", times: 1, action: { dropReply: true } });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: "k", Body: "again" }));
    expect(await getText(bucket, "k")).toBe("again");
    client.destroy();
  });

  test("a completion whose answer was dropped succeeds when it is tried again", async () => {
    const Bucket = await newBucket();
    const client = retryingClient();
    const target = { Bucket, Key: "k" };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const { ETag } = await client.send(
      new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "part" }),
    );
    await addFault({ operation: "CompleteMultipartUpload", times: 1, action: { dropReply: true } });
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
    expect(await getText(Bucket, "k")).toBe("part");
    client.destroy();
  });

  test("a reset connection stores nothing", async () => {
    const bucket = await newBucket();
    await addFault({ operation: "PutObject", times: 1, action: { reset: true } });
    expect(await refusal(put(bucket, "k"))).not.toBe("not refused");
    expect(await keys(bucket)).toEqual([]);
  });

  test("a delayed answer comes after the delay", async () => {
    const bucket = await newBucket();
    await put(bucket, "k");
    await addFault({ operation: "GetObject", times: 1, action: { delayMs: 300 } });
    const slow = suite.s3.send(new GetObjectCommand({ Bucket: bucket, Key: "k" }));
    const order: string[] = [];
    await Promise.all([
      slow.then(() => order.push("delayed")),
      suite.s3
        .send(new ListObjectsV2Command({ Bucket: bucket }))
        .then(() => order.push("not delayed")),
    ]);
    expect(order).toEqual(["not delayed", "delayed"]);
  });

  test("the fault door refuses what is no rule, with the reason", async () => {
    const refused = await door("POST", { service: "s3", action: { dleayMs: 5 } });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain("dleayMs");
    expect((await door("POST", { service: "sqs", action: { reset: true } })).status).toBe(400);
    expect((await door("POST", { service: "s3", action: {} })).status).toBe(400);
    expect((await door("PUT", {})).status).toBe(405);
    expect((await door("GET")).body).toEqual({ faults: [] });
  });

  test("several rules may be added at once, and cleared", async () => {
    const rule = { service: "s3", action: { delayMs: 1 } };
    expect((await door("POST", [rule, rule])).body).toMatchObject({ faults: [{}, {}] });
    expect((await door("DELETE")).body).toEqual({ faults: [] });
  });
});
