import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import { idOf, type SentLog } from "./logs.ts";
import type { Found } from "./verdict.ts";

type Place = {
  shardId: string;
  sequenceNumber: string;
  index: number;
  arrivedAt: Date | undefined;
};

const MAX_EMPTY_PAGES = 20;

/** Finds the records of the stream that hold these ids, in every shard there is. */
export const findInStream = async (
  kinesis: KinesisClient,
  stream: string,
  ids: ReadonlySet<string>,
): Promise<Map<string, Place[]>> => {
  const places = new Map<string, Place[]>();
  const look = async (shardId: string): Promise<void> => {
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName: stream,
        ShardId: shardId,
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    let iterator = ShardIterator;
    for (let empty = 0; iterator !== undefined && empty < MAX_EMPTY_PAGES; ) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
      for (const record of page.Records ?? [])
        for (const [index, line] of Buffer.from(record.Data ?? [])
          .toString()
          .split("\n")
          .entries()) {
          const id = idOf(line);
          if (id === undefined || !ids.has(id)) continue;
          const found = places.get(id) ?? [];
          const arrivedAt = record.ApproximateArrivalTimestamp;
          found.push({ shardId, sequenceNumber: record.SequenceNumber ?? "", index, arrivedAt });
          places.set(id, found);
        }
      empty = page.Records?.length ? 0 : empty + 1;
      if (page.MillisBehindLatest === 0 && !page.Records?.length) return;
      iterator = page.NextShardIterator;
    }
  };
  // One page: a thousand shards.
  const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName: stream }));
  for (const { ShardId } of Shards) if (ShardId !== undefined) await look(ShardId);
  return places;
};

const clock = (at: number | Date | undefined): string =>
  at === undefined ? "?" : new Date(at).toISOString().slice(11, 23);

/** How a log came to be lost or stored twice, in some lines for a person. */
export const tellStory = (
  log: SentLog,
  { stored, quarantined }: Found,
  places: ReadonlyMap<string, readonly Place[]>,
): string[] => {
  const tries = log.tries.map(
    ({ at, status, outcome, code }) =>
      `    ${clock(at)} ${outcome}${status === undefined ? "" : ` HTTP ${status}`}${code === undefined ? "" : ` ${code}`}`,
  );
  const records = (places.get(log.id) ?? []).map(
    ({ shardId, sequenceNumber, index, arrivedAt }) =>
      `    record ${shardId} ${sequenceNumber} line ${index}, arrived ${clock(arrivedAt)}`,
  );
  const copies = (stored.get(log.id) ?? []).map(
    ({ key, storedAt, isSame }) =>
      `    object ${key}, written ${clock(storedAt)}${isSame ? "" : ", other bytes than were sent"}`,
  );
  const inQuarantine = quarantined.get(log.id) ?? 0;
  return [
    `  ${log.id} (${log.service}, ${log.key === undefined ? "no key" : `key ${log.key}`}), ${log.tries.length} tries, ${records.length} records, ${copies.length} objects${inQuarantine > 0 ? `, ${inQuarantine} in quarantine` : ""}`,
    ...tries,
    ...records,
    ...copies,
  ];
};
