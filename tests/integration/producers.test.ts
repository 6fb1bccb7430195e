import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parse, parseDocument } from "yaml";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import { createKinesisClient } from "../../src/shared/aws/clients.ts";
import { launchPart, type PartProcess, runOnce, startPart } from "../support/part-process.ts";
import { temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";
import { snippetsOf } from "../support/snippets.ts";
import { linesInStream } from "../support/stream-lines.ts";
import { isOnPath, runTool, saySkipped } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const directory = mkdtempSync(path.join(tmpdir(), "producers-"));
let aws: LocalAws;
let kinesis: KinesisClient;
let killIngest: PartProcess["kill"] | undefined;
/** Of the real ingestion interface, which asks for a token. */
let url: string;

const TOKEN = "a-token-of-the-producers-test";

beforeAll(async () => {
  aws = await startLocalAws({ directory, port: 0 });
  await runOnce("setup", { AWS_ENDPOINT_URL: aws.url });
  kinesis = createKinesisClient({ region: "us-east-1", endpoint: aws.url });
  const [port] = await freePorts(1);
  const env = {
    AWS_ENDPOINT_URL: aws.url,
    INGEST_PORT: String(port),
    INGEST_TOKEN: TOKEN,
    SPOOL_DIR: path.join(directory, "spool"),
  };
  ({ url } = await launchPart("ingest", env, (kill) => {
    killIngest = kill;
  }));
});

afterAll(async () => {
  await killIngest?.("SIGKILL");
  kinesis.destroy();
  await aws.close();
  rmSync(directory, { recursive: true, force: true });
});

const linesOf = async (stream: "logs" | "metrics", text: string): Promise<string[]> =>
  (await linesInStream(kinesis, `stage01-${stream}-stream`)).filter((line) => line.includes(text));

/** A folder with a page's snippets as files, where the project's packages can be imported. */
const layOut = (page: string): string => {
  const folder = temporaryFolder();
  for (const { name, text } of snippetsOf(`docs/producers/${page}`))
    writeFileSync(path.join(folder, name), text);
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  // Notes what a shell script would have waited.
  mkdirSync(path.join(folder, "bin"));
  writeFileSync(path.join(folder, "bin/sleep"), `#!/bin/sh\necho "$1" >>'${folder}/waits'\n`);
  chmodSync(path.join(folder, "bin/sleep"), 0o755);
  return folder;
};

const run = (cwd: string, url: string, program: string, ...args: string[]) =>
  runTool(program, args, {
    cwd,
    env: {
      ...process.env,
      PATH: `${path.join(cwd, "bin")}:${process.env.PATH}`,
      INGEST_URL: url,
      INGEST_TOKEN: TOKEN,
      PYTHONDONTWRITEBYTECODE: "1",
    },
    deadlineMs: 50_000,
  });

type Attempt = { readonly key: string | undefined; readonly body: string };
/** Null hangs up without an answer. */
type Planned = { status: number; body: object; retryAfter?: string } | null;

/** An ingestion interface that answers as planned, and remembers what it was asked. */
const startPlanned = async (plan: readonly Planned[]) => {
  const attempts: Attempt[] = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const answer = plan[attempts.length] ?? null;
    attempts.push({ key: request.headers["idempotency-key"] as string | undefined, body });
    if (answer === null) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, {
      "content-type": "application/json",
      ...(answer.retryAfter === undefined ? {} : { "retry-after": answer.retryAfter }),
    });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, attempts };
};

const taken = (accepted: number, errors: object[] = []) => ({
  message: "planned",
  count: accepted,
  accepted,
  rejected: errors.length,
  queue_size: 0,
  errors,
});
const full = { index: 0, code: "QUEUE_FULL", reason: "planned", retryable: true };
const tooLarge = { index: 0, code: "TOO_LARGE", reason: "planned", retryable: false };

/** No answer, busy, full, one log still open: and then all is kept. */
const ROUGH: readonly Planned[] = [
  null,
  { status: 503, body: { detail: "planned", count: 0, queue_size: 0 }, retryAfter: "1" },
  { status: 429, body: taken(0, [full]), retryAfter: "1" },
  { status: 207, body: taken(1, [full]) },
  { status: 200, body: taken(1) },
];

const expectOneBatch = (attempts: readonly Attempt[], count: number): void => {
  expect(attempts).toHaveLength(count);
  expect(new Set(attempts.map(({ key }) => key)).size).toBe(1);
  expect(attempts[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
};

const hasCurl = isOnPath("curl") && isOnPath("bash");
if (!hasCurl) saySkipped("the snippets of curl.md", "no curl or bash on PATH");
const hasPython = isOnPath("python3");
if (!hasPython) saySkipped("the snippets of python.md", "no python3 on PATH");

/** How a page sends a batch: the command, and whether it says that a log was refused for good. */
const CLIENTS = [
  {
    page: "node.md",
    program: process.execPath,
    args: ["demo.mjs"],
    marks: ["from Node"],
    here: true,
  },
  {
    page: "python.md",
    program: "python3",
    args: ["demo.py"],
    marks: ["from Python"],
    here: hasPython,
  },
  {
    page: "curl.md",
    program: "bash",
    args: ["send-logs.sh", "app.jsonl"],
    marks: ['"big":9007199254740993.0', "second line"],
    here: hasCurl,
  },
];
const JSONL =
  '{"service":"curl-demo","big":9007199254740993.0}\n{"service":"curl-demo","m":"second line"}\n';

for (const { page, program, args, marks, here } of CLIENTS) {
  const layOutClient = () => {
    const folder = layOut(page);
    writeFileSync(path.join(folder, "app.jsonl"), JSONL);
    return folder;
  };

  test.skipIf(!here)(`${page}: what it sends is in the stream`, async () => {
    expect(await run(layOutClient(), url, program, ...args)).toMatchObject({ code: 0, stderr: "" });
    for (const mark of marks) expect(await linesOf("logs", mark)).toHaveLength(1);
  });

  test.skipIf(!here)(
    `${page}: no answer, 503, 429 and a partial answer are sent again, under one key, until all is kept`,
    async () => {
      const { url, attempts } = await startPlanned(ROUGH);
      const folder = layOutClient();
      const result = await run(folder, url, program, ...args);
      expect(result.code).toBe(0);
      expectOneBatch(attempts, ROUGH.length);
      if (program === "bash")
        expect(readFileSync(path.join(folder, "waits"), "utf8")).toBe("2\n2\n4\n8\n");
    },
  );

  test.skipIf(!here)(`${page}: what is refused for good is said, and not sent again`, async () => {
    const { url, attempts } = await startPlanned([{ status: 207, body: taken(1, [tooLarge]) }]);
    const result = await run(layOutClient(), url, program, ...args);
    expect(result.stdout + result.stderr).toContain("TOO_LARGE");
    expect(attempts).toHaveLength(1);
  });

  test.skipIf(!here)(`${page}: a refusal of the whole request fails at once`, async () => {
    const { url, attempts } = await startPlanned([
      { status: 401, body: { code: "UNAUTHORIZED", detail: "No token." } },
    ]);
    const result = await run(layOutClient(), url, program, ...args);
    expect(result.code).not.toBe(0);
    expect(result.stdout + result.stderr).toContain("No token.");
    expect(attempts).toHaveLength(1);
  });
}

test.skipIf(!hasCurl)("curl.md: one log, and a compressed file, are in the stream", async () => {
  const folder = layOut("curl.md");
  writeFileSync(path.join(folder, "app.jsonl"), '{"service":"curl-file","n":1}\n');
  const [port] = await freePorts(1);
  const { url } = await startPart("ingest", {
    AWS_ENDPOINT_URL: aws.url,
    INGEST_PORT: String(port),
    SPOOL_DIR: path.join(temporaryFolder(), "spool"),
  });
  for (const script of ["one-log.sh", "file.sh"])
    expect((await run(folder, url, "bash", script)).stdout).toContain('"accepted":1');
  expect(await linesOf("logs", '"message":"one log"')).toHaveLength(1);
  expect(await linesOf("logs", "curl-file")).toEqual(['{"service":"curl-file","n":1}']);
});

const hasShellcheck = isOnPath("shellcheck");
if (!hasShellcheck) saySkipped("shellcheck of curl.md", "no shellcheck on PATH");
test.skipIf(!hasShellcheck)("shellcheck has nothing to say about curl.md", async () => {
  const folder = layOut("curl.md");
  expect(
    await runTool(
      "shellcheck",
      ["--shell=bash", ...readdirSync(folder).filter((name) => name.endsWith(".sh"))],
      { cwd: folder },
    ),
  ).toMatchObject({ code: 0, stdout: "" });
});

test("opentelemetry-sdk.md: what the JavaScript SDK sends is in the streams, under its service", async () => {
  const folder = layOut("opentelemetry-sdk.md");
  const result = await run(folder, url, process.execPath, "otel-logs.mjs");
  expect(result).toMatchObject({ code: 0, stderr: "" });
  const [log = "{}"] = await linesOf("logs", "from the JavaScript SDK");
  expect(JSON.parse(log)).toMatchObject({
    service: "otel-js-demo",
    level: "INFO",
    attributes: { "order.id": 42 },
  });
  expect(await linesOf("metrics", '"orders"')).toHaveLength(1);
  expect(await linesOf("metrics", '"checkout"')).toHaveLength(1);
});

const python = process.env.OTEL_PYTHON ?? "python3";
const hasOtelPython = isOnPath(python, "-c", "import opentelemetry.exporter.otlp.proto.http");
if (!hasOtelPython)
  saySkipped(
    "the Python snippet of opentelemetry-sdk.md",
    "python3 has no opentelemetry-exporter-otlp-proto-http (OTEL_PYTHON names another one)",
  );

test.skipIf(!hasOtelPython)(
  "opentelemetry-sdk.md: what the Python SDK sends is in the stream",
  async () => {
    const result = await run(layOut("opentelemetry-sdk.md"), url, python, "otel_spans.py");
    expect(result.code).toBe(0);
    const [span = "{}"] = await linesOf("metrics", "otel-python-demo");
    expect(JSON.parse(span)).toMatchObject({ attributes: { "order.id": 42 } });
  },
);

const CONFIGURATIONS = [
  ["opentelemetry-collector.md", 1],
  ["fluent-bit.md", 2],
  ["vector.md", 1],
  ["cloudwatch-logs.md", 1],
] as const;

test.each(CONFIGURATIONS)("%s: its configuration is YAML", (page, count) => {
  const snippets = snippetsOf(`docs/producers/${page}`);
  expect(snippets).toHaveLength(count);
  const tags = ["!Sub", "!Ref", "!GetAtt"].map((tag) => ({ tag, resolve: (text: string) => text }));
  for (const { text } of snippets) {
    const document = parseDocument(text, { customTags: tags });
    expect([document.errors, document.warnings]).toEqual([[], []]);
  }
});

type Pipeline = { receivers: string[]; processors: string[]; exporters: string[] };

test("opentelemetry-collector.md: its pipelines use what it defines, and nothing else is defined", () => {
  const [{ text = "" } = {}] = snippetsOf("docs/producers/opentelemetry-collector.md");
  const config = parse(text) as Record<"receivers" | "processors" | "exporters", object> & {
    service: { pipelines: Record<string, Pipeline> };
  };
  const pipelines = Object.values(config.service.pipelines);
  expect(Object.keys(config.service.pipelines)).toEqual(["logs", "metrics", "traces"]);
  for (const kind of ["receivers", "processors", "exporters"] as const) {
    const used = new Set(pipelines.flatMap((pipeline) => pipeline[kind]));
    expect([...used].sort()).toEqual(Object.keys(config[kind]).sort());
  }
});

const collector = process.env.OTELCOL ?? "otelcol";
const hasCollector = isOnPath(collector);
if (!hasCollector)
  saySkipped(
    "the configuration of opentelemetry-collector.md",
    "no otelcol on PATH (OTELCOL names another one)",
  );

test.skipIf(!hasCollector)(
  "opentelemetry-collector.md: a collector takes the configuration, and passes logs on",
  async () => {
    const [grpc, receiver] = await freePorts(2);
    const [{ text = "" } = {}] = snippetsOf("docs/producers/opentelemetry-collector.md");
    const file = path.join(temporaryFolder(), "collector.yaml");
    writeFileSync(
      file,
      text
        .replace("127.0.0.1:4317", `127.0.0.1:${grpc}`)
        .replace("127.0.0.1:4318", `127.0.0.1:${receiver}`)
        .replace("http://127.0.0.1:8004", url)
        .replace(/# With a token: (headers: .*)/, "$1"),
    );
    const env = { ...process.env, INGEST_TOKEN: TOKEN };
    expect(await runTool(collector, ["validate", "--config", file], { env })).toMatchObject({
      code: 0,
    });
    const child = spawn(collector, ["--config", file], { env, stdio: "ignore" });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(async () => {
      child.kill("SIGTERM");
      await exited;
    });
    const body = JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "collected" } }] },
          scopeLogs: [{ logRecords: [{ body: { stringValue: "through the collector" } }] }],
        },
      ],
    });
    await poll("the collector takes a log", async () => {
      const headers = { "content-type": "application/json" };
      return (
        await fetch(`http://127.0.0.1:${receiver}/v1/logs`, { method: "POST", headers, body })
      ).ok;
    });
    const [line = "{}"] = await poll("the log is in the stream", async () => {
      const lines = await linesOf("logs", "through the collector");
      return lines.length > 0 && lines;
    });
    expect(JSON.parse(line)).toMatchObject({ service: "collected" });
  },
);

test("fluent-bit.md and vector.md: lines as their http outputs send them are taken", async () => {
  const lines =
    '{"timestamp":"2025-11-14T01:13:03.5Z","service":"agent","n":1}\n{"service":"agent","n":2}\n';
  for (const page of ["fluent-bit.md", "vector.md"])
    expect(snippetsOf(`docs/producers/${page}`)[0]?.text).toContain(
      "/api/ingest/batch?partial=false\n",
    );
  const answer = await fetch(`${url}/api/ingest/batch?partial=false`, {
    method: "POST",
    headers: {
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      authorization: `Bearer ${TOKEN}`,
    },
    body: gzipSync(lines),
  });
  expect([answer.status, (await linesOf("logs", '"agent"')).join("\n")]).toEqual([
    200,
    lines.trimEnd(),
  ]);
});

test("the index names every page, and every page it names is there", () => {
  const folder = path.join(root, "docs/producers");
  const pages = readdirSync(folder).filter((name) => name !== "README.md");
  const index = readFileSync(path.join(folder, "README.md"), "utf8");
  const named = [...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(pages.sort());
});
