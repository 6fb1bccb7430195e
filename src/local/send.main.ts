import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { MIB } from "../shared/core/limits.ts";
import { batchLines, readLines } from "./send/lines.ts";
import { createProgress } from "./send/progress.ts";
import { createSender, SEND_PATHS } from "./send/sender.ts";

const HELP = `Send a JSONL file to the ingestion interface, line by line, byte for byte.

  npm run send -- FILE            a file, or - for standard input
    --to logs|metrics|apm         what the lines are                   (logs)
    --url URL                     default http://127.0.0.1:8004 (or INGEST_URL)
    --batch N                     logs per request, 1 to 10000         (100)
    --rate N                      logs per second at the most          (as fast as taken)
    --concurrency N               requests in flight, 1 to 64          (4)
    --timeout S                   seconds until a batch is given up    (60)
    --token TOKEN                 bearer token (or INGEST_TOKEN)

Exit code 0: every line was accepted; 1: some were not; 2: wrong usage.`;

const BATCH_MAX_BYTES = 4 * MIB;
const REFUSALS_SHOWN = 5;

const usage = (problem: string): never => {
  process.stderr.write(`${problem}\n\n${HELP}\n`);
  process.exit(2);
};

const readArgs = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        to: { type: "string", default: "logs" },
        url: { type: "string" },
        batch: { type: "string" },
        rate: { type: "string" },
        concurrency: { type: "string" },
        timeout: { type: "string" },
        token: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
};

const { values, positionals } = readArgs();
if (values.help) {
  process.stdout.write(`${HELP}\n`);
  process.exit(0);
}

const numberOf = (name: "batch" | "rate" | "concurrency" | "timeout", max: number) => {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  return value >= 1 && value <= max ? value : usage(`--${name} takes a number from 1 to ${max}.`);
};

const [file, ...others] = positionals;
if (others.length > 0) usage("One file at a time.");
if (file === undefined && process.stdin.isTTY) usage("Which file? Give its path, or pipe it in.");
const isStdin = file === undefined || file === "-";
const url =
  values.url ?? process.env.INGEST_URL ?? `http://127.0.0.1:${process.env.INGEST_PORT ?? 8004}`;
if (!/^https?:\/\//.test(url)) usage(`--url must start with http:// or https://, not ${url}.`);

const isTarget = (to: string): to is keyof typeof SEND_PATHS => Object.hasOwn(SEND_PATHS, to);
const target = isTarget(values.to) ? values.to : usage("--to takes logs, metrics or apm.");

const size = isStdin
  ? undefined
  : await stat(file).then(
      (info) => (info.isFile() ? info.size : undefined),
      () => usage(`${file} cannot be read. Is the path right?`),
    );
const rate = numberOf("rate", 1_000_000);
const concurrency = numberOf("concurrency", 64) ?? 4;
const giveUpAfterMs = (numberOf("timeout", 3600) ?? 60) * 1000;
const sender = createSender({
  url,
  to: target,
  token: values.token ?? process.env.INGEST_TOKEN,
  giveUpAfterMs,
  giveUpConnectingAfterMs: Math.min(giveUpAfterMs, 5_000),
  requestTimeoutMs: 30_000,
});
const read = { bytes: 0, totalBytes: size };

async function* countBytes(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    read.bytes += chunk.length;
    yield chunk;
  }
}

const startedAt = performance.now();
const progress = createProgress(process.stderr, sender.totals, read);
const inFlight = new Set<Promise<void>>();
const batches = batchLines(
  readLines(countBytes(isStdin ? process.stdin : createReadStream(file))),
  Math.min(numberOf("batch", 10_000) ?? 100, Math.max(1, Math.floor(rate ?? 10_000))),
  BATCH_MAX_BYTES,
);
for await (const batch of batches) {
  if (rate !== undefined) {
    const dueAt = startedAt + (sender.totals.sent * 1000) / rate;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }
  const sending = sender.send(batch).finally(() => inFlight.delete(sending));
  inFlight.add(sending);
  if (inFlight.size >= concurrency) await Promise.race(inFlight);
}
await Promise.all(inFlight);
sender.close();
progress.stop();

const { sent, accepted, rejected, unknown, refusals } = sender.totals;
for (const { line, code, reason } of refusals.slice(0, REFUSALS_SHOWN))
  process.stderr.write(`line ${line}: ${code} ${reason}\n`);
if (refusals.length > REFUSALS_SHOWN)
  process.stderr.write(`… and ${refusals.length - REFUSALS_SHOWN} more\n`);
const seconds = (performance.now() - startedAt) / 1000;
const unclear = unknown > 0 ? `, ${unknown} without an answer (may have been taken)` : "";
process.stdout.write(
  `sent ${sent}, accepted ${accepted}, rejected ${rejected}${unclear}, ${Math.round(accepted / seconds)} logs/s\n`,
);
process.exitCode = accepted === sent && sent > 0 ? 0 : 1;
if (sent === 0) process.stderr.write("The input holds no lines.\n");
