import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";

const LOCK_FILE = "lock";
const HEARTBEAT_MS = 5_000;
/** Of an owner on another host, whose process cannot be asked for. */
const STALE_AFTER_MS = 20_000;
/** Longer than it takes another process to put its lock where this one has just put its own. */
const SETTLE_MS = 50;

const ownerSchema = z.object({
  pid: z.number(),
  /** Tells a process from a later one with the same number; null where the system does not say. */
  startedAt: z.string().nullable(),
  host: z.string(),
  nonce: z.string(),
});

type Owner = z.infer<typeof ownerSchema>;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

const startOf = async (pid: number): Promise<string | null> => {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold anything; the start time is the 20th field behind it.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
};

const readOwner = async (file: string): Promise<Owner | undefined> => {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
};

const isAlive = async (owner: Owner, file: string): Promise<boolean> => {
  if (owner.host !== hostname()) {
    const { mtimeMs } = await stat(file);
    return Date.now() - mtimeMs < STALE_AFTER_MS;
  }
  if (!isRunning(owner.pid)) return false;
  const startedAt = await startOf(owner.pid);
  return owner.startedAt === null || startedAt === null || owner.startedAt === startedAt;
};

const create = async (file: string, owner: Owner): Promise<boolean> => {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(JSON.stringify(owner));
    await handle.close();
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
};

const refusal = (folder: string, owner: Owner | undefined): Error =>
  new Error(
    `The spool in ${folder} is in use by ${owner ? `process ${owner.pid} on ${owner.host}` : "another process"}. Stop that one, or set SPOOL_DIR to another folder.`,
  );

export type FolderLock = {
  /** False once another process has taken the folder for abandoned and its own. */
  isHeld(): boolean;
  release(): Promise<void>;
};

/**
 * Makes this process the only one that uses a folder. Rejects while another one does; what a killed
 * one left behind is no hindrance, on another host for 20 s.
 */
export const lockFolder = async (folder: string): Promise<FolderLock> => {
  const file = path.join(folder, LOCK_FILE);
  const nonce = randomUUID();
  const self = { pid: process.pid, startedAt: await startOf(process.pid), host: hostname(), nonce };
  if (!(await create(file, self))) {
    const owner = await readOwner(file);
    if (owner !== undefined && (await isAlive(owner, file))) throw refusal(folder, owner);
    const aside = `${file}.${nonce}`;
    await rename(file, aside).catch(() => undefined);
    await rm(aside, { force: true });
    if (!(await create(file, self))) throw refusal(folder, await readOwner(file));
    await sleep(SETTLE_MS);
  }
  const isMine = async () => (await readOwner(file))?.nonce === nonce;
  if (!(await isMine())) throw refusal(folder, await readOwner(file));
  let isHeld = true;
  const heartbeat = setInterval(() => {
    void isMine().then(async (mine) => {
      isHeld = mine;
      if (mine) await utimes(file, new Date(), new Date()).catch(() => undefined);
    });
  }, HEARTBEAT_MS).unref();
  return {
    isHeld: () => isHeld,
    release: async () => {
      clearInterval(heartbeat);
      if (await isMine()) await rm(file, { force: true });
    },
  };
};
