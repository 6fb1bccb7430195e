import http from "node:http";
import net from "node:net";
import { expect, test } from "vitest";
import { poll } from "../../support/poll.ts";
import { entry, rawCall, setUpKinesis, text } from "./support.ts";

const kinesis = setUpKinesis();

const call = (operation: string, body: unknown, headers?: Record<string, string>) =>
  rawCall(
    kinesis.endpoint.url,
    operation,
    typeof body === "string" ? body : JSON.stringify(body),
    headers,
  );

test("an operation that does not exist is an UnknownOperationException", async () => {
  const { status, code } = await call("MakeCoffee", {});
  expect({ status, code }).toEqual({ status: 400, code: "UnknownOperationException" });
});

test.each(["not json", "[]", '"text"', "{", "null"])(
  "a body of %s is a SerializationException",
  async (body) => {
    const { status, code } = await call("ListStreams", body);
    expect({ status, code }).toEqual({ status: 400, code: "SerializationException" });
  },
);

test.each([
  ["PutRecord", { StreamName: 7, Data: "", PartitionKey: "k" }, "treamName"],
  ["PutRecords", { StreamName: "s", Records: { a: 1 } }, "ecords"],
  ["PutRecords", { StreamName: "s", Records: [{ Data: 1, PartitionKey: "k" }] }, "ata"],
  ["CreateStream", { StreamName: "s", ShardCount: "two" }, "hardCount"],
  ["AddTagsToStream", { StreamName: "s", Tags: ["a"] }, "ags"],
  ["GetRecords", { ShardIterator: "x", Limit: {} }, "imit"],
])(
  "%s with a member of a wrong type is a SerializationException that names it",
  async (operation, body, member) => {
    const { status, code, message } = await call(operation, body);
    expect({ status, code }).toEqual({ status: 400, code: "SerializationException" });
    expect(message).toContain(member);
  },
);

test.each([
  ["PutRecord", { StreamName: "s", Data: "" }, "partitionKey"],
  ["GetShardIterator", { StreamName: "s", ShardIteratorType: "LATEST" }, "shardId"],
  ["SplitShard", { StreamName: "s", ShardToSplit: "shardId-000000000000" }, "newStartingHashKey"],
])(
  "%s without a needed member is a ValidationException that names it",
  async (operation, body, member) => {
    const { status, code, message } = await call(operation, body);
    expect({ status, code }).toEqual({ status: 400, code: "ValidationException" });
    expect(message).toContain(member);
  },
);

test("every broken constraint of a request is told at once", async () => {
  const { message } = await call("GetShardIterator", {
    StreamName: "not valid",
    ShardId: "",
    ShardIteratorType: "SOMEWHERE",
  });
  for (const member of ["streamName", "shardId", "shardIteratorType"])
    expect(message).toContain(member);
  expect(message).toMatch(/^[345] validation errors detected: /);
});

test("data that is not base64 is refused with SerializationException, and nothing is stored", async () => {
  const StreamName = await kinesis.createStream();
  for (const Data of ["abc", "a$==", "****"]) {
    const { status, code } = await call("PutRecords", {
      StreamName,
      Records: [
        { Data: "Z29vZA==", PartitionKey: "k" },
        { Data, PartitionKey: "k" },
      ],
    });
    expect({ status, code }).toEqual({ status: 400, code: "SerializationException" });
  }
  await kinesis.put(StreamName, [entry("next")]);
  expect((await kinesis.readShard(StreamName, 1)).map(text)).toEqual(["next"]);
});

test("an operation without an answer has an empty body", async () => {
  const StreamName = await kinesis.createStream();
  const { status, body } = await call("AddTagsToStream", { StreamName, Tags: { a: "b" } });
  expect({ status, body }).toEqual({ status: 200, body: "" });
});

test("null counts as absent for a member that may be left out", async () => {
  const StreamName = await kinesis.createStream();
  const { status } = await call("DescribeStream", { StreamName, Limit: null, StreamARN: null });
  expect(status).toBe(200);
});

test("every answer has a request id and the protocol's content type", async () => {
  const response = await fetch(kinesis.endpoint.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "Kinesis_20131202.ListStreams",
      authorization: "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/kinesis/aws4_request",
    },
    body: "{}",
  });
  await response.text();
  expect(response.headers.get("content-type")).toBe("application/x-amz-json-1.1");
  expect(response.headers.get("x-amzn-requestid")).toMatch(/\S/);
});

test("a client that goes away in the middle of its request stores nothing and harms nobody", async () => {
  const StreamName = await kinesis.createStream();
  const { hostname, port } = new URL(kinesis.endpoint.url);
  const body = JSON.stringify({ StreamName, Data: "Z29uZQ==", PartitionKey: "k" });
  for (let i = 0; i < 5; i += 1) {
    const socket = net.connect(Number(port), hostname);
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    socket.on("error", () => {});
    socket.write(
      `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Kinesis_20131202.PutRecord\r\nContent-Length: ${body.length + 10}\r\n\r\n${body}`,
    );
    socket.destroy();
  }
  await kinesis.put(StreamName, [entry("next")]);
  expect((await kinesis.readShard(StreamName, 1)).map(text)).toEqual(["next"]);
});

test("a body of 40 MB is refused with 413, and the endpoint goes on", async () => {
  const { hostname, port } = new URL(kinesis.endpoint.url);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = http.request(
      {
        hostname,
        port,
        method: "POST",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "Kinesis_20131202.PutRecords",
          "content-length": 40_000_000,
        },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on("error", reject);
    request.end(Buffer.alloc(40_000_000, "x"));
  });
  expect(status).toBe(413);
  await poll("an answer", async () => (await call("ListStreams", {})).status === 200);
});
