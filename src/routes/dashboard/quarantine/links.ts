import type { StoredEntry } from "../../../shared/core/quarantine-entry.ts";
import { entryId } from "../../../shared/core/quarantine-entry.ts";
import type { QuarantineQuery } from "./query.ts";

const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value ? [`${name}=${encodeURIComponent(value)}`] : [],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
};

export const quarantineLink = (query: QuarantineQuery): string => withQuery("/quarantine", query);

type RecordPlace = Pick<StoredEntry, "sequenceNumber" | "index"> & { bucket: string; key: string };

const placeQuery = ({ bucket, key, ...entry }: RecordPlace) => ({
  bucket,
  key,
  id: entryId(entry),
});

export const recordLink = (place: RecordPlace, bytes?: number): string =>
  withQuery("/quarantine/record", { ...placeQuery(place), bytes: bytes?.toString() });

export const rawLink = (place: RecordPlace): string =>
  withQuery("/api/quarantine/record/raw", placeQuery(place));
