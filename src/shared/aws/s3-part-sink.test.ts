import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createS3Client } from "./clients.ts";
import { createS3PartSink } from "./s3-part-sink.ts";

type Request = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A sink whose S3 answers with these statuses in turn. */
const startSink = async (statuses: number[]) => {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = createS3Client({ region: "us-east-1", endpoint: `http://127.0.0.1:${port}` });
  cleanups.push(() => {
    client.destroy();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return { sink: createS3PartSink(client, "md-raw-logs"), requests };
};

const part = {
  key: "service=a%2Fb/year=2025/part-1.jsonl",
  body: new TextEncoder().encode('x{"a":1}\n').subarray(1),
  contentType: "application/x-ndjson",
  metadata: { records: "1", "first-sequence-number": "49" },
};

test("a part is written by one plain PUT under exactly its key, with type and metadata", async () => {
  const { sink, requests } = await startSink([200]);
  await sink.putPart(part);
  expect(requests).toHaveLength(1);
  const [{ method, url, headers, body }] = requests as [Request];
  expect(method).toBe("PUT");
  const path = url.split("?")[0] ?? "";
  expect(path.split("/").map(decodeURIComponent).join("/")).toBe(`/md-raw-logs/${part.key}`);
  expect(body).toBe('{"a":1}\n');
  expect(headers).toMatchObject({
    "content-type": "application/x-ndjson",
    "x-amz-meta-records": "1",
    "x-amz-meta-first-sequence-number": "49",
  });
  expect(headers).not.toHaveProperty("if-none-match");
  expect(headers).not.toHaveProperty("content-encoding");
});

test("a passing failure is retried, a lasting one rejects", async () => {
  const { sink, requests } = await startSink([503, 200, 503, 503, 503]);
  await sink.putPart(part);
  expect(requests).toHaveLength(2);
  await expect(sink.putPart(part)).rejects.toThrow();
  expect(requests).toHaveLength(5);
});
