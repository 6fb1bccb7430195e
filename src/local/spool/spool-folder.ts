import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../shared/core/config.ts";
import type { Logger } from "../../shared/core/logger.ts";
import { listSegmentFiles } from "./segments.ts";

/** Where the logs of a spool are to go: never to another stream, or another endpoint's. */
const targetOf = ({ AWS_ENDPOINT_URL, AWS_REGION }: Config, stream: string): string => {
  const where =
    AWS_ENDPOINT_URL === undefined ? `aws-${AWS_REGION}` : new URL(AWS_ENDPOINT_URL).host;
  return `${stream}@${where.replace(/[^A-Za-z0-9._-]/g, "_")}`;
};

/** The folder in SPOOL_DIR for one of the configured streams at the configured endpoint. */
export const spoolFolder = (config: Config, stream: string): string =>
  path.resolve(config.SPOOL_DIR, targetOf(config, stream));

/** Says which other folders in SPOOL_DIR hold logs, since nothing here will send them. */
export const warnOfOtherSpools = async (config: Config, log: Logger): Promise<void> => {
  const own = [config.KINESIS_STREAM_NAME, config.METRICS_STREAM_NAME].map((stream) =>
    targetOf(config, stream),
  );
  const names = await readdir(config.SPOOL_DIR).catch(() => []);
  for (const name of names) {
    if (own.includes(name)) continue;
    const files = await listSegmentFiles(path.join(config.SPOOL_DIR, name)).catch(() => []);
    if (files.length === 0) continue;
    log.warn(
      { folder: path.join(config.SPOOL_DIR, name) },
      `The spool of ${name} may hold logs. Start the ingestion interface for that stream and endpoint to send them.`,
    );
  }
};
