/** Commands and queries to copy: the dashboard only reads, and these read with it. */

export type Snippet = { name: string; text: string };

export type CommandContext = {
  bucket: string;
  /** A local endpoint, as the aws CLI, curl and DuckDB need to know it; undefined on AWS. */
  endpoint?: string | undefined;
  region: string;
};

/** One word of a POSIX shell, whatever is in it. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A SQL string literal. */
export const sqlQuote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A Python string literal; JSON's escapes are a subset of Python's. */
const pythonQuote = (text: string): string => JSON.stringify(text);

/** A path in which DuckDB's and Hadoop's globs are taken literally. */
const globQuote = (text: string): string => text.replace(/[*?[\]{}\\]/g, "[$&]");

const awsCli = ({ endpoint, region }: CommandContext): string =>
  endpoint === undefined
    ? `aws --region ${shellQuote(region)}`
    : `aws --endpoint-url ${shellQuote(endpoint)} --region ${shellQuote(region)}`;

/** What DuckDB needs before it can read from here. */
export const duckDbSetup = ({ endpoint, region }: CommandContext): string => {
  if (endpoint === undefined)
    return `INSTALL httpfs; LOAD httpfs;\nCREATE SECRET (TYPE s3, PROVIDER credential_chain, REGION ${sqlQuote(region)});\n`;
  const { host, protocol } = new URL(endpoint);
  return `INSTALL httpfs; LOAD httpfs;\nCREATE SECRET (TYPE s3, KEY_ID 'local', SECRET 'local', REGION ${sqlQuote(region)}, ENDPOINT ${sqlQuote(host)}, URL_STYLE 'path', USE_SSL ${protocol === "https:"});\n`;
};

const readJson = (bucket: string, path: string): string =>
  `read_json(${sqlQuote(`s3://${bucket}/${path}`)}, format = 'newline_delimited', hive_partitioning = true, union_by_name = true)`;

/** Ways to get one object, or to query it, outside of the dashboard. */
export const objectCommands = (
  context: CommandContext,
  key: string,
  { origin, table }: { origin: string; table: string },
): Snippet[] => {
  const { bucket } = context;
  const name = key.slice(key.lastIndexOf("/") + 1) || "object";
  const unzip = key.endsWith(".gz") ? " | gunzip" : "";
  const uri = `s3://${bucket}/${key}`;
  const api = `${origin}/api/s3/object/${bucket}/_?key=${encodeURIComponent(key)}`;
  return [
    { name: "S3 URI", text: uri },
    {
      name: "aws CLI",
      text: `${awsCli(context)} s3api get-object --bucket ${shellQuote(bucket)} --key ${shellQuote(key)} ${shellQuote(name.replace(/^-/, "./-"))}`,
    },
    {
      name: "aws CLI, first lines",
      text: `${awsCli(context)} s3 cp ${shellQuote(uri)} -${unzip} | head`,
    },
    { name: "curl, this dashboard", text: `curl -fsS ${shellQuote(`${api}&lines=100`)}` },
    {
      name: "DuckDB",
      text: `${duckDbSetup(context)}SELECT * FROM ${readJson(bucket, globQuote(key))} LIMIT 100;`,
    },
    {
      name: "Athena",
      text: `SELECT *, "$path" FROM ${table}\nWHERE ${partitionFilter(key) ?? "service = '…'"}\n  AND "$path" = ${sqlQuote(uri)}\nLIMIT 100;`,
    },
    {
      name: "Spark",
      text: `spark.read.json(${pythonQuote(`s3a://${bucket}/${key.replace(/[*?[\]{}\\]/g, "\\$&")}`)}).show(100, truncate=False)`,
    },
  ];
};

/** `service = 'a' AND year = '2026' …` of the levels that a prefix or key names. */
export const partitionFilter = (path: string): string | undefined => {
  const found = [...path.matchAll(/(?:^|\/)(service|year|month|day|hour)=([^/]+)(?=\/)/g)];
  return found.length === 0
    ? undefined
    : found.map(([, name, value]) => `${name} = ${sqlQuote(value ?? "")}`).join(" AND ");
};

/** Ways to list, copy or query everything below a prefix. */
export const prefixCommands = (
  context: CommandContext,
  prefix: string,
  { origin, table }: { origin: string; table: string },
): Snippet[] => {
  const { bucket } = context;
  const api = `${origin}/api/s3/bucket/${bucket}/objects?prefix=${encodeURIComponent(prefix)}`;
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const globbed = globQuote(folder);
  return [
    {
      name: "aws CLI",
      text: `${awsCli(context)} s3api list-objects-v2 --bucket ${shellQuote(bucket)} --prefix ${shellQuote(prefix)} --max-items 1000`,
    },
    { name: "curl, this dashboard", text: `curl -fsS ${shellQuote(api)}` },
    {
      name: "DuckDB",
      text: `${duckDbSetup(context)}SELECT * FROM ${readJson(bucket, `${globbed}**/*.jsonl*`)} LIMIT 100;`,
    },
    {
      name: "Athena",
      text: `SELECT * FROM ${table}\nWHERE ${partitionFilter(folder) ?? "service = '…' AND year = '…'"}\nLIMIT 100;`,
    },
    {
      name: "Spark",
      text: `spark.read.option("basePath", ${pythonQuote(`s3a://${bucket}/`)}).option("recursiveFileLookup", "false").json(${pythonQuote(`s3a://${bucket}/${folder.replace(/[*?[\]{}\\]/g, "\\$&")}`)}).show(100, truncate=False)`,
    },
  ];
};
