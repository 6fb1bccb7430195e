/** Links that let anybody read one object for a while. */
export type ObjectSigner = {
  /** How long a link is good, seconds. */
  expiresSeconds: number;
  /** Undefined where the bucket is none of those the dashboard may show. */
  sign(bucket: string, key: string): Promise<string | undefined>;
};

/** What commands to copy need to know of the store, and which tables Athena has of it. */
export type BucketSettings = {
  /** A local endpoint; undefined on AWS. */
  endpoint?: string | undefined;
  region: string;
  /** Glue database and table by bucket. */
  database: string;
  tables: Readonly<Record<string, "logs" | "metrics" | "apm">>;
  signer?: ObjectSigner | undefined;
};
