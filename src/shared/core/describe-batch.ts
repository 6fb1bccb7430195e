import type { BatchSummary, WrittenPart } from "./consume.ts";

const count = (number: number, noun: string): string =>
  `${number === 0 ? "no" : number} ${noun}${number === 1 ? "" : "s"}`;

const formatBytes = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
};

/** The longest folder that all keys are in; the key itself where there is one. */
const commonPlace = (keys: readonly string[]): string => {
  const [first = "", ...others] = keys;
  if (others.length === 0) return first;
  const folders = first.split("/").slice(0, -1);
  const isShared = (depth: number) =>
    others.every((key) => key.startsWith(`${folders.slice(0, depth).join("/")}/`));
  let depth = folders.length;
  while (depth > 0 && !isShared(depth)) depth -= 1;
  return folders
    .slice(0, depth)
    .map((folder) => `${folder}/`)
    .join("");
};

const place = (bucket: string, written: readonly WrittenPart[]): string =>
  `s3://${bucket}/${commonPlace(written.map(({ key }) => key))}`;

/** One line for a person, such as `Wrote 100 logs to s3://md-raw-logs/ (4 objects, 52 KB)`. */
export const describeBatch = (summary: BatchSummary, bucket: string): string => {
  const { lines, bytes, parts, quarantined, quarantineParts } = summary;
  const stored =
    lines === 0
      ? `Wrote no logs from ${count(summary.records, "record")}`
      : `Wrote ${count(lines, "log")} to ${place(bucket, parts)} (${count(parts.length, "object")}, ${formatBytes(bytes)})`;
  return quarantined === 0
    ? stored
    : `${stored}, ${quarantined} quarantined in ${place(bucket, quarantineParts)}`;
};
