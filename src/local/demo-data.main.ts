import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createKinesisClient, createS3Client } from "../shared/aws/clients.ts";
import { ConfigError, loadConfig } from "../shared/core/config.ts";
import { DEMO_BUCKET, LOG_100K_KEY } from "./demo-data/objects.ts";
import { NotRunningError, seedDemoData } from "./demo-data/seed.ts";
import { DEFAULT_AWS_ENDPOINT, isLoopback } from "./supervisor/endpoint.ts";

const HELP = `Fill a running local pipeline with data that every page has something to show of.

  npm run demo-data            three days of logs, metrics and APM of six services,
                               a missing hour, an hour of tiny objects, a drifted
                               schema, records that are no logs, an object of
                               100,000 lines, keys that are hard to open
    --hours N                  days are 24 of them, 1 to 336              (72)
    --again                    all of it once more; else what happened since

Exit code 0: done; 1: something was not taken; 2: wrong usage or nothing runs.`;

const LAND_DEADLINE_MS = 120_000;

const stop = (problem: string, code = 2): never => {
  process.stderr.write(`${problem}\n`);
  process.exit(code);
};

const readArgs = () => {
  try {
    return parseArgs({
      options: {
        hours: { type: "string", default: "72" },
        again: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    return stop(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
};

const readConfig = () => {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return stop(error.message);
  }
};

const values = readArgs();
if (values.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}
const hours = Number(values.hours);
if (!(Number.isInteger(hours) && hours >= 1 && hours <= 336))
  stop("--hours takes a whole number from 1 to 336.");
const config = readConfig();
const endpoint = config.AWS_ENDPOINT_URL ?? DEFAULT_AWS_ENDPOINT;
if (config.STAGE !== "local" || !isLoopback(endpoint))
  stop(`Demo data belongs on a laptop: STAGE=${config.STAGE} at ${endpoint} is none.`);

const clientOptions = { region: config.AWS_REGION, endpoint };
const s3 = createS3Client(clientOptions);
const kinesis = createKinesisClient(clientOptions);
const ingestUrl = config.INGEST_URL ?? `http://127.0.0.1:${config.INGEST_PORT}`;
const dashboardUrl = `http://127.0.0.1:${config.DASHBOARD_PORT}`;

const isTerminal = process.stderr.isTTY;
const say = (what: string): void => {
  if (isTerminal) process.stderr.write(`\r\u001b[2K${what}`);
};

type Ledger = { ledger?: { streams?: { in_flight: number | null }[] } };

/** Until nothing accepted is still on its way; undefined where nobody says. */
const waitUntilLanded = async (): Promise<boolean | undefined> => {
  const until = Date.now() + LAND_DEADLINE_MS;
  while (Date.now() < until) {
    const answer = await fetch(`${dashboardUrl}/api/stats/summary`, {
      signal: AbortSignal.timeout(10_000),
      headers:
        config.DASHBOARD_TOKEN === undefined
          ? {}
          : { authorization: `Bearer ${config.DASHBOARD_TOKEN}` },
    }).catch(() => undefined);
    if (!answer?.ok) return undefined;
    const streams = ((await answer.json()) as Ledger).ledger?.streams ?? [];
    const inFlight = streams.reduce((sum, { in_flight }) => sum + (in_flight ?? 0), 0);
    if (streams.length > 0 && inFlight === 0) return true;
    say(`${inFlight.toLocaleString("en-US")} on their way to S3`);
    await sleep(500);
  }
  return false;
};

try {
  const seeded = await seedDemoData(
    {
      s3,
      kinesis,
      ingestUrl,
      token: config.INGEST_TOKEN,
      logsBucket: config.TARGET_BUCKET,
      logsStream: config.KINESIS_STREAM_NAME,
      nowMs: Date.now(),
      say,
    },
    { hours, again: values.again },
  );
  const landed = await waitUntilLanded();
  say("");
  const since = seeded.since === undefined ? "" : ` since ${new Date(seeded.since).toISOString()}`;
  const count = (value: number) => value.toLocaleString("en-US");
  const object = `bucket=${DEMO_BUCKET}&key=${LOG_100K_KEY}`;
  process.stdout.write(`${count(seeded.logs)} logs, ${count(seeded.metrics)} metrics, ${count(seeded.apm)} spans${since}, ${seeded.quarantined} records that are no logs.
${landed === false ? "They are still on their way to S3.\n" : ""}
  overview        ${dashboardUrl}/
  partitions      ${dashboardUrl}/buckets/${config.TARGET_BUCKET}/partitions
  quarantine      ${dashboardUrl}/quarantine
  100,000 lines   ${dashboardUrl}/objects?${object}
  odd keys        ${dashboardUrl}/buckets/${DEMO_BUCKET}
`);
} catch (error) {
  say("");
  if (error instanceof NotRunningError) stop(error.message);
  stop(error instanceof Error ? error.message : String(error), 1);
} finally {
  s3.destroy();
  kinesis.destroy();
}
