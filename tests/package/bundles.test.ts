import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect, vi } from "vitest";
import { createCodec } from "../../src/shared/aws/codec.ts";
import { createConsumer } from "../../src/shared/core/consume.ts";
import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import type { PartObject } from "../../src/shared/core/ports.ts";
import {
  type HttpAnswer,
  loadHandler,
  readEvent,
  sizesIn,
  startAws,
  unpack,
} from "./support/bundles.ts";
import { test } from "./support/packages.ts";
import { startRecordingProxy } from "./support/recording-proxy.ts";

const KB = 1024;
/** Of the dashboard's, some 550 are the viewer of its API's documentation, loaded by /docs alone. */
const BUDGETS = { ingest: 900, consumer: 500, consumerMetrics: 500, dashboard: 1_500 } as const;
const HANDLERS = {
  ingest: "ingest",
  consumer: "consumer",
  consumerMetrics: "consumer",
  dashboard: "dashboard",
} as const;
const LOADS = 3;
const UI = ".build/ui/";

/** Without scripts of earlier builds, which lie beside the newest until somebody clears them away. */
const kilobytesOf = (zip: string, bundle: string): number => {
  const manifest = path.join(bundle, UI, "manifest.json");
  const listed = existsSync(manifest) ? readFileSync(manifest, "utf8") : "";
  const isShipped = (name: string) =>
    !name.startsWith(UI) || name.endsWith(".json") || listed.includes(name.slice(UI.length));
  const bytes = sizesIn(zip).map((file) => (isShipped(file.name) ? file.bytes : 0));
  return bytes.reduce((total, size) => total + size, 0) / KB;
};

test("every bundle keeps to its size, and loads in a time that is printed", async ({
  packages,
}) => {
  const folder = await packages.folderOf("prod");
  for (const name of Object.keys(BUDGETS) as (keyof typeof BUDGETS)[]) {
    const zip = path.join(folder, `${name}.zip`);
    const load = `const start = performance.now(); require("./src/handlers/${HANDLERS[name]}.js"); console.log(performance.now() - start)`;
    const bundle = unpack(zip);
    const kilobytes = kilobytesOf(zip, bundle);
    const times = Array.from({ length: LOADS }, () =>
      Number(
        spawnSync(process.execPath, ["-e", load], {
          cwd: bundle,
          env: { PATH: process.env.PATH, AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
          encoding: "utf8",
        }).stdout,
      ),
    ).sort((a, b) => a - b);
    console.info(
      `${name}: zip ${kilobytes.toFixed(0)} KB of ${BUDGETS[name]}, module load ${times[1]?.toFixed(0)} ms (median of ${LOADS})`,
    );
    expect(times[1], name).toBeGreaterThan(0);
    expect(kilobytes, name).toBeLessThanOrEqual(BUDGETS[name]);
  }
});

test.for([
  ["consumer", "kinesis-logs", "md-raw-logs", "none"],
  ["consumer", "kinesis-logs", "md-raw-logs", "gzip"],
  ["consumerMetrics", "kinesis-metrics", "md-raw-metrics", "none"],
] as const)(
  "the bundled %s stores %s in %s (%s) byte for byte as its source does, and APM in its own bucket",
  async ([functionName, name, bucket, compression], { packages }) => {
    const event = readEvent(name);
    const wanted = new Map<string, PartObject>();
    const sinkOf = (itsBucket: string) => ({
      putPart: async (part: PartObject) => {
        wanted.set(`${itsBucket}/${part.key}`, part);
      },
    });
    const consume = createConsumer(
      {
        sink: sinkOf(bucket),
        apm: {
          stream: "stage01-metrics-stream",
          sink: sinkOf("md-raw-apm"),
          bucket: "md-raw-apm",
        },
        codec: createCodec(),
        log: silentLogger,
      },
      { compression, maxFutureSkewMs: 24 * 3_600_000, bucket },
    );
    const { response } = await consume(event as unknown as KinesisEvent);

    const aws = await startAws();
    const bundle = unpack(path.join(await packages.folderOf("local"), `${functionName}.zip`));
    const handler = loadHandler(bundle, "consumer", {
      AWS_ENDPOINT_URL: aws.url,
      TARGET_BUCKET: bucket,
      COMPRESSION: compression,
      LOG_LEVEL: "error",
    });
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const answer = await handler(event);
    const written = stdout.mock.calls.map(([text]) => String(text));
    stdout.mockRestore();
    expect(answer).toEqual(response);
    // The figures that CloudWatch makes metrics of, one line each batch.
    expect(written).toEqual([expect.stringMatching(/^\{"_aws":\{.*\}\n$/)]);

    const stored: string[] = [];
    for (const Bucket of ["md-raw-logs", "md-raw-metrics", "md-raw-apm"]) {
      const { Contents = [] } = await aws.s3.send(new ListObjectsV2Command({ Bucket }));
      stored.push(...Contents.map(({ Key }) => `${Bucket}/${Key}`));
    }
    expect(stored.sort()).toEqual([...wanted.keys()].sort());
    for (const [place, part] of wanted) {
      const [Bucket, Key] = [place.slice(0, place.indexOf("/")), part.key];
      const object = await aws.s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(Buffer.from((await object.Body?.transformToByteArray()) ?? []), place).toEqual(
        Buffer.from(part.body),
      );
      expect(object.ContentType).toBe(part.contentType);
      expect(object.Metadata).toEqual(part.metadata);
    }
  },
);

const SIGNED = { iam: { accessKey: "ASIAEXAMPLE", accountId: "123456789012" } };
const TOKEN = "a-token-that-is-long-enough";

/** The event with an authorizer, as AWS adds it after it has checked a signature. */
const signed = (event: Record<string, unknown>): Record<string, unknown> => ({
  ...event,
  requestContext: { ...(event.requestContext as object), authorizer: SIGNED },
});

const withHeader = (event: Record<string, unknown>, authorization: string) => ({
  ...event,
  headers: { ...(event.headers as object), authorization },
});

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test.for([
  ["ingest", "ingest-batch"],
  ["dashboard", "dashboard-summary"],
] as const)(
  "%s behind a door left open answers nobody, and touches nothing",
  async ([name, eventName], { packages }) => {
    const aws = await startAws();
    const proxy = await startRecordingProxy(aws.url);
    const bundle = unpack(path.join(await packages.folderOf("prod"), `${name}.zip`));
    const env = { AWS_ENDPOINT_URL: proxy.url, STAGE: "prod", LOG_LEVEL: "error" };
    const event = readEvent(eventName);

    // Neither does it where AUTH was forgotten.
    for (const AUTH of ["aws_iam", ""]) {
      const handler = loadHandler(bundle, name, { ...env, AUTH });
      const forged = withHeader(event, "AWS4-HMAC-SHA256 Credential=forged");
      for (const attempt of [event, forged, withHeader(event, "Bearer undefined")])
        expect(await handler(attempt)).toMatchObject({ statusCode: 403 });
    }
    expect(proxy.calls).toEqual([]);

    const handler = loadHandler(bundle, name, { ...env, AUTH: "aws_iam" });
    expect(await handler(signed(event))).toMatchObject({ statusCode: 200 });
    await proxy.close();
  },
);

test.for([
  ["ingest", "ingest-batch"],
  ["dashboard", "dashboard-summary"],
] as const)(
  "%s that asks for a token answers only who has it",
  async ([name, eventName], { packages }) => {
    const aws = await startAws();
    const proxy = await startRecordingProxy(aws.url, {
      "ssm:GetParameter": ({ Name }) =>
        Name === "/prod/token" ? { Parameter: { Name, Value: TOKEN } } : undefined,
    });
    const bundle = unpack(path.join(await packages.folderOf("prod"), `${name}.zip`));
    const env = {
      AWS_ENDPOINT_URL: proxy.url,
      STAGE: "prod",
      AUTH: "token",
      TOKEN_PARAMETER: "/prod/token",
      LOG_LEVEL: "error",
    };
    const event = readEvent(eventName);
    const handler = loadHandler(bundle, name, env);
    const statusOf = async (attempt: Record<string, unknown>) =>
      ((await handler(attempt)) as HttpAnswer).statusCode;

    const refused = (await handler(event)) as HttpAnswer;
    expect(refused.statusCode).toBe(401);
    // What a browser needs to ask for the token.
    expect(refused.headers["www-authenticate"]).toContain("Basic");
    expect(await statusOf(signed(event))).toBe(401);
    for (const wrong of ["Bearer ", "Bearer wrong", `Bearer ${TOKEN}x`, TOKEN, basic("me:wrong")])
      expect(await statusOf(withHeader(event, wrong)), wrong).not.toBe(200);
    expect(proxy.calls.map(({ action }) => action)).toEqual(["ssm:GetParameter"]);
    expect(await statusOf(withHeader(event, `Bearer ${TOKEN}`))).toBe(200);
    expect(await statusOf(withHeader(event, basic(`me:${TOKEN}`)))).toBe(200);

    await proxy.close();
  },
);

test("a function that is told to be open does not load on AWS", async ({ packages }) => {
  for (const name of ["ingest", "dashboard"]) {
    const bundle = unpack(path.join(await packages.folderOf("prod"), `${name}.zip`));
    const load = () => loadHandler(bundle, name, { AUTH: "none", AWS_ENDPOINT_URL: "" });
    expect(load).toThrow(/AUTH=none would let anybody in/);
  }
});
