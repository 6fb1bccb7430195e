import { entryId, type StoredEntry } from "../../quarantine-entry.ts";
import type { QuarantineSelection } from "./records.ts";

const QUARANTINE = "npm run quarantine --";

const iso = (ms: number): string => new Date(ms).toISOString();

/** Arguments are checked names, numbers and times: none needs a quote in any shell. */
const option = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`--${name} ${value}`];

/** The command that replays one record, of the shard and bucket it is in. */
export const replayRecordCommand = (
  { bucket }: { bucket: string },
  entry: Pick<StoredEntry, "stream" | "shardId" | "sequenceNumber" | "index">,
): string =>
  [
    QUARANTINE,
    "replay",
    ...option("id", entryId(entry)),
    ...option("stream", entry.stream),
    ...option("shard", entry.shardId),
    ...option("bucket", bucket),
  ].join(" ");

/** The same for everything that is selected: a command for each bucket. */
export const replaySelectionCommands = ({
  buckets,
  reason,
  sinceMs,
  untilMs,
  stream,
  shardId,
}: QuarantineSelection): string[] => {
  const chosen = [
    ...option("reason", reason),
    ...option("since", sinceMs === undefined ? undefined : iso(sinceMs)),
    ...option("until", untilMs === undefined ? undefined : iso(untilMs)),
    ...option("stream", stream),
    ...option("shard", shardId),
  ];
  const which = chosen.length > 0 ? chosen : ["--all"];
  return buckets.map((bucket) =>
    [QUARANTINE, "replay", ...which, ...option("bucket", bucket)].join(" "),
  );
};
