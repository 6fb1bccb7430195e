import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openStore, type Store } from "./store.ts";

let directory = "";
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), "s3-store-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true, force: true });
});

const open = (): Store => openStore(directory, { syncToDisk: false, now: () => 1_000 });
const put = async (store: Store, key: string, body: string): Promise<void> => {
  const blob = store.stage();
  await blob.write(Buffer.from(body));
  await blob.finish();
  const object = { blob, size: body.length, etag: `etag of ${body}`, detail: { headers: {} } };
  store.putObject("logs", key, object, () => {});
};
const read = (store: Store, key: string): string | undefined => {
  const entry = store.bucket("logs").objects.get(key);
  if (entry === undefined) return undefined;
  const fd = store.open("logs", key, entry);
  const text = fs.readFileSync(fd, "utf8");
  fs.closeSync(fd);
  return text;
};
const contents = (store: Store): Record<string, string | undefined> =>
  Object.fromEntries(
    [...store.bucket("logs").objects.from(() => false)].map(([key]) => [key, read(store, key)]),
  );
const makeBucket = (store: Store) => store.commit([{ op: "bucket", bucket: "logs", at: 1 }]);
const filesUnder = (folder: string): string[] =>
  fs
    .readdirSync(path.join(directory, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
const indexFile = () => path.join(directory, "index.jsonl");

test("killed between commit and rename, the start after it moves the file", async () => {
  const store = open();
  makeBucket(store);
  await put(store, "a", "old");
  const rename = vi.spyOn(fs, "renameSync").mockImplementation(() => {
    throw new Error("killed");
  });
  await put(store, "a", "new");
  await put(store, "dir/b", "first");
  rename.mockRestore();
  expect(contents(store)).toEqual({ a: "new", "dir/b": "first" });
  store.close();
  const next = open();
  expect(contents(next)).toEqual({ a: "new", "dir/b": "first" });
  expect(fs.readFileSync(path.join(directory, "buckets/logs/a"), "utf8")).toBe("new");
  expect(filesUnder("staging")).toEqual([]);
  next.close();
});

test("killed before the commit, a whole blob is no object", async () => {
  const store = open();
  makeBucket(store);
  const blob = store.stage();
  await blob.write(Buffer.from("whole"));
  await blob.finish();
  store.close();
  const next = open();
  expect(contents(next)).toEqual({});
  expect(filesUnder("staging")).toEqual([]);
  next.close();
});

test("killed between a deletion's commit and the removal, the file goes at the next start", async () => {
  const store = open();
  makeBucket(store);
  await put(store, "dir/a", "x");
  const unlink = vi.spyOn(fs, "unlinkSync").mockImplementation(() => {
    throw new Error("killed");
  });
  store.commit([{ op: "delete", bucket: "logs", key: "dir/a" }]);
  unlink.mockRestore();
  store.close();
  expect(filesUnder("buckets")).toEqual(["a"]);
  const next = open();
  expect(contents(next)).toEqual({});
  expect(filesUnder("buckets")).toEqual([]);
  next.close();
});

test("an index cut at any byte gives a prefix of its history", async () => {
  const store = open();
  makeBucket(store);
  await put(store, "a", "1");
  await put(store, "b", "2");
  store.close();
  const whole = fs.readFileSync(indexFile());
  const histories = [{}, { a: "1" }, { a: "1", b: "2" }].map((state) => JSON.stringify(state));
  const afterBucket = whole.indexOf(10) + 1;
  for (let end = whole.length; end >= afterBucket; end -= 7) {
    fs.writeFileSync(indexFile(), whole.subarray(0, end));
    const cut = open();
    expect(histories).toContain(JSON.stringify(contents(cut)));
    cut.close();
  }
});

test("a full disk refuses the write and leaves everything as it was", async () => {
  const store = open();
  makeBucket(store);
  await put(store, "a", "old");
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const realWrite = fs.writeSync;
  // Half of the line reaches the disk, as it does when the last block fills up.
  const write = vi.spyOn(fs, "writeSync").mockImplementationOnce(((
    fd: number,
    data: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => {
    realWrite(fd, data, offset, Math.floor(length / 2), position);
    throw full;
  }) as never);
  await expect(put(store, "a", "new")).rejects.toThrow("no space left");
  write.mockRestore();
  expect(contents(store)).toEqual({ a: "old" });
  await put(store, "b", "after");
  store.close();
  const next = open();
  expect(contents(next)).toEqual({ a: "old", b: "after" });
  next.close();
});

test("the index holds no more than the state after a start", async () => {
  const store = open();
  makeBucket(store);
  for (let i = 0; i < 20; i += 1) await put(store, "a", `${i}`);
  store.close();
  const next = open();
  expect(contents(next)).toEqual({ a: "19" });
  next.close();
  expect(fs.readFileSync(indexFile(), "utf8").trim().split("\n")).toHaveLength(2);
});

test("a key whose path is a folder, and a key below a file, are kept beside", async () => {
  const store = open();
  makeBucket(store);
  for (const key of ["a/b", "a", "c", "c/d"]) await put(store, key, `body of ${key}`);
  expect(filesUnder("staging")).toEqual([]);
  expect(Object.values(contents(store))).toEqual([
    "body of a",
    "body of a/b",
    "body of c",
    "body of c/d",
  ]);
  store.commit([{ op: "delete", bucket: "logs", key: "a/b" }]);
  await put(store, "a", "plain now");
  store.close();
  const next = open();
  expect(contents(next)).toEqual({ a: "plain now", c: "body of c", "c/d": "body of c/d" });
  expect(fs.readFileSync(path.join(directory, "buckets/logs/a"), "utf8")).toBe("plain now");
  expect(filesUnder("encoded")).toHaveLength(1);
  next.close();
});

test("nothing is committed once it is closed", async () => {
  const store = open();
  makeBucket(store);
  store.close();
  await expect(put(store, "late", "x")).rejects.toThrow("closed");
});
