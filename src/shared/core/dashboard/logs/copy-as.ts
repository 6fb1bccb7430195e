/** Commands that reach what is seen here from elsewhere. Names are data: everything is quoted. */

/** One word for a POSIX shell, whatever it holds. */
export const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const sqlQuote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A JSON path for jq: `.status`, `.["a b"]`. */
export const jqPath = (path: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(path) ? `.${path}` : `.[${JSON.stringify(path)}]`;

export type StoredLine = {
  bucket: string;
  key: string;
  /** From 1. */
  number: number;
  firstByte: number;
  byteLength: number;
  isCompressed: boolean;
};

export type Place = {
  /** Origin of the dashboard. */
  origin: string;
  /** An AWS endpoint other than AWS's own; undefined on AWS. */
  endpointUrl: string | undefined;
};

const rawPath = (bucket: string, key: string): string =>
  `/api/s3/object/${encodeURIComponent(bucket)}/_?key=${encodeURIComponent(key)}`;

const awsCommand = (endpointUrl: string | undefined, rest: string): string =>
  `aws ${endpointUrl === undefined ? "" : `--endpoint-url ${shellQuote(endpointUrl)} `}${rest}`;

/** The line, by the dashboard's own API: its bytes as they are stored. */
export const lineCurl = ({ bucket, key, number }: StoredLine, { origin }: Place): string =>
  `curl ${shellQuote(`${origin}${rawPath(bucket, key)}&view=lines&from=${number}&limit=1`)}`;

/** The line, by the aws CLI: its byte range, or through gunzip where the object is packed. */
export const lineAwsCli = (line: StoredLine, { endpointUrl }: Place): string => {
  const { bucket, key, number, firstByte, byteLength, isCompressed } = line;
  if (isCompressed)
    return `${awsCommand(endpointUrl, `s3 cp ${shellQuote(`s3://${bucket}/${key}`)} -`)} | gunzip | sed -n ${number}p`;
  const range = `bytes=${firstByte}-${firstByte + Math.max(0, byteLength - 1)}`;
  return awsCommand(
    endpointUrl,
    `s3api get-object --bucket ${shellQuote(bucket)} --key ${shellQuote(key)} --range ${range} /dev/stdout`,
  );
};

/** The object or prefix in DuckDB, with the partition as columns. */
export const duckDbQuery = (bucket: string, keyOrPrefix: string): string => {
  const isFolder = keyOrPrefix === "" || keyOrPrefix.endsWith("/");
  const url = `s3://${bucket}/${keyOrPrefix}${isFolder ? "**/*.jsonl*" : ""}`;
  return `SELECT * FROM read_json(${sqlQuote(url)}, format = 'newline_delimited', hive_partitioning = true) LIMIT 100;`;
};

/** The lines with this field's value, from an object on disk or a pipe. */
export const jqFilter = (field: string | undefined, value: string | undefined): string =>
  field === undefined || value === undefined
    ? "jq -c ."
    : `jq -c ${shellQuote(`select(${jqPath(field)} == ${JSON.stringify(value)})`)}`;
