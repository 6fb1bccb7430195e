import { createHash } from "node:crypto";
import { connect, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { presignGet, presignPut } from "./raw.ts";
import { rawRefusal, refusal, useS3 } from "./suite.ts";

const suite = useS3();
const { newBucket, put, getText } = suite;

/** Opens a connection and sends the head of a PUT; the body is up to the test. */
const beginPut = (url: string, headers: Record<string, string>): Promise<Socket> => {
  const { hostname, port, pathname, search, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 80), hostname, () => {
      socket.write(`PUT ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      resolve(socket);
    });
    socket.once("error", reject);
  });
};

test("a presigned GET needs no client", async () => {
  const bucket = await newBucket();
  await put(bucket, "đ + &/k", "body");
  const response = await fetch(await presignGet(suite, bucket, "đ + &/k"));
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("body");
});

test("a presigned PUT stores what is sent", async () => {
  const bucket = await newBucket();
  const url = await presignPut(suite, bucket, "k");
  const response = await fetch(url, { method: "PUT", body: "from fetch" });
  expect(response.status).toBe(200);
  expect(response.headers.get("etag")).toBe(
    `"${createHash("md5").update("from fetch").digest("hex")}"`,
  );
  expect(await getText(bucket, "k")).toBe("from fetch");
});

test("an expired presigned URL is 403 AccessDenied", async () => {
  const bucket = await newBucket();
  await put(bucket, "k");
  const url = await presignGet(suite, bucket, "k", {
    expiresIn: 60,
    signingDate: new Date(Date.now() - 120_000),
  });
  expect(await rawRefusal(await fetch(url))).toBe("403 AccessDenied");
});

test("every answer carries a request id", async () => {
  const bucket = await newBucket();
  const responses = await Promise.all([
    fetch(await presignGet(suite, bucket, "none")),
    fetch(await presignPut(suite, bucket, "k"), { method: "PUT", body: "x" }),
  ]);
  const ids = responses.map(({ headers }) => headers.get("x-amz-request-id"));
  expect(ids.every((id) => id !== null && id.length > 0)).toBe(true);
  expect(new Set(ids).size).toBe(2);
});

test("an error is XML with code, message, key and request id", async () => {
  const bucket = await newBucket();
  const response = await fetch(await presignGet(suite, bucket, "none & <more>"));
  expect(response.headers.get("content-type")).toMatch(/^(application|text)\/xml/);
  const text = await response.text();
  expect(text).toMatch(/^<\?xml version="1.0" encoding="(UTF|utf)-8"\?>\s*<Error>/);
  expect(text).toContain("<Code>NoSuchKey</Code>");
  expect(text).toContain("<Key>none &amp; &lt;more&gt;</Key>");
  expect(text).toMatch(/<RequestId>[^<]+<\/RequestId>/);
});

test("an upload that breaks off in the middle leaves nothing behind", async () => {
  const bucket = await newBucket();
  const url = await presignPut(suite, bucket, "half");
  const socket = await beginPut(url, { "content-length": "100000" });
  await new Promise<void>((resolve) => socket.write("x".repeat(50_000), () => resolve()));
  socket.destroy();
  // Whatever the server still does of it is over when it has answered others.
  for (let i = 0; i < 5; i += 1) await put(bucket, `after-${i}`);
  expect(await refusal(getText(bucket, "half"))).toBe("404 NoSuchKey");
  expect(await suite.keys(bucket)).not.toContain("half");
});

test("an overwrite that breaks off in the middle leaves the old version", async () => {
  const bucket = await newBucket();
  await put(bucket, "k", "old");
  const url = await presignPut(suite, bucket, "k");
  const socket = await beginPut(url, { "content-length": "100000" });
  await new Promise<void>((resolve) => socket.write("x".repeat(50_000), () => resolve()));
  socket.destroy();
  for (let i = 0; i < 5; i += 1) await put(bucket, `after-${i}`);
  expect(await getText(bucket, "k")).toBe("old");
});

test("a chunked upload without its last chunk is not an object", async () => {
  const bucket = await newBucket();
  const url = await presignPut(suite, bucket, "k");
  const socket = await beginPut(url, {
    "content-length": "13",
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-decoded-content-length": "8",
    "content-encoding": "aws-chunked",
  });
  let answer = "";
  socket.setEncoding("utf8").on("data", (text) => {
    answer += text;
  });
  socket.write("8\r\nabcdefgh\r\n");
  await vi.waitFor(() => expect(answer).not.toBe(""), { timeout: 5_000 });
  expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  socket.destroy();
  expect(await refusal(getText(bucket, "k"))).toBe("404 NoSuchKey");
});

test("of two creators that both began before either ended, one wins", async () => {
  const bucket = await newBucket();
  const url = await presignPut(suite, bucket, "k");
  const answers = { first: "", second: "" };
  const names = ["first", "second"] as const;
  const sockets = await Promise.all(
    names.map(() => beginPut(url, { "content-length": "10", "if-none-match": "*" })),
  );
  for (const [at, socket] of sockets.entries()) {
    const name = at === 0 ? "first" : "second";
    socket.setEncoding("utf8").on("data", (text) => {
      answers[name] += text;
    });
    socket.write("first");
  }
  // Both requests are under way on the server once it has answered others that came later.
  for (let i = 0; i < 5; i += 1) await put(bucket, `between-${i}`);
  for (const [at, socket] of sockets.entries()) socket.write(`last${at}`);
  await vi.waitFor(() => expect(Object.values(answers)).not.toContain(""), {
    timeout: 5_000,
  });
  for (const socket of sockets) socket.destroy();
  const codes = names.map((name) => answers[name].slice(9, 12));
  expect(codes.filter((code) => code === "200")).toHaveLength(1);
  expect(["409", "412"]).toContain(codes.find((code) => code !== "200"));
  expect(await getText(bucket, "k")).toBe(`firstlast${codes.indexOf("200")}`);
});

test("a reader sees one whole version while the key is overwritten", async () => {
  const bucket = await newBucket();
  const body = (letter: string) => letter.repeat(300_000);
  await put(bucket, "k", body("a"));
  let isWriting = true;
  const writer = async () => {
    for (let i = 0; i < 12; i += 1) await put(bucket, "k", body(i % 2 === 0 ? "b" : "a"));
    isWriting = false;
  };
  const reader = async () => {
    let reads = 0;
    while (isWriting) {
      const text = await getText(bucket, "k");
      expect(text.length).toBe(300_000);
      expect(new Set(text).size).toBe(1);
      reads += 1;
    }
    return reads;
  };
  const [, reads] = await Promise.all([writer(), reader(), reader()]);
  expect(reads).toBeGreaterThan(0);
});
