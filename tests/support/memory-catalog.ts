import type {
  ListPage,
  ListRequest,
  ObjectCatalog,
} from "../../src/shared/core/dashboard/ports.ts";

export type MemoryObject = {
  key: string;
  body?: string | Uint8Array;
  size?: number;
  lastModified?: Date;
};

export type MemoryCatalog = ObjectCatalog & { calls: ListRequest[] };

const bytesOf = (body: string | Uint8Array = ""): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body;

const MODIFIED = new Date("2026-01-01T00:00:00Z");

/** Buckets in memory that list as S3 does: byte order, delimiter, pages. */
export const createMemoryCatalog = (
  buckets: Readonly<Record<string, readonly MemoryObject[]>>,
): MemoryCatalog => {
  const calls: ListRequest[] = [];
  const find = (bucket: string) => (Object.hasOwn(buckets, bucket) ? buckets[bucket] : undefined);
  const entryOf = ({ key, body, size, lastModified = MODIFIED }: MemoryObject) => ({
    key,
    size: size ?? bytesOf(body).byteLength,
    lastModified,
    storageClass: "STANDARD",
  });

  const page = (objects: readonly MemoryObject[], request: ListRequest): ListPage => {
    const { prefix = "", delimiter, maxKeys, startAfter, token } = request;
    const after = token ?? startAfter ?? "";
    const sorted = objects
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    const result: ListPage = { objects: [], prefixes: [], nextToken: undefined };
    let last = "";
    for (const object of sorted) {
      const end = delimiter === undefined ? -1 : object.key.indexOf(delimiter, prefix.length);
      const folder = end < 0 ? undefined : object.key.slice(0, end + 1);
      const name = folder ?? object.key;
      if (Buffer.compare(Buffer.from(name), Buffer.from(after)) <= 0 || name === last) continue;
      if (result.objects.length + result.prefixes.length === maxKeys) {
        result.nextToken = last;
        break;
      }
      if (folder === undefined) result.objects.push(entryOf(object));
      else result.prefixes.push(folder);
      last = name;
    }
    return result;
  };

  return {
    calls,
    listBuckets: async () => ({ items: Object.keys(buckets), isComplete: true }),
    list: async (request) => {
      calls.push(request);
      const objects = find(request.bucket);
      return objects && page(objects, request);
    },
    open: async (bucket, key, maxBytes) => {
      const objects = find(bucket);
      if (!objects) return { missing: "bucket" };
      const object = objects.find((candidate) => candidate.key === key);
      if (!object) return { missing: "key" };
      const bytes = bytesOf(object.body);
      return {
        size: bytes.byteLength,
        contentType: "application/x-ndjson",
        lastModified: object.lastModified ?? MODIFIED,
        metadata: {},
        body: new Blob([bytes.slice(0, maxBytes)]).stream() as ReadableStream<Uint8Array>,
      };
    },
  };
};
