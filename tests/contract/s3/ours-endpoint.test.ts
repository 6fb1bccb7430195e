import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type LocalAws, startLocalAws } from "../../../src/local/emulators/server.ts";
import { isOurs, rawRefusal } from "./suite.ts";

let directory = "";
let localAws: LocalAws;

/** What the server answers to these bytes until it closes, or has said `until`. */
const exchange = (bytes: string | Buffer, until?: RegExp): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(localAws.url).port), "127.0.0.1");
    let answer = "";
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
      if (until?.test(answer)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.end(bytes);
  });

describe.skipIf(!isOurs)("the shared endpoint", () => {
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "local-aws-endpoint-"));
    localAws = await startLocalAws({ directory, port: 0 });
    await fetch(`${localAws.url}/bucket`, { method: "PUT" });
  });
  afterAll(async () => {
    await localAws.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("it listens on loopback only, unless asked for more", async () => {
    await expect(startLocalAws({ directory, port: 0, host: "0.0.0.0" })).rejects.toThrow(
      "loopback only",
    );
  });

  test("a taken port is an error that leaves the other one's data alone", async () => {
    const port = Number(new URL(localAws.url).port);
    await expect(startLocalAws({ directory, port })).rejects.toThrow("EADDRINUSE");
    await expect(startLocalAws({ directory, port: 0 })).rejects.toThrow("in use by the local AWS");
    expect((await fetch(`${localAws.url}/bucket`)).status).toBe(200);
  });

  test("Kinesis and S3 answer on the same port, told apart by X-Amz-Target", async () => {
    const kinesis = await fetch(localAws.url, {
      method: "POST",
      headers: {
        "x-amz-target": "Kinesis_20131202.ListStreams",
        "content-type": "application/x-amz-json-1.1",
      },
      body: "{}",
    });
    expect(await kinesis.json()).toMatchObject({ StreamNames: [] });
    expect(await (await fetch(localAws.url)).text()).toContain("<ListAllMyBucketsResult");
  });

  test("S3 also speaks HTTP/2 with prior knowledge", async () => {
    const session = connectHttp2(localAws.url);
    const request = (headers: Record<string, string>, body?: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const stream = session.request(headers);
        let answer = "";
        let status = "";
        stream.on("response", (response) => {
          status = String(response[":status"]);
        });
        stream.setEncoding("utf8").on("data", (text) => {
          answer += text;
        });
        stream.on("end", () => resolve(`${status} ${answer}`));
        stream.on("error", reject);
        stream.end(body);
      });
    const put = { ":method": "PUT", ":path": "/bucket/h2", "content-length": "4" };
    expect(await request(put, "body")).toBe("200 ");
    expect(await request({ ":path": "/bucket/h2" })).toBe("200 body");
    session.close();
  });

  test("an HTTP/2 upload that is given up leaves nothing", async () => {
    const session = connectHttp2(localAws.url);
    session.on("error", () => {});
    const path = "/bucket/h2-half";
    const stream = session.request({ ":method": "PUT", ":path": path, "content-length": "1000" });
    stream.on("error", () => {});
    await new Promise((resolve) => stream.write("half", resolve));
    session.destroy();
    // Whatever the server still does of it is over when it has answered others.
    for (let i = 0; i < 5; i += 1)
      await fetch(`${localAws.url}/bucket/after-${i}`, { method: "PUT", body: "x" });
    expect(await rawRefusal(await fetch(`${localAws.url}${path}`))).toBe("404 NoSuchKey");
  });

  test.each([
    ["garbage", "\u0000\u0001\u0002 not http\r\n\r\n"],
    ["half of the HTTP/2 preface", "PR"],
    ["nothing", ""],
    ["the preface and then garbage", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage"],
    ["an endless header", `GET / HTTP/1.1\r\nx: ${"y".repeat(100_000)}`],
    ["a bad escape", "GET /bucket/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
    [
      "bytes that are not UTF-8",
      "GET /bucket/%ff%fe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ],
    ["an unknown method", "BREW /bucket HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
    [
      "a bucket named ..",
      "PUT /.. HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ],
    ["a bucket named __proto__", "GET /__proto__ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"],
  ])("it survives %s", async (_what, bytes) => {
    expect(await exchange(bytes)).not.toMatch(/^HTTP\/1.1 (2|500)/);
    expect((await fetch(`${localAws.url}/bucket`)).status).toBe(200);
  });

  test.each([
    ["POST", "?delete", 400],
    ["PUT", "?tagging", 400],
    ["PUT", "?versioning", 400],
    ["PUT", "?policy", 400],
    ["GET", "?website", 501],
    ["PATCH", "", 405],
  ])("%s %s with a body that is no document is refused with %i", async (method, query, status) => {
    const response = await fetch(`${localAws.url}/bucket${query}`, {
      method,
      ...(method === "GET" ? {} : { body: "<not><xml", headers: { "content-md5": "x" } }),
    });
    expect(response.status).toBe(status);
    expect((await fetch(`${localAws.url}/_localstack/health`)).status).toBe(200);
  });

  test("an upload without a length is refused, as S3 does", async () => {
    const chunked =
      "PUT /bucket/k HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    expect(await exchange(chunked, /<\/Error>/)).toMatch(/^HTTP\/1.1 501 /);
    const none = "PUT /bucket/k HTTP/1.1\r\nhost: x\r\n\r\n";
    expect(await exchange(none, /<\/Error>/)).toMatch(/^HTTP\/1.1 411 /);
  });

  test("a chunked upload of another length than it announced is refused", async () => {
    const response = await fetch(`${localAws.url}/bucket/short`, {
      method: "PUT",
      body: "3\r\nabc\r\n0\r\n\r\n",
      headers: {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "4",
      },
    });
    expect(await rawRefusal(response)).toBe("400 IncompleteBody");
    expect((await fetch(`${localAws.url}/bucket/short`)).status).toBe(404);
  });

  test("a bucket may be named in the host", async () => {
    const put = "PUT /a/b HTTP/1.1\r\nhost: bucket.localhost:4566\r\ncontent-length: 1\r\n\r\nx";
    expect(await exchange(put, /\r\n\r\n/)).toMatch(/^HTTP\/1.1 200 /);
    expect(await (await fetch(`${localAws.url}/bucket/a/b`)).text()).toBe("x");
  });

  test("a long refused upload gets its answer before the connection ends", async () => {
    const head = "PUT /no-such-bucket/k HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n";
    const answer = await exchange(
      Buffer.concat([Buffer.from(head), Buffer.alloc(4_000_000)]),
      /<\/Error>/,
    );
    expect(answer).toMatch(/^HTTP\/1.1 404 [\s\S]*NoSuchBucket/);
  });

  test("closing waits for a running request, then cuts idle connections", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "local-aws-close-"));
    const other = await startLocalAws({ directory: folder, port: 0 });
    const idle = connect(Number(new URL(other.url).port), "127.0.0.1");
    idle.on("error", () => {});
    await fetch(`${other.url}/bucket`, { method: "PUT" });
    other.faults.add({ service: "s3", operation: "ListBuckets", action: { delayMs: 100 } });
    const running = fetch(other.url);
    await vi.waitFor(() => expect(other.faults.list()[0]?.hits).toBe(1));
    const [response] = await Promise.all([running, other.close()]);
    expect(response.status).toBe(200);
    await rm(folder, { recursive: true, force: true });
  });
});
