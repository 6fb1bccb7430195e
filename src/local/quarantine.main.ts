import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { awsErrorCode, toBackendError } from "../shared/aws/backend-errors.ts";
import { createS3Client } from "../shared/aws/clients.ts";
import { createCodec } from "../shared/aws/codec.ts";
import { createS3PartSink } from "../shared/aws/s3-part-sink.ts";
import { createS3QuarantineStore } from "../shared/aws/s3-quarantine-store.ts";
import { createS3StateStore } from "../shared/aws/s3-state-store.ts";
import { type Config, ConfigError, loadConfig } from "../shared/core/config.ts";
import { consumerOptions } from "../shared/core/consume.ts";
import { BackendError } from "../shared/core/dashboard/backend-error.ts";
import { RECORD_MAX_DECODED_BYTES } from "../shared/core/limits.ts";
import { createReplay } from "../shared/core/replay.ts";
import { EXIT_BAD_CONFIG } from "./part.ts";
import { type Command, HELP, parseCommand, UsageError } from "./quarantine/arguments.ts";
import { createFixCommand } from "./quarantine/fix-command.ts";
import { describeSummary, summarise } from "./quarantine/list.ts";
import { readMarker } from "./quarantine/markers.ts";
import { readNewest } from "./quarantine/read.ts";
import {
  describeOutcome,
  describeTotals,
  outcomeJson,
  replaySelected,
} from "./quarantine/replay.ts";
import { describeEntry, entryJson } from "./quarantine/show.ts";
import { DEFAULT_AWS_ENDPOINT } from "./supervisor/endpoint.ts";

const MAX_SOCKETS = 32;
const PAUSE_MS = 250;
const SHOWN_RECORDS = 20;
const SHOWN_KEPT_RECORDS = 20;

const fail = (message: string, code: number): never => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const print = (rows: readonly string[]): void => {
  for (const row of rows) process.stdout.write(`${row}\n`);
};

const readCommand = (): Command => {
  try {
    const command = parseCommand(process.argv.slice(2), Date.now());
    if (command !== undefined) return command;
  } catch (error) {
    if (error instanceof UsageError) return fail(`${error.message}\n\n${HELP}`, 2);
    throw error;
  }
  process.stdout.write(`${HELP}\n`);
  return process.exit(0);
};

const readConfig = (): Config => {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) return fail(error.message, EXIT_BAD_CONFIG);
    throw error;
  }
};

// `show | head` ends the reader first.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// What the package requires is for its releases, not for every command to say.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const command = readCommand();
const config = readConfig();
const bucket = command.bucket ?? config.TARGET_BUCKET;
const endpoint =
  command.endpoint ??
  config.AWS_ENDPOINT_URL ??
  (config.STAGE === "local" ? DEFAULT_AWS_ENDPOINT : undefined);
const place = endpoint === undefined ? `s3://${bucket}` : `s3://${bucket} (${endpoint})`;
const s3 = createS3Client({ region: config.AWS_REGION, endpoint, maxSockets: MAX_SOCKETS });
const store = createS3QuarantineStore(s3, bucket);
const state = createS3StateStore(s3, bucket);
const codec = createCodec();
const { selection, limit } = command;

/** One sentence: what went wrong, and where to look. */
const describeError = (error: unknown): string => {
  const code = error instanceof BackendError ? error.code : awsErrorCode(error);
  if (code === "NoSuchBucket") return `There is no bucket ${bucket} at ${endpoint ?? "AWS"}.`;
  const isOfSdk = error instanceof Error && ("$metadata" in error || "code" in error);
  if (isOfSdk && !(error instanceof BackendError)) return toBackendError("s3", error).message;
  return error instanceof Error ? error.message : String(error);
};

const list = async (): Promise<number> => {
  const summary = await summarise(store, state, selection);
  if (command.isJson) print([JSON.stringify({ bucket, ...summary })]);
  else print(describeSummary(summary, { place, limit }));
  return 0;
};

const show = async (): Promise<number> => {
  if (command.isRaw && process.stdout.isTTY)
    return fail("Raw bytes can do harm to a terminal: send them to a file or a pipe.", 2);
  const newest = await readNewest(store, selection, limit ?? SHOWN_RECORDS);
  for (const [at, { entry, objectKey }] of newest.entries()) {
    if (command.isRaw) {
      if (at > 0) process.stdout.write("\n");
      process.stdout.write(codec.decodeBase64(entry.data).slice());
      continue;
    }
    const marker = await readMarker(state, entry);
    if (command.isJson) print([entryJson(entry, objectKey, marker)]);
    else print(describeEntry(entry, marker, { codec, maxBytes: command.maxBytes }));
  }
  if (newest.length === 0 && !command.isJson && !command.isRaw)
    print([`Nothing like that in quarantine at ${place}.`]);
  return 0;
};

const replay = async (): Promise<number> => {
  const { fix, fixTimeoutMs: timeoutMs, again, isDryRun, isJson } = command;
  const replayOne = createReplay(
    {
      sink: createS3PartSink(s3, bucket),
      store: state,
      codec,
      now: Date.now,
      pause: () => sleep(PAUSE_MS * (1 + Math.random())),
      run: randomUUID(),
    },
    { ...consumerOptions(config), bucket },
  );
  const repair =
    fix === undefined
      ? undefined
      : createFixCommand(fix, codec, {
          timeoutMs,
          maxBytes: RECORD_MAX_DECODED_BYTES,
          env: process.env,
        });
  if (!isJson) print([place]);
  let keptShown = 0;
  const { totals, stopped } = await replaySelected(
    store,
    replayOne,
    { selection, limit },
    { again, isDryRun, ...(repair === undefined ? {} : { repair }) },
    (entry, outcome) => {
      if (isJson) return print([outcomeJson(entry, outcome)]);
      if (outcome.status === "kept") keptShown += 1;
      if (outcome.status !== "kept" || keptShown <= SHOWN_KEPT_RECORDS)
        print(describeOutcome(entry, outcome));
    },
  );
  if (isJson) print([JSON.stringify({ summary: { bucket, isDryRun, ...totals } })]);
  else {
    if (keptShown > SHOWN_KEPT_RECORDS) print([`… and ${keptShown - SHOWN_KEPT_RECORDS} more`]);
    print([`${describeTotals(totals, isDryRun)}.`]);
    if (totals.already > 0 && !again) print(["--again replays those over."]);
  }
  if (stopped !== undefined)
    process.stderr.write(
      `Stopped: ${describeError(stopped)} Run it again to go on: nothing is stored twice.\n`,
    );
  return stopped !== undefined || totals.kept > 0 ? 1 : 0;
};

try {
  process.exitCode = await { list, show, replay }[command.name]();
} catch (error) {
  fail(describeError(error), 1);
}
s3.destroy();
