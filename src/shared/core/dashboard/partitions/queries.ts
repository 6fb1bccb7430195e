import { type CommandContext, duckDbSetup, type Snippet, sqlQuote } from "../buckets/commands.ts";

export type TableKind = "logs" | "metrics" | "apm";

/** The columns of infra/glue.yml, all of them text. */
export const COLUMNS: Readonly<Record<TableKind, readonly string[]>> = {
  logs: [
    "timestamp",
    "trace_id",
    "span_id",
    "parent_span_id",
    "level",
    "path",
    "message",
    "status",
    "latency_ms",
    "is_anomaly",
    "log_type",
    "data",
    "severity_number",
    "body",
    "attributes",
    "resource",
  ],
  metrics: [
    "timestamp",
    "start_timestamp",
    "name",
    "value",
    "unit",
    "type",
    "temporality",
    "count",
    "sum",
    "min",
    "max",
    "attributes",
    "resource",
  ],
  apm: [
    "timestamp",
    "trace_id",
    "span_id",
    "parent_span_id",
    "name",
    "kind",
    "status",
    "end_timestamp",
    "duration_ns",
    "cpu",
    "memory",
    "latency",
    "throughput",
    "is_anomaly",
    "log_type",
    "data",
    "attributes",
    "resource",
  ],
};

/** As `catalogYears` of serverless.yml. */
const YEARS = "1970,2099";

/** Partitions are computed from a query: the parameters of infra/glue.yml. */
export const projection = (bucket: string): Readonly<Record<string, string>> => ({
  classification: "json",
  "projection.enabled": "true",
  "projection.service.type": "injected",
  "projection.year.type": "integer",
  "projection.year.range": YEARS,
  "projection.year.digits": "4",
  "projection.month.type": "integer",
  "projection.month.range": "1,12",
  "projection.month.digits": "2",
  "projection.day.type": "integer",
  "projection.day.range": "1,31",
  "projection.day.digits": "2",
  "projection.hour.type": "integer",
  "projection.hour.range": "0,23",
  "projection.hour.digits": "2",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena fills these in.
  "storage.location.template": `s3://${bucket}/${"service=${service}/year=${year}/month=${month}/day=${day}/hour=${hour}/"}`,
});

/** Athena's table over a bucket, as a deployment creates it in Glue. */
export const athenaDdl = (bucket: string, database: string, kind: TableKind): string => {
  const columns = COLUMNS[kind].map((name) => `  \`${name}\` string`).join(",\n");
  const properties = Object.entries(projection(bucket))
    .map(([name, value]) => `  ${sqlQuote(name)} = ${sqlQuote(value)}`)
    .join(",\n");
  return `CREATE EXTERNAL TABLE IF NOT EXISTS \`${database}\`.\`${kind}\` (
${columns}
)
PARTITIONED BY (\`service\` string, \`year\` string, \`month\` string, \`day\` string, \`hour\` string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json' = 'true', 'case.insensitive' = 'true')
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://${bucket}/'
TBLPROPERTIES (
${properties}
);`;
};

export type QueryScope = {
  /** As it is in keys; every service when absent. */
  service?: string | undefined;
  /** Newest day that was found, YYYY-MM-DD. */
  day?: string | undefined;
};

const partsOf = (day: string | undefined): [name: string, value: string][] => {
  const [year = "", month = "", date = ""] = (day ?? "").split("-");
  return day === undefined
    ? []
    : [
        ["year", year],
        ["month", month],
        ["day", date],
      ];
};

/** What a query in each tool looks like over this range, ready to run. */
export const partitionQueries = (
  context: CommandContext,
  { database, kind }: { database: string; kind: TableKind },
  { service, day }: QueryScope,
): Snippet[] => {
  const { bucket } = context;
  const days = partsOf(day);
  const folder = service === undefined ? "service=*/" : `service=${service}/`;
  const group = kind === "metrics" ? "name" : kind === "apm" ? "trace_id" : "level";
  const where = [
    `service = ${sqlQuote(service ?? "…")}`,
    ...days.map(([name, value]) => `${name} = ${sqlQuote(value)}`),
  ];
  const path = `s3://${bucket}/${folder}${days.map(([name, value]) => `${name}=${value}/`).join("")}**/*.jsonl*`;
  return [
    { name: "Athena DDL", text: athenaDdl(bucket, database, kind) },
    {
      name: "Athena query",
      text: `SELECT hour, ${group}, count(*) AS lines\nFROM ${database}.${kind}\nWHERE ${where.join("\n  AND ")}\nGROUP BY hour, ${group}\nORDER BY hour, lines DESC;`,
    },
    {
      name: "DuckDB",
      text: `${duckDbSetup(context)}SELECT service, hour, count(*) AS lines\nFROM read_json(${sqlQuote(path)},\n               format = 'newline_delimited', hive_partitioning = true,\n               hive_types_autocast = false, union_by_name = true)\nGROUP BY ALL ORDER BY hour, lines DESC;`,
    },
    {
      name: "Spark",
      text: `logs = (spark.read.option("basePath", "s3a://${bucket}/")\n        .json("s3a://${bucket}/${folder}${days.map(([name, value]) => `${name}=${value}/`).join("")}hour=*/"))\nlogs.groupBy("service", "hour").count().orderBy("hour").show()`,
    },
  ];
};
