import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { IdRange } from "../../shared/core/id-ranges.ts";
import { createIdRanges } from "../../shared/core/id-ranges.ts";
import type { Attempt } from "../../shared/core/record-lookup.ts";
import type { OpenAttempt } from "../../shared/core/spool.ts";
import { encodeFrame, scanFrames } from "./frames.ts";
import { syncFolder } from "./segments.ts";

const FILE = "journal";
type Current = { readonly handle: FileHandle; bytes: number; readonly rewriteAbove: number };

const range = z.tuple([z.number(), z.number()]);
export const attemptSchema = z.object({
  startedAt: z.number(),
  until: z.number().optional(),
  after: z.record(z.string(), z.string()),
});
const openSchema = z.object({
  attemptId: z.number(),
  attempt: attemptSchema,
  records: z.array(z.array(z.number())),
});
const lineSchema = z.union([
  z.object({ done: z.array(range), open: z.array(openSchema) }),
  z.object({ begin: openSchema }),
  z.object({ end: z.number(), stored: z.array(range) }),
  z.object({ stored: z.array(range) }),
]);

const toRanges = (ids: readonly number[]): IdRange[] => {
  const ranges = createIdRanges();
  for (const id of ids) ranges.add(id);
  return ranges.list();
};

const idsOf = function* (ranges: readonly IdRange[]): Generator<number> {
  for (const [first, last] of ranges) for (let id = first; id <= last; id += 1) yield id;
};

/**
 * What became of the entries: which are done, and which were about to be sent. One file, rewritten
 * once it has grown past `rewriteAboveBytes`. Its lines are written before the process goes on, so that a kill loses none;
 * `begin` waits for the disk as well.
 */
export const openJournal = async (folder: string, rewriteAboveBytes: number) => {
  const file = path.join(folder, FILE);
  const done = createIdRanges();
  const attempts = new Map<number, OpenAttempt>();
  let nextAttemptId = 1;
  let highestId = 0;

  const see = (ids: Iterable<number>): void => {
    for (const id of ids) highestId = Math.max(highestId, id);
  };
  const finish = (ranges: readonly IdRange[]): void => {
    for (const id of idsOf(ranges)) done.add(id);
    see(ranges.map(([, last]) => last));
  };
  const begin = (attempt: OpenAttempt): void => {
    attempts.set(attempt.attemptId, attempt);
    nextAttemptId = Math.max(nextAttemptId, attempt.attemptId + 1);
    see(attempt.records.flat());
  };

  const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const scan = scanFrames(text);
  for (const { head } of scan.frames) {
    const line = lineSchema.parse(head);
    if ("begin" in line) begin(line.begin);
    else if ("done" in line) {
      finish(line.done);
      for (const attempt of line.open) begin(attempt);
    } else {
      if ("end" in line) attempts.delete(line.end);
      finish(line.stored);
    }
  }

  /** Renamed into place, so that there is always one whole journal. */
  const rewrite = async (): Promise<Current> => {
    const next = `${file}.next`;
    const handle = await open(next, "w");
    const content = encodeFrame({ done: done.list(), open: [...attempts.values()] });
    await handle.writeFile(content);
    await handle.sync();
    await rename(next, file);
    await syncFolder(folder);
    const rewriteAbove = Math.max(rewriteAboveBytes, 2 * content.length);
    return { handle, bytes: content.length, rewriteAbove };
  };
  let current = await rewrite();

  let queue: Promise<unknown> = Promise.resolve();
  /** One after another; a line that could not be written leaves nothing of itself. */
  const write = (head: object, isSynced: boolean): Promise<void> => {
    const work = async (): Promise<void> => {
      if (current.bytes > current.rewriteAbove) {
        const { handle } = current;
        current = await rewrite();
        await handle.close();
      }
      const frame = encodeFrame(head);
      try {
        await current.handle.write(frame, 0, frame.length, current.bytes);
        if (isSynced) await current.handle.datasync();
      } catch (error) {
        await current.handle.truncate(current.bytes).catch(() => undefined);
        throw error;
      }
      current.bytes += frame.length;
    };
    const written = queue.then(work);
    queue = written.catch(() => undefined);
    return written;
  };

  return {
    bytes: () => current.bytes,
    isDone: done.has,
    highestId: () => highestId,
    isDamaged: scan.isDamaged,
    openAttempts: (): OpenAttempt[] => [...attempts.values()],
    forgetBelow: done.dropBelow,

    begin: async (attempt: Attempt, records: readonly (readonly number[])[]): Promise<number> => {
      const line = { attemptId: nextAttemptId, attempt, records };
      begin(line);
      try {
        await write({ begin: line }, true);
      } catch (error) {
        attempts.delete(line.attemptId);
        throw error;
      }
      return line.attemptId;
    },
    end: (attemptId: number, stored: readonly number[]): Promise<void> => {
      const ranges = toRanges(stored);
      attempts.delete(attemptId);
      finish(ranges);
      return write({ end: attemptId, stored: ranges }, false);
    },
    done: (stored: readonly number[]): Promise<void> => {
      const ranges = toRanges(stored);
      finish(ranges);
      return write({ stored: ranges }, false);
    },
    close: async (): Promise<void> => {
      await queue;
      await current.handle.sync().catch(() => undefined);
      await current.handle.close();
    },
  };
};

export type Journal = Awaited<ReturnType<typeof openJournal>>;
