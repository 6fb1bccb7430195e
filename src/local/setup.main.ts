import { setTimeout as sleep } from "node:timers/promises";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { ensureBucket, ensureStream } from "../shared/aws/setup-resources.ts";
import { loadConfig } from "../shared/core/config.ts";
import { createLogger } from "./log.ts";

/** Creates the streams and buckets that are missing, then ends. */
const config = loadConfig(process.env);
const log = createLogger("setup", config.LOG_LEVEL);
const clientOptions = { region: config.AWS_REGION, endpoint: config.AWS_ENDPOINT_URL };
const deps = {
  kinesis: createKinesisClient(clientOptions),
  s3: createS3Client(clientOptions),
  sleep: (ms: number) => sleep(ms),
};
try {
  await Promise.all([
    ensureStream(deps, config.KINESIS_STREAM_NAME, config.SHARD_COUNT),
    ensureStream(deps, config.METRICS_STREAM_NAME, config.SHARD_COUNT),
    ensureBucket(deps, config.TARGET_BUCKET),
    ensureBucket(deps, config.METRICS_BUCKET),
    ensureBucket(deps, config.APM_BUCKET),
    config.ON_FAILURE_BUCKET === undefined
      ? undefined
      : ensureBucket(deps, config.ON_FAILURE_BUCKET),
  ]);
} catch (error) {
  log.error(
    { err: error, endpoint: config.AWS_ENDPOINT_URL },
    "Streams and buckets could not be created.",
  );
  process.exitCode = 1;
} finally {
  deps.kinesis.destroy();
  deps.s3.destroy();
}
