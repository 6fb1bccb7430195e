import type { QuarantineStore } from "../../shared/core/ports.ts";
import { QUARANTINE_PREFIX } from "../../shared/core/quarantine.ts";
import {
  hourBounds,
  isSelected,
  parseQuarantineKey,
  parseQuarantineLine,
  reasonPrefix,
  type Selection,
  type StoredEntry,
} from "../../shared/core/quarantine-entry.ts";

export type FoundEntry = { readonly entry: StoredEntry; readonly objectKey: string };

/** Entries of one object, in its order, and how many of its lines are none. */
export type FoundObject = { readonly found: readonly FoundEntry[]; readonly unreadable: number };

/** Keys held in memory, some hundred bytes each. */
const MAX_OBJECTS = 500_000;
/** Objects fetched before they are asked for. */
const READ_AHEAD = 4;

const REASON = /^_quarantine\/reason=([^/]+)\/$/;

const reasonsOf = async (store: QuarantineStore, selection: Selection): Promise<string[]> => {
  const reasons: string[] = [];
  for await (const prefix of store.prefixes(QUARANTINE_PREFIX)) {
    const reason = REASON.exec(prefix)?.[1];
    if (reason !== undefined && (selection.reasons?.includes(reason) ?? true)) reasons.push(reason);
  }
  return reasons;
};

/** Objects that can hold selected records, the oldest hour first. */
export const listObjects = async (
  store: QuarantineStore,
  selection: Selection,
): Promise<{ key: string; hour: string }[]> => {
  const objects: { key: string; hour: string }[] = [];
  const { first, last } = hourBounds(selection);
  for (const reason of await reasonsOf(store, selection)) {
    const prefix = reasonPrefix(reason);
    for await (const key of store.keys(prefix, first && prefix + first)) {
      const hour = parseQuarantineKey(key)?.hour;
      if (hour === undefined) continue;
      if (last !== undefined && hour > last) break;
      objects.push({ key, hour });
      if (objects.length > MAX_OBJECTS)
        throw new Error(
          `More than ${MAX_OBJECTS} objects of the quarantine could be meant. Narrow it down with --reason, --since and --until.`,
        );
    }
  }
  return objects.sort((a, b) => (a.hour < b.hour ? -1 : a.hour > b.hour ? 1 : 0));
};

const LINE_FEED = 0x0a;

function* linesOf(body: Uint8Array): Generator<string> {
  const decoder = new TextDecoder();
  for (let start = 0; start < body.length; ) {
    const at = body.indexOf(LINE_FEED, start);
    const end = at === -1 ? body.length : at;
    if (end > start) yield decoder.decode(body.subarray(start, end));
    start = end + 1;
  }
}

/** An object that is gone since it was listed holds nothing. */
const readObject = async (
  store: QuarantineStore,
  selection: Selection,
  objectKey: string,
): Promise<FoundObject> => {
  const found: FoundEntry[] = [];
  let unreadable = 0;
  const body = await store.read(objectKey);
  for (const line of linesOf(body ?? new Uint8Array(0))) {
    const entry = parseQuarantineLine(line);
    if (entry === undefined) unreadable += 1;
    else if (isSelected(selection, entry)) found.push({ entry, objectKey });
  }
  return { found, unreadable };
};

/** The objects in the order of their keys here, a few of them fetched ahead. */
export async function* readObjects(
  store: QuarantineStore,
  selection: Selection,
  keys: readonly string[],
): AsyncGenerator<FoundObject> {
  const ahead: Promise<FoundObject>[] = [];
  for (let next = 0; next < keys.length || ahead.length > 0; ) {
    while (ahead.length < READ_AHEAD && next < keys.length) {
      const reading = readObject(store, selection, keys[next] ?? "");
      // It is awaited later, or never when the reader stops.
      reading.catch(() => undefined);
      ahead.push(reading);
      next += 1;
    }
    const first = ahead.shift();
    if (first !== undefined) yield await first;
  }
}

const isNewer = (a: FoundEntry, b: FoundEntry): number => {
  if (a.entry.arrivedAt !== b.entry.arrivedAt)
    return a.entry.arrivedAt < b.entry.arrivedAt ? 1 : -1;
  const [left, right] = [BigInt(a.entry.sequenceNumber), BigInt(b.entry.sequenceNumber)];
  if (left !== right) return left < right ? 1 : -1;
  return b.entry.index - a.entry.index;
};

/** The newest selected records, at most `limit`; hours before them are not read. */
export const readNewest = async (
  store: QuarantineStore,
  selection: Selection,
  limit: number,
): Promise<FoundEntry[]> => {
  const byHour = new Map<string, string[]>();
  for (const { key, hour } of await listObjects(store, selection))
    byHour.get(hour)?.push(key) ?? byHour.set(hour, [key]);
  let newest: FoundEntry[] = [];
  for (const hour of [...byHour.keys()].reverse()) {
    const ofHour: FoundEntry[] = [];
    for await (const { found } of readObjects(store, selection, byHour.get(hour) ?? [])) {
      ofHour.push(...found);
      if (ofHour.length > 2 * limit) ofHour.sort(isNewer).splice(limit);
    }
    newest = [...newest, ...ofHour.sort(isNewer)].slice(0, limit);
    if (newest.length === limit) break;
  }
  return newest;
};
