import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { ConfigError, loadConfig } from "../shared/core/config.ts";
import { findInBucket } from "./probe/find-in-bucket.ts";
import { findInStream } from "./probe/find-in-stream.ts";
import { putInStream } from "./probe/put-in-stream.ts";
import { DEFAULT_AWS_ENDPOINT } from "./supervisor/endpoint.ts";

const HELP = `Follow one log through the pipeline by a text that only it holds.

  node scripts/run.mjs probe put --log JSON        one record, straight into the stream
  node scripts/run.mjs probe stream --text T       in which record of the stream it is
  node scripts/run.mjs probe object --text T --prefix service=…/
                                                   in which object of the bucket it is
    --since TIME      records and objects from then on, RFC 3339   (a minute ago)
    --timeout S       seconds until it counts as missing           (30)

Exit code 0: found, its place on stdout; 1: not found in time; 2: wrong usage.`;

const LOOK_EVERY_MS = 250;

const usage = (problem: string): never => {
  process.stderr.write(`${problem}\n\n${HELP}\n`);
  process.exit(2);
};

const readArgs = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        log: { type: "string" },
        text: { type: "string" },
        prefix: { type: "string", default: "" },
        since: { type: "string" },
        timeout: { type: "string", default: "30" },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
};

const { values, positionals } = readArgs();
const timeoutMs = Number(values.timeout) * 1000;
if (!(timeoutMs > 0)) usage("--timeout takes a number of seconds.");
const since = new Date(values.since ?? Date.now() - 60_000);
if (Number.isNaN(since.getTime())) usage("--since takes a time such as 2025-11-14T01:00:00Z.");
const wanted = (name: "log" | "text"): string =>
  values[name] || usage(`${positionals[0]} needs --${name}.`);

const readConfig = () => {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return usage(error.message);
  }
};

const config = readConfig();
const clientOptions = {
  region: config.AWS_REGION,
  endpoint: config.AWS_ENDPOINT_URL ?? DEFAULT_AWS_ENDPOINT,
};

/** Looks until it is found; the deadline ends a look that is under way as well. */
const until = async (
  look: (signal: AbortSignal) => Promise<string | undefined>,
): Promise<string | undefined> => {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    for (;;) {
      const found = await look(signal);
      if (found !== undefined) return found;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
};

const probe = (): Promise<string | undefined> => {
  const streamName = config.KINESIS_STREAM_NAME;
  const bucket = config.TARGET_BUCKET;
  switch (positionals[0]) {
    case "put":
      return putInStream(createKinesisClient(clientOptions), streamName, wanted("log"));
    case "stream": {
      const look = findInStream(createKinesisClient(clientOptions), streamName, {
        text: wanted("text"),
        since,
      });
      return until(look);
    }
    case "object": {
      const { prefix } = values;
      const look = findInBucket(createS3Client(clientOptions), bucket, {
        text: wanted("text"),
        prefix,
        since,
      });
      return until(look);
    }
    default:
      return usage(`What to do: put, stream or object, not ${positionals[0] ?? "nothing"}.`);
  }
};

try {
  const found = await probe();
  if (found !== undefined) process.stdout.write(`${found}\n`);
  else process.stderr.write(`Not found within ${values.timeout} s.\n`);
  process.exit(found === undefined ? 1 : 0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message || error.name : error}\n`);
  process.exit(1);
}
