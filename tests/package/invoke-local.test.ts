import path from "node:path";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import { runTool, type ToolResult } from "../support/tools.ts";
import { startAws } from "./support/bundles.ts";
import { awayFromAws } from "./support/package-stages.ts";
import { test } from "./support/packages.ts";

const root = path.resolve(import.meta.dirname, "../..");

const invoke = (url: string, name: string, event: string, ...more: string[]): Promise<ToolResult> =>
  runTool(
    process.execPath,
    ["scripts/sls.mjs", "invoke", "local", "-f", name, "-p", `events/${event}.json`, ...more],
    { cwd: root, env: { ...awayFromAws(), AWS_ENDPOINT_URL: url }, deadlineMs: 90_000 },
  );

test("sls invoke local runs every function against the local AWS, and ends", async ({
  packages,
}) => {
  // Not while packages are made: two cores, and these are the slowest commands here.
  await packages.folderOf("prod");
  const aws = await startAws();
  const [ingest, consumer] = await Promise.all([
    invoke(aws.url, "ingest", "ingest-batch"),
    invoke(aws.url, "consumer", "kinesis-logs"),
  ]);
  expect(ingest).toMatchObject({ code: 0, stdout: expect.stringContaining("2 of 2 logs") });
  expect(consumer).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"batchItemFailures": []'),
  });
  // The figures that CloudWatch makes metrics of.
  expect(consumer.stdout).toContain('"Records":5,"Lines":6');
  const [metrics, dashboard, failing] = await Promise.all([
    invoke(aws.url, "consumerMetrics", "kinesis-metrics"),
    invoke(aws.url, "dashboard", "dashboard-summary"),
    invoke(aws.url, "consumer", "kinesis-logs", "-e", "COMPRESSION=nonsense"),
  ]);
  expect(metrics).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"batchItemFailures": []'),
  });
  expect(dashboard).toMatchObject({ code: 0, stdout: expect.stringContaining("active_streams") });
  // A handler that cannot load would keep the bare command running for ever.
  expect(failing.code).toBe(1);
  expect(failing.stdout + failing.stderr).toContain("COMPRESSION");

  const counts = await Promise.all(
    ["md-raw-logs", "md-raw-metrics", "md-raw-apm"].map(async (Bucket) => {
      const { Contents = [] } = await aws.s3.send(new ListObjectsV2Command({ Bucket }));
      return Contents.length;
    }),
  );
  expect(counts).toEqual([6, 2, 2]);
});
