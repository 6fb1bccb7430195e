import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { IncomingRecord } from "./frames.ts";
import { segmentFile } from "./segment.ts";
import { openShardLog, type ShardLog, type ShardLogOptions } from "./shard-log.ts";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "shard-log-"));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const openLog = (directory: string, options: Partial<ShardLogOptions> = {}): ShardLog =>
  openShardLog({
    directory,
    firstOrdinal: 1,
    isReopened: false,
    isSynced: true,
    segmentBytes: () => 65_536,
    onDamage: () => {},
    ...options,
  });

const toRecord = (partitionKey: string, data: Uint8Array): IncomingRecord => ({
  partitionKey,
  keyBytes: Buffer.byteLength(partitionKey),
  data: Buffer.from(data).toString("base64"),
  dataBytes: data.length,
});

const record = fc
  .tuple(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.uint8Array({ maxLength: 400 }),
  )
  .map(([key, data]) => toRecord(key, data));
const batch = fc.array(record, { minLength: 1, maxLength: 8 });

const append = (log: ShardLog, records: IncomingRecord[], now: number): number => {
  const prepared = log.prepare(records, now);
  log.commit(prepared);
  return prepared.firstOrdinal;
};

const readAll = (log: ShardLog, query: Partial<Parameters<ShardLog["read"]>[0]> = {}) =>
  log.read({
    fromOrdinal: 0,
    notBefore: 0,
    maxRecords: 1_000_000,
    maxBytes: Number.POSITIVE_INFINITY,
    ...query,
  }).records;

const contents = (log: ShardLog) =>
  readAll(log).map(({ partitionKey, data }) => `${partitionKey} ${data.toString("base64")}`);
const expected = (batches: IncomingRecord[][]) =>
  batches.flat().map(({ partitionKey, data }) => `${partitionKey} ${data}`);

const tempDirectory = () => fs.mkdtempSync(path.join(root, "log-"));
const newestFile = (directory: string) =>
  fs
    .readdirSync(directory)
    .sort()
    .map((name) => path.join(directory, name))
    .at(-1);

test("after a crash at any byte of an append, a reopened log holds a prefix with everything acknowledged", () => {
  fc.assert(
    fc.property(
      fc.array(batch, { maxLength: 12 }),
      batch,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 100, max: 4000 }),
      (acknowledged, inFlight, tornAt, segmentBytes) => {
        const directory = tempDirectory();
        const log = openLog(directory, { segmentBytes: () => segmentBytes });
        acknowledged.forEach((records, i) => {
          append(log, records, 1000 + i);
        });
        // What write() leaves behind when the process dies in the middle of it.
        const { frames, firstOrdinal } = log.prepare(inFlight, 9000);
        const torn = frames.subarray(0, Math.floor(tornAt * frames.length));
        fs.appendFileSync(newestFile(directory) ?? segmentFile(directory, 1, 9000), torn);

        const reopen = () =>
          openLog(directory, { isReopened: true, segmentBytes: () => segmentBytes });
        // Appended at once, before any read could have noticed the torn bytes.
        const next = append(reopen(), inFlight, 9001);
        expect(next).toBeGreaterThan(firstOrdinal + inFlight.length);
        const found = contents(reopen());
        const prefix = found.slice(0, found.length - inFlight.length);
        expect(found.slice(prefix.length)).toEqual(expected([inFlight]));
        expect(prefix.length).toBeGreaterThanOrEqual(acknowledged.flat().length);
        expect(prefix).toEqual(expected([...acknowledged, inFlight]).slice(0, prefix.length));
      },
    ),
    { numRuns: 150 },
  );
});

test("a disk that fails at any byte stores nothing of that append, keeps all others and takes later ones", () => {
  const attempt = fc.record({
    records: batch,
    /** Bytes the disk still takes; undefined is a healthy disk. */
    room: fc.option(fc.nat({ max: 3000 }), { nil: undefined }),
    canTruncate: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(attempt, { minLength: 1, maxLength: 14 }),
      fc.integer({ min: 100, max: 4000 }),
      (attempts, segmentBytes) => {
        const directory = tempDirectory();
        let room: number | undefined;
        let canTruncate = true;
        const fail = (code: string) => Object.assign(new Error(`${code}: disk`), { code });
        const options: Partial<ShardLogOptions> = {
          segmentBytes: () => segmentBytes,
          writeSync: ((file: number, data: Buffer, from: number, size: number, at: number) => {
            if (room === undefined) return fs.writeSync(file, data, from, size, at);
            if (room === 0) throw fail("ENOSPC");
            const written = fs.writeSync(file, data, from, Math.min(size, room), at);
            room -= written;
            return written;
          }) as typeof fs.writeSync,
          ftruncateSync: (file, size) => {
            if (!canTruncate) throw fail("EIO");
            fs.ftruncateSync(file, size);
          },
        };
        const log = openLog(directory, options);
        const acknowledged: IncomingRecord[][] = [];
        const ordinals: number[] = [];
        for (const [i, next] of attempts.entries()) {
          room = next.room;
          canTruncate = next.canTruncate;
          try {
            const first = append(log, next.records, 1000 + i);
            ordinals.push(...next.records.map((_, j) => first + j));
            acknowledged.push(next.records);
          } catch (error) {
            expect(error).toMatchObject({ code: "InternalFailure", status: 500 });
          }
          expect(contents(log)).toEqual(expected(acknowledged));
        }
        expect(new Set(ordinals).size).toBe(ordinals.length);

        const reopened = openLog(directory, { ...options, isReopened: true });
        const found = new Map(readAll(reopened).map((stored) => [stored.ordinal, stored]));
        const kept = ordinals.map((ordinal) => found.get(ordinal));
        expect(kept.map((stored) => `${stored?.partitionKey} ${stored?.data.toString("base64")}`)) //
          .toEqual(expected(acknowledged));
        expect(found.size).toBe(readAll(reopened).length);
      },
    ),
    { numRuns: 150 },
  );
});

test("whole records of an append that failed half-way are not there after a restart either", () => {
  const directory = tempDirectory();
  let room = Number.POSITIVE_INFINITY;
  const log = openLog(directory, {
    writeSync: ((file: number, data: Buffer, from: number, size: number, at: number) => {
      if (room === 0) throw new Error("ENOSPC");
      const written = fs.writeSync(file, data, from, Math.min(size, room), at);
      room -= written;
      return written;
    }) as typeof fs.writeSync,
  });
  const record = toRecord("k", new Uint8Array(100));
  append(log, [record], 1000);
  room = 300;
  expect(() => append(log, [record, record, record], 1001)).toThrow("ENOSPC");
  expect(readAll(openLog(directory, { isReopened: true }))).toHaveLength(1);
});

test("reading from any ordinal and time gives exactly the records at or after both, up to the limits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(batch, fc.nat({ max: 5 })), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 100, max: 200_000 }),
      fc.nat({ max: 160 }),
      fc.nat({ max: 110 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      fc.constantFrom(0, 3000),
      (steps, segmentBytes, fromOrdinal, sinceStart, maxRecords, isReopened, padding) => {
        const directory = tempDirectory();
        const pad = ({ partitionKey, dataBytes }: IncomingRecord) =>
          toRecord(partitionKey, new Uint8Array(dataBytes + padding));
        let log = openLog(directory, { segmentBytes: () => segmentBytes });
        let now = 1000;
        const all: { ordinal: number; arrivedAt: number }[] = [];
        for (const [records, pause] of steps) {
          now += pause;
          const first = append(log, records.map(pad), now);
          records.forEach((_, i) => {
            all.push({ ordinal: first + i, arrivedAt: now });
          });
        }
        if (isReopened)
          log = openLog(directory, { isReopened: true, segmentBytes: () => segmentBytes });
        const notBefore = 1000 + sinceStart;
        const wanted = all.filter(
          (stored) => stored.ordinal >= fromOrdinal && stored.arrivedAt >= notBefore,
        );
        const { records, hasMore } = log.read({
          fromOrdinal,
          notBefore,
          maxRecords,
          maxBytes: Number.POSITIVE_INFINITY,
        });
        expect(records.map(({ ordinal }) => ordinal)).toEqual(
          wanted.slice(0, maxRecords).map(({ ordinal }) => ordinal),
        );
        expect(hasMore).toBe(wanted.length > maxRecords);
        const first = all.find(({ arrivedAt }) => arrivedAt >= notBefore);
        expect(log.ordinalAt(notBefore)).toBe(first?.ordinal ?? log.nextOrdinal());
      },
    ),
    { numRuns: 150 },
  );
});

test("a read stops before the record that would exceed its bytes, but never returns none for it", () => {
  const log = openLog(tempDirectory());
  const big = toRecord("k", new Uint8Array(1000));
  append(log, [big, big, big], 1);
  const read = (maxBytes: number) =>
    log.read({ fromOrdinal: 0, notBefore: 0, maxRecords: 10, maxBytes });
  expect(read(1).records).toHaveLength(1);
  expect(read(2002)).toMatchObject({ hasMore: true, records: { length: 2 } });
  expect(read(2001).records).toHaveLength(1);
  expect(read(3003)).toMatchObject({ hasMore: false, records: { length: 3 } });
});

test("a record larger than the read chunk comes back whole", () => {
  const log = openLog(tempDirectory());
  const data = new Uint8Array(10 * 1024 * 1024).map((_, i) => i % 251);
  append(log, [toRecord("small", new Uint8Array(3)), toRecord("k", data)], 1);
  expect(readAll(log)[1]?.data.equals(data)).toBe(true);
});

test("expired segments are freed, but an open shard keeps its newest one and never repeats an ordinal", async () => {
  const directory = tempDirectory();
  const log = openLog(directory, { segmentBytes: () => 200 });
  for (let i = 0; i < 10; i += 1) append(log, [toRecord("k", new Uint8Array(100))], 1000 + i);
  const last = log.nextOrdinal();
  log.expire(1005, true);
  expect(fs.readdirSync(directory)).toHaveLength(6);
  const kept = readAll(log, { notBefore: 1005 });
  expect(kept.map(({ arrivedAt }) => arrivedAt)).toEqual([1005, 1006, 1007, 1008, 1009]);
  log.expire(99_999, true);
  expect(fs.readdirSync(directory)).toHaveLength(1);
  expect(readAll(log, { notBefore: 99_999 })).toEqual([]);
  const reopened = openLog(directory, { isReopened: true });
  expect(reopened.nextOrdinal()).toBeGreaterThanOrEqual(last);
  reopened.expire(99_999, false);
  expect(fs.readdirSync(directory)).toEqual([]);
  await log.close();
  await reopened.close();
});

test("damage in an older segment is reported, and what other segments hold stays readable", () => {
  const directory = tempDirectory();
  const options = { segmentBytes: () => 200 };
  const log = openLog(directory, options);
  for (let i = 0; i < 4; i += 1) append(log, [toRecord(`k${i}`, new Uint8Array(100))], 1000 + i);
  const [, second] = fs.readdirSync(directory).sort();
  const file = path.join(directory, second ?? "");
  const bytes = fs.readFileSync(file);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
  const messages: string[] = [];
  const reopened = openLog(directory, {
    ...options,
    isReopened: true,
    onDamage: (message) => messages.push(message),
  });
  expect(readAll(reopened).map(({ partitionKey }) => partitionKey)).toEqual(["k0", "k2", "k3"]);
  readAll(reopened);
  expect(messages).toHaveLength(1);
});

test("bytes that are not base64 are refused before anything is written", () => {
  const log = openLog(tempDirectory());
  const bad = { partitionKey: "k", keyBytes: 1, data: "a$bc", dataBytes: 3 };
  expect(() => log.prepare([toRecord("k", new Uint8Array(2)), bad], 1)).toThrow("base64");
  expect(readAll(log)).toEqual([]);
});

test("syncing while records are appended and segments change leaves nothing unsynced", async () => {
  const log = openLog(tempDirectory(), { segmentBytes: () => 500 });
  const syncs: Promise<void>[] = [];
  for (let i = 0; i < 50; i += 1) {
    append(log, [toRecord("k", new Uint8Array(150))], 1000 + i);
    syncs.push(log.sync());
  }
  await Promise.all(syncs);
  expect(log.needsSync()).toBe(false);
  expect(readAll(log)).toHaveLength(50);
  await log.close();
});
