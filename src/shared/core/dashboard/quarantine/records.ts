import {
  hourBounds,
  isSelected,
  parseQuarantineLine,
  type Selection,
  type StoredEntry,
} from "../../quarantine-entry.ts";
import { mapBounded } from "../bounded.ts";
import { readLines } from "../lines.ts";
import type { ObjectCatalog } from "../ports.ts";
import type { QuarantineStop, Spending } from "./budget.ts";
import { byWriting, type QuarantineObject, quarantineHours } from "./hours.ts";

/** A record of the quarantine without its bytes. */
export type QuarantineRecord = Omit<StoredEntry, "data"> & {
  readonly bucket: string;
  readonly key: string;
  /** Of the raw record. */
  readonly bytes: number;
  /** The raw record's beginning. */
  readonly head: Uint8Array;
};

export type QuarantineSelection = Omit<Selection, "reasons" | "id"> & {
  readonly buckets: readonly string[];
  readonly reason?: string | undefined;
};

/** Where a look goes on: at an object of an hour, behind so many of its selected records. */
export type QuarantinePlace = {
  readonly hour: string;
  readonly object?: {
    readonly modifiedMs: number;
    readonly bucket: string;
    readonly key: string;
    readonly skip: number;
  };
};

/** What was looked at. */
export type QuarantineCoverage = {
  readonly objects: number;
  readonly bytes: number;
  readonly listCalls: number;
  /** The earliest arrival hour that was reached, `year=…/…/hour=…`. */
  readonly backTo: string | undefined;
  readonly stoppedBy: QuarantineStop;
  /** Lines that are no entries of a quarantine, and objects that were too large to read whole. */
  readonly unreadable: number;
  /** False where an hour holds more objects of one reason than are listed. */
  readonly areHoursWhole: boolean;
};

/** Larger ones are read so far. Lambda's event, which an object is made from, is smaller. */
const MAX_OBJECT_BYTES = 16 * 1024 * 1024;
const READ_AHEAD = 4;
const HEAD_BYTES = 120;

/** Bytes that a base64 text of this kind stands for. */
const decodedLength = (base64: string): number =>
  (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);

export const bytesOfBase64 = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

const toRecord = ({ data, ...entry }: StoredEntry, object: QuarantineObject): QuarantineRecord => ({
  ...entry,
  bucket: object.bucket,
  key: object.key,
  bytes: decodedLength(data),
  head: bytesOfBase64(data.slice(0, (HEAD_BYTES / 3) * 4)),
});

export const isNewer = (
  a: Pick<StoredEntry, "arrivedAt" | "sequenceNumber" | "index">,
  b: Pick<StoredEntry, "arrivedAt" | "sequenceNumber" | "index">,
): number => {
  if (a.arrivedAt !== b.arrivedAt) return a.arrivedAt < b.arrivedAt ? 1 : -1;
  const [left, right] = [BigInt(a.sequenceNumber), BigInt(b.sequenceNumber)];
  if (left !== right) return left < right ? 1 : -1;
  return b.index - a.index;
};

type ObjectRead = { object: QuarantineObject; records: QuarantineRecord[]; unreadable: number };

const readObject = async (
  catalog: ObjectCatalog,
  object: QuarantineObject,
  selection: QuarantineSelection,
  signal: AbortSignal,
): Promise<ObjectRead> => {
  const { bucket, key } = object;
  const opened = await catalog.open(bucket, key, MAX_OBJECT_BYTES, signal);
  // Gone since it was listed.
  if ("missing" in opened) return { object, records: [], unreadable: 0 };
  const bounds = { maxLines: Number.MAX_SAFE_INTEGER, maxBytes: MAX_OBJECT_BYTES };
  const read = await readLines(opened.body, bounds);
  if (read.cause !== undefined) throw read.cause;
  const records: QuarantineRecord[] = [];
  let unreadable = opened.size > MAX_OBJECT_BYTES ? 1 : 0;
  for (const line of read.lines) {
    if (line.isCut || line.text === "") continue;
    const entry = parseQuarantineLine(line.text);
    if (entry === undefined) unreadable += 1;
    else if (isSelected(selection, entry)) records.push(toRecord(entry, object));
  }
  return { object, records: records.sort(isNewer), unreadable };
};

const isBefore = (object: QuarantineObject, place: QuarantinePlace | undefined): boolean =>
  place?.object !== undefined &&
  place.hour === object.hour &&
  byWriting(object, { ...object, ...place.object }) < 0;

const placeOf = (object: QuarantineObject, skip: number): QuarantinePlace => ({
  hour: object.hour,
  object: { modifiedMs: object.modifiedMs, bucket: object.bucket, key: object.key, skip },
});

export type QuarantineLook = {
  readonly coverage: QuarantineCoverage;
  /** Where to go on; undefined where everything was seen. */
  readonly next: QuarantinePlace | undefined;
};

/**
 * Hands over the selected records, object by object, the newest hour first and in it the objects
 * written last first; `take` says how many of them it took, and fewer than all ends the look.
 * Ends where the budget does, and says where to go on.
 */
export const lookThrough = async (
  catalog: ObjectCatalog,
  selection: QuarantineSelection,
  {
    from,
    spending,
    signal,
    take,
  }: {
    from?: QuarantinePlace | undefined;
    spending: Spending;
    signal: AbortSignal;
    take: (records: readonly QuarantineRecord[], object: QuarantineObject) => number;
  },
): Promise<QuarantineLook> => {
  const { first, last } = hourBounds(selection);
  const seen = { backTo: undefined as string | undefined, unreadable: 0, areHoursWhole: true };
  const finish = (stoppedBy: QuarantineStop, next?: QuarantinePlace): QuarantineLook => {
    const { objects, bytes, listCalls } = spending;
    return { coverage: { objects, bytes, listCalls, stoppedBy, ...seen }, next };
  };
  const upTo = from && (last === undefined || from.hour < last) ? from.hour : last;
  const hours = quarantineHours(
    catalog,
    { buckets: selection.buckets, reason: selection.reason, first, last: upTo },
    spending,
    signal,
  );
  for await (const { hour, objects, isWhole } of hours) {
    seen.areHoursWhole &&= isWhole;
    const waiting = objects.filter((object) => !isBefore(object, from));
    while (waiting.length > 0) {
      const stop = spending.stop();
      if (stop !== undefined && waiting[0]) return finish(stop, placeOf(waiting[0], 0));
      const batch: QuarantineObject[] = [];
      let batchBytes = 0;
      while (batch.length < READ_AHEAD && waiting[0]) {
        if (batch.length > 0 && batchBytes + waiting[0].size > MAX_OBJECT_BYTES) break;
        batchBytes += waiting[0].size;
        batch.push(waiting[0]);
        waiting.shift();
      }
      spending.objects += batch.length;
      spending.bytes += batchBytes;
      const reads = await mapBounded(batch, READ_AHEAD, (object) =>
        readObject(catalog, object, selection, signal),
      );
      for (const { object, records, unreadable } of reads) {
        const place = from?.object;
        const skip = place?.bucket === object.bucket && place.key === object.key ? place.skip : 0;
        seen.backTo = hour;
        const taken = take(records.slice(skip), object);
        if (skip + taken < records.length) return finish("limit", placeOf(object, skip + taken));
        seen.unreadable += unreadable;
      }
    }
    seen.backTo = hour;
  }
  const stop = spending.stop();
  return stop === undefined
    ? finish("end")
    : finish(stop, hourBefore(seen.backTo) ?? (from && { hour: from.hour }));
};

const HOUR = /^year=(\d{4})\/month=(\d\d)\/day=(\d\d)\/hour=(\d\d)$/;

/** Start of an hour's path, epoch milliseconds; NaN for an hour that does not exist. */
export const hourStartMs = (path: string): number => {
  const [, year, month, day, hour] = HOUR.exec(path) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
};

const hourBefore = (path: string | undefined): QuarantinePlace | undefined => {
  const untilMs = path === undefined ? Number.NaN : hourStartMs(path);
  const last = Number.isNaN(untilMs) ? undefined : hourBounds({ untilMs }).last;
  return last === undefined ? undefined : { hour: last };
};
