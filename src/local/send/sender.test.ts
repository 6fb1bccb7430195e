import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createSender } from "./sender.ts";

type Handler = (body: string, response: ServerResponse, request: IncomingMessage) => void;

const serve = async (handler: Handler): Promise<string> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => handler(Buffer.concat(chunks).toString(), response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const answer = (
  response: ServerResponse,
  status: number,
  accepted: number,
  errors: object[] = [],
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(
    JSON.stringify({ message: "", count: accepted, accepted, rejected: 0, queue_size: 0, errors }),
  );
};

const options = (url: string) => ({
  url,
  giveUpAfterMs: 3_000,
  giveUpConnectingAfterMs: 500,
  requestTimeoutMs: 1_000,
});
const lines = (...texts: string[]) =>
  texts.map((text, index) => ({ number: index + 1, bytes: Buffer.from(text) }));

test("lines reach the server as they are, one a line", async () => {
  let received = "";
  const url = await serve((body, response, request) => {
    received = `${request.headers["content-type"]} ${body}`;
    answer(response, 200, 2);
  });
  const sender = createSender(options(url));
  await sender.send(lines('{"n":1.0}', '{"n": 9007199254740993}'));
  sender.close();
  expect(received).toBe('application/x-ndjson {"n":1.0}\n{"n": 9007199254740993}\n');
  expect(sender.totals).toMatchObject({ sent: 2, accepted: 2, rejected: 0, unknown: 0 });
});

test("only the items marked retryable are sent again; the others are reported with their line", async () => {
  const bodies: string[] = [];
  const url = await serve((body, response) => {
    bodies.push(body);
    if (bodies.length > 1) return answer(response, 200, 1);
    const errors = [
      { index: 0, code: "INVALID_JSON", reason: "not JSON", retryable: false },
      { index: 2, code: "THROTTLED", reason: "later", retryable: true },
    ];
    return answer(response, 207, 1, errors);
  });
  const sender = createSender(options(url));
  await sender.send(lines("a", "b", "c"));
  sender.close();
  expect(bodies).toEqual(["a\nb\nc\n", "c\n"]);
  expect(sender.totals).toMatchObject({ sent: 3, accepted: 2, rejected: 1, unknown: 0 });
  expect(sender.totals.refusals).toEqual([{ line: 1, code: "INVALID_JSON", reason: "not JSON" }]);
});

test("a server that asks to wait is asked again after the time it named", async () => {
  let calls = 0;
  const url = await serve((_body, response) => {
    calls += 1;
    if (calls < 3) {
      response.writeHead(429, { "retry-after": "0" });
      return response.end("{}");
    }
    return answer(response, 200, 1);
  });
  const sender = createSender(options(url));
  await sender.send(lines("a"));
  sender.close();
  expect(calls).toBe(3);
  expect(sender.totals).toMatchObject({ accepted: 1, rejected: 0 });
});

test("where keys mean nothing a batch without an answer is unknown and not sent twice", async () => {
  let posts = 0;
  const url = await serve((_body, response, request) => {
    if (request.method === "GET") return response.end('{"status":"ok"}');
    posts += 1;
    return response.destroy();
  });
  const sender = createSender(options(url));
  await sender.send(lines("a", "b"));
  sender.close();
  expect(posts).toBe(1);
  expect(sender.totals).toMatchObject({ sent: 2, accepted: 0, rejected: 0, unknown: 2 });
});

test("a batch without an answer is not sent again before the server says that it heeds keys", async () => {
  let posts = 0;
  const url = await serve((_body, response, request) => {
    if (request.method === "POST") posts += 1;
    response.destroy();
  });
  const sender = createSender(options(url));
  await sender.send(lines("a", "b"));
  sender.close();
  expect(posts).toBe(1);
  expect(sender.totals).toMatchObject({ accepted: 0, rejected: 0, unknown: 2 });
});

test("where keys are heeded the same batch goes again under its key, and counts once", async () => {
  const posts: string[] = [];
  const url = await serve((body, response, request) => {
    if (request.method === "GET")
      return response.end(JSON.stringify({ idempotency_window_seconds: 600 }));
    const key = String(request.headers["idempotency-key"]);
    posts.push(`${key} ${body}`);
    if (posts.length === 1) return response.destroy();
    const errors =
      posts.length === 2
        ? [{ index: 1, code: "UNCONFIRMED", reason: "perhaps", retryable: true }]
        : [];
    return answer(response, 207, 2 - errors.length, errors, { "idempotency-key": key });
  });
  const sender = createSender(options(url));
  await sender.send(lines("a", "b"));
  sender.close();
  expect(posts).toHaveLength(3);
  expect(new Set(posts).size).toBe(1);
  expect(sender.totals).toMatchObject({ sent: 2, accepted: 2, rejected: 0, unknown: 0 });
  expect(sender.totals.refusals).toEqual([]);
});

test("an address where nothing answers is given up soon, and nothing counts as taken", async () => {
  const sender = createSender(options("http://127.0.0.1:9"));
  await sender.send(lines("a"));
  sender.close();
  expect(sender.totals).toMatchObject({ sent: 1, accepted: 0, rejected: 1, unknown: 0 });
  expect(sender.totals.refusals[0]).toMatchObject({ code: "GAVE_UP" });
});

test("metrics and APM go to paths of their own, logs where they always went", async () => {
  const paths: (string | undefined)[] = [];
  const url = await serve((_, response, request) => {
    paths.push(request.url);
    answer(response, 200, 1);
  });
  for (const to of [undefined, "logs", "metrics", "apm"] as const) {
    const sender = createSender({ ...options(url), ...(to === undefined ? {} : { to }) });
    await sender.send(lines("a"));
    sender.close();
  }
  expect(paths).toEqual([
    "/api/ingest/batch",
    "/api/ingest/batch",
    "/api/ingest/metrics",
    "/api/ingest/apm",
  ]);
});
