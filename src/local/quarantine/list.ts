import { mapBounded } from "../../shared/core/dashboard/bounded.ts";
import type { QuarantineStore, StateStore } from "../../shared/core/ports.ts";
import type { Selection } from "../../shared/core/quarantine-entry.ts";
import { createMarkerLookup } from "./markers.ts";
import { listObjects, readObjects } from "./read.ts";

/** Records of one reason, arrival day and shard. */
export type QuarantineGroup = {
  reason: string;
  /** Arrival, UTC. */
  day: string;
  stream: string;
  shardId: string;
  records: number;
  /** Of these, replayed. */
  replayed: number;
  newest: string;
};

export type QuarantineSummary = {
  groups: QuarantineGroup[];
  records: number;
  replayed: number;
  /** Lines of quarantine objects that are no entry of ours. */
  unreadable: number;
};

const MARKER_READS = 16;

const sum = (groups: readonly QuarantineGroup[], field: "records" | "replayed"): number =>
  groups.reduce((total, group) => total + group[field], 0);

/** Counts the selected records, the newest groups first. */
export const summarise = async (
  store: QuarantineStore,
  state: StateStore,
  selection: Selection,
): Promise<QuarantineSummary> => {
  const markerOf = await createMarkerLookup(state, selection.stream);
  const groups = new Map<string, QuarantineGroup>();
  let unreadable = 0;
  const keys = (await listObjects(store, selection)).map(({ key }) => key);
  for await (const object of readObjects(store, selection, keys)) {
    unreadable += object.unreadable;
    const markers = await mapBounded(object.found, MARKER_READS, ({ entry }) => markerOf(entry));
    for (const [at, { entry }] of object.found.entries()) {
      const { reason, stream, shardId, arrivedAt } = entry;
      const day = arrivedAt.slice(0, 10);
      const key = [reason, day, stream, shardId].join("/");
      const group = groups.get(key) ?? {
        reason,
        day,
        stream,
        shardId,
        records: 0,
        replayed: 0,
        newest: arrivedAt,
      };
      groups.set(key, group);
      group.records += 1;
      if (markers[at]?.replayedAt) group.replayed += 1;
      if (arrivedAt > group.newest) group.newest = arrivedAt;
    }
  }
  const sorted = [...groups.values()].sort(
    (a, b) =>
      b.day.localeCompare(a.day) ||
      b.newest.localeCompare(a.newest) ||
      a.reason.localeCompare(b.reason),
  );
  return {
    groups: sorted,
    records: sum(sorted, "records"),
    replayed: sum(sorted, "replayed"),
    unreadable,
  };
};

const count = (value: number): string => value.toLocaleString("en-US");

const pad = (text: string, width: number): string =>
  text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;

const row = (reason: string, day: string, shard: string, numbers: readonly string[], at: string) =>
  `${pad(reason, 14)} ${day.padEnd(10)} ${pad(shard, 20)} ${numbers.map((text) => text.padStart(10)).join(" ")} ${at.padStart(8)}`.trimEnd();

const HEADER = row("REASON", "DAY", "SHARD", ["RECORDS", "REPLAYED"], "NEWEST");

const ofStream = (stream: string, groups: readonly QuarantineGroup[]): string[] => [
  `stream ${stream}`,
  HEADER,
  ...groups.map(({ reason, day, shardId, records, replayed, newest }) =>
    row(reason, day, shardId, [count(records), count(replayed)], newest.slice(11, 19)),
  ),
  "",
];

/** A table of at most 80 columns for each stream, times in UTC. */
export const describeSummary = (
  { groups, records, replayed, unreadable }: QuarantineSummary,
  { place, limit }: { place: string; limit: number | undefined },
): string[] => {
  if (records === 0 && unreadable === 0) return [`Nothing in quarantine at ${place}.`];
  const shown = groups.slice(0, limit);
  const streams = [...new Set(shown.map(({ stream }) => stream))];
  const hidden = groups.length - shown.length;
  return [
    ...streams.flatMap((stream) =>
      ofStream(
        stream,
        shown.filter((group) => group.stream === stream),
      ),
    ),
    ...(hidden > 0 ? [`… and ${count(hidden)} rows more`] : []),
    `${count(records)} in quarantine at ${place},`,
    `${count(replayed)} of them replayed. Times are UTC.`,
    ...(unreadable > 0
      ? [`${count(unreadable)} lines there are no entries of the quarantine.`]
      : []),
  ];
};
