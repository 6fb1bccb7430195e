import { streamLink } from "../links.ts";

export type Tab = "live" | "records" | "shards" | "consumers" | "charts";

export const TABS: readonly (readonly [Tab, string])[] = [
  ["shards", "Shards"],
  ["live", "Live"],
  ["records", "Records"],
  ["consumers", "Consumers"],
  ["charts", "Charts"],
];

export const isTab = (text: string | undefined): text is Tab => TABS.some(([tab]) => tab === text);

const query = (values: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(values)
    .flatMap(([name, value]) => (value ? [`${name}=${encodeURIComponent(value)}`] : []))
    .join("&");

/** A tab of a stream; the first one needs no name. */
export const tabLink = (
  stream: string,
  tab: Tab,
  values: Readonly<Record<string, string | undefined>> = {},
): string => {
  const rest = query({ tab: tab === "shards" ? undefined : tab, ...values });
  return rest === "" ? streamLink(stream) : `${streamLink(stream)}?${rest}`;
};

export const recordLink = (stream: string, shard: string, seq: string): string =>
  tabLink(stream, "records", { shard, seq });

export const recordsApiLink = (
  stream: string,
  values: Readonly<Record<string, string | undefined>>,
): string => `/api/kinesis/stream/${encodeURIComponent(stream)}/records?${query(values)}`;

/** `shardId-000000000003` as `3`. */
export const shortShard = (shardId: string): string => shardId.replace(/^shardId-0*(?=\d)/, "");
