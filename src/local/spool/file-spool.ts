import { type FileHandle, mkdir, open, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { Logger } from "../../shared/core/logger.ts";
import type { OpenAttempt, Spool, SpoolEntry, SpooledEntry } from "../../shared/core/spool.ts";
import { SpoolError } from "../../shared/core/spool.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { encodeFrame, type Frame } from "./frames.ts";
import { attemptSchema, openJournal } from "./journal.ts";
import {
  listSegmentFiles,
  readFrames,
  removeSegment,
  type Segment,
  segmentFile,
  syncFolder,
} from "./segments.ts";

export type FileSpoolOptions = {
  folder: string;
  /** Of all its files together. */
  maxBytes: number;
  log: Logger;
  /** Epoch milliseconds. */
  now: () => number;
  /** Waits for the disk; replaced only where a test makes it fail. */
  sync?: (handle: FileHandle) => Promise<void>;
};

export type FileSpool = Spool & {
  /** Records of batches with a key that an earlier process left here, by key. */
  taggedAtStart(): ReadonlyMap<string, ReadonlySet<number>>;
  /** Ends what is being written, and lets go of the folder. */
  close(): Promise<void>;
};

type Group = {
  readonly entries: readonly SpoolEntry[];
  readonly frames: readonly Buffer[];
  readonly firstId: number;
  readonly bytes: number;
  readonly at: number;
  readonly resolve: () => void;
  readonly reject: (error: SpoolError) => void;
};

const MIN_SEGMENT_BYTES = 64 * 1024;
const MAX_SEGMENT_BYTES = 8 * 1024 * 1024;
const MAX_JOURNAL_BYTES = 512 * 1024;
const GROUP_BYTES = 8 * 1024 * 1024;
/** Of different partition keys: what is remembered of each is in memory. */
const MAX_KEYS = 100_000;
/** After a failed write the disk is left alone for so long. */
const FAILURE_PAUSE_MS = 1_000;

const headSchema = z.object({
  id: z.number(),
  at: z.number(),
  key: z.string(),
  service: z.string().optional(),
  logs: z.number(),
  attempt: attemptSchema.optional(),
  tag: z.object({ key: z.string(), ordinal: z.number() }).optional(),
});

type Head = z.infer<typeof headSchema>;

const toFrame = (entry: SpoolEntry, id: number, at: number): Buffer => {
  const { partitionKey: key, service, logs, attempt, tag, data } = entry;
  const head: Head = { id, at, key, logs, ...(service === key ? {} : { service }) };
  return encodeFrame({ ...head, attempt, tag }, data);
};

const toEntry = (head: Head, data: Uint8Array): SpooledEntry => ({
  id: head.id,
  spooledAt: head.at,
  partitionKey: head.key,
  service: head.service ?? head.key,
  logs: head.logs,
  attempt: head.attempt,
  tag: head.tag,
  data: Uint8Array.from(data),
});

const headOf = ({ head }: Frame): Head => headSchema.parse(head);

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Opens the spool in a folder, alone (see lockFolder), and finds again whatever an earlier process
 * had on the disk; the torn end of a last write is cut off. Rejects with a sentence where the folder
 * cannot be used.
 */
export const openFileSpool = async (options: FileSpoolOptions): Promise<FileSpool> => {
  const { folder } = options;
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new Error(
      `SPOOL_DIR cannot be used: ${messageOf(error)}. Set it to a folder that can be written, or SPOOL_MAX_BYTES=0 to do without a spool.`,
    );
  });
  const lock = await lockFolder(folder);
  try {
    return await openLocked(options, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
};

const openLocked = async (
  { folder, maxBytes, log, now, sync = (handle) => handle.datasync() }: FileSpoolOptions,
  lock: FolderLock,
): Promise<FileSpool> => {
  const segmentBytes = Math.min(
    MAX_SEGMENT_BYTES,
    Math.max(MIN_SEGMENT_BYTES, Math.floor(maxBytes / 16)),
  );
  const journal = await openJournal(folder, Math.min(MAX_JOURNAL_BYTES, maxBytes / 8));
  if (journal.isDamaged)
    log.error({ folder }, "The spool's journal is damaged: some spooled logs may be stored twice.");

  let segments: Segment[] = [];
  const keys = new Map<string, number>();
  /** Handed out and not done, oldest first, with the time of its spooling. */
  const handedOut = new Map<number, number>();
  const tagged = new Map<string, Set<number>>();
  const recovered: OpenAttempt[] = journal.openAttempts();
  let entryCount = 0;
  let logCount = 0;
  let nextId = journal.highestId() + 1;
  let cursor = { segmentId: 0, offset: 0 };
  let active: FileHandle | undefined;
  let reader: { firstId: number; handle: FileHandle } | undefined;
  const waiting: Group[] = [];
  let waitingBytes = 0;
  let isFlushing = false;
  let flushed: Promise<void> = Promise.resolve();
  let failure: { message: string; until: number } | undefined;
  let isClosed = false;
  const listeners: (() => void)[] = [];

  const fileBytes = (): number =>
    segments.reduce((sum, { bytes }) => sum + bytes, 0) + journal.bytes();

  const countIn = ({ partitionKey, logs }: Pick<SpoolEntry, "partitionKey" | "logs">): void => {
    keys.set(partitionKey, (keys.get(partitionKey) ?? 0) + 1);
    entryCount += 1;
    logCount += logs;
  };

  const countOut = ({ partitionKey, logs }: Pick<SpoolEntry, "partitionKey" | "logs">): void => {
    const left = (keys.get(partitionKey) ?? 0) - 1;
    if (left > 0) keys.set(partitionKey, left);
    else keys.delete(partitionKey);
    entryCount -= 1;
    logCount -= logs;
  };

  /** Keeps what follows the last whole frame aside: only a torn write is thrown away. */
  const cutOff = async (file: string, end: number, isLast: boolean): Promise<void> => {
    const { size } = await stat(file);
    if (size === end) return;
    if (!isLast) {
      const handle = await open(file, "r");
      const rest = Buffer.alloc(size - end);
      await handle.read(rest, 0, rest.length, end);
      await handle.close();
      const aside = await open(`${file}.damaged`, "w");
      await aside.writeFile(rest);
      await aside.close();
      log.error(
        { file, bytes: rest.length },
        "A file of the spool is damaged: logs in it are lost. The damaged part is kept beside it.",
      );
    } else
      log.warn({ file, bytes: size - end }, "The torn end of the spool's last write is cut off.");
    await truncate(file, end);
  };

  const recoverSegment = async (name: string, isLast: boolean): Promise<void> => {
    const file = path.join(folder, name);
    const { size } = await stat(file);
    const handle = await open(file, "r");
    let segment: Segment | undefined;
    let offset = 0;
    try {
      while (offset < size) {
        const { frames, end } = await readFrames(handle, offset, size, MAX_SEGMENT_BYTES);
        if (frames.length === 0) break;
        for (const frame of frames) {
          const head = headOf(frame);
          segment ??= { firstId: head.id, lastId: 0, file, bytes: 0, pending: 0, firstAt: head.at };
          segment.lastId = head.id;
          nextId = Math.max(nextId, head.id + 1);
          if (journal.isDone(head.id)) continue;
          segment.pending += 1;
          countIn({ partitionKey: head.key, logs: head.logs });
          const { tag } = head;
          if (tag) tagged.set(tag.key, (tagged.get(tag.key) ?? new Set()).add(tag.ordinal));
        }
        offset = end;
      }
    } finally {
      await handle.close();
    }
    await cutOff(file, offset, isLast);
    if (segment === undefined || segment.pending === 0) return await rm(file, { force: true });
    segment.bytes = offset;
    segments.push(segment);
  };

  const closeReader = async (): Promise<void> => {
    const closing = reader;
    reader = undefined;
    await closing?.handle.close();
  };

  /** Files of which every entry is done go; the one that is being written when all are. */
  const free = async (): Promise<void> => {
    const isActive = (segment: Segment) => active !== undefined && segment === segments.at(-1);
    const isIdle = !isFlushing && waiting.length === 0;
    const gone = segments.filter(
      (segment) => segment.pending === 0 && (!isActive(segment) || (isIdle && entryCount === 0)),
    );
    if (gone.length === 0) return;
    const handle = gone.some(isActive) ? active : undefined;
    if (handle !== undefined) active = undefined;
    segments = segments.filter((segment) => !gone.includes(segment));
    journal.forgetBelow(segments[0]?.firstId ?? nextId);
    if (gone.some(({ firstId }) => firstId === reader?.firstId)) await closeReader();
    await handle?.close();
    for (const segment of gone) await removeSegment(segment);
  };

  const openSegment = async (firstId: number, at: number): Promise<FileHandle> => {
    const file = segmentFile(folder, firstId);
    const handle = await open(file, "wx");
    await syncFolder(folder);
    segments.push({ firstId, lastId: firstId - 1, file, bytes: 0, pending: 0, firstAt: at });
    active = handle;
    return handle;
  };

  /** Nothing of a failed write may be found again: its senders have been told that it failed. */
  const undoWrite = async (): Promise<void> => {
    const handle = active;
    const segment = segments.at(-1);
    active = undefined;
    if (handle === undefined || segment === undefined) return;
    try {
      await handle.truncate(segment.bytes);
      await handle.datasync();
    } catch (error) {
      log.error(
        { err: error, file: segment.file },
        "A failed write to the spool could not be undone: logs that were refused may be stored.",
      );
    }
    await handle.close().catch(() => undefined);
    if (segment.bytes === 0) {
      segments.pop();
      await removeSegment(segment).catch(() => undefined);
    }
  };

  const writeGroups = async (groups: readonly Group[]): Promise<void> => {
    const [first] = groups;
    if (first === undefined) return;
    let handle = active;
    if (handle !== undefined && (segments.at(-1)?.bytes ?? 0) >= segmentBytes) {
      active = undefined;
      await handle.close();
      handle = undefined;
    }
    handle ??= await openSegment(first.firstId, first.at);
    const segment = segments.at(-1);
    if (segment === undefined) throw new Error("No file to write to.");
    const buffer = Buffer.concat(groups.flatMap(({ frames }) => frames));
    // A disk that fills up takes a part first, and says so only when asked to take the rest.
    for (let at = 0; at < buffer.length; ) {
      const { bytesWritten } = await handle.write(
        buffer,
        at,
        buffer.length - at,
        segment.bytes + at,
      );
      at += bytesWritten;
    }
    await sync(handle);
    segment.bytes += buffer.length;
    for (const { entries, firstId } of groups) {
      segment.pending += entries.length;
      segment.lastId = firstId + entries.length - 1;
    }
  };

  const takeGroups = (): Group[] => {
    let bytes = 0;
    let count = 0;
    for (const group of waiting) {
      if (count > 0 && bytes + group.bytes > GROUP_BYTES) break;
      bytes += group.bytes;
      count += 1;
    }
    return waiting.splice(0, count);
  };

  /** Everything that came in meanwhile goes to the disk with one wait for it. */
  const flush = async (): Promise<void> => {
    isFlushing = true;
    while (waiting.length > 0) {
      const groups = takeGroups();
      try {
        await writeGroups(groups);
        failure = undefined;
        for (const { resolve } of groups) resolve();
        for (const listener of listeners) listener();
      } catch (cause) {
        const message = `The spool cannot be written: ${messageOf(cause)}`;
        failure = { message, until: now() + FAILURE_PAUSE_MS };
        log.error({ err: cause, folder }, "The spool cannot be written: logs are refused.");
        await undoWrite();
        for (const { entries, reject } of groups) {
          for (const entry of entries) countOut(entry);
          reject(new SpoolError("FAILED", message, cause));
        }
      }
      waitingBytes -= groups.reduce((sum, { bytes }) => sum + bytes, 0);
    }
    isFlushing = false;
    await free().catch((error: unknown) =>
      log.error({ err: error, folder }, "Done files of the spool could not be removed."),
    );
  };

  const refuseAppend = (entries: readonly SpoolEntry[], bytes: number): SpoolError | undefined => {
    if (isClosed) return new SpoolError("FAILED", "The spool is closed.");
    if (!lock.isHeld())
      return new SpoolError("FAILED", "Another process has taken over the spool's folder.");
    if (failure !== undefined && now() < failure.until)
      return new SpoolError("FAILED", failure.message);
    const used = fileBytes() + waitingBytes;
    if (used + bytes > maxBytes)
      return new SpoolError(
        "FULL",
        `The spool holds ${used} of ${maxBytes} bytes (SPOOL_MAX_BYTES) while Kinesis is away.`,
      );
    const newKeys = new Set(entries.map(({ partitionKey }) => partitionKey));
    for (const key of newKeys) if (keys.has(key)) newKeys.delete(key);
    return keys.size + newKeys.size > MAX_KEYS
      ? new SpoolError("FULL", `The spool holds logs of ${MAX_KEYS} services already.`)
      : undefined;
  };

  const append = (entries: readonly SpoolEntry[]): Promise<void> => {
    const at = now();
    const firstId = nextId;
    const frames = entries.map((entry, index) => toFrame(entry, firstId + index, at));
    const bytes = frames.reduce((sum, { length }) => sum + length, 0);
    const refusal = refuseAppend(entries, bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    nextId += entries.length;
    for (const entry of entries) countIn(entry);
    waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      waiting.push({ entries, frames, firstId, bytes, at, resolve, reject });
      if (!isFlushing) flushed = flush();
    });
  };

  const readerOf = async (segment: Segment): Promise<FileHandle> => {
    if (reader?.firstId === segment.firstId) return reader.handle;
    await closeReader();
    reader = { firstId: segment.firstId, handle: await open(segment.file, "r") };
    return reader.handle;
  };

  const read = async (maxReadBytes: number): Promise<SpooledEntry[]> => {
    const entries: SpooledEntry[] = [];
    let bytes = 0;
    for (;;) {
      const segment = segments.find(({ firstId }) => firstId >= cursor.segmentId);
      if (segment === undefined) return entries;
      if (segment.firstId > cursor.segmentId) cursor = { segmentId: segment.firstId, offset: 0 };
      if (cursor.offset >= segment.bytes) {
        if (segment === segments.at(-1)) return entries;
        cursor = { segmentId: segment.firstId + 1, offset: 0 };
        continue;
      }
      if (entries.length > 0 && bytes >= maxReadBytes) return entries;
      const handle = await readerOf(segment);
      const { frames, end } = await readFrames(
        handle,
        cursor.offset,
        segment.bytes,
        Math.max(1, maxReadBytes - bytes),
      );
      if (frames.length === 0)
        throw new Error(`${segment.file} cannot be read at byte ${cursor.offset}.`);
      for (const frame of frames) {
        const head = headOf(frame);
        if (journal.isDone(head.id)) continue;
        handedOut.set(head.id, head.at);
        entries.push(toEntry(head, frame.data));
      }
      bytes += end - cursor.offset;
      cursor = { segmentId: segment.firstId, offset: end };
    }
  };

  /** At once in memory, so that what follows of a partition key need not queue any more. */
  const forget = (entries: readonly SpooledEntry[]): number[] => {
    const ids: number[] = [];
    for (const entry of entries) {
      if (!handedOut.delete(entry.id)) continue;
      ids.push(entry.id);
      countOut(entry);
      const segment = segments.findLast(({ firstId }) => firstId <= entry.id);
      if (segment !== undefined) segment.pending -= 1;
    }
    return ids;
  };

  const oldestAt = (): number | undefined => {
    const [oldest] = handedOut.values();
    const next = segments.find(
      ({ firstId, bytes }) =>
        firstId > cursor.segmentId || (firstId === cursor.segmentId && cursor.offset < bytes),
    );
    if (entryCount === 0) return undefined;
    return oldest ?? next?.firstAt ?? waiting[0]?.at;
  };

  const names = await listSegmentFiles(folder);
  for (const [index, name] of names.entries())
    await recoverSegment(name, index === names.length - 1);
  if (entryCount > 0)
    log.warn(
      { folder, logs: logCount, bytes: fileBytes() },
      `${logCount} logs were left in the spool; they are sent now.`,
    );

  return {
    append,
    read,
    holds: (partitionKey) => keys.has(partitionKey),
    begin: (attempt, records) =>
      journal.begin(
        attempt,
        records.map((entries) => entries.map(({ id }) => id)),
      ),
    end: async (attemptId, stored) => {
      await journal.end(attemptId, forget(stored));
      await free();
    },
    done: async (entries) => {
      await journal.done(forget(entries));
      await free();
    },
    openAttempts: () => recovered,
    taggedAtStart: () => tagged,
    onAppend: (listener) => {
      listeners.push(listener);
    },
    depth: () => ({
      entries: entryCount,
      logs: logCount,
      bytes: fileBytes() + waitingBytes,
      maxBytes,
      oldestAt: oldestAt(),
      failure: failure?.message,
    }),
    close: async () => {
      isClosed = true;
      await flushed;
      await closeReader();
      await active?.close();
      active = undefined;
      await journal.close();
      await lock.release();
    },
  };
};
