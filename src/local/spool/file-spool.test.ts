import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type Logger, silentLogger } from "../../shared/core/logger.ts";
import type { Attempt } from "../../shared/core/record-lookup.ts";
import type { SpoolEntry, SpooledEntry } from "../../shared/core/spool.ts";
import { type FileSpool, type FileSpoolOptions, openFileSpool } from "./file-spool.ts";

const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "spool-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const openIn = async (folder: string, extra: Partial<FileSpoolOptions> = {}) => {
  const spool = await openFileSpool({
    folder,
    maxBytes: 10_000_000,
    log: silentLogger,
    now: Date.now,
    ...extra,
  });
  return spool;
};

/** What a kill leaves: the files as they are, the lock of a process that is gone. */
const killAndReopen = async (folder: string, spool: FileSpool, extra = {}): Promise<FileSpool> => {
  await spool.close();
  writeFileSync(
    path.join(folder, "lock"),
    JSON.stringify({ pid: 999_999_999, startedAt: "1", host: "elsewhere", nonce: "x" }),
  );
  const past = new Date(Date.now() - 60_000);
  const { utimesSync } = await import("node:fs");
  utimesSync(path.join(folder, "lock"), past, past);
  return await openIn(folder, extra);
};

const entry = (
  partitionKey: string,
  text: string,
  extra: Partial<SpoolEntry> = {},
): SpoolEntry => ({
  partitionKey,
  service: partitionKey,
  data: new TextEncoder().encode(text),
  logs: 1,
  ...extra,
});

const textOf = ({ data }: SpooledEntry): string => new TextDecoder().decode(data);
const ATTEMPT: Attempt = { startedAt: 5, after: { "shardId-000000000000": "49" } };

const readAll = async (spool: FileSpool): Promise<SpooledEntry[]> => {
  const all: SpooledEntry[] = [];
  for (;;) {
    const some = await spool.read(1_000);
    if (some.length === 0) return all;
    all.push(...some);
  }
};

const segmentsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".spool"));

test("what was appended is read in its order, and again by the next process until it is done", async () => {
  const folder = newFolder();
  let spool = await openIn(folder);
  await Promise.all([
    spool.append([entry("a", "1"), entry("b", "2", { service: "other", attempt: ATTEMPT })]),
    spool.append([entry("a", "3", { logs: 7, tag: { key: "k", ordinal: 4 } })]),
  ]);
  expect(spool.depth()).toMatchObject({ entries: 3, logs: 9 });
  const first = await readAll(spool);
  expect(first.map(textOf)).toEqual(["1", "2", "3"]);
  expect(await spool.read(1_000)).toEqual([]);
  await spool.done(first.slice(1, 2));
  expect([spool.holds("a"), spool.holds("b")]).toEqual([true, false]);
  spool = await killAndReopen(folder, spool);
  expect(spool.depth()).toMatchObject({ entries: 2, logs: 8 });
  const again = await readAll(spool);
  expect(again.map(textOf)).toEqual(["1", "3"]);
  expect(again[1]).toMatchObject({ tag: { key: "k", ordinal: 4 }, logs: 7, id: first[2]?.id });
  expect([...spool.taggedAtStart()]).toEqual([["k", new Set([4])]]);
  await spool.done(again);
  expect(spool.depth()).toMatchObject({ entries: 0, logs: 0, oldestAt: undefined });
  expect(segmentsIn(folder)).toEqual([]);
  await spool.close();
});

test("an attempt that has not ended is open for the next process, with its records", async () => {
  const folder = newFolder();
  let spool = await openIn(folder);
  await spool.append([entry("a", "1"), entry("a", "2"), entry("b", "3")]);
  const [one, two, three] = await readAll(spool);
  if (!one || !two || !three) throw new Error("Not all were read.");
  const ended = await spool.begin(ATTEMPT, [[one]]);
  const open = await spool.begin(ATTEMPT, [[two], [three]]);
  await spool.end(ended, []);
  spool = await killAndReopen(folder, spool);
  expect(spool.openAttempts()).toEqual([
    { attemptId: open, attempt: ATTEMPT, records: [[two.id], [three.id]] },
  ]);
  const again = await readAll(spool);
  await spool.end(open, again.slice(1));
  spool = await killAndReopen(folder, spool);
  expect(spool.openAttempts()).toEqual([]);
  expect((await readAll(spool)).map(textOf)).toEqual(["1"]);
  await spool.close();
});

test("a torn last write is cut off, wherever it was torn, and nothing before it is lost", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(200), fc.boolean(), async (cut, isGarbage) => {
      const folder = newFolder();
      let spool = await openIn(folder);
      await spool.append([entry("a", "kept"), entry("b", "kept too")]);
      const file = path.join(folder, segmentsIn(folder)[0] ?? "");
      const whole = statSync(file).size;
      await spool.append([entry("a", "x".repeat(150))]);
      const size = statSync(file).size;
      truncateSync(file, Math.max(whole, size - 1 - cut));
      if (isGarbage) appendFileSync(file, Buffer.alloc(50, 7));
      spool = await killAndReopen(folder, spool);
      expect((await readAll(spool)).map(textOf)).toEqual(["kept", "kept too"]);
      expect(statSync(file).size).toBe(whole);
      await spool.append([entry("a", "next")]);
      expect((await readAll(spool)).map(textOf)).toEqual(["next"]);
      await spool.close();
    }),
    { numRuns: 25 },
  );
});

test("a flipped bit in an older file is said, and the other files are still read", async () => {
  const folder = newFolder();
  const errors: string[] = [];
  const log: Logger = { ...silentLogger, error: (_fields, message) => errors.push(message) };
  let spool = await openIn(folder, { maxBytes: 1_100_000 });
  for (let at = 0; at < 4; at += 1) await spool.append([entry(`k${at}`, "y".repeat(70_000))]);
  const [first = ""] = segmentsIn(folder);
  const bytes = readFileSync(path.join(folder, first));
  bytes[1_000] = 0;
  writeFileSync(path.join(folder, first), bytes);
  spool = await killAndReopen(folder, spool, { log, maxBytes: 1_100_000 });
  expect(errors.some((message) => message.includes("damaged"))).toBe(true);
  expect((await readAll(spool)).map(({ partitionKey }) => partitionKey)).toEqual([
    "k1",
    "k2",
    "k3",
  ]);
  await spool.close();
});

test("over its bound nothing is taken; space comes back file by file", async () => {
  const folder = newFolder();
  const spool = await openIn(folder, { maxBytes: 400_000 });
  let taken = 0;
  const append = () => spool.append([entry("a", "z".repeat(30_000))]);
  for (;;) {
    const error = await append().catch((reason: unknown) => reason);
    if (error !== undefined) {
      expect(error).toMatchObject({ code: "FULL" });
      break;
    }
    taken += 1;
  }
  expect(taken).toBe(13);
  const onDisk = readdirSync(folder).reduce(
    (sum, name) => sum + statSync(path.join(folder, name)).size,
    0,
  );
  expect(onDisk).toBeLessThan(401_000);
  const entries = await readAll(spool);
  expect(entries).toHaveLength(taken);
  await spool.done(entries.slice(0, 6));
  await append();
  await spool.done(entries.slice(6));
  expect(await readAll(spool)).toHaveLength(1);
  await spool.close();
});

test("an entry larger than the whole spool is refused, and the next one is taken", async () => {
  const spool = await openIn(newFolder(), { maxBytes: 100_000 });
  await expect(spool.append([entry("a", "z".repeat(200_000))])).rejects.toMatchObject({
    code: "FULL",
  });
  expect(spool.holds("a")).toBe(false);
  await spool.append([entry("a", "small")]);
  await spool.close();
});

test("what the disk refuses is refused, said, and not found again", async () => {
  const folder = newFolder();
  const errors: string[] = [];
  let isBroken = false;
  let time = 1_000_000;
  const extra = {
    now: () => time,
    log: { ...silentLogger, error: (_fields: object, message: string) => errors.push(message) },
    sync: async (handle: FileHandle) => {
      if (isBroken)
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      await handle.datasync();
    },
  };
  let spool = await openIn(folder, extra);
  await spool.append([entry("a", "before")]);
  isBroken = true;
  await expect(spool.append([entry("b", "refused")])).rejects.toMatchObject({
    code: "FAILED",
    message: expect.stringContaining("ENOSPC"),
  });
  expect(spool.holds("b")).toBe(false);
  expect(spool.depth().failure).toContain("ENOSPC");
  expect(errors).toEqual(["The spool cannot be written: logs are refused."]);
  await expect(spool.append([entry("b", "too soon")])).rejects.toMatchObject({ code: "FAILED" });
  isBroken = false;
  time += 2_000;
  await spool.append([entry("c", "after")]);
  expect(spool.depth().failure).toBeUndefined();
  spool = await killAndReopen(folder, spool, extra);
  expect((await readAll(spool)).map(textOf)).toEqual(["before", "after"]);
  await spool.close();
});

test("a second user of the folder is refused in a sentence, and let in once the first has gone", async () => {
  const folder = newFolder();
  const first = await openIn(folder);
  await expect(openIn(folder)).rejects.toThrow(/in use by process \d+.*SPOOL_DIR/);
  await first.close();
  const second = await openIn(folder);
  await second.close();
});

test("a folder that cannot be made is refused in a sentence that names the settings", async () => {
  const file = path.join(newFolder(), "file");
  writeFileSync(file, "");
  await expect(openIn(path.join(file, "spool"))).rejects.toThrow(/SPOOL_DIR.*SPOOL_MAX_BYTES=0/);
});

test("whatever is appended, done and killed in between: nothing is lost, nothing comes twice", async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("append" as const),
        sizes: fc.array(fc.nat(40_000), { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("done" as const),
        every: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const folder = newFolder();
      let spool = await openIn(folder, { maxBytes: 1_500_000 });
      let next = 0;
      const pending = new Map<string, true>();
      let inMemory: SpooledEntry[] = [];
      for (const one of steps) {
        if (one.kind === "append") {
          const entries = one.sizes.map((size) =>
            entry(`k${next % 3}`, `${next++}:${"x".repeat(size)}`),
          );
          const isTaken = await spool.append(entries).then(
            () => true,
            () => false,
          );
          if (isTaken)
            for (const { data } of entries) pending.set(new TextDecoder().decode(data), true);
        } else if (one.kind === "done") {
          inMemory.push(...(await spool.read(50_000)));
          const done = inMemory.filter((_entry, index) => index % one.every === 0);
          inMemory = inMemory.filter((entryInMemory) => !done.includes(entryInMemory));
          await spool.done(done);
          for (const gone of done) expect(pending.delete(textOf(gone))).toBe(true);
        } else {
          spool = await killAndReopen(folder, spool, { maxBytes: 1_500_000 });
          inMemory = [];
        }
        expect(spool.depth().entries).toBe(pending.size);
      }
      const left = [...inMemory, ...(await readAll(spool))].sort((a, b) => a.id - b.id);
      expect(left.map(textOf)).toEqual([...pending.keys()]);
      await spool.done(left);
      expect(segmentsIn(folder)).toEqual([]);
      await spool.close();
    }),
    { numRuns: 40 },
  );
});
