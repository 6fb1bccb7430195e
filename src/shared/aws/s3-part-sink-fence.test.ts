import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createS3Client } from "./clients.ts";
import { createS3PartSink } from "./s3-part-sink.ts";

const part = {
  key: "service=a/part-1.jsonl",
  body: new TextEncoder().encode("{}\n"),
  contentType: "application/x-ndjson",
  metadata: {},
};

/** A sink of which each request is counted, and answered by what `answer` says; none: not at all. */
const startSink = async (answer: () => number | undefined) => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    request.resume().on("end", () => {
      const status = answer();
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = createS3Client({ region: "us-east-1", endpoint: `http://127.0.0.1:${port}` });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { sink: createS3PartSink(client, "md-raw-logs"), requests: () => requests };
};

test("nothing is sent once the fence does not hold", async () => {
  const { sink, requests } = await startSink(() => 200);
  const fence = {
    signal: new AbortController().signal,
    assertHeld: () => {
      throw new Error("not held");
    },
  };
  await expect(sink.putPart(part, fence)).rejects.toThrow("not held");
  expect(requests()).toBe(0);
});

test("the fence is asked again before the SDK tries again", async () => {
  const { sink, requests } = await startSink(() => 503);
  let isHeld = true;
  const fence = {
    signal: new AbortController().signal,
    assertHeld: () => {
      if (!isHeld) throw new Error("not held");
      isHeld = false;
    },
  };
  await expect(sink.putPart(part, fence)).rejects.toThrow("not held");
  expect(requests()).toBe(1);
});

test("a write under way is given up with the fence", async () => {
  const fallen = new AbortController();
  const { sink } = await startSink(() => {
    fallen.abort();
    return undefined;
  });
  const fence = { signal: fallen.signal, assertHeld: () => undefined };
  await expect(sink.putPart(part, fence)).rejects.toThrow();
});
