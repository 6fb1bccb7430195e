import http from "node:http";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { GetPublicAccessBlockCommand, ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { createKinesisClient, createS3Client } from "../../src/shared/aws/clients.ts";
import { linesOf, waitForLines } from "../support/pipeline.ts";
import { runTool, saySkipped, type ToolResult } from "../support/tools.ts";
import { installMinistack, startMinistack } from "./ministack.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
/** The deploy tools are installed by the first command that needs them. */
const SLS_DEADLINE_MS = 600_000;
const TEST_DEADLINE_MS = 900_000;
const BUCKET = "md-raw-logs";

const startedAt = Date.now();
/** The run's own log: a line a step, to be kept with a release. */
const say = (text: string): void => {
  process.stdout.write(`deploy ${((Date.now() - startedAt) / 1000).toFixed(1)} s: ${text}\n`);
};

const runSls = async (endpoint: string, ...args: string[]): Promise<ToolResult> => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_"));
  const run = await runTool(process.execPath, ["scripts/sls.mjs", ...args, "--stage", "local"], {
    cwd: root,
    deadlineMs: SLS_DEADLINE_MS,
    env: {
      ...Object.fromEntries(own),
      // Keys that no account knows: whatever went wrong, nothing of a person's would be touched.
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: endpoint,
    },
  });
  if (run.code !== 0) throw new Error(`sls ${args.join(" ")} failed:\n${run.stdout}${run.stderr}`);
  return run;
};

type Answer = { status: number; type: string; body: string };

/** Calls a function URL: its real host name, at the emulator's address. */
const callFunctionUrl = (
  endpoint: string,
  functionUrl: string,
  {
    path: urlPath,
    body,
    headers = {},
  }: { path: string; body?: Uint8Array | string; headers?: Record<string, string> },
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = http.request(
      `${endpoint}${urlPath}`,
      {
        method: body === undefined ? "GET" : "POST",
        headers: { ...headers, host: new URL(functionUrl).host },
        timeout: 60_000,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: String(response.headers["content-type"]),
            body: text,
          }),
        );
      },
    );
    request.on("timeout", () => request.destroy(new Error("The function did not answer.")));
    request.on("error", reject);
    request.end(body);
  });

const urlOf = (output: string, name: string): string => {
  const url = new RegExp(`${name}: (https://\\S+)`).exec(output)?.[1];
  if (url === undefined) throw new Error(`No function URL of ${name} in:\n${output}`);
  return url;
};

/** Logs whose bytes any detour through a JSON parser would change. */
const logsOf = (service: string, count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) =>
      `{"timestamp":"2026-03-0${1 + (index % 5)}T0${index % 7}:30:00Z","service":"${service}","id":${9_007_199_254_740_993n + BigInt(index)},"ratio":1.10,"b":"\\u00e9t\\u00e9","a":"Xin chào ☕ ${index}"}`,
  );

test(
  "sls deploy to an emulator that is not ours: logs in over the function URL, exact lines in S3, the page opens, sls remove leaves nothing",
  async ({ skip }) => {
    const installed = await installMinistack();
    if (!installed.ok) {
      if (process.env.REQUIRE_DEPLOY) throw new Error(installed.reason);
      saySkipped("the real deploy", installed.reason);
      return skip(installed.reason);
    }
    const ministack = await startMinistack(installed.program);
    onTestFinished(() => ministack.stop());
    say(`MiniStack answers at ${ministack.url}`);

    const deployed = await runSls(ministack.url, "deploy");
    say(/✔.*/.exec(deployed.stdout + deployed.stderr)?.[0] ?? "deployed");
    const ingestUrl = urlOf(deployed.stdout + deployed.stderr, "ingest");
    const dashboardUrl = urlOf(deployed.stdout + deployed.stderr, "dashboard");

    const plain = logsOf("checkout", 40);
    const zipped = logsOf("a b/ü", 60);
    const posts = [
      { body: `{"logs":[${plain.join(",")}]}`, headers: { "content-type": "application/json" } },
      {
        body: gzipSync(zipped.join("\n")),
        headers: { "content-type": "application/x-ndjson", "content-encoding": "gzip" },
      },
    ];
    for (const post of posts) {
      const answer = await callFunctionUrl(ministack.url, ingestUrl, {
        path: "/api/ingest/batch",
        ...post,
      });
      say(`POST /api/ingest/batch: ${answer.status} ${answer.body}`);
      expect(answer.status).toBe(200);
    }

    const clientOptions = { region: "us-east-1", endpoint: ministack.url };
    const s3 = createS3Client(clientOptions);
    const kinesis = createKinesisClient(clientOptions);
    onTestFinished(() => {
      s3.destroy();
      kinesis.destroy();
    });
    const sent = [...plain, ...zipped].map((line) => Buffer.from(line).toString("latin1"));
    const objects = await waitForLines(s3, BUCKET, sent.length, 60_000);
    expect(linesOf(objects)).toEqual(sent.sort());
    for (const key of objects.keys())
      expect(key).toMatch(
        /^service=(checkout|a%20b%2F%C3%BC)\/year=2026\/month=03\/day=0[1-5]\/hour=0[0-6]\/part-[0-9a-f-]{36}\.jsonl$/,
      );
    say(`${sent.length} exact lines in ${objects.size} objects of s3://${BUCKET}`);

    const access = await s3.send(new GetPublicAccessBlockCommand({ Bucket: BUCKET }));
    expect(Object.values(access.PublicAccessBlockConfiguration ?? {})).toEqual([
      true,
      true,
      true,
      true,
    ]);

    const page = await callFunctionUrl(ministack.url, dashboardUrl, { path: "/" });
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining("text/html") });
    const linked = [...page.body.matchAll(/(?:href|src)="(\/[^"]+\.(?:css|js))"/g)];
    for (const [, asset] of linked) {
      const answer = await callFunctionUrl(ministack.url, dashboardUrl, { path: String(asset) });
      expect([asset, answer.status]).toEqual([asset, 200]);
    }
    const summary = await callFunctionUrl(ministack.url, dashboardUrl, {
      path: "/api/stats/summary",
    });
    expect(JSON.parse(summary.body)).toMatchObject({
      kinesis: { total_streams: 2, active_streams: 2 },
      s3: { total_objects: objects.size },
    });
    say(`dashboard: page of ${page.body.length} bytes, ${linked.length} assets, summary agrees`);

    await runSls(ministack.url, "remove");
    expect((await kinesis.send(new ListStreamsCommand({}))).StreamNames).toEqual([]);
    expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    const gone = await callFunctionUrl(ministack.url, ingestUrl, { path: "/api/metrics" });
    expect(gone.status).toBeGreaterThanOrEqual(400);
    say("sls remove: no stream, no bucket and no function is left");
  },
  TEST_DEADLINE_MS,
);
