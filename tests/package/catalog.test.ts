import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect } from "vitest";
import { createCodec } from "../../src/shared/aws/codec.ts";
import { createConsumer } from "../../src/shared/core/consume.ts";
import { shardStateKey } from "../../src/shared/core/consumer-state.ts";
import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";
import { silentLogger } from "../../src/shared/core/logger.ts";
import type { PartObject } from "../../src/shared/core/ports.ts";
import { test } from "./support/packages.ts";
import { createEvaluator, resource, type Template } from "./support/template.ts";

const eventsFolder = path.resolve(import.meta.dirname, "../../events");

/** The keys that the consumer writes for a sample event, of all buckets or into that of APM. */
const keysOf = async (
  name: string,
  compression: "none" | "gzip",
  bucket: "all" | "main" | "apm" = "all",
): Promise<string[]> => {
  const keys: string[] = [];
  const sinkOf = (itsBucket: string) => ({
    putPart: async ({ key }: PartObject) => {
      if (bucket === "all" || bucket === itsBucket) keys.push(key);
    },
  });
  const consume = createConsumer(
    {
      sink: sinkOf("main"),
      apm: { stream: "stage01-metrics-stream", sink: sinkOf("apm"), bucket: "apm" },
      codec: createCodec(),
      log: silentLogger,
    },
    { compression, maxFutureSkewMs: 86_400_000, bucket: "any" },
  );
  const text = readFileSync(path.join(eventsFolder, `${name}.json`), "utf8");
  await consume(JSON.parse(text) as KinesisEvent);
  return keys;
};

/** What Athena computes: the prefix of the one partition a key can be in, or undefined. */
const partitionPrefixOf = (
  template: Template,
  tableId: string,
  key: string,
): string | undefined => {
  const { Parameters, PartitionKeys } = resource(template, tableId).Properties.TableInput;
  const columns = (PartitionKeys as { Name: string }[]).map(({ Name }) => Name);
  const location = String(
    createEvaluator(template)(Parameters["storage.location.template"]),
  ).replace(/^s3:\/\/[^/]+\//, "");
  const pattern = columns.reduce(
    (text, name) => text.replace(`\${${name}}`, `(?<${name}>[^/]+)`),
    location,
  );
  const values = new RegExp(`^${pattern}[^/]+$`).exec(key)?.groups;
  if (values === undefined) return undefined;
  for (const name of columns) {
    const type = Parameters[`projection.${name}.type`];
    const value = values[name] ?? "";
    // An injected value is taken from the query as it is.
    if (type === "injected") continue;
    if (type !== "integer") return undefined;
    const [min, max] = Parameters[`projection.${name}.range`].split(",").map(Number);
    const number = Number(value);
    const digits = Number(Parameters[`projection.${name}.digits`]);
    if (number < min || number > max || String(number).padStart(digits, "0") !== value)
      return undefined;
  }
  return columns.reduce((text, name) => text.replace(`\${${name}}`, values[name] ?? ""), location);
};

describe.each(["none", "gzip"] as const)("compression %s", (compression) => {
  test.for([
    ["kinesis-logs", "LogsTable", "main", 5],
    ["kinesis-metrics", "MetricsTable", "main", 2],
    ["kinesis-metrics", "ApmTable", "apm", 2],
  ] as const)(
    "each object of %s is in a partition that %s projects",
    async ([event, table, bucket, count], { packages }) => {
      const template = await packages.templateOf("prod");
      const written = await keysOf(event, compression, bucket);
      const keys = written.filter((key) => !key.startsWith("_"));
      expect(keys).toHaveLength(count);
      for (const key of keys) {
        const prefix = partitionPrefixOf(template, table, key);
        expect(prefix, key).toBeDefined();
        expect(key.slice(prefix?.length)).toMatch(
          compression === "gzip"
            ? /^part-[0-9a-f-]{36}\.jsonl\.gz$/
            : /^part-[0-9a-f-]{36}\.jsonl$/,
        );
      }
    },
  );
});

test("quarantine and state are in no partition", async ({ packages }) => {
  const template = await packages.templateOf("prod");
  const quarantined = (await keysOf("kinesis-logs", "none")).filter((key) => key.startsWith("_"));
  expect(quarantined).toHaveLength(1);
  for (const key of [...quarantined, shardStateKey("stage01-logs-stream", "shardId-000000000000")])
    expect(partitionPrefixOf(template, "LogsTable", key), key).toBeUndefined();
});

test("a table's location holds the prefix of all its partitions", async ({ packages }) => {
  const template = await packages.templateOf("prod");
  const evaluate = createEvaluator(template);
  for (const id of ["LogsTable", "MetricsTable", "ApmTable"]) {
    const { Parameters, StorageDescriptor } = resource(template, id).Properties.TableInput;
    const location = String(evaluate(StorageDescriptor.Location));
    expect(String(evaluate(Parameters["storage.location.template"]))).toMatch(
      new RegExp(`^${location}`),
    );
  }
});
