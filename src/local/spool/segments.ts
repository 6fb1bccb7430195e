import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type Frame, scanFrames } from "./frames.ts";

const SUFFIX = ".spool";
const READ_BYTES = 1024 * 1024;

/** A file of entries, in the order of their ids. */
export type Segment = {
  readonly firstId: number;
  lastId: number;
  readonly file: string;
  /** Whole frames that are on the disk; anything behind them does not count. */
  bytes: number;
  /** Entries that are not done. */
  pending: number;
  /** Epoch milliseconds of its first entry. */
  readonly firstAt: number;
};

const nameOf = (firstId: number): string => `${String(firstId).padStart(15, "0")}${SUFFIX}`;

export const segmentFile = (folder: string, firstId: number): string =>
  path.join(folder, nameOf(firstId));

/** Names of the files of entries in a folder, oldest first. */
export const listSegmentFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /^\d{15}\.spool$/.test(name)).sort();

/** A new file, and its name, survive a power cut only once their folder has been synced as well. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** The frames from `offset` on: about `maxBytes` of them, at least one where one is there. */
export const readFrames = async (
  handle: FileHandle,
  offset: number,
  end: number,
  maxBytes: number,
): Promise<{ frames: readonly Frame[]; end: number; isDamaged: boolean }> => {
  let wanted = Math.min(maxBytes, READ_BYTES, end - offset);
  for (;;) {
    const buffer = Buffer.allocUnsafe(wanted);
    const { bytesRead } = await handle.read(buffer, 0, wanted, offset);
    const scan = scanFrames(buffer.subarray(0, bytesRead));
    const isWhole = scan.frames.length > 0 || scan.isDamaged || offset + wanted >= end;
    if (isWhole) return { ...scan, end: offset + scan.end };
    wanted = Math.min(Math.max(wanted + 1, scan.needed), end - offset);
  }
};

export const removeSegment = ({ file }: Segment): Promise<void> => rm(file, { force: true });
