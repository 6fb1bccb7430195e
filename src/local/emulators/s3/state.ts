import type { ChecksumAlgorithm } from "./checksums.ts";
import { createSortedIndex, type SortedIndex } from "./sorted-index.ts";

export type StoredChecksum = {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, with `-N` behind it for a checksum of part checksums. */
  readonly value: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
};

/** What only GET, HEAD and a copy need of an object. */
export type ObjectDetail = {
  /** Content headers and `x-amz-meta-*`, as they are sent back. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  readonly tags?: readonly (readonly [string, string])[] | undefined;
  /** Of the multipart upload that made it. */
  readonly partSizes?: readonly number[] | undefined;
  readonly uploadId?: string | undefined;
};

export type ObjectEntry = {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /** Without quotes. */
  readonly etag: string;
  /** True where the key is the path of the file; else the file has an encoded name. */
  readonly isPlain: boolean;
  /** ObjectDetail as JSON text: at a million keys, a string is several times smaller. */
  readonly detail: string;
  /** Set while the bytes still lie in the staging folder. */
  stagedId: string | undefined;
};

export type Bucket = {
  readonly name: string;
  readonly createdAt: number;
  /** Undefined for us-east-1. */
  readonly location: string | undefined;
  readonly objects: SortedIndex<ObjectEntry>;
  readonly configs: Map<string, string>;
};

export type Part = {
  readonly stagedId: string;
  readonly size: number;
  /** MD5 in hex. */
  readonly etag: string;
  readonly modifiedAt: number;
  /** Base64, of the upload's algorithm. */
  readonly checksum: string | undefined;
};

export type UploadDetail = {
  readonly headers: Readonly<Record<string, string>>;
  readonly tags?: readonly (readonly [string, string])[] | undefined;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly checksumType?: StoredChecksum["type"] | undefined;
};

export type Upload = {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly createdAt: number;
  readonly detail: UploadDetail;
  readonly parts: Map<number, Part>;
};

/** One line of the index log. What is not in it has not happened. */
export type IndexRecord =
  | { op: "bucket"; bucket: string; at: number; location?: string | undefined }
  | { op: "dropBucket"; bucket: string }
  | { op: "config"; bucket: string; name: string; text: string | null }
  | {
      op: "put";
      bucket: string;
      key: string;
      id?: string | undefined;
      plain: boolean;
      size: number;
      at: number;
      etag: string;
      /** ObjectDetail as JSON text, so that reading a long log costs no parsing of it. */
      detail: string;
      /** The multipart upload that ends with this. */
      upload?: string | undefined;
    }
  | { op: "detail"; bucket: string; key: string; detail: string }
  | { op: "delete"; bucket: string; key: string }
  | {
      op: "upload";
      upload: string;
      bucket: string;
      key: string;
      at: number;
      detail: UploadDetail;
    }
  | {
      op: "part";
      upload: string;
      number: number;
      id: string;
      size: number;
      etag: string;
      at: number;
      checksum?: string | undefined;
    }
  | { op: "dropUpload"; upload: string };

/** A file that nothing refers to any more. */
export type Displaced =
  | { kind: "object"; bucket: string; key: string; isPlain: boolean }
  | { kind: "staged"; id: string };

export type State = {
  readonly buckets: Map<string, Bucket>;
  readonly uploads: Map<string, Upload>;
};

export const createState = (): State => ({ buckets: new Map(), uploads: new Map() });

const displacedEntry = (
  bucket: string,
  key: string,
  { stagedId, isPlain }: ObjectEntry,
): Displaced =>
  stagedId === undefined
    ? { kind: "object", bucket, key, isPlain }
    : { kind: "staged", id: stagedId };

const dropUpload = (state: State, id: string): Displaced[] => {
  const upload = state.uploads.get(id);
  state.uploads.delete(id);
  return [...(upload?.parts.values() ?? [])].map(({ stagedId }) => ({
    kind: "staged",
    id: stagedId,
  }));
};

/**
 * Applies one record and returns the files it makes superfluous. A record of something that is not
 * there (any more) changes nothing, so that a log with a damaged line can still be read.
 */
export const applyRecord = (state: State, record: IndexRecord): Displaced[] => {
  const { buckets, uploads } = state;
  switch (record.op) {
    case "bucket":
      buckets.set(record.bucket, {
        name: record.bucket,
        createdAt: record.at,
        location: record.location,
        objects: createSortedIndex(),
        configs: new Map(),
      });
      return [];
    case "dropBucket":
      buckets.delete(record.bucket);
      return [...uploads.values()]
        .filter(({ bucket }) => bucket === record.bucket)
        .flatMap(({ id }) => dropUpload(state, id));
    case "config": {
      const configs = buckets.get(record.bucket)?.configs;
      if (record.text === null) configs?.delete(record.name);
      else configs?.set(record.name, record.text);
      return [];
    }
    case "put": {
      const objects = buckets.get(record.bucket)?.objects;
      if (objects === undefined) return [];
      const before = objects.set(record.key, {
        size: record.size,
        modifiedAt: record.at,
        etag: record.etag,
        isPlain: record.plain,
        detail: record.detail,
        stagedId: record.id,
      });
      const parts = record.upload === undefined ? [] : dropUpload(state, record.upload);
      return before === undefined
        ? parts
        : [displacedEntry(record.bucket, record.key, before), ...parts];
    }
    case "detail": {
      const objects = buckets.get(record.bucket)?.objects;
      const before = objects?.get(record.key);
      if (before !== undefined) objects?.set(record.key, { ...before, detail: record.detail });
      return [];
    }
    case "delete": {
      const before = buckets.get(record.bucket)?.objects.delete(record.key);
      return before === undefined ? [] : [displacedEntry(record.bucket, record.key, before)];
    }
    case "upload":
      uploads.set(record.upload, {
        id: record.upload,
        bucket: record.bucket,
        key: record.key,
        createdAt: record.at,
        detail: record.detail,
        parts: new Map(),
      });
      return [];
    case "part": {
      const parts = uploads.get(record.upload)?.parts;
      const before = parts?.get(record.number);
      parts?.set(record.number, {
        stagedId: record.id,
        size: record.size,
        etag: record.etag,
        modifiedAt: record.at,
        checksum: record.checksum,
      });
      return before === undefined ? [] : [{ kind: "staged", id: before.stagedId }];
    }
    case "dropUpload":
      return dropUpload(state, record.upload);
    default:
      return [];
  }
};

/** How many records `snapshotRecords` gives. */
export const countRecords = ({ buckets, uploads }: State): number => {
  let count = 0;
  for (const { objects, configs } of buckets.values()) count += 1 + configs.size + objects.size;
  for (const { parts } of uploads.values()) count += 1 + parts.size;
  return count;
};

/** The shortest log that leads to this state. */
export function* snapshotRecords({ buckets, uploads }: State): Generator<IndexRecord> {
  for (const { name, createdAt, location, configs, objects } of buckets.values()) {
    yield { op: "bucket", bucket: name, at: createdAt, location };
    for (const [config, text] of configs) yield { op: "config", bucket: name, name: config, text };
    for (const [key, entry] of objects.from(() => false))
      yield {
        op: "put",
        bucket: name,
        key,
        id: entry.stagedId,
        plain: entry.isPlain,
        size: entry.size,
        at: entry.modifiedAt,
        etag: entry.etag,
        detail: entry.detail,
      };
  }
  for (const { id, bucket, key, createdAt, detail, parts } of uploads.values()) {
    yield { op: "upload", upload: id, bucket, key, at: createdAt, detail };
    for (const [number, part] of parts)
      yield {
        op: "part",
        upload: id,
        number,
        id: part.stagedId,
        size: part.size,
        etag: part.etag,
        at: part.modifiedAt,
        checksum: part.checksum,
      };
  }
}
