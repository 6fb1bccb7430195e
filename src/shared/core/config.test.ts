import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { ConfigError, configSchema, loadConfig } from "./config.ts";

const root = path.join(import.meta.dirname, "../../..");

test("without any variable the defaults are those of a laptop", () => {
  expect(loadConfig({})).toMatchObject({
    STAGE: "local",
    HOST: "127.0.0.1",
    INGEST_PORT: 8004,
    DASHBOARD_PORT: 8010,
    KINESIS_STREAM_NAME: "stage01-logs-stream",
    TARGET_BUCKET: "md-raw-logs",
    POLL_INTERVAL: 5,
    BATCH_SIZE: 100,
  });
});

test("every bad variable is named with its value and its rule, in one error", () => {
  const load = () =>
    loadConfig({ BATCH_SIZE: "0", TARGET_BUCKET: "No_Bucket", COMPRESSION: "zip" });
  expect(load).toThrow(ConfigError);
  for (const text of ['BATCH_SIZE="0"', 'TARGET_BUCKET="No_Bucket"', 'COMPRESSION="zip"'])
    expect(load).toThrow(text);
});

test("an empty variable counts as unset, and known aliases are understood", () => {
  expect(loadConfig({ BATCH_SIZE: "" }).BATCH_SIZE).toBe(100);
  expect(loadConfig({ STREAM_NAME: "other" }).KINESIS_STREAM_NAME).toBe("other");
  expect(loadConfig({ AWS_DEFAULT_REGION: "eu-west-1" }).AWS_REGION).toBe("eu-west-1");
  expect(loadConfig({ AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "x" }).AWS_REGION).toBe(
    "eu-west-1",
  );
});

test.each(["README.md", "README.vi.md"])("%s has a row for every setting", (file) => {
  const readme = readFileSync(path.join(root, file), "utf8");
  const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
  const missing = Object.keys(configSchema.shape).filter(
    (name) => !rows.some((row) => row.split("|")[1]?.includes(`\`${name}\``)),
  );
  expect(missing).toEqual([]);
});

test("metrics and APM cannot share the stream of the logs, where they could not be told apart", () => {
  expect(() => loadConfig({ KINESIS_STREAM_NAME: "one", METRICS_STREAM_NAME: "one" })).toThrow(
    "KINESIS_STREAM_NAME and METRICS_STREAM_NAME are the same",
  );
});
