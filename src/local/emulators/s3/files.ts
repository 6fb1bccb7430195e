import { randomBytes } from "node:crypto";
import fs from "node:fs";
import fsp, { type FileHandle } from "node:fs/promises";
import path from "node:path";
import { encodedName, isPlainKey } from "./names.ts";

/** Bodies up to this size are written in one go; larger ones are streamed. */
const BUFFERED_BYTES = 262_144;

/** Bytes on their way in. Nothing refers to them until their id is in the index log. */
export type StagedBlob = {
  readonly id: string;
  write(bytes: Uint8Array): Promise<void>;
  /** After this the bytes are whole in the staging folder. */
  finish(): Promise<void>;
  discard(): Promise<void>;
};

export type ObjectFiles = ReturnType<typeof createObjectFiles>;

const removeFile = (file: string): void => {
  try {
    fs.unlinkSync(file);
  } catch {
    // Gone already, or a folder that a person made: neither is ours.
  }
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

/** True on macOS's and Windows's usual file systems, where `A` and `a` are one file. */
const foldsCase = (directory: string): boolean => {
  const probe = path.join(directory, `Probe-${randomBytes(6).toString("hex")}`);
  fs.writeFileSync(probe, "");
  const folds = fs.existsSync(path.join(directory, path.basename(probe).toLowerCase()));
  fs.unlinkSync(probe);
  return folds;
};

/**
 * Where the bytes of objects lie below `directory`:
 * `buckets/<bucket>/<key as path>`, a plain file a person can open;
 * `encoded/<bucket>/<name>~<hash>` for keys that cannot be a path, or whose path is taken;
 * `staging/<id>` for bytes still coming in and parts of multipart uploads.
 */
export const createObjectFiles = (directory: string, syncToDisk: boolean) => {
  const folders = {
    buckets: path.join(directory, "buckets"),
    encoded: path.join(directory, "encoded"),
    staging: path.join(directory, "staging"),
  };
  for (const folder of Object.values(folders)) fs.mkdirSync(folder, { recursive: true });
  const isFolding = foldsCase(folders.staging);

  const stagedPath = (id: string): string => path.join(folders.staging, id);
  const objectPath = (bucket: string, key: string, isPlain: boolean): string =>
    isPlain
      ? path.join(folders.buckets, bucket, key)
      : path.join(folders.encoded, bucket, encodedName(key));

  /** Makes the way to the plain path; false where something else is in it. */
  const preparePlain = (bucket: string, key: string, isOurs: boolean): boolean => {
    const file = objectPath(bucket, key, true);
    try {
      const present = fs.lstatSync(file, { throwIfNoEntry: false });
      if (present === undefined) fs.mkdirSync(path.dirname(file), { recursive: true });
      else if (present.isDirectory()) fs.rmdirSync(file);
      // Another key's file under a name that this file system takes for the same.
      else if (isFolding && !isOurs) return false;
      return true;
    } catch {
      // A key's file is a folder on the way, a non-empty folder has the name, or the path is too long.
      return false;
    }
  };

  const pruneFolders = (bucket: string, file: string): void => {
    const root = path.join(folders.buckets, bucket);
    for (
      let folder = path.dirname(file);
      folder.length > root.length;
      folder = path.dirname(folder)
    )
      try {
        fs.rmdirSync(folder);
      } catch {
        return;
      }
  };

  return {
    isFolding,

    /** Decides where a key's file goes, and makes its folder. */
    prepare: (bucket: string, key: string, isPlainAlready: boolean): { isPlain: boolean } => {
      if (isPlainKey(key) && preparePlain(bucket, key, isPlainAlready)) return { isPlain: true };
      fs.mkdirSync(path.join(folders.encoded, bucket), { recursive: true });
      return { isPlain: false };
    },

    /** Moves staged bytes to their place; the old version, if any, is replaced in one step. */
    place: (id: string, bucket: string, key: string, isPlain: boolean): void => {
      const file = objectPath(bucket, key, isPlain);
      try {
        fs.renameSync(stagedPath(id), file);
      } catch (error) {
        if (!isMissing(error)) throw error;
        fs.mkdirSync(path.dirname(file), { recursive: true });
        fs.renameSync(stagedPath(id), file);
      }
    },

    open: (
      bucket: string,
      key: string,
      entry: { isPlain: boolean; stagedId: string | undefined },
    ): number =>
      fs.openSync(
        entry.stagedId === undefined
          ? objectPath(bucket, key, entry.isPlain)
          : stagedPath(entry.stagedId),
        "r",
      ),

    openStaged: (id: string): number => fs.openSync(stagedPath(id), "r"),

    isPresent: (bucket: string, key: string, isPlain: boolean): boolean =>
      fs.lstatSync(objectPath(bucket, key, isPlain), { throwIfNoEntry: false })?.isFile() ?? false,

    remove: (bucket: string, key: string, isPlain: boolean): void => {
      const file = objectPath(bucket, key, isPlain);
      removeFile(file);
      if (isPlain) pruneFolders(bucket, file);
    },

    removeStaged: (id: string): void => removeFile(stagedPath(id)),

    listStaged: (): string[] => fs.readdirSync(folders.staging),

    makeBucket: (bucket: string): void => {
      fs.mkdirSync(path.join(folders.buckets, bucket), { recursive: true });
    },

    /** Leaves the folder where it holds files that are not objects. */
    removeBucket: (bucket: string): void => {
      for (const folder of [folders.buckets, folders.encoded])
        try {
          fs.rmdirSync(path.join(folder, bucket));
        } catch {
          // Not there, or not empty.
        }
    },

    stage: (): StagedBlob => {
      const id = randomBytes(12).toString("hex");
      let buffered: Uint8Array[] = [];
      let bytesBuffered = 0;
      let handle: FileHandle | undefined;
      /** The folder is made again where a person took it away. */
      const inFolder = async <T>(action: () => T | Promise<T>): Promise<T> => {
        try {
          return await action();
        } catch (error) {
          if (!isMissing(error)) throw error;
          fs.mkdirSync(folders.staging, { recursive: true });
          return await action();
        }
      };
      const spill = async (): Promise<void> => {
        handle ??= await inFolder(() => fsp.open(stagedPath(id), "wx"));
        const data = Buffer.concat(buffered);
        buffered = [];
        bytesBuffered = 0;
        for (let done = 0; done < data.length; )
          done += (await handle.write(data, done, data.length - done)).bytesWritten;
      };
      const close = async (): Promise<void> => {
        const open = handle;
        handle = undefined;
        await open?.close();
      };
      return {
        id,
        write: async (bytes) => {
          buffered.push(bytes);
          bytesBuffered += bytes.length;
          if (bytesBuffered > BUFFERED_BYTES) await spill();
        },
        finish: async () => {
          if (handle === undefined && !syncToDisk) {
            // Page cache speed, and one turn of the event loop instead of three.
            const data = Buffer.concat(buffered);
            buffered = [];
            await inFolder(() => fs.writeFileSync(stagedPath(id), data, { flag: "w" }));
            return;
          }
          await spill();
          if (syncToDisk) await handle?.sync();
          await close();
        },
        discard: async () => {
          buffered = [];
          await close().catch(() => {});
          removeFile(stagedPath(id));
        },
      };
    },
  };
};
