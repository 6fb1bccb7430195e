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

/** `25 logs to s3://…`, for each bucket that any went to. */
const places = (written: readonly WrittenPart[], say: (found: readonly WrittenPart[]) => string) =>
  [...new Set(written.map(({ bucket }) => bucket))]
    .map((bucket) => say(written.filter((part) => part.bucket === bucket)))
    .join(" and ");

const place = (written: readonly WrittenPart[]): string =>
  `s3://${written[0]?.bucket}/${commonPlace(written.map(({ key }) => key))}`;

const sum = (written: readonly WrittenPart[], field: "lines" | "bytes"): number =>
  written.reduce((total, part) => total + part[field], 0);

/** One line for a person, such as `Wrote 100 logs to s3://md-raw-logs/ (4 objects, 52 KB)`. */
export const describeBatch = ({
  lines,
  parts,
  records,
  quarantineParts,
}: Pick<BatchSummary, "lines" | "parts" | "records" | "quarantineParts">): string => {
  const stored =
    lines === 0
      ? `Wrote no logs from ${count(records, "record")}`
      : `Wrote ${places(
          parts,
          (found) =>
            `${count(sum(found, "lines"), "log")} to ${place(found)} (${count(found.length, "object")}, ${formatBytes(sum(found, "bytes"))})`,
        )}`;
  const quarantined = places(
    quarantineParts,
    (found) => `${sum(found, "lines")} quarantined in ${place(found)}`,
  );
  return quarantined === "" ? stored : `${stored}, ${quarantined}`;
};
