import { RECORD_MAX_BYTES } from "./limits.ts";
import type { RecordEntry } from "./ports.ts";
import { utf8Length } from "./record-packer.ts";
import type { SpooledEntry } from "./spool.ts";

/** A record made of entries of the spool. */
export type DrainRecord = RecordEntry & { readonly entries: readonly SpooledEntry[] };

type Queue = { entries: SpooledEntry[]; failures: number; notBefore: number };

const LINE_FEED = 0x0a;
/** Objects around the data of an entry. */
const ENTRY_OVERHEAD_BYTES = 256;

const weigh = ({ data }: SpooledEntry): number => data.length + ENTRY_OVERHEAD_BYTES;

/** The entries' lines in one record; of a single entry its very bytes. */
export const joinEntries = (entries: readonly SpooledEntry[]): Uint8Array => {
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) return first.data;
  const size = entries.reduce((sum, { data }) => sum + data.length, entries.length - 1);
  const joined = new Uint8Array(Math.max(0, size)).fill(LINE_FEED);
  let at = 0;
  for (const { data } of entries) {
    joined.set(data, at);
    at += data.length + 1;
  }
  return joined;
};

export const toDrainRecord = (
  partitionKey: string,
  entries: readonly SpooledEntry[],
): DrainRecord => ({ partitionKey, data: joinEntries(entries), entries });

/**
 * The part of the spool that is in memory, by partition key. A call takes one record of each key,
 * so that a record which fails is never overtaken by the next one of its service; only where every
 * log is a record of its own (`packBytes` 0) does it take more.
 */
export const createSpoolWindow = (packBytes: number, backoffMs: (failures: number) => number) => {
  const queues = new Map<string, Queue>();
  let bytes = 0;
  let count = 0;

  const capacityOf = (partitionKey: string): number =>
    Math.min(packBytes, RECORD_MAX_BYTES - utf8Length(partitionKey));

  /** How many entries from `from` on make the next record. */
  const countNext = (entries: readonly SpooledEntry[], from: number): number => {
    const first = entries[from];
    if (first === undefined) return 0;
    if (first.tag !== undefined) return 1;
    const capacity = capacityOf(first.partitionKey);
    let size = first.data.length;
    let end = from + 1;
    for (; end < entries.length; end += 1) {
      const entry = entries[end];
      if (entry === undefined || entry.tag !== undefined || entry.service !== first.service) break;
      size += 1 + entry.data.length;
      if (size > capacity) break;
    }
    return end - from;
  };

  return {
    /** In memory, bookkeeping included. */
    bytes: (): number => bytes,
    count: (): number => count,

    add: (entry: SpooledEntry): void => {
      const queue = queues.get(entry.partitionKey) ?? { entries: [], failures: 0, notBefore: 0 };
      queues.set(entry.partitionKey, queue);
      queue.entries.push(entry);
      bytes += weigh(entry);
      count += 1;
    },

    /** The next call, of keys that are not held; what it takes stays here until it is removed. */
    pick: (
      now: number,
      maxRecords: number,
      maxBytes: number,
      held: ReadonlySet<string>,
    ): DrainRecord[] => {
      const records: DrainRecord[] = [];
      let size = 0;
      for (const [partitionKey, queue] of [...queues]) {
        if (queue.notBefore > now || held.has(partitionKey)) continue;
        let from = 0;
        while (records.length < maxRecords) {
          const count = countNext(queue.entries, from);
          if (count === 0) break;
          const record = toDrainRecord(partitionKey, queue.entries.slice(from, from + count));
          if (records.length > 0 && size + record.data.length > maxBytes) return records;
          size += record.data.length;
          records.push(record);
          from += count;
          if (packBytes > 0) break;
        }
        if (records.length === maxRecords) break;
        // The next call begins with those that had no turn in this one.
        queues.delete(partitionKey);
        queues.set(partitionKey, queue);
      }
      return records;
    },

    remove: (done: readonly SpooledEntry[]): void => {
      const ids = new Map<string, Set<number>>();
      for (const { partitionKey, id } of done)
        ids.set(partitionKey, (ids.get(partitionKey) ?? new Set()).add(id));
      for (const [partitionKey, gone] of ids) {
        const queue = queues.get(partitionKey);
        if (queue === undefined) continue;
        for (const entry of queue.entries) {
          if (!gone.has(entry.id)) continue;
          bytes -= weigh(entry);
          count -= 1;
        }
        queue.entries = queue.entries.filter(({ id }) => !gone.has(id));
        queue.failures = 0;
        queue.notBefore = 0;
        if (queue.entries.length === 0) queues.delete(partitionKey);
      }
    },

    /** Lets a partition key wait after its record was refused for now. */
    delay: (partitionKey: string, now: number): void => {
      const queue = queues.get(partitionKey);
      if (queue === undefined) return;
      queue.failures += 1;
      queue.notBefore = now + backoffMs(queue.failures);
    },

    /** Epoch milliseconds from which on there is a call; undefined where every key is held. */
    nextTurnAt: (held: ReadonlySet<string>): number | undefined => {
      let next: number | undefined;
      for (const [partitionKey, { notBefore }] of queues)
        if (!held.has(partitionKey) && (next === undefined || notBefore < next)) next = notBefore;
      return next;
    },

    entriesById: (): Map<number, SpooledEntry> =>
      new Map([...queues.values()].flatMap(({ entries }) => entries.map((one) => [one.id, one]))),
  };
};
