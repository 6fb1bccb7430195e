// How fast is the consumer on one core, from a Lambda event to the bytes of its part objects?
// Against the floor (base64-decode and JSON.parse of each record, nothing else) and the plain way
// (parse, re-stringify, join), each variant in fresh processes. Rates are per second of processor
// time, helper threads included: what else runs on the machine then counts little.
import { parseArgs } from "node:util";
import { createCodec } from "../src/shared/aws/codec.ts";
import { createConsumer } from "../src/shared/core/consume.ts";
import type { KinesisEvent } from "../src/shared/core/kinesis-event.ts";
import { silentLogger } from "../src/shared/core/logger.ts";
import type { PartSink } from "../src/shared/core/ports.ts";
import { runAlternating } from "./support/alternate.ts";
import { toKinesisEvent } from "./support/kinesis-event.ts";
import { makeLogs } from "./support/logs.ts";
import { describeMachine } from "./support/machine.ts";
import { median } from "./support/statistics.ts";

const VARIANTS = ["floor", "plain", "ours", "ours-gzip", "ours-packed"] as const;
type Variant = (typeof VARIANTS)[number];

/** For one event, medians of the measured runs, and the bytes written. */
type Figure = { processorMs: number; elapsedMs: number; bytes: number };

const LOG_BYTES = 540;
/** Logs per record where the ingestion interface has packed them, about 100 KiB. */
const LOGS_PER_PACKED_RECORD = 185;
const ARRIVED_AT_MS = Date.UTC(2025, 10, 14, 1, 20);
const HOUR_MS = 3_600_000;

const floor = (event: KinesisEvent): number => {
  let objects = 0;
  for (const { kinesis } of event.Records)
    if (JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8")) !== null) objects += 1;
  return objects;
};

const plain = (event: KinesisEvent, write: (key: string, body: Uint8Array) => void): void => {
  const groups = new Map<string, string[]>();
  for (const { kinesis } of event.Records) {
    const log = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8")) as {
      timestamp: string;
      service: string;
    };
    const time = new Date(`${log.timestamp}Z`);
    const two = (value: number) => String(value).padStart(2, "0");
    const key = `service=${log.service}/year=${time.getUTCFullYear()}/month=${two(time.getUTCMonth() + 1)}/day=${two(time.getUTCDate())}/hour=${two(time.getUTCHours())}`;
    const lines = groups.get(key) ?? [];
    groups.set(key, lines);
    lines.push(JSON.stringify(log));
  }
  for (const [key, lines] of groups) write(key, Buffer.from(`${lines.join("\n")}\n`));
};

const pack = (logs: readonly string[], logsPerRecord: number): string[] => {
  const records: string[] = [];
  for (let at = 0; at < logs.length; at += logsPerRecord)
    records.push(logs.slice(at, at + logsPerRecord).join("\n"));
  return records;
};

/** Through JSON, as Lambda's runtime gets it: strings made here would share their memory. */
const makeEvent = (variant: Variant, count: number): KinesisEvent => {
  const logs = makeLogs({ count, size: LOG_BYTES });
  const payloads = variant === "ours-packed" ? pack(logs, LOGS_PER_PACKED_RECORD) : logs;
  return JSON.parse(JSON.stringify(toKinesisEvent(payloads, ARRIVED_AT_MS)));
};

const measure = async (variant: Variant, records: number): Promise<Figure> => {
  const event = makeEvent(variant, records);
  let bytes = 0;
  const sink: PartSink = {
    putPart: async ({ body }) => {
      bytes += body.length;
    },
  };
  const consume = createConsumer(
    { sink, codec: createCodec(), log: silentLogger },
    {
      compression: variant === "ours-gzip" ? "gzip" : "none",
      maxFutureSkewMs: 24 * HOUR_MS,
      bucket: "md-raw-logs",
    },
  );
  const runs: Record<Variant, () => unknown> = {
    floor: () => floor(event),
    plain: () =>
      plain(event, (_key, body) => {
        bytes += body.length;
      }),
    ours: () => consume(event),
    "ours-gzip": () => consume(event),
    "ours-packed": () => consume(event),
  };
  const run = runs[variant];
  const warmUps = 10;
  const processorTimes: number[] = [];
  const elapsedTimes: number[] = [];
  for (let at = 0; at < warmUps + 30; at += 1) {
    bytes = 0;
    const start = performance.now();
    const usedBefore = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(usedBefore);
    if (at < warmUps) continue;
    elapsedTimes.push(performance.now() - start);
    processorTimes.push((user + system) / 1000);
  }
  return { processorMs: median(processorTimes), elapsedMs: median(elapsedTimes), bytes };
};

const report = async (records: number, rounds: number): Promise<void> => {
  console.log(`consumer: one event of ${records} logs of ${LOG_BYTES} bytes, 4 services, one core`);
  console.log(`${describeMachine()}, ${rounds} rounds, each variant in a fresh process\n`);
  const figures = await runAlternating<Variant, Figure>({
    variants: VARIANTS,
    rounds,
    command: (variant) => [
      process.argv[1] ?? "",
      "--variant",
      variant,
      "--records",
      String(records),
    ],
  });
  const values = (variant: Variant, field: "processorMs" | "elapsedMs") =>
    figures[variant].map((figure) => figure[field]);
  const medianMs = (variant: Variant) => median(values(variant, "processorMs"));
  for (const variant of VARIANTS) {
    const ms = medianMs(variant);
    const rate = Math.round((records / ms) * 1000).toLocaleString("en");
    const megabytes = ((records * LOG_BYTES) / ms / 1000).toFixed(0);
    console.log(
      `${variant.padEnd(12)} ${ms.toFixed(1).padStart(6)} ms  ${rate.padStart(9)} logs/s  ${megabytes.padStart(4)} MB/s` +
        `  ${(medianMs("floor") / ms).toFixed(2)} x floor  ${(medianMs("plain") / ms).toFixed(2)} x plain`,
    );
  }
  console.log("\nRaw, processor ms (elapsed ms) of each round:");
  for (const variant of VARIANTS) {
    const elapsed = values(variant, "elapsedMs");
    const raw = values(variant, "processorMs").map(
      (ms, round) => `${ms.toFixed(1)} (${elapsed[round]?.toFixed(1)})`,
    );
    console.log(`${variant.padEnd(12)} ${raw.join("  ")}`);
  }
  const [unpacked, gzipped] = [figures.ours[0]?.bytes ?? 0, figures["ours-gzip"][0]?.bytes ?? 0];
  console.log(`\nours-gzip wrote ${((100 * gzipped) / unpacked).toFixed(0)} % of the bytes.`);
  console.log("Aim for ours: at least 0.70 x floor and 2 x plain.");
};

const { values } = parseArgs({
  options: {
    variant: { type: "string" },
    records: { type: "string", default: "10000" },
    rounds: { type: "string", default: "5" },
  },
});
const variant = VARIANTS.find((name) => name === values.variant);
if (variant === undefined) await report(Number(values.records), Number(values.rounds));
else console.log(JSON.stringify(await measure(variant, Number(values.records))));
