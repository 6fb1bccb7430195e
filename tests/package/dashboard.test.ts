import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { HOSTILE_KEYS } from "../../src/local/demo-data/hostile.ts";
import { startAws, unpack } from "./support/bundles.ts";
import { loadDashboard } from "./support/lambda-http.ts";
import { test } from "./support/packages.ts";
import { startRecordingProxy } from "./support/recording-proxy.ts";

const OPEN = { AUTH: "none", STAGE: "local" };
const GZIP = { "accept-encoding": "gzip, deflate, br, zstd" };

type Manifest = {
  entries: Record<string, string>;
  files: { name: string; path: string; contentType: string }[];
};

const manifestOf = (bundle: string): Manifest =>
  JSON.parse(readFileSync(path.join(bundle, ".build/ui/manifest.json"), "utf8"));

test.for(["buffered", "streaming"] as const)(
  "every answer arrives as it is, compressed or not, %s",
  async (mode, { packages }) => {
    const aws = await startAws();
    const bundle = unpack(path.join(await packages.folderOf("local"), "dashboard.zip"));
    const ask = loadDashboard(bundle, mode, { ...OPEN, AWS_ENDPOINT_URL: aws.url });

    const { files } = manifestOf(bundle);
    expect(files.length).toBeGreaterThan(3);
    for (const { name, path: assetPath, contentType } of files) {
      const wanted = readFileSync(path.join(bundle, ".build/ui", name));
      for (const headers of [{}, GZIP]) {
        const answer = await ask(assetPath, { headers });
        expect(answer).toMatchObject({ status: 200, headers: { "content-type": contentType } });
        expect(answer.headers["content-encoding"]).toBe(headers === GZIP ? "gzip" : undefined);
        expect(answer.body.equals(wanted), name).toBe(true);
      }
    }
    for (const page of ["/", "/docs", "/alerts"]) {
      const answer = await ask(page, { headers: GZIP });
      expect(answer).toMatchObject({ status: 200, headers: { "content-encoding": "gzip" } });
      expect(answer.body.toString()).toMatch(/^<!DOCTYPE html>[\s\S]*<\/html>$/i);
    }
    const [plain, packed] = [
      await ask("/openapi.json"),
      await ask("/openapi.json", { headers: GZIP }),
    ];
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.body.equals(plain.body)).toBe(true);

    // Bytes that are no text of any kind.
    const stored = gzipSync(`{"message":"ünïcode ✓"}\n`);
    await aws.s3.send(
      new PutObjectCommand({ Bucket: "md-raw-logs", Key: "a.jsonl.gz", Body: stored }),
    );
    for (const headers of [{}, GZIP]) {
      const raw = await ask("/api/s3/object/md-raw-logs/_?key=a.jsonl.gz&view=raw", { headers });
      expect(raw.status).toBe(200);
      expect(raw.body.equals(stored)).toBe(true);
    }
  },
);

test("scripts, documentation and every other file are behind the lock, too", async ({
  packages,
}) => {
  const aws = await startAws();
  const proxy = await startRecordingProxy(aws.url, {
    "ssm:GetParameter": ({ Name }) => ({ Parameter: { Name, Value: "a-token-that-is-long" } }),
  });
  const bundle = unpack(path.join(await packages.folderOf("prod"), "dashboard.zip"));
  const env = { STAGE: "prod", AWS_ENDPOINT_URL: proxy.url };
  const paths = ["/", "/docs", "/openapi.json", "/api/history", "/alerts", "/assets/ui/none.js"];
  paths.push(...Object.values(manifestOf(bundle).entries));

  const signedOnly = loadDashboard(bundle, "streaming", { ...env, AUTH: "aws_iam" });
  for (const one of paths) expect((await signedOnly(one)).status, one).toBe(403);

  const token = { ...env, AUTH: "token", TOKEN_PARAMETER: "/prod/token" };
  const withToken = loadDashboard(bundle, "buffered", token);
  for (const one of paths) expect((await withToken(one)).status, one).toBe(401);
  const headers = { authorization: "Bearer a-token-that-is-long" };
  for (const one of ["/docs", ...Object.values(manifestOf(bundle).entries)])
    expect((await withToken(one, { headers })).status, one).toBe(200);
  await proxy.close();
});

/** What is found where a key is decoded once too often, cut or tidied on the way. */
const DECOYS = [
  "a b+c%#",
  "a b c%#?.jsonl",
  "a/b",
  "b",
  "lead",
  "x/y",
  "100",
  "etc",
  "../../etc",
  "_",
];
const PART =
  "service=a/year=2025/month=11/day=14/hour=01/part-0b1c9e6d-1a4f-578c-8b0d-8f5a1e3b4200.jsonl";
const HTTP_API = "abcdefghij.execute-api.us-east-1.amazonaws.com";

test("the exact object of a hostile key, or none: in a path and in the query, through either door", async ({
  packages,
}) => {
  const aws = await startAws();
  const bundle = unpack(path.join(await packages.folderOf("local"), "dashboard.zip"));
  const ask = loadDashboard(bundle, "buffered", { ...OPEN, AWS_ENDPOINT_URL: aws.url });
  for (const Key of [...HOSTILE_KEYS, ...DECOYS, PART]) {
    const Body = `${JSON.stringify({ stored_as: Key })}\n`;
    await aws.s3.send(new PutObjectCommand({ Bucket: "md-raw-logs", Key, Body }));
  }
  const object = "/api/s3/object/md-raw-logs/";
  const exact = (key: string) => ({ key, logs: [{ stored_as: key }] });
  /** What an HTTP API makes of a path: decoded, and cut at a question mark. */
  const throughHttpApi = (sent: string) => decodeURIComponent(sent).split("?")[0] ?? "";

  for (const key of HOSTILE_KEYS) {
    const forms = [encodeURIComponent(key), key.split("/").map(encodeURIComponent).join("/")];
    for (const form of forms) {
      const answer = await ask(object + form);
      expect(answer.status, form).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject(exact(key));
      const cut = await ask(object + throughHttpApi(form).replaceAll("?", "%3F"), {
        domainName: HTTP_API,
      });
      expect(cut.status, form).toBe(400);
      expect(cut.body.toString()).toContain("?key=");
    }
    for (const domainName of [undefined, HTTP_API]) {
      const options = domainName === undefined ? {} : { domainName };
      const query = `key=${encodeURIComponent(key)}`;
      const answer = await ask(`${object}_?${query}`, options);
      expect(answer.status, key).toBe(200);
      expect(JSON.parse(answer.body.toString())).toMatchObject(exact(key));
      const raw = await ask(`${object}_?${query}&view=raw`, options);
      expect(raw.body.toString()).toBe(`${JSON.stringify({ stored_as: key })}\n`);
    }
  }
  for (const domainName of [HTTP_API, "abc.lambda-url.us-east-1.on.aws"])
    expect(JSON.parse((await ask(object + PART, { domainName })).body.toString())).toMatchObject(
      exact(PART),
    );
});

type MetricQuery = { Id: string; MetricStat: { Metric: { MetricName: string } } };

test("on AWS the history and the alerts are CloudWatch's, and what it cannot tell says why", async ({
  packages,
}) => {
  const aws = await startAws();
  const minute = Math.floor(Date.now() / 60_000) * 60 - 10 * 60;
  const proxy = await startRecordingProxy(aws.url, {
    "cloudwatch:GetMetricData": ({ MetricDataQueries }) => ({
      MetricDataResults: (MetricDataQueries as MetricQuery[]).map(({ Id, MetricStat }) => {
        const isKnown = MetricStat.Metric.MetricName === "Lines";
        const Timestamps = isKnown ? [minute] : [];
        return { Id, Timestamps, Values: Timestamps.map(() => 21), StatusCode: "Complete" };
      }),
    }),
  });
  const bundle = unpack(path.join(await packages.folderOf("local"), "dashboard.zip"));
  const env = { ...OPEN, AWS_ENDPOINT_URL: proxy.url, CONSUMER_FIGURES: "cloudwatch" };
  const ask = loadDashboard(bundle, "buffered", env);
  const json = async (where: string) => JSON.parse((await ask(where)).body.toString());

  const history = await json("/api/history?minutes=60&step=10");
  expect(history).toMatchObject({ source: "cloudwatch", step_seconds: 60, reason: null });
  const landed = history.points.filter((point: { landed: number | null }) => point.landed !== null);
  expect(landed).toMatchObject([
    { at: new Date(minute * 1000).toISOString(), landed: 42, accepted: null },
  ]);

  const { alerts, is_watched } = await json("/api/alerts");
  expect(is_watched).toBe(false);
  expect(alerts.map(({ rule }: { rule: string }) => rule)).toContain("throttles");
  for (const { state, detail } of alerts)
    if (state === "unknown") expect(detail).toMatch(/\w+ .*\.$/);
  await proxy.close();
});
