import type { BucketSettings } from "../../../shared/core/dashboard/buckets/ports.ts";
import type { AreaDeps } from "../area.ts";

export type BucketsDeps = AreaDeps & {
  /** For commands to copy and links to give away; pages go without them where it is absent. */
  storage?: BucketSettings | undefined;
  /** Where a first log may be sent, for empty buckets. */
  ingestUrl?: string | undefined;
};

/** Where nobody said: commands for AWS itself. */
export const DEFAULT_STORAGE: BucketSettings = {
  region: "us-east-1",
  database: "md_raw_local",
  tables: {},
};

/** `md_raw_dev.logs`: what Athena calls the objects of a bucket. */
export const tableOf = ({ database, tables }: BucketSettings, bucket: string): string =>
  `${database}.${tables[bucket] ?? "logs"}`;
