import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { formatUsd, PRICES } from "./cost.ts";
import { athenaDdl, COLUMNS, partitionQueries, projection } from "./queries.ts";

const root = path.resolve(import.meta.dirname, "../../../../..");

type Table = {
  Properties: {
    TableInput: {
      Name: string;
      Parameters: Record<string, unknown>;
      StorageDescriptor: { Columns: { Name: string }[] };
    };
  };
};

test("the tables to copy are those that a deployment makes", () => {
  const glue = parse(readFileSync(path.join(root, "infra/glue.yml"), "utf8"), {
    customTags: [
      { tag: "!Sub", resolve: (text: string) => text },
      { tag: "!Ref", resolve: (text: string) => text },
    ],
  }) as { Resources: Record<string, Table> };
  const serverless = readFileSync(path.join(root, "serverless.yml"), "utf8");
  const years = /catalogYears: "([^"]+)"/.exec(serverless)?.[1];
  for (const [kind, id] of [
    ["logs", "LogsTable"],
    ["metrics", "MetricsTable"],
    ["apm", "ApmTable"],
  ] as const) {
    const { Name, Parameters, StorageDescriptor } =
      glue.Resources[id]?.Properties.TableInput ?? ({} as Table["Properties"]["TableInput"]);
    expect(Name).toBe(kind);
    expect(COLUMNS[kind]).toEqual(StorageDescriptor.Columns.map((column) => column.Name));
    const expected = Object.fromEntries(
      Object.entries(Parameters).map(([name, value]) => [
        name,
        String(value)
          // biome-ignore lint/suspicious/noTemplateCurlyInString: serverless.yml's own.
          .replace("${param:catalogYears}", years ?? "")
          .replace(/\$\{(?!!)\w+Bucket\}/, "b")
          .replaceAll("${!", "${"),
      ]),
    );
    expect(projection("b")).toEqual(expected);
    for (const value of Object.values(expected)) expect(athenaDdl("b", "d", kind)).toContain(value);
  }
});

test("prices are those of the cost model, with their dates", () => {
  const prices = JSON.parse(readFileSync(path.join(root, "scripts/cost-prices.json"), "utf8"));
  expect(PRICES.athenaPerTb.usd).toBe(prices.athenaGb.usd * 1_000);
  expect(PRICES.athenaPerTb.asOf).toBe(prices.athenaGb.as_of);
  expect(PRICES.athenaPerTb.source).toBe(prices.athenaGb.source);
  expect(PRICES.s3PerThousandGets.source).toBe(prices.s3Put.source);
});

test.each([
  [0, "$0"],
  [0.00001, "< $0.0001"],
  [0.00042, "$0.00042"],
  [12.345, "$12.35"],
])("%d dollars are %s", (usd, text) => {
  expect(formatUsd(usd)).toBe(text);
});

test("queries name the service as it is in keys, and quotes cannot end a text", () => {
  const queries = partitionQueries(
    { bucket: "b", region: "eu-west-1" },
    { database: "d", kind: "logs" },
    { service: "it's%20me", day: "2026-11-22" },
  );
  const athena = queries.find(({ name }) => name === "Athena query")?.text ?? "";
  expect(athena).toContain("service = 'it''s%20me'\n  AND year = '2026'\n  AND month = '11'");
  expect(queries.find(({ name }) => name === "DuckDB")?.text).toContain(
    "s3://b/service=it''s%20me/year=2026/month=11/day=22/**/*.jsonl*",
  );
});
