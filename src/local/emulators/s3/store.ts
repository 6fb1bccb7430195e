import { mkdirSync } from "node:fs";
import path from "node:path";
import { noSuchBucket } from "./errors.ts";
import { createObjectFiles, type ObjectFiles, type StagedBlob } from "./files.ts";
import { type IndexLog, openIndexLog, readIndexLog } from "./index-log.ts";
import {
  applyRecord,
  type Bucket,
  countRecords,
  createState,
  type Displaced,
  type IndexRecord,
  type ObjectDetail,
  type ObjectEntry,
  type State,
  snapshotRecords,
  type Upload,
} from "./state.ts";

/** Superfluous lines the log may hold beside as many again as it needs, before it is rewritten. */
const MAX_DEAD_LINES = 50_000;

export type NewObject = {
  blob: StagedBlob;
  size: number;
  etag: string;
  detail: ObjectDetail;
};

export type Store = {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly uploads: ReadonlyMap<string, Upload>;
  /** Throws NoSuchBucket. */
  bucket(name: string): Bucket;
  stage(): StagedBlob;
  /**
   * Commits a finished blob as the object's new version. `check` sees the current version and
   * refuses by throwing; nothing can come between it and the commit.
   */
  putObject(
    bucket: string,
    key: string,
    object: NewObject,
    check: (current: ObjectEntry | undefined) => void,
  ): ObjectEntry;
  /** Commits records that move no file into place. */
  commit(records: readonly IndexRecord[]): void;
  /** A descriptor on this very version; it stays whole while the key is overwritten. */
  open(bucket: string, key: string, entry: ObjectEntry): number;
  openStaged(id: string): number;
  close(): void;
};

const removeDisplaced = (files: ObjectFiles, displaced: Displaced): void => {
  if (displaced.kind === "staged") files.removeStaged(displaced.id);
  else files.remove(displaced.bucket, displaced.key, displaced.isPlain);
};

const placeOf = ({ bucket, key, isPlain }: { bucket: string; key: string; isPlain: boolean }) =>
  `${isPlain ? "plain" : "encoded"}/${bucket}/${key}`;

/**
 * Reads the log and brings the files in line with it: what was committed but not yet moved is
 * moved, what was replaced or deleted but is still there goes, what a person removed is forgotten.
 */
const recover = (files: ObjectFiles, logFile: string, syncToDisk: boolean) => {
  const state = createState();
  const staged = new Set(files.listStaged());
  const stale = new Map<string, Displaced & { kind: "object" }>();
  const found = readIndexLog(logFile, (value) => {
    const record = value as IndexRecord;
    // Only bytes that are still in the staging folder are still to be moved.
    if (record.op === "put" && !staged.has(record.id ?? "")) record.id = undefined;
    for (const displaced of applyRecord(state, record))
      if (displaced.kind === "object") stale.set(placeOf(displaced), displaced);
    if (record.op === "put") stale.delete(placeOf({ ...record, isPlain: record.plain }));
  });
  if (files.isFolding) keepFolded(state, stale);
  for (const displaced of stale.values()) removeDisplaced(files, displaced);

  const log = openIndexLog(logFile, found, syncToDisk);
  const missing: IndexRecord[] = [];
  let isPartMissing = false;
  for (const { name, objects } of state.buckets.values()) {
    files.makeBucket(name);
    for (const [key, entry] of objects.from(() => false)) {
      if (entry.stagedId !== undefined) {
        staged.delete(entry.stagedId);
        placeEntry(files, name, key, entry, entry.stagedId);
      } else if (!files.isPresent(name, key, entry.isPlain))
        missing.push({ op: "delete", bucket: name, key });
    }
  }
  for (const record of missing) applyRecord(state, record);
  for (const { parts } of state.uploads.values())
    for (const [number, { stagedId }] of parts) {
      if (staged.delete(stagedId)) continue;
      parts.delete(number);
      isPartMissing = true;
    }
  for (const id of staged) files.removeStaged(id);
  if (isPartMissing || missing.length > 0 || log.lines > countRecords(state))
    log.rewrite(snapshotRecords(state));
  return { state, log };
};

/** Where `A` and `a` are one file, a deleted `A` must not take the living `a` with it. */
const keepFolded = (state: State, stale: Map<string, Displaced & { kind: "object" }>): void => {
  if (stale.size === 0) return;
  const fold = (place: string) => place.normalize("NFC").toLowerCase();
  const living = new Set<string>();
  for (const { name, objects } of state.buckets.values())
    for (const [key, { isPlain }] of objects.from(() => false))
      living.add(fold(placeOf({ bucket: name, key, isPlain })));
  for (const place of stale.keys()) if (living.has(fold(place))) stale.delete(place);
};

const placeEntry = (
  files: ObjectFiles,
  bucket: string,
  key: string,
  entry: ObjectEntry,
  id: string,
): void => {
  try {
    files.place(id, bucket, key, entry.isPlain);
    entry.stagedId = undefined;
  } catch {
    // Committed and readable where it lies; the next start tries again.
  }
};

/**
 * Objects, buckets and uploads in one folder.
 *
 * A write goes: bytes into the staging folder, one line into `index.jsonl` (the commit), the file
 * renamed into place. The last two happen in one turn of the event loop, with the check of any
 * condition before them. A process killed in between leaves at worst a file to move or to remove,
 * which the next start does.
 *
 * Nothing is fsynced unless `syncToDisk` is set: what a process has written to the page cache
 * survives its own death, `kill -9` included, and only a power cut or a crash of the system can
 * take it. That is the right trade for logs on a laptop; waiting for the disk costs most of the
 * throughput.
 */
export const openStore = (
  directory: string,
  { syncToDisk, now }: { syncToDisk: boolean; now: () => number },
): Store => {
  mkdirSync(directory, { recursive: true });
  const files = createObjectFiles(directory, syncToDisk);
  const { state, log } = recover(files, path.join(directory, "index.jsonl"), syncToDisk);

  const compactWhenDue = (index: IndexLog): void => {
    const live = countRecords(state);
    if (index.lines - live <= live + MAX_DEAD_LINES) return;
    try {
      index.rewrite(snapshotRecords(state));
    } catch {
      // A full disk: the long log goes on serving.
    }
  };

  const commit = (records: readonly IndexRecord[]): Displaced[] => {
    log.append(records);
    return records.flatMap((record) => applyRecord(state, record));
  };

  const bucketNamed = (name: string): Bucket => {
    const bucket = state.buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  };

  return {
    buckets: state.buckets,
    uploads: state.uploads,
    bucket: bucketNamed,
    stage: files.stage,

    putObject: (bucket, key, { blob, size, etag, detail }, check) => {
      const { objects } = bucketNamed(bucket);
      const current = objects.get(key);
      check(current);
      const { isPlain } = files.prepare(bucket, key, current?.isPlain ?? false);
      const displaced = commit([
        {
          op: "put",
          bucket,
          key,
          id: blob.id,
          plain: isPlain,
          size,
          at: now(),
          etag,
          detail: JSON.stringify(detail),
          upload: detail.uploadId,
        },
      ]);
      const entry = objects.get(key) as ObjectEntry;
      placeEntry(files, bucket, key, entry, blob.id);
      for (const old of displaced)
        if (old.kind === "staged" || old.isPlain !== isPlain) removeDisplaced(files, old);
      compactWhenDue(log);
      return entry;
    },

    commit: (records) => {
      for (const record of records) if (record.op === "bucket") files.makeBucket(record.bucket);
      for (const displaced of commit(records)) removeDisplaced(files, displaced);
      for (const record of records)
        if (record.op === "dropBucket") files.removeBucket(record.bucket);
      compactWhenDue(log);
    },

    open: files.open,
    openStaged: files.openStaged,
    close: () => log.close(),
  };
};
