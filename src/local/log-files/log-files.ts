import { rename, rm } from "node:fs/promises";
import path from "node:path";
import type { AcceptedItem, AcceptedSink } from "../../shared/core/accepted-copies.ts";
import { MIB } from "../../shared/core/limits.ts";
import { createLocalLogPath, dayOf } from "../../shared/core/local-log-path.ts";
import { readLogHead } from "../../shared/core/log-head.ts";
import type { Logger } from "../../shared/core/logger.ts";
import type { LogFilesStats } from "../../shared/core/side-effects.ts";
import { appendLines } from "./append-lines.ts";
import { createFolderIndex } from "./folder-index.ts";

export type LogFilesDeps = {
  log: Logger;
  /** Epoch milliseconds. */
  now: () => number;
};

export type LogFilesOptions = {
  folder: string;
  /** Bytes of all files together; the ones not written to for the longest time go first. */
  maxBytes: number;
  maxQueueBytes?: number;
  flushEveryMs?: number;
};

export type LogFiles = AcceptedSink & {
  /** Counts accepted logs that did not get here. */
  addDropped(count: number): void;
  stats(): LogFilesStats;
  /** Writes what waits, once more, whatever comes of it. */
  close(): Promise<void>;
};

const MAX_QUEUE_BYTES = 16 * MIB;
/** So much at once goes to the disk without waiting for the time. */
const FLUSH_BYTES = MIB;
const FLUSH_EVERY_MS = 500;
const WARN_EVERY_MS = 60_000;
/** Of the bound, that one file may take before it is set aside under a number. */
const FILE_SHARE = 1 / 64;

/** What a line is that names no type. */
const TYPE_OF_SIGNAL = { logs: undefined, metrics: "metrics", apm: "apm_trace" } as const;

const endLine = (bytes: Uint8Array): Uint8Array => {
  const line = Buffer.allocUnsafe(bytes.length + 1);
  line.set(bytes);
  line[bytes.length] = 0x0a;
  return line;
};

/**
 * Writes accepted logs as lines of `<category>/<log_type>_<yyyymmdd>.log` below a folder, by the UTC
 * day they were accepted. A side effect: it delays and fails nobody, and what the disk does not take
 * is counted and gone.
 */
export const openLogFiles = async (
  { log, now }: LogFilesDeps,
  options: LogFilesOptions,
): Promise<LogFiles> => {
  const { folder, maxBytes, maxQueueBytes = MAX_QUEUE_BYTES } = options;
  const index = createFolderIndex();
  const pathOf = createLocalLogPath();
  /** Files whose end this process has seen to. */
  const sound = new Set<string>();
  let queue = new Map<string, Uint8Array[]>();
  let queuedBytes = 0;
  let newBytes = 0;
  const counts = { writtenLogs: 0, droppedLogs: 0, deletedFiles: 0 };
  let failure: string | undefined;
  let warnedAt = Number.NEGATIVE_INFINITY;
  let today = { endsAt: Number.NEGATIVE_INFINITY, name: "" };
  let flushing: Promise<void> | undefined;

  const warn = (error: unknown): void => {
    failure = error instanceof Error ? error.message : String(error);
    if (now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = now();
    log.warn(
      { err: error, folder, droppedLogs: counts.droppedLogs },
      "Local log files cannot be written: logs are taken all the same, and missing in LOG_DIR.",
    );
  };

  const dayNow = (): string => {
    const at = now();
    if (at >= today.endsAt) {
      // Those of yesterday are not asked for any more.
      sound.clear();
      today = { endsAt: (Math.floor(at / 86_400_000) + 1) * 86_400_000, name: dayOf(at) };
    }
    return today.name;
  };

  const setAside = async (file: string): Promise<void> => {
    const segment = index.nextSegment(file);
    await rename(path.join(folder, file), path.join(folder, segment));
    const { bytes = 0, lastWrittenMs = now() } = index.get(file) ?? {};
    index.remove(file);
    index.set(segment, bytes, lastWrittenMs);
    sound.delete(file);
  };

  const writeFile = async (file: string, lines: readonly Uint8Array[]): Promise<void> => {
    const added = lines.reduce((bytes, line) => bytes + line.length, 0);
    const size = index.get(file)?.bytes ?? 0;
    if (size > 0 && size + added > maxBytes * FILE_SHARE) await setAside(file);
    const isTorn = !sound.has(file);
    sound.delete(file);
    const bytes = await appendLines(path.join(folder, file), lines, isTorn);
    sound.add(file);
    index.set(file, bytes, now());
  };

  const deleteOldest = async (): Promise<void> => {
    if (index.totalBytes() <= maxBytes) return;
    for (const file of index.oldestFirst()) {
      if (index.totalBytes() <= maxBytes) return;
      await rm(path.join(folder, file), { force: true });
      index.remove(file);
      sound.delete(file);
      counts.deletedFiles += 1;
    }
  };

  const flushOnce = async (): Promise<void> => {
    const batch = queue;
    queue = new Map();
    newBytes = 0;
    for (const [file, lines] of batch) {
      try {
        await writeFile(file, lines);
        counts.writtenLogs += lines.length;
        failure = undefined;
      } catch (error) {
        counts.droppedLogs += lines.length;
        warn(error);
      }
      queuedBytes -= lines.reduce((bytes, line) => bytes + line.length, 0);
    }
    await deleteOldest().catch(warn);
  };

  const flush = (): Promise<void> => {
    flushing ??= flushOnce().finally(() => {
      flushing = undefined;
      if (newBytes >= FLUSH_BYTES) void flush();
    });
    return flushing;
  };

  await index.scan(folder).then(deleteOldest).catch(warn);
  const timer = setInterval(() => void flush(), options.flushEveryMs ?? FLUSH_EVERY_MS);
  timer.unref();

  return {
    take: ({ signal, bytes }: AcceptedItem): void => {
      const size = bytes.length + 1;
      if (queuedBytes + size > maxQueueBytes) {
        counts.droppedLogs += 1;
        return;
      }
      const { logType, anomalyScore } = readLogHead(bytes);
      const file = pathOf(logType ?? TYPE_OF_SIGNAL[signal], anomalyScore, dayNow());
      const line = endLine(bytes);
      const lines = queue.get(file);
      if (lines === undefined) queue.set(file, [line]);
      else lines.push(line);
      queuedBytes += size;
      newBytes += size;
      if (newBytes >= FLUSH_BYTES) void flush();
    },
    addDropped: (count) => {
      counts.droppedLogs += count;
    },
    stats: () => {
      const categories = index.counts();
      return {
        folder,
        maxBytes,
        files: Object.values(categories).reduce((sum, { files }) => sum + files, 0),
        bytes: index.totalBytes(),
        categories,
        queuedBytes,
        ...counts,
        failure,
      };
    },
    close: async () => {
      clearInterval(timer);
      await flushing;
      await flush();
    },
  };
};
