import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import { startIngest } from "../../src/local/ingest-server.ts";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { loadConfig } from "../../src/shared/core/config.ts";
import { MIB } from "../../src/shared/core/limits.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import { type PartProcess, runOnce, startPart } from "../support/part-process.ts";
import { temporaryFolder } from "../support/pipeline.ts";
import { freePorts } from "../support/ports.ts";
import { linesInStream } from "../support/stream-lines.ts";

const STREAM = "stage01-logs-stream";
let aws: LocalAws;
let folder: string;

const envFor = async (extra: NodeJS.ProcessEnv = {}): Promise<NodeJS.ProcessEnv> => {
  const [port] = await freePorts(1);
  return {
    AWS_ENDPOINT_URL: aws.url,
    INGEST_PORT: String(port),
    SPOOL_DIR: path.join(folder, `spool-${port}`),
    ...extra,
  };
};

beforeAll(async () => {
  const { mkdtempSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  folder = mkdtempSync(path.join(tmpdir(), "doors-"));
  aws = await startLocalAws({ directory: path.join(folder, "aws"), port: 0 });
  await runOnce("setup", { AWS_ENDPOINT_URL: aws.url });
});

afterAll(async () => {
  await aws.close();
  const { rmSync } = await import("node:fs");
  rmSync(folder, { recursive: true, force: true });
});

const rssMb = ({ child }: PartProcess): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

const post = async (
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) => {
  const response = await fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const answer = (await response.json()) as {
    accepted?: number;
    code?: string;
    detail?: string;
    errors?: { code: string; reason: string }[];
  };
  return { status: response.status, headers: response.headers, ...answer };
};

/** Sends bytes as they are; returns all that comes back until the server closes, or the deadline. */
const raw = (url: string, bytes: string | Buffer, deadlineMs = 5_000): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    let received = "";
    const finish = () => {
      socket.destroy();
      resolve(received);
    };
    const deadline = setTimeout(finish, deadlineMs);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(deadline);
      finish();
    });
  });

const inProcess = async (extra: Record<string, string> = {}, http = {}): Promise<string> => {
  const config = loadConfig({
    AWS_ENDPOINT_URL: aws.url,
    SPOOL_DIR: path.join(temporaryFolder(), "spool"),
    ...extra,
  });
  const part = await startIngest({ config, log: silentLogger }, 0, http);
  onTestFinished(() => part.close());
  return String(part.ready.url);
};

test("a megabyte that unpacks to a gigabyte is refused, and the memory stays small", async () => {
  const part = await startPart("ingest", await envFor());
  const before = rssMb(part);
  const bomb = Uint8Array.from(gzipSync(Buffer.alloc(1024 * MIB, 0x20)));
  expect(bomb.length).toBeLessThan(1.1 * MIB);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => post(part.url, bomb, { "content-encoding": "gzip" })),
  );
  for (const { status, code } of answers) expect([status, code]).toEqual([413, "BODY_TOO_LARGE"]);
  const grown = rssMb(part) - before;
  process.stdout.write(`8 bombs at once: memory peaked ${Math.round(grown)} MB higher\n`);
  expect(grown).toBeLessThan(300);
  expect((await post(part.url, "[{}]")).status).toBe(200);
});

test("JSON nested a hundred thousand deep is 400 and says the limit, in every form of body", async () => {
  const url = await inProcess();
  const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
  const arrays = deep("[", "]");
  const objects = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  for (const body of [arrays, objects, `{"logs":[{"a":${arrays}}]}`, `[${objects}]`]) {
    const { status, errors } = await post(url, body);
    expect(status).toBe(400);
    expect(errors?.[0]).toMatchObject({ code: "TOO_DEEP", reason: expect.stringContaining("256") });
  }
  const envelope = await post(url, `{"metadata":${arrays},"logs":[{}]}`);
  expect([envelope.status, envelope.code]).toEqual([400, "TOO_DEEP"]);
  const line = await post(url, `{"ok":1}\n${objects}\n`, {
    "content-type": "application/x-ndjson",
  });
  expect([line.status, line.accepted, line.errors?.[0]?.code]).toEqual([207, 1, "TOO_DEEP"]);
  for (const body of [arrays.slice(0, 150_000), "[".repeat(100_000), '{"a":'.repeat(100_000)])
    expect((await post(url, body)).status).toBe(400);
  const brackets = `{"text":"${"[{".repeat(1_000)}","list":[${"{},".repeat(500)}{}]}`;
  expect((await post(url, brackets)).status).toBe(200);
});

test("ten thousand services in one batch are all taken, and the memory stays small", async () => {
  const part = await startPart("ingest", await envFor());
  const before = rssMb(part);
  const lines = Array.from({ length: 10_000 }, (_, id) => `{"service":"service-${id}","id":${id}}`);
  const { status, accepted } = await post(part.url, `[${lines}]`);
  expect([status, accepted]).toEqual([200, 10_000]);
  const kinesis = createKinesisClient({ region: "us-east-1", endpoint: aws.url });
  onTestFinished(() => kinesis.destroy());
  const stored = new Set(await linesInStream(kinesis, STREAM));
  expect(lines.filter((text) => !stored.has(text))).toEqual([]);
  process.stdout.write(`10,000 services: ${Math.round(rssMb(part) - before)} MB higher\n`);
  expect(rssMb(part) - before).toBeLessThan(200);
});

test("keys of the prototype are a log's own business", async () => {
  const url = await inProcess();
  const body =
    '{"__proto__":{"service":"evil","polluted":1},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1,"toString":null}';
  expect((await post(url, body)).status).toBe(200);
  expect((await post(url, `{"logs":[${body}],"__proto__":{"logs":[1]}}`)).status).toBe(200);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  for (const type of ["constructor", "__proto__", "tostring", "hasownproperty"])
    expect((await post(url, "{}", { "content-type": type })).status).toBe(415);
  for (const encoding of ["constructor", "__proto__", "gzip, gzip"])
    expect((await post(url, "{}", { "content-encoding": encoding })).status).toBe(415);
});

test("a client that sends a byte at a time is cut off at the deadline, and disturbs nobody", async () => {
  const url = await inProcess(
    {},
    { headersTimeout: 1_000, requestTimeout: 2_000, connectionsCheckingInterval: 100 },
  );
  const { hostname, port } = new URL(url);
  const dribble = async (first: string): Promise<string> => {
    const socket = net.connect(Number(port), hostname);
    let received = "";
    let isClosed = false;
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      isClosed = true;
    });
    socket.write(first);
    const until = Date.now() + 20_000;
    while (!isClosed && Date.now() < until) {
      await sleep(100);
      socket.write("x");
    }
    socket.destroy();
    return isClosed ? received : "never cut off";
  };
  const head =
    "POST /api/ingest/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const slow = Promise.all([
    dribble(`${head}X-Slow: `),
    dribble(`${head}Content-Length: 20000000\r\n\r\n{`),
    dribble(`${head}Transfer-Encoding: chunked\r\n\r\n`),
    ...Array.from({ length: 20 }, () => dribble(`${head}Content-Length: 20000000\r\n\r\n{`)),
  ]);
  // What they have declared takes no room: others are served meanwhile.
  await sleep(300);
  expect((await post(url, `[{"pad":"${"x".repeat(500_000)}"}]`)).status).toBe(200);
  for (const answer of await slow) expect(answer).toMatch(/^(HTTP\/1\.1 (408|400) [\s\S]*)?$/);
});

test("requests for another host, and those that other sites' pages make, are refused", async () => {
  const url = await inProcess({ ALLOWED_HOSTS: "logs.example.com, ingest" });
  const statusFor = async (headers: string): Promise<string> => {
    const answer = await raw(
      url,
      `POST /api/ingest/batch HTTP/1.1\r\n${headers}Content-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(answer.toLowerCase()).not.toContain("access-control-allow");
    return answer.slice(9, 12);
  };
  for (const host of ["localhost:8004", "127.0.0.1", "[::1]:1", "logs.example.com", "INGEST:8004"])
    expect(await statusFor(`Host: ${host}\r\n`)).toBe("200");
  for (const host of [
    "evil.example",
    "127.0.0.1.evil.example",
    "10.0.0.1",
    "localhost.evil.example",
  ])
    expect(await statusFor(`Host: ${host}\r\n`)).toBe("421");
  for (const origin of ["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example"])
    expect(await statusFor(`Host: localhost\r\nOrigin: ${origin}\r\n`)).toBe("403");
  expect(await statusFor("Host: localhost\r\nOrigin: http://localhost:3000\r\n")).toBe("200");
  const preflight = await raw(
    url,
    "OPTIONS /api/ingest/batch HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nConnection: close\r\n\r\n",
  );
  expect(preflight.toLowerCase()).not.toContain("access-control-allow");
});

test("with a token nobody without it sends logs or reads figures, and health stays open", async () => {
  const token = "a-token-of-24-characters";
  const url = await inProcess({ INGEST_TOKEN: token });
  const wrong = [
    "",
    "Bearer",
    "Bearer wrong",
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer x${token}`,
  ];
  for (const authorization of [...wrong, `Bearer ${token.slice(0, -1)}`]) {
    const { status, headers } = await post(url, "{}", { authorization });
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    for (const place of ["/metrics", "/api/metrics", "/nothing"])
      expect((await fetch(`${url}${place}`, { headers: { authorization } })).status).toBe(401);
  }
  expect((await fetch(`${url}/health`)).status).toBe(200);
  for (const authorization of [`Bearer ${token}`, `bearer ${token}`])
    expect((await post(url, "{}", { authorization })).status).toBe(200);
});

test("outside of the local stage ingest does not start without a token, and says what to set", async () => {
  const env = await envFor({ STAGE: "prod" });
  await expect(startPart("ingest", env)).rejects.toThrow(
    /ended with 78[\s\S]*STAGE=prod.*INGEST_TOKEN/,
  );
  await expect(startPart("ingest", { ...env, INGEST_TOKEN: "short" })).rejects.toThrow(
    /ended with 78[\s\S]*INGEST_TOKEN=…: must be at least 16/,
  );
  const part = await startPart("ingest", { ...env, INGEST_TOKEN: "0123456789abcdef" });
  expect((await post(part.url, "{}")).status).toBe(401);
});

test("whatever headers come, there is an answer or an end, and the next request is served", async () => {
  const url = await inProcess();
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed % below;
  };
  const names = [
    "Content-Type",
    "Content-Encoding",
    "Content-Length",
    "Transfer-Encoding",
    "Idempotency-Key",
    "Host",
    "Origin",
    "Authorization",
    "Expect",
    "Connection",
    "Upgrade",
    "__proto__",
    "X-Fuzz",
  ];
  const values = [
    "",
    "application/json",
    "gzip",
    "chunked",
    "0",
    "-1",
    "1e9",
    "99999999999999999999",
    '"unclosed',
    '"a\\"b"',
    "100-continue",
    "websocket",
    "close",
    "\u00ff\u0000\u0001",
    "x".repeat(9_000),
    "localhost",
    'utf-8; charset="',
  ];
  const requests = Array.from({ length: 150 }, () => {
    const headers = Array.from(
      { length: random(6) },
      () => `${names[random(names.length)]}: ${values[random(values.length)]}\r\n`,
    );
    const host = random(4) > 0 ? "Host: localhost\r\n" : "";
    const body = ["{}", "", "\u0000\u00ff{", '{"a":1}\n{"b":2}'][random(4)];
    return Buffer.from(
      `POST /api/ingest/batch HTTP/1.1\r\n${host}${headers.join("")}\r\n${body}`,
      "latin1",
    );
  });
  for (let from = 0; from < requests.length; from += 15) {
    const answers = await Promise.all(
      requests.slice(from, from + 15).map((request) => raw(url, request, 300)),
    );
    for (const answer of answers) expect(answer).not.toMatch(/^HTTP\/1\.1 500/);
  }
  expect((await post(url, "[{}]")).status).toBe(200);
}, 90_000);
