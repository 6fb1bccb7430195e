/** Every address of the dashboard is made here, so that no name reaches a link unencoded. */

const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value ? [`${name}=${encodeURIComponent(value)}`] : [],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
};

export const streamLink = (name: string): string => `/streams/${encodeURIComponent(name)}`;

export const bucketLink = (name: string, at: { prefix?: string; cursor?: string } = {}): string =>
  withQuery(`/buckets/${encodeURIComponent(name)}`, at);

export const partitionsLink = (name: string): string =>
  `/buckets/${encodeURIComponent(name)}/partitions`;

export const objectApiLink = (bucket: string, key: string, lines: number): string =>
  withQuery(`/api/s3/object/${encodeURIComponent(bucket)}/_`, { key, lines: String(lines) });

/** The log viewer: one object (`key`), or a partition range (`prefix`, `from`, `to`). */
export const logsLink = (
  bucket: string,
  at: { key?: string; prefix?: string; from?: string; to?: string; L?: string; q?: string } = {},
): string => withQuery(`/logs/${encodeURIComponent(bucket)}`, at);

export const searchLink = (query: Readonly<Record<string, string>>): string =>
  withQuery("/search", query);

/** The stored bytes, as a download. */
export const objectRawLink = (bucket: string, key: string): string =>
  withQuery(`/api/s3/object/${encodeURIComponent(bucket)}/_`, { key, view: "raw" });
