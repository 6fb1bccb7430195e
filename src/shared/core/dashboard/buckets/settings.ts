import type { Config } from "../../config.ts";
import type { BucketSettings, ObjectSigner } from "./ports.ts";

/** What commands and queries to copy have to name here. The names are those a deployment makes. */
export const bucketSettings = (
  config: Pick<
    Config,
    | "AWS_ENDPOINT_URL"
    | "AWS_REGION"
    | "STAGE"
    | "TARGET_BUCKET"
    | "METRICS_BUCKET"
    | "APM_BUCKET"
    | "PRESIGN_SECONDS"
  >,
  createSigner: (expiresSeconds: number) => ObjectSigner,
): BucketSettings => ({
  endpoint: config.AWS_ENDPOINT_URL,
  region: config.AWS_REGION,
  database: `md_raw_${config.STAGE}`,
  tables: {
    [config.METRICS_BUCKET]: "metrics",
    [config.APM_BUCKET]: "apm",
    [config.TARGET_BUCKET]: "logs",
  },
  signer: config.PRESIGN_SECONDS > 0 ? createSigner(config.PRESIGN_SECONDS) : undefined,
});
