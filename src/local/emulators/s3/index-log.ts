import fs from "node:fs";

const READ_BYTES = 1_048_576;
const NEWLINE = 10;

/**
 * Hands every whole JSON line of the file to `onRecord`, in order, and returns where the last whole
 * line ends. A torn tail, left by a process killed while it wrote, is not read; `onBadLine` hears of
 * a line within the file that is not JSON.
 */
export const readIndexLog = (
  file: string,
  onRecord: (record: unknown) => void,
  onBadLine: (line: number) => void = () => {},
): { bytes: number; lines: number } => {
  let fd: number;
  try {
    fd = fs.openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { bytes: 0, lines: 0 };
    throw error;
  }
  let bytes = 0;
  let lines = 0;
  let rest: Buffer = Buffer.alloc(0);
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  try {
    for (;;) {
      const count = fs.readSync(fd, chunk, 0, READ_BYTES, null);
      if (count === 0) return { bytes, lines };
      const block = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE, start)) {
        lines += 1;
        let record: unknown;
        try {
          record = JSON.parse(block.toString("utf8", start, end));
        } catch {
          onBadLine(lines);
        }
        if (record !== undefined) onRecord(record);
        bytes += end + 1 - start;
        start = end + 1;
      }
      rest = block.subarray(start);
    }
  } finally {
    fs.closeSync(fd);
  }
};

const writeAll = (fd: number, data: Buffer, position: number): void => {
  for (let done = 0; done < data.length; )
    done += fs.writeSync(fd, data, done, data.length - done, position + done);
};

const toLines = (records: readonly object[]): Buffer =>
  Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""));

export type IndexLog = {
  readonly lines: number;
  /**
   * Writes the records at the end of the file, all or none: when this returns, they survive the
   * death of the process. Throws, with the file as it was, when the disk is full.
   */
  append(records: readonly object[]): void;
  /** Replaces the whole content, atomically. */
  rewrite(records: Iterable<object>): void;
  close(): void;
};

/** Opens the file for appending behind its last whole line, as `readIndexLog` found it. */
export const openIndexLog = (
  file: string,
  found: { bytes: number; lines: number },
  syncToDisk: boolean,
): IndexLog => {
  let { bytes, lines } = found;
  let fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT);
  fs.ftruncateSync(fd, bytes);
  let isClosed = false;
  // A number of a closed descriptor may already stand for another file.
  const checkOpen = (): void => {
    if (isClosed) throw new Error("The local S3 is closed.");
  };

  const rewrite = (records: Iterable<object>): void => {
    checkOpen();
    const temporary = `${file}.new`;
    const next = fs.openSync(temporary, "w+");
    let written = 0;
    let count = 0;
    let batch: object[] = [];
    const flush = () => {
      const data = toLines(batch);
      writeAll(next, data, written);
      written += data.length;
      count += batch.length;
      batch = [];
    };
    try {
      for (const record of records) if (batch.push(record) >= 1_000) flush();
      flush();
      if (syncToDisk) fs.fsyncSync(next);
      fs.renameSync(temporary, file);
    } catch (error) {
      fs.closeSync(next);
      fs.rmSync(temporary, { force: true });
      throw error;
    }
    fs.closeSync(fd);
    fd = next;
    bytes = written;
    lines = count;
  };

  return {
    get lines() {
      return lines;
    },
    append: (records) => {
      checkOpen();
      const data = toLines(records);
      try {
        // At a fixed place: what a failed write left behind is overwritten, not appended to.
        writeAll(fd, data, bytes);
        if (syncToDisk) fs.fdatasyncSync(fd);
      } catch (error) {
        try {
          fs.ftruncateSync(fd, bytes);
        } catch {
          // The next append overwrites it, and a restart reads it as a torn tail.
        }
        throw error;
      }
      bytes += data.length;
      lines += records.length;
    },
    rewrite,
    close: () => {
      if (!isClosed) fs.closeSync(fd);
      isClosed = true;
    },
  };
};
