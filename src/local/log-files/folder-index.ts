import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { LOCAL_LOG_FOLDERS } from "../../shared/core/local-log-path.ts";
import type { FolderCounts } from "../../shared/core/side-effects.ts";

/** `payment_20251114.log`, or `payment_20251114.3.log` once that one was full. */
const FILE_NAME = /^(.+_\d{8})(?:\.(\d+))?\.log$/;

export type LogFile = { bytes: number; lastWrittenMs: number };

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

const list = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
};

/**
 * The log files below a folder, by their path in it, so that neither counts nor the bound cost a
 * walk. Files that are named otherwise are somebody else's: neither counted nor deleted.
 */
export const createFolderIndex = () => {
  const files = new Map<string, LogFile>();
  /** Highest number behind a full file, by `<category>/<type>_<day>`. */
  const segments = new Map<string, number>();
  const folders = new Map<string, FolderCounts>();
  let totalBytes = 0;

  const count = (file: string, { files: more, bytes }: FolderCounts): void => {
    const folder = path.posix.dirname(file);
    const before = folders.get(folder) ?? { files: 0, bytes: 0 };
    folders.set(folder, { files: before.files + more, bytes: before.bytes + bytes });
    totalBytes += bytes;
  };

  const remove = (file: string): void => {
    const known = files.get(file);
    if (known === undefined) return;
    files.delete(file);
    count(file, { files: -1, bytes: -known.bytes });
  };

  const set = (file: string, bytes: number, lastWrittenMs: number): void => {
    remove(file);
    files.set(file, { bytes, lastWrittenMs });
    count(file, { files: 1, bytes });
    const [, stem = "", segment] = FILE_NAME.exec(path.posix.basename(file)) ?? [];
    if (segment === undefined) return;
    const key = path.posix.join(path.posix.dirname(file), stem);
    segments.set(key, Math.max(segments.get(key) ?? 0, Number(segment)));
  };

  return {
    /** Reads what is there. Throws where the folder cannot be read. */
    scan: async (root: string): Promise<void> => {
      for (const folder of LOCAL_LOG_FOLDERS) {
        for (const name of await list(path.join(root, folder))) {
          if (!FILE_NAME.test(name)) continue;
          const info = await stat(path.join(root, folder, name));
          if (info.isFile()) set(`${folder}/${name}`, info.size, info.mtimeMs);
        }
      }
    },
    get: (file: string): Readonly<LogFile> | undefined => files.get(file),
    set,
    remove,
    totalBytes: (): number => totalBytes,
    /** The name a full file gets: the one being written keeps its own. */
    nextSegment: (file: string): string => {
      const stem = file.slice(0, -".log".length);
      return `${stem}.${(segments.get(stem) ?? 0) + 1}.log`;
    },
    /** Not written to for the longest time, first. */
    oldestFirst: (): string[] =>
      [...files].sort(([, a], [, b]) => a.lastWrittenMs - b.lastWrittenMs).map(([file]) => file),
    /** By category; those without files are left out. */
    counts: (): Record<string, FolderCounts> =>
      Object.fromEntries([...folders].filter(([, counts]) => counts.files > 0)),
  };
};

export type FolderIndex = ReturnType<typeof createFolderIndex>;
