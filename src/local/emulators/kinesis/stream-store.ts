import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { resourceInUse, resourceNotFound } from "./errors.ts";
import { syncDirectory } from "./shard-log.ts";
import { openStream, type Stream, type StreamOptions } from "./stream.ts";
import { readStreamMeta, type StreamMeta, writeJsonFile, writeStreamMeta } from "./stream-meta.ts";

const serviceSchema = z.object({
  version: z.literal(1),
  /** Signs iterators and tokens, base64. */
  signingKey: z.string().min(1),
  /** The highest one given out, also to streams that are gone. */
  lastIncarnation: z.number().int().nonnegative(),
});

/** Marks a stream that was deleted and whose files are being removed. No stream name has a `~`. */
const DELETED_PREFIX = "~deleted-";

export type StreamStoreOptions = StreamOptions & {
  directory: string;
  account: string;
  now: () => number;
};

/**
 * All streams of a directory, each in `<name>@<incarnation>/`. The incarnation keeps apart streams
 * that had the same name one after the other, and names that differ only in case.
 */
export const openStreamStore = (options: StreamStoreOptions) => {
  const { directory, account, now } = options;
  const streams = new Map<string, Stream>();
  const removals = new Set<Promise<void>>();
  const serviceFile = path.join(directory, "service.json");

  const readService = (): z.infer<typeof serviceSchema> => {
    try {
      return serviceSchema.parse(JSON.parse(fs.readFileSync(serviceFile, "utf8")));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT")
        throw new Error(
          `${serviceFile} is not usable. Delete ${directory} to start with no streams.`,
          { cause },
        );
      const fresh = {
        version: 1 as const,
        signingKey: randomBytes(32).toString("base64"),
        lastIncarnation: 0,
      };
      writeJsonFile(serviceFile, fresh, options.isSynced);
      return fresh;
    }
  };

  const removeFiles = (target: string): void => {
    const removal: Promise<void> = rm(target, { recursive: true, force: true })
      .catch((error: unknown) =>
        options.log.warn({ err: error, target }, "Files of a deleted stream could not be removed."),
      )
      .finally(() => removals.delete(removal));
    removals.add(removal);
  };

  const load = (): void => {
    for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const home = path.join(directory, entry.name);
      const isLeftover = entry.name.startsWith(DELETED_PREFIX);
      const meta = isLeftover ? undefined : readStreamMeta(home);
      if (meta !== undefined) streams.set(meta.name, openStream(home, meta, true, options));
      else if (isLeftover || entry.name.includes("@")) removeFiles(home);
    }
  };

  fs.mkdirSync(directory, { recursive: true });
  let service = readService();
  load();

  const dropDeleted = (): void => {
    for (const [name, stream] of streams) if (stream.isDeleted(now())) streams.delete(name);
  };

  const list = (): Stream[] => {
    dropDeleted();
    return [...streams.values()].sort((a, b) => (a.meta().name < b.meta().name ? -1 : 1));
  };

  const find = (name: string): Stream | undefined => {
    dropDeleted();
    return streams.get(name);
  };

  return {
    signingKey: Buffer.from(service.signingKey, "base64"),
    list,
    find,
    get: (name: string): Stream => {
      const stream = find(name);
      if (stream === undefined)
        throw resourceNotFound(`Stream ${name} under account ${account} not found.`);
      return stream;
    },
    create: (fields: Omit<StreamMeta, "version" | "incarnation">): Stream => {
      if (find(fields.name) !== undefined)
        throw resourceInUse(`Stream ${fields.name} under account ${account} already exists.`);
      const incarnation = Math.max(fields.createdAt, service.lastIncarnation + 1);
      const nextService = { ...service, lastIncarnation: incarnation };
      writeJsonFile(serviceFile, nextService, options.isSynced);
      service = nextService;
      const meta: StreamMeta = { version: 1, incarnation, ...fields };
      const home = path.join(directory, `${meta.name}@${incarnation}`);
      fs.mkdirSync(home);
      try {
        writeStreamMeta(home, meta, options.isSynced);
      } catch (error) {
        fs.rmSync(home, { recursive: true, force: true });
        throw error;
      }
      if (options.isSynced) syncDirectory(directory);
      const stream = openStream(home, meta, false, options);
      stream.beginTransition("CREATING", now());
      streams.set(meta.name, stream);
      return stream;
    },
    /** Gone from disk at once; the name stays taken, in state DELETING, for a moment. */
    remove: async (stream: Stream): Promise<void> => {
      const grave = path.join(directory, `${DELETED_PREFIX}${stream.meta().incarnation}`);
      fs.renameSync(stream.directory, grave);
      stream.beginTransition("DELETING", now());
      await stream.close();
      removeFiles(grave);
    },
    close: async (): Promise<void> => {
      for (const stream of streams.values()) await stream.close();
      await Promise.all(removals);
    },
  };
};

export type StreamStore = ReturnType<typeof openStreamStore>;
