import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/emulators/server.ts";
import { type PartProcess, runOnce, startPart } from "../support/part-process.ts";
import { temporaryFolder } from "../support/pipeline.ts";
import { poll } from "../support/poll.ts";
import { freePorts } from "../support/ports.ts";

const directory = mkdtempSync(path.join(tmpdir(), "side-effects-"));
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws({ directory, port: 0 });
  await runOnce("setup", { AWS_ENDPOINT_URL: aws.url });
});

afterAll(async () => {
  await aws.close();
  rmSync(directory, { recursive: true, force: true });
});

const startIngest = async (env: NodeJS.ProcessEnv): Promise<PartProcess> => {
  const [port] = await freePorts(1);
  return await startPart("ingest", {
    AWS_ENDPOINT_URL: aws.url,
    INGEST_PORT: String(port),
    SPOOL_DIR: path.join(temporaryFolder(), "spool"),
    ...env,
  });
};

const post = (url: string, body: string): Promise<Response> =>
  fetch(`${url}/api/ingest/batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });

type Stats = {
  written_logs?: number;
  log_files?: { dropped_logs: number } | null;
  consolidation?: { forwarded_logs: number } | null;
};

const getJson = async (url: string): Promise<Stats> => (await (await fetch(url)).json()) as Stats;

/** A consolidation that answers as told; `undefined` is never. */
const startConsolidation = async (status: () => number | undefined) => {
  const bodies: { batch_id: string; logs: { log_type: string; data: unknown }[] }[] = [];
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    bodies.push(JSON.parse(text));
    const code = status();
    if (code === undefined) return;
    response.writeHead(code, { "content-type": "application/json" });
    response.end('{"batch_id":"b","processed_count":1,"log_records":[],"errors":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, bodies };
};

const LOGS = [
  '{"timestamp":"2025-11-14T01:13:03.682499","log_type":"api_gateway_log","data":{"service":"pay","anomaly_score":5.2}}',
  '{"timestamp":"2025-11-14T01:13:04","log_type":"payment","data":{"service":"pay","anomaly_score":91,"n":9007199254740993}}',
  '{"service":"cart","message":"flat \\u00e4"}',
];

test("accepted logs are also in local files, and /api/logs/stats counts them by category", async () => {
  const folder = path.join(temporaryFolder(), "logs");
  const ingest = await startIngest({ LOG_DIR: folder });
  const answer = await post(
    ingest.url,
    `{"logs":[${LOGS},7],"metadata":{"source":"log-synthesis"}}`,
  );
  expect(answer.status).toBe(207);
  const stats = await poll("three lines are written", async () => {
    const found = await getJson(`${ingest.url}/api/logs/stats`);
    return found.written_logs === 3 && found;
  });
  expect(stats).toMatchObject({
    enabled: true,
    log_dir: folder,
    total_files: 3,
    dropped_logs: 0,
    categories: { application: { files: 2 }, anomaly: { files: 1 } },
  });
  const [payment = ""] = readdirSync(path.join(folder, "anomaly"));
  expect(payment).toMatch(/^payment_\d{8}\.log$/);
  expect(readFileSync(path.join(folder, "anomaly", payment), "utf8")).toBe(`${LOGS[1]}\n`);
  const families = await (await fetch(`${ingest.url}/metrics`)).text();
  expect(families).toContain("ingest_log_files_written_logs_total 3");

  // What waits for its turn is written when the process ends.
  await post(ingest.url, LOGS[0] ?? "");
  expect(await ingest.kill("SIGTERM")).toBe(0);
  const [gateway = ""] = readdirSync(path.join(folder, "application")).filter((name) =>
    name.startsWith("api_gateway_2"),
  );
  expect(readFileSync(path.join(folder, "application", gateway), "utf8")).toBe(
    `${LOGS[0]}\n${LOGS[0]}\n`,
  );
});

test("without LOG_DIR nothing is written, and the stats say so", async () => {
  const ingest = await startIngest({});
  expect((await post(ingest.url, LOGS[0] ?? "")).status).toBe(200);
  expect(await getJson(`${ingest.url}/api/logs/stats`)).toMatchObject({
    enabled: false,
    total_files: 0,
  });
  expect(await getJson(`${ingest.url}/api/metrics`)).toMatchObject({
    log_files: null,
    consolidation: null,
  });
});

test("a LOG_DIR that cannot be written costs local lines and no log", async () => {
  const file = path.join(temporaryFolder(), "in-the-way");
  writeFileSync(file, "");
  const ingest = await startIngest({ LOG_DIR: path.join(file, "logs") });
  for (let n = 0; n < 3; n += 1) expect((await post(ingest.url, LOGS[0] ?? "")).status).toBe(200);
  const { log_files } = await poll("the lines are counted as dropped", async () => {
    const metrics = await getJson(`${ingest.url}/api/metrics`);
    return metrics.log_files?.dropped_logs === 3 && metrics;
  });
  expect(log_files).toMatchObject({ written_logs: 0, failure: expect.stringContaining("ENOTDIR") });
  expect(ingest.output().match(/Local log files cannot be written/g)).toHaveLength(1);
  expect((await fetch(`${ingest.url}/health`)).status).toBe(200);
  expect(existsSync(file)).toBe(true);
});

test("accepted logs are forwarded to the consolidation", async () => {
  const consolidation = await startConsolidation(() => 200);
  const ingest = await startIngest({ CONSOLIDATION_URL: consolidation.url });
  expect((await post(ingest.url, `[${LOGS}]`)).status).toBe(200);
  await poll("all are forwarded", async () => {
    const { consolidation: stats } = await getJson(`${ingest.url}/api/metrics`);
    return stats?.forwarded_logs === 3;
  });
  const logs = consolidation.bodies.flatMap((body) => body.logs);
  expect(logs.map(({ log_type }) => log_type)).toEqual(["api_gateway_log", "payment", "unknown"]);
  expect(logs[2]?.data).toEqual({ service: "cart", message: "flat ä" });
});

test("a consolidation that never answers delays no answer and fails no log", async () => {
  const consolidation = await startConsolidation(() => undefined);
  const ingest = await startIngest({ CONSOLIDATION_URL: consolidation.url });
  await post(ingest.url, `[${LOGS}]`);
  await poll("the consolidation holds a batch", () => consolidation.bodies.length > 0);
  for (let n = 0; n < 20; n += 1) expect((await post(ingest.url, `[${LOGS}]`)).status).toBe(200);
  const metrics = await getJson(`${ingest.url}/api/metrics`);
  expect(metrics).toMatchObject({
    totals: { accepted: 63 },
    consolidation: { forwarded_logs: 0, queued_logs: 63 },
  });
  expect(consolidation.bodies).toHaveLength(1);
  expect(await ingest.kill("SIGTERM")).toBe(0);
});
