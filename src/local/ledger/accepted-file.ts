import { randomUUID } from "node:crypto";
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import {
  type AcceptedChange,
  type AcceptedCounts,
  type CountedInPart,
  NOTHING_ACCEPTED,
} from "../../shared/core/accepted-ledger.ts";
import { type CountsByService, countsByServiceSchema } from "../../shared/core/ledger-counts.ts";
import { encodeFrame, scanFrames } from "../spool/frames.ts";

const FILE = "accepted";
const REWRITE_ABOVE_BYTES = 1024 * 1024;

const ranges = z.array(z.tuple([z.number(), z.number()]).readonly());
const inPartSchema = z.object({ key: z.string(), positions: ranges });
const lineSchema = z.union([
  z.object({
    instance: z.string(),
    services: countsByServiceSchema,
    inPart: z.array(inPartSchema),
  }),
  z.object({
    services: countsByServiceSchema,
    inPart: z.object({ key: z.string(), positions: ranges.optional() }).optional(),
  }),
]);

/** Counts that are absolute: the last value of each counts. */
const replay = (bytes: Buffer): { instance: string | undefined; counts: AcceptedCounts } => {
  let instance: string | undefined;
  let services: CountsByService = {};
  const inPart = new Map<string, CountedInPart["positions"]>();
  for (const { head } of scanFrames(bytes).frames) {
    const line = lineSchema.parse(head);
    if ("instance" in line) {
      instance = line.instance;
      services = line.services;
      for (const { key, positions } of line.inPart) inPart.set(key, positions);
      continue;
    }
    services = { ...services, ...line.services };
    if (line.inPart === undefined) continue;
    inPart.delete(line.inPart.key);
    if (line.inPart.positions !== undefined) inPart.set(line.inPart.key, line.inPart.positions);
  }
  return {
    instance,
    counts: { services, inPart: [...inPart].map(([key, positions]) => ({ key, positions })) },
  };
};

export type AcceptedFile = {
  /** Stays with the folder. */
  readonly instance: string;
  /** As an earlier process left them. */
  readonly restored: AcceptedCounts;
  /** Resolves once a kill of the process can no longer lose the change. */
  write(change: AcceptedChange): Promise<void>;
  close(): Promise<void>;
};

/**
 * Counts of accepted logs in one checksummed file of a folder that this process has for itself.
 * What waits while a write is under way goes into the next one together. Nothing waits for the
 * disk itself: a kill of the process loses no count, a power cut may lose the last ones.
 */
export const openAcceptedFile = async (
  folder: string,
  rewriteAboveBytes = REWRITE_ABOVE_BYTES,
): Promise<AcceptedFile> => {
  const file = path.join(folder, FILE);
  const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const { instance = randomUUID(), counts: restored } = replay(found);
  let { services } = restored;
  const inPart = new Map(restored.inPart.map(({ key, positions }) => [key, positions]));

  /** Renamed into place, so that there is always one whole file. */
  const rewrite = async (): Promise<{ handle: FileHandle; bytes: number; limit: number }> => {
    const next = `${file}.next`;
    const handle = await open(next, "w");
    const parts = [...inPart].map(([key, positions]) => ({ key, positions }));
    const content = encodeFrame({ instance, services, inPart: parts });
    await handle.writeFile(content);
    await rename(next, file);
    return {
      handle,
      bytes: content.length,
      limit: Math.max(rewriteAboveBytes, 2 * content.length),
    };
  };
  let current = await rewrite();

  let waiting: { frame: Buffer; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        if (current.bytes > current.limit) {
          const { handle } = current;
          // Holds what the group says already.
          current = await rewrite();
          await handle.close();
        } else {
          const bytes = Buffer.concat(group.map(({ frame }) => frame));
          await current.handle.write(bytes, 0, bytes.length, current.bytes);
          current.bytes += bytes.length;
        }
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    // At once: a change that comes now must begin to write again.
    writing = undefined;
  };

  return {
    instance,
    restored: found.length === 0 ? NOTHING_ACCEPTED : restored,
    write: (change) => {
      services = { ...services, ...change.services };
      if (change.inPart !== undefined) {
        const { key, positions } = change.inPart;
        inPart.delete(key);
        if (positions !== undefined) inPart.set(key, positions);
      }
      const written = new Promise<void>((resolve, reject) => {
        waiting.push({ frame: encodeFrame(change), resolve, reject });
      });
      writing ??= writeAll();
      return written;
    },
    close: async () => {
      await writing;
      await current.handle.sync().catch(() => undefined);
      await current.handle.close();
    },
  };
};
