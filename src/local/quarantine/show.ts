import type { Codec } from "../../shared/core/ports.ts";
import { entryId, type StoredEntry } from "../../shared/core/quarantine-entry.ts";
import type { ReplayMarker } from "../../shared/core/replay.ts";
import { escapeControls, showBytes, wrapWords } from "./text.ts";

const COLUMNS = 80;
const INDENT = "  ";

const field = (name: string, value: string): string[] => {
  const [first = "", ...others] = wrapWords(escapeControls(value), COLUMNS - INDENT.length - 10);
  const space = " ".repeat(INDENT.length + 10);
  return [`${INDENT}${name.padEnd(10)}${first}`, ...others.map((text) => space + text)];
};

const replayedText = (marker: ReplayMarker | undefined): string => {
  if (marker === undefined) return "no";
  if (marker.replayedAt === null) return "interrupted; replay it again";
  return `${marker.replayedAt}, ${marker.lines} ${marker.lines === 1 ? "log" : "logs"}`;
};

/** One record in rows of at most 80 columns, whatever its bytes are. */
export const describeEntry = (
  entry: StoredEntry,
  marker: ReplayMarker | undefined,
  { codec, maxBytes }: { codec: Codec; maxBytes: number },
): string[] => {
  const data = codec.decodeBase64(entry.data);
  const size = `${data.length.toLocaleString("en-US")} ${data.length === 1 ? "byte" : "bytes"}`;
  return [
    `${entry.reason}  ${entry.arrivedAt}  ${size}`,
    ...field("detail", entry.detail),
    ...field("id", entryId(entry)),
    ...field("from", `${entry.stream} ${entry.shardId}`),
    ...field("key", entry.partitionKey),
    ...field("replayed", replayedText(marker)),
    ...(marker?.keys ?? []).flatMap((key) => field("", key)),
    ...showBytes(data, { width: COLUMNS - 4, maxBytes }).map((text) => `${INDENT}| ${text}`),
    "",
  ];
};

/** The same for machines: the entry as it is stored, and what came of it. */
export const entryJson = (
  entry: StoredEntry,
  objectKey: string,
  marker: ReplayMarker | undefined,
): string =>
  JSON.stringify({
    ...entry,
    object: objectKey,
    replayedAt: marker?.replayedAt ?? null,
    replayedTo: marker?.keys ?? [],
  });
