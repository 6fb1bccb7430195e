import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { internalFailure, serializationFailed } from "./errors.ts";
import {
  frameBytes,
  type IncomingRecord,
  readFrameRecord,
  type StoredRecord,
  writeFrame,
} from "./frames.ts";
import {
  findLast,
  indexFrame,
  indexOf,
  parseSegmentFile,
  readSegment,
  type Segment,
  segmentFile,
} from "./segment.ts";

/**
 * Ordinals skipped when a log is opened again. After a power cut the records of the last second
 * may be gone; their sequence numbers, already given out, must not be given to others. More than
 * any second can write.
 */
const REOPEN_GAP = 1_000_000;

const fdatasync = promisify(fs.fdatasync);

export type ReadQuery = {
  /** Records from this ordinal on … */
  fromOrdinal: number;
  /** … that arrived at this time or later, epoch ms. */
  notBefore: number;
  maxRecords: number;
  /** Data and keys together; the first record is returned whatever its size. */
  maxBytes: number;
};

export type ReadResult = { records: StoredRecord[]; hasMore: boolean };

/** Frames ready to be written: nothing of them is visible yet. */
export type PreparedAppend = {
  readonly frames: Buffer;
  readonly firstOrdinal: number;
  readonly arrivedAt: number;
  readonly sizes: readonly number[];
};

export type ShardLogOptions = {
  directory: string;
  /** Ordinal of the first record, where the log has none yet. */
  firstOrdinal: number;
  /** False for a shard that was just made. */
  isReopened: boolean;
  /** Size at which a new segment is begun; a single append may go past it. */
  segmentBytes: () => number;
  /** False where nothing ever calls `sync`. */
  isSynced: boolean;
  /** Told when bytes on disk are no longer what was written. */
  onDamage: (message: string) => void;
  /** Injected where a test needs a disk that fails. */
  writeSync?: typeof fs.writeSync;
  ftruncateSync?: typeof fs.ftruncateSync;
};

const listSegments = (directory: string): Segment[] => {
  let names: string[];
  try {
    names = fs.readdirSync(directory).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names.flatMap((name) => {
    const parsed = parseSegmentFile(name);
    if (parsed === undefined) return [];
    const file = path.join(directory, name);
    return [{ file, ...parsed, bytes: fs.statSync(file).size, index: undefined }];
  });
};

/**
 * The records of one shard on disk: append-only segments with a sparse index in memory. Appending
 * returns once every byte is with the operating system, so what was appended survives `kill -9`.
 * A torn tail is cut off on opening. Reads and writes are synchronous: each is one or two calls
 * into the page cache, and nothing can come between a record's ordinal and its bytes.
 */
export const openShardLog = (options: ShardLogOptions) => {
  const { directory, segmentBytes, onDamage } = options;
  const writeSync = options.writeSync ?? fs.writeSync;
  const ftruncateSync = options.ftruncateSync ?? fs.ftruncateSync;

  const segments = listSegments(directory);
  let nextOrdinal = options.firstOrdinal;
  let lastArrivedAt = 0;
  /** The file being appended to: the last segment, opened on the first append. */
  let active: number | undefined;
  let isDirty = false;
  let isTailTorn = false;
  /** The file an fdatasync is under way on: closing it now could hit its successor's number. */
  let inSync: number | undefined;
  let isDirectoryDirty = false;
  const retired: number[] = [];
  let syncing: Promise<void> = Promise.resolve();

  const recover = () => {
    for (let segment = segments.at(-1); segment !== undefined; segment = segments.at(-1)) {
      const index: NonNullable<Segment["index"]> = [];
      let last: { ordinal: number; arrivedAt: number } | undefined;
      const { end } = readSegment(segment, 0, (_buffer, _start, head, offset) => {
        indexFrame(index, head.ordinal, head.arrivedAt, offset);
        last = head;
        return true;
      });
      if (last !== undefined) {
        if (end < segment.bytes) fs.truncateSync(segment.file, end);
        segment.bytes = end;
        segment.index = index;
        nextOrdinal = Math.max(nextOrdinal, last.ordinal + 1);
        lastArrivedAt = last.arrivedAt;
        break;
      }
      fs.rmSync(segment.file);
      segments.pop();
    }
    nextOrdinal += REOPEN_GAP;
  };
  if (options.isReopened) recover();

  const retireActive = () => {
    if (active === undefined) return;
    if (options.isSynced && (isDirty || inSync === active)) retired.push(active);
    else fs.closeSync(active);
    active = undefined;
    isDirty = false;
  };

  const openActive = (ordinal: number, arrivedAt: number, bytes: number): Segment => {
    const last = segments.at(-1);
    if (last !== undefined && last.bytes + bytes <= segmentBytes()) {
      active ??= fs.openSync(last.file, "r+");
      return last;
    }
    const file = segmentFile(directory, ordinal, arrivedAt);
    fs.mkdirSync(directory, { recursive: true });
    const opened = fs.openSync(file, "w");
    retireActive();
    active = opened;
    isDirectoryDirty = true;
    const segment = {
      file,
      firstOrdinal: ordinal,
      firstArrivedAt: arrivedAt,
      bytes: 0,
      index: [],
    };
    segments.push(segment);
    return segment;
  };

  const undo = (segment: Segment, recordCount: number) => {
    try {
      if (active !== undefined) ftruncateSync(active, segment.bytes);
      if (segment.bytes > 0) return;
      segments.pop();
      retireActive();
      fs.rmSync(segment.file, { force: true });
    } catch {
      // The torn bytes stay in the file. Later appends go to a file of their own, under ordinals
      // that no frame among the torn bytes can carry.
      retireActive();
      nextOrdinal += recordCount;
      if (segments.at(-1) === segment) isTailTorn = true;
    }
  };

  /** Lays out the frames. Throws SerializationException where data is not base64. */
  const prepare = (records: readonly IncomingRecord[], now: number): PreparedAppend => {
    const sizes = records.map(frameBytes);
    const frames = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, 0));
    // Arrival times never run backwards along a shard, whatever the clock does.
    const arrivedAt = Math.max(lastArrivedAt, now);
    let offset = 0;
    records.forEach((record, i) => {
      const end = writeFrame(frames, offset, record, nextOrdinal + i, arrivedAt);
      if (end === undefined)
        throw serializationFailed("'Data' can not be converted to a Blob: it is not base64.");
      offset = end;
    });
    return { frames, firstOrdinal: nextOrdinal, arrivedAt, sizes };
  };

  /**
   * Writes what was prepared, with nothing appended in between. Throws InternalFailure where the
   * disk refuses it; the log is then as if it had never been asked.
   */
  const commit = ({ frames, firstOrdinal, arrivedAt, sizes }: PreparedAppend): void => {
    if (firstOrdinal !== nextOrdinal) throw internalFailure("An append came between.");
    let segment: Segment | undefined;
    try {
      segment = openActive(firstOrdinal, arrivedAt, isTailTorn ? Infinity : frames.length);
      isTailTorn = false;
      isDirty = true;
      let written = 0;
      while (written < frames.length) {
        const position = segment.bytes + written;
        written += writeSync(active ?? -1, frames, written, frames.length - written, position);
      }
    } catch (cause) {
      if (segment !== undefined) undo(segment, sizes.length);
      throw internalFailure(`The record could not be stored: ${(cause as Error).message}`);
    }
    let ordinal = firstOrdinal;
    const index = indexOf(segment);
    for (const size of sizes) {
      indexFrame(index, ordinal, arrivedAt, segment.bytes);
      segment.bytes += size;
      ordinal += 1;
    }
    nextOrdinal = ordinal;
    lastArrivedAt = arrivedAt;
  };

  /** Segment and offset to start at so as to miss nothing for which `isBefore` is false. */
  const seek = (isBefore: (at: { ordinal: number; arrivedAt: number }) => boolean) => {
    const segment = Math.max(
      0,
      findLast(segments, ({ firstOrdinal, firstArrivedAt }) =>
        isBefore({ ordinal: firstOrdinal, arrivedAt: firstArrivedAt }),
      ),
    );
    const found = segments[segment];
    if (found === undefined) return { segment, offset: 0 };
    const index = indexOf(found);
    return { segment, offset: index[findLast(index, isBefore)]?.offset ?? 0 };
  };

  /** Walks the records at or after a place in order until `visit` answers false. */
  const walk = (
    from: { segment: number; offset: number },
    visit: Parameters<typeof readSegment>[2],
  ): void => {
    let isStopped = false;
    for (let i = from.segment; i < segments.length && !isStopped; i += 1) {
      const segment = segments[i] as Segment;
      const { end, isDamaged } = readSegment(
        segment,
        i === from.segment ? from.offset : 0,
        (buffer, start, head, offset) => {
          isStopped = !visit(buffer, start, head, offset);
          return !isStopped;
        },
      );
      if (!isDamaged) continue;
      segment.bytes = end;
      onDamage(`${segment.file} holds no whole record after byte ${end}; what followed is lost.`);
    }
  };

  const read = ({ fromOrdinal, notBefore, maxRecords, maxBytes }: ReadQuery): ReadResult => {
    const records: StoredRecord[] = [];
    let hasMore = false;
    if (fromOrdinal >= nextOrdinal || lastArrivedAt < notBefore) return { records, hasMore };
    const isBefore = (at: { ordinal: number; arrivedAt: number }) =>
      at.ordinal < fromOrdinal || at.arrivedAt < notBefore;
    let bytes = 0;
    walk(seek(isBefore), (buffer, start, head) => {
      if (isBefore(head)) return true;
      hasMore = records.length >= maxRecords;
      if (hasMore) return false;
      const record = readFrameRecord(buffer, start, head);
      bytes += record.keyBytes + record.data.length;
      hasMore = records.length > 0 && bytes > maxBytes;
      if (!hasMore) records.push(record);
      return !hasMore;
    });
    return { records, hasMore };
  };

  /** The ordinal of the first record that arrived at `time` or later, or of the next to come. */
  const ordinalAt = (time: number): number => {
    let found = nextOrdinal;
    if (lastArrivedAt < time) return found;
    walk(
      seek(({ arrivedAt }) => arrivedAt < time),
      (_buffer, _start, head) => {
        if (head.arrivedAt < time) return true;
        found = head.ordinal;
        return false;
      },
    );
    return found;
  };

  const removeOldest = () => {
    const segment = segments[0];
    if (segment === undefined) return;
    if (segments.length === 1) retireActive();
    fs.rmSync(segment.file, { force: true });
    segments.shift();
  };

  /**
   * The arrival time of the oldest record whose segment may be dropped. The newest segment of an
   * open shard stays: it is what keeps sequence numbers from being given out twice.
   */
  const oldestRemovable = (isOpen: boolean): number | undefined =>
    segments.length > (isOpen ? 1 : 0) ? segments[0]?.firstArrivedAt : undefined;

  /** Drops whole segments of which every record arrived before `time`. */
  const expire = (time: number, isOpen: boolean): void => {
    while (oldestRemovable(isOpen) !== undefined) {
      const newestInOldest = segments[1]?.firstArrivedAt ?? lastArrivedAt;
      if (newestInOldest >= time) return;
      removeOldest();
    }
  };

  const syncNow = async (): Promise<void> => {
    const closing = retired.splice(0);
    try {
      for (const file of closing) await fdatasync(file);
    } finally {
      for (const file of closing) fs.closeSync(file);
    }
    if (isDirectoryDirty) {
      isDirectoryDirty = false;
      syncDirectory(directory);
      syncDirectory(path.dirname(directory));
    }
    if (!isDirty || active === undefined) return;
    isDirty = false;
    inSync = active;
    try {
      await fdatasync(inSync);
    } catch (error) {
      if (inSync === active) isDirty = true;
      throw error;
    } finally {
      inSync = undefined;
    }
  };

  /** Everything appended before the call is on the disk itself when it resolves. */
  const sync = (): Promise<void> => {
    const next = syncing.catch(() => {}).then(syncNow);
    syncing = next;
    return next;
  };

  const close = async (): Promise<void> => {
    await syncing.catch(() => {});
    retireActive();
    for (const file of retired.splice(0)) fs.closeSync(file);
  };

  return {
    prepare,
    commit,
    read,
    ordinalAt,
    expire,
    oldestRemovable,
    removeOldest,
    sync,
    close,
    nextOrdinal: () => nextOrdinal,
    lastArrivedAt: () => lastArrivedAt,
    bytes: () => segments.reduce((sum, segment) => sum + segment.bytes, 0),
    needsSync: () => isDirty || retired.length > 0,
  };
};

export type ShardLog = ReturnType<typeof openShardLog>;

/** Makes file names in a directory durable; not every platform can. */
export const syncDirectory = (directory: string): void => {
  try {
    const file = fs.openSync(directory, "r");
    try {
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
  } catch {
    // Windows opens no directories; the records themselves were synced.
  }
};
