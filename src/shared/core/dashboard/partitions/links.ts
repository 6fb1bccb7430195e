/** Addresses that the server's pages and the browser's scripts share. */

export const browserHref = (bucket: string, prefix: string): string =>
  `/buckets/${encodeURIComponent(bucket)}?prefix=${encodeURIComponent(prefix)}`;

/** The log viewer over a range of partitions. Times are epoch milliseconds. */
export const viewerHref = (
  bucket: string,
  { prefix, from, to }: { prefix?: string | undefined; from?: number; to?: number },
): string => {
  const time = (at: number) => encodeURIComponent(`${new Date(at).toISOString().slice(0, 19)}Z`);
  const query = [
    prefix ? `prefix=${encodeURIComponent(prefix)}` : "",
    from === undefined ? "" : `from=${time(from)}`,
    to === undefined ? "" : `to=${time(to)}`,
  ].filter((part) => part !== "");
  const path = `/logs/${encodeURIComponent(bucket)}`;
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
};

export type PartitionsView = {
  /** As it is in keys. */
  service?: string | undefined;
  metric?: string | undefined;
  cursor?: string | undefined;
};

export const partitionsHref = (bucket: string, view: PartitionsView = {}): string => {
  const query = Object.entries(view).flatMap(([name, value]) =>
    value && !(name === "metric" && value === "bytes")
      ? [`${name}=${encodeURIComponent(value)}`]
      : [],
  );
  const path = `/buckets/${encodeURIComponent(bucket)}/partitions`;
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
};
