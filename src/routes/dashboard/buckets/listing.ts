import { attempt, type BackendError } from "../../../shared/core/dashboard/backend-error.ts";
import { encodeScanCursor } from "../../../shared/core/dashboard/buckets/cursors.ts";
import { behind, compareKeys } from "../../../shared/core/dashboard/buckets/key-order.ts";
import type { Coverage } from "../../../shared/core/dashboard/buckets/scan.ts";
import { encodeCursor } from "../../../shared/core/dashboard/cursor.ts";
import type { ObjectEntry } from "../../../shared/core/dashboard/ports.ts";
import type { DashboardReader } from "../../../shared/core/dashboard/reader.ts";
import { S3_LIST_MAX_KEYS } from "../../../shared/core/limits.ts";
import { parseCursor, QueryError } from "../query.ts";
import type { View } from "./hrefs.ts";
import { parseFilter, parseScanCursor, type Query } from "./query.ts";

/** Rows of one page. S3 is asked for more, which costs the same. */
const ROWS = 200;

export type Listing = {
  prefixes: string[];
  objects: ObjectEntry[];
  /** Of all keys that were listed, also of those that this page does not show. */
  loaded: { keys: number; bytes: number; isAll: boolean };
  /** Of a search. */
  coverage: Coverage | undefined;
  next: string | undefined;
  elapsedMs: number;
};

export type Loaded =
  | { state: "missing" }
  | { state: "failed"; error: BackendError }
  | { state: "listed"; listing: Listing };

/** The view that a query asks for. Throws QueryError for what is not understood. */
export const parseView = (query: Query): View => {
  const { match, sort, dir } = query;
  if (match && match !== "prefix" && match !== "contains")
    throw new QueryError("match", "match must be prefix, contains or absent.");
  if (sort && sort !== "key" && sort !== "size" && sort !== "modified")
    throw new QueryError("sort", "sort must be key, size, modified or absent.");
  if (dir && dir !== "asc" && dir !== "desc")
    throw new QueryError("dir", "dir must be asc, desc or absent.");
  const { prefix, q, min, max, after, before, cursor, trail } = query;
  return {
    prefix,
    q,
    match: match === "contains" ? "contains" : "prefix",
    min,
    max,
    after,
    before,
    sort: (sort || "key") as View["sort"],
    dir: dir === "desc" ? "desc" : "asc",
    cursor,
    trail,
  };
};

const filterOf = ({ q, match, min, max, after, before }: View) =>
  parseFilter({
    contains: match === "contains" ? q : undefined,
    min_size: min,
    max_size: max,
    modified_after: after,
    modified_before: before,
  });

/** Whether a view has to look at each key: then it is a search, with a coverage of its own. */
export const isSearch = ({ q, match, min, max, after, before }: View): boolean =>
  (match === "contains" && !!q) || !!min || !!max || !!after || !!before;

/** What keys of a view begin with. */
export const prefixOf = ({ prefix = "", q = "", match }: View): string =>
  match === "prefix" ? prefix + q : prefix;

const compareBy = (
  sort: View["sort"],
  dir: View["dir"],
): ((a: ObjectEntry, b: ObjectEntry) => number) => {
  const sign = dir === "desc" ? -1 : 1;
  const timeOf = ({ lastModified }: ObjectEntry) => lastModified?.getTime() ?? 0;
  return (a, b) => {
    if (sort === "size" && a.size !== b.size) return sign * (a.size - b.size);
    if (sort === "modified" && timeOf(a) !== timeOf(b)) return sign * (timeOf(a) - timeOf(b));
    return (sort === "key" ? sign : 1) * compareKeys(a.key, b.key);
  };
};

const listPage = async (
  reader: DashboardReader,
  bucket: string,
  view: View,
): Promise<Omit<Listing, "elapsedMs"> | undefined> => {
  const page = await reader.objectsPage({
    bucket,
    prefix: prefixOf(view),
    maxKeys: S3_LIST_MAX_KEYS,
    cursor: parseCursor(view.cursor),
    isFolded: true,
  });
  if (!page) return undefined;
  const loaded = {
    keys: page.objects.length + page.prefixes.length,
    bytes: page.objects.reduce((total, { size }) => total + size, 0),
    isAll: page.nextCursor === undefined && view.cursor === undefined,
  };
  const isKeyOrder = view.sort === "key" && view.dir === "asc";
  const ends = [...page.prefixes.map(behind), ...page.objects.map(({ key }) => key)];
  const last = ends.sort(compareKeys)[ROWS - 1];
  // In another order the whole of what was loaded is shown, or the sort would be of a part.
  if (!isKeyOrder || last === undefined || ends.length === ROWS)
    return {
      prefixes: page.prefixes,
      objects: page.objects.sort(compareBy(view.sort, view.dir)),
      loaded,
      coverage: undefined,
      next: page.nextCursor,
    };
  return {
    prefixes: page.prefixes.filter((prefix) => compareKeys(behind(prefix), last) <= 0),
    objects: page.objects.filter(({ key }) => compareKeys(key, last) <= 0),
    loaded,
    coverage: undefined,
    next: encodeCursor({ after: last }),
  };
};

const search = async (
  reader: DashboardReader,
  bucket: string,
  view: View,
  signal: AbortSignal,
): Promise<Omit<Listing, "elapsedMs"> | undefined> => {
  const scan = await reader.scan({
    bucket,
    prefix: prefixOf(view),
    filter: filterOf(view),
    maxMatches: ROWS,
    cursor: parseScanCursor(view.cursor),
    signal,
  });
  return (
    scan && {
      prefixes: [],
      objects: scan.objects.sort(compareBy(view.sort, view.dir)),
      loaded: {
        keys: scan.objects.length,
        bytes: scan.objects.reduce((total, { size }) => total + size, 0),
        isAll: scan.next === undefined,
      },
      coverage: scan.coverage,
      next: scan.next && encodeScanCursor(scan.next),
    }
  );
};

/** One page of a view: exactly one list call, unless it is a search. */
export const loadListing = async (
  reader: DashboardReader,
  bucket: string,
  view: View,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<Loaded> => {
  const startedAt = now();
  const read = await attempt(() =>
    isSearch(view) ? search(reader, bucket, view, signal) : listPage(reader, bucket, view),
  );
  if (!read.ok) return { state: "failed", error: read.error };
  if (read.value === undefined) return { state: "missing" };
  return { state: "listed", listing: { ...read.value, elapsedMs: now() - startedAt } };
};
