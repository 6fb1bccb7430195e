import { type FileHandle, open, readdir, readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { BatchBegin, KeyLog, KnownBatch } from "../../shared/core/idempotency.ts";
import { encodeFrame, scanFrames } from "./frames.ts";
import { attemptSchema } from "./journal.ts";

const FILE = /^keys-\d{9}$/;
const FILE_BYTES = 2 * 1024 * 1024;
/** What survives a restart is bounded: past it the oldest keys do not. */
const MAX_FILES = 16;

const range = z.tuple([z.number(), z.number()]);
const lineSchema = z.union([
  z.object({
    begin: z.object({
      key: z.string(),
      digest: z.string(),
      packBytes: z.number(),
      attempt: attemptSchema,
      firstSeenAt: z.number(),
    }),
  }),
  z.object({ end: z.string(), open: z.array(range) }),
]);

/**
 * Keys of batches in a few files of bounded size, each thrown away when its last line is older than
 * the window. A line is written before the process goes on, so that a kill loses none; a power cut
 * may lose the last ones.
 */
export const openKeyLog = async (
  folder: string,
  { windowMs, now }: { windowMs: number; now: () => number },
): Promise<KeyLog & { known: KnownBatch[]; close(): Promise<void> }> => {
  const begun = new Map<string, BatchBegin>();
  const ended = new Map<string, readonly (readonly [number, number])[]>();
  let files = (await readdir(folder)).filter((name) => FILE.test(name)).sort();
  for (const name of files) {
    for (const { head } of scanFrames(await readFile(path.join(folder, name))).frames) {
      const line = lineSchema.parse(head);
      if ("end" in line) ended.set(line.end, line.open);
      else {
        ended.delete(line.begin.key);
        begun.delete(line.begin.key);
        begun.set(line.begin.key, line.begin);
      }
    }
  }
  const known = [...begun.values()]
    .filter(({ firstSeenAt }) => now() - firstSeenAt < windowMs)
    .map((batch): KnownBatch => ({ ...batch, open: ended.get(batch.key) }));

  const dropOld = async (): Promise<void> => {
    for (const [index, name] of files.entries()) {
      const file = path.join(folder, name);
      const { mtimeMs } = await stat(file);
      const isOld = now() - mtimeMs >= windowMs || index < files.length - MAX_FILES + 1;
      if (!isOld) continue;
      await rm(file, { force: true });
      files = files.filter((other) => other !== name);
    }
  };

  const openNext = async (): Promise<{ handle: FileHandle; bytes: number }> => {
    await dropOld();
    const next = Number(files.at(-1)?.slice("keys-".length) ?? 0) + 1;
    const name = `keys-${String(next).padStart(9, "0")}`;
    const handle = await open(path.join(folder, name), "w");
    files.push(name);
    return { handle, bytes: 0 };
  };
  let current = await openNext();

  let queue: Promise<unknown> = Promise.resolve();
  const write = (head: object): Promise<void> => {
    const work = async (): Promise<void> => {
      if (current.bytes >= FILE_BYTES) {
        const { handle } = current;
        current = await openNext();
        await handle.close();
      }
      const frame = encodeFrame(head);
      await current.handle.write(frame, 0, frame.length, current.bytes);
      current.bytes += frame.length;
    };
    const written = queue.then(work);
    queue = written.catch(() => undefined);
    return written;
  };

  return {
    known,
    begin: (begin) => write({ begin }),
    end: (key, open_) => write({ end: key, open: open_ }),
    close: async () => {
      await queue;
      await current.handle.close();
    },
  };
};
