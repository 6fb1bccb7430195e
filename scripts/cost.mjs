import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

// What a month costs: npm run cost -- --logs-per-second 100 --bytes 500. docs/cost.md explains every
// line. Prices are in cost-prices.json, or in a file of the same form given with --prices.

const HOURS = 730;
const SECONDS = HOURS * 3600;
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const SHARD_BYTES_PER_SECOND = MIB;
const SHARD_RECORDS_PER_SECOND = 1000;
/** An on-demand stream begins with as many. */
const ON_DEMAND_MIN_SHARDS = 4;
/** Lambda ends a batch at 6 MB of payload, in which the data is base64. */
const BATCH_MAX_BYTES = (6 * MIB * 3) / 4;
const PARTS_IN_FLIGHT = 16;
/** Lifecycle rules leave smaller objects where they are. */
const TRANSITION_MIN_BYTES = 128 * KIB;
/** START, END and REPORT; a batch adds its figures. */
const LOG_BYTES_OF_REQUEST = 450;
const LOG_BYTES_OF_BATCH = 1150;
const PAGE_GB_SECONDS = 0.3;
const PAGE_LISTS = 10;

/** The parameters of the default stage in serverless.yml, and a plain use. */
export const DEFAULTS = {
  logsPerSecond: 100,
  /** Of a log. */
  bytes: 500,
  /** Services that log all the time; each goes to one shard and to one object a batch. */
  services: 5,
  /** Logs a producer sends at once at most, and how long it waits for them. */
  requestLogs: 100,
  flushSeconds: 5,
  /** RECORD_PACK_BYTES; 0 is one log a record. */
  packBytes: 100 * KIB,
  mode: "provisioned",
  /** 0: as many as the load times the peak factor needs. */
  shards: 0,
  peakFactor: 2,
  batchWindow: 10,
  batchSize: 1000,
  compression: "none",
  /** How many times smaller gzip makes these logs. */
  compressionRatio: 8,
  frontDoor: "url",
  ingestMemory: 512,
  ingestMs: 20,
  consumerMemory: 1024,
  consumerMs: 60,
  putMs: 30,
  retentionDays: 365,
  infrequentAfterDays: 30,
  archiveAfterDays: 90,
  metrics: 12,
  alarms: 23,
  dashboardLoads: 5000,
  /** Logs that Athena reads in a month, as GB before compression. */
  athenaGb: 100,
};

const CHOICES = {
  mode: ["provisioned", "on-demand"],
  compression: ["none", "gzip"],
  frontDoor: ["url", "http-api"],
};

const flagOf = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Parameters with defaults filled in. Throws where one is unknown or out of its range. */
export const optionsOf = (given) => {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in DEFAULTS)) throw new Error(`--${flagOf(name)} is not a parameter.`);
    if (CHOICES[name] && !CHOICES[name].includes(value))
      throw new Error(`--${flagOf(name)} must be ${CHOICES[name].join(" or ")}, not ${value}.`);
    if (!CHOICES[name] && !(Number.isFinite(value) && value >= 0))
      throw new Error(`--${flagOf(name)} must be a number of at least 0, not ${value}.`);
  }
  const options = { ...DEFAULTS, ...given };
  for (const name of ["logsPerSecond", "bytes", "services", "requestLogs", "flushSeconds"])
    if (options[name] === 0) throw new Error(`--${flagOf(name)} must be above 0.`);
  if (options.compressionRatio < 1) throw new Error("--compression-ratio must be at least 1.");
  return options;
};

/** How the load moves: requests, records, shards, batches and objects, each a second. */
export const flowOf = (o) => {
  const bytesPerSecond = o.logsPerSecond * o.bytes;
  const requests = Math.min(
    o.logsPerSecond,
    Math.max(o.logsPerSecond / o.requestLogs, o.services / o.flushSeconds),
  );
  const requestBytes = bytesPerSecond / requests;
  const recordsPerRequest =
    o.packBytes === 0
      ? o.logsPerSecond / requests
      : Math.max(1, Math.ceil(requestBytes / Math.max(o.packBytes, o.bytes)));
  const records = requests * recordsPerRequest;
  const recordBytes = bytesPerSecond / records;
  const needed = Math.max(
    bytesPerSecond / SHARD_BYTES_PER_SECOND,
    records / SHARD_RECORDS_PER_SECOND,
  );
  const forPeak = Math.max(1, Math.ceil(needed * o.peakFactor));
  const shards =
    o.mode === "on-demand" ? Math.max(ON_DEMAND_MIN_SHARDS, forPeak) : o.shards || forPeak;
  // The service is the partition key, so further shards stay empty.
  const busyShards = Math.min(shards, o.services);
  const shardRecords = records / busyShards;
  const batchSeconds = Math.max(
    1 / shardRecords,
    Math.min(
      o.batchWindow,
      o.batchSize / shardRecords,
      BATCH_MAX_BYTES / (bytesPerSecond / busyShards),
    ),
  );
  const invocations = busyShards / batchSeconds;
  const partsPerBatch = Math.min(o.services / busyShards, shardRecords * batchSeconds);
  const objects = invocations * partsPerBatch;
  const ratio = o.compression === "gzip" ? o.compressionRatio : 1;
  return {
    bytesPerSecond,
    requests,
    records,
    recordBytes,
    shards,
    batchSeconds,
    invocations,
    partsPerBatch,
    objects,
    objectBytes: bytesPerSecond / ratio / objects,
    ratio,
  };
};

/** What lies in S3 once the retention is full, by storage class, and what moving it there costs. */
const storageOf = (o, f, price) => {
  const gibPerDay = (f.bytesPerSecond / f.ratio) * (86_400 / GIB);
  const isMoved = f.objectBytes >= TRANSITION_MIN_BYTES;
  const until = (day) => Math.min(isMoved ? day : o.retentionDays, o.retentionDays);
  const standardDays = until(o.infrequentAfterDays);
  const infrequentDays = until(o.archiveAfterDays) - standardDays;
  const archiveDays = o.retentionDays - standardDays - infrequentDays;
  const objects = f.objects * SECONDS;
  const toInfrequent = infrequentDays > 0 ? objects : 0;
  const toArchive = archiveDays > 0 ? objects : 0;
  return {
    moves: toInfrequent + toArchive,
    movesUsd: toInfrequent * price.s3ToInfrequent + toArchive * price.s3ToArchive,
    gib: gibPerDay * o.retentionDays,
    gibUsd:
      gibPerDay *
      (standardDays * price.s3GbMonthStandard +
        infrequentDays * price.s3GbMonthInfrequent +
        archiveDays * price.s3GbMonthArchive),
  };
};

const line = (id, label, quantity, unitUsd) => ({ id, label, quantity, usd: quantity * unitUsd });

const kinesisLines = (o, f, price) => {
  if (o.mode === "on-demand") {
    const gibIn = f.records * Math.ceil(f.recordBytes / KIB) * KIB * (SECONDS / GIB);
    const gibOut = f.bytesPerSecond * (SECONDS / GIB);
    return [
      line("kinesis-streams", "Kinesis, stream hours", 2 * HOURS, price.kinesisStreamHour),
      line("kinesis-in", "Kinesis, GB written", gibIn, price.kinesisGbIn),
      line("kinesis-out", "Kinesis, GB read", gibOut, price.kinesisGbOut),
    ];
  }
  const units = f.records * Math.ceil(f.recordBytes / (25 * KIB)) * SECONDS;
  return [
    // One more for the metrics stream.
    line("kinesis-shards", "Kinesis, shard hours", (f.shards + 1) * HOURS, price.kinesisShardHour),
    line("kinesis-puts", "Kinesis, units of 25 KB", units, price.kinesisPutUnit),
  ];
};

const gbSeconds = (count, ms, memoryMib) => count * (ms / 1000) * (memoryMib / 1024);

/**
 * The bill of a month, once the retention is full: `lines` of `{ id, label, quantity, usd }`, their
 * sum `usd`, and the `flow` they follow from. `prices` as in cost-prices.json.
 */
export const estimate = (given, prices) => {
  const o = optionsOf(given);
  const f = flowOf(o);
  const price = Object.fromEntries(
    Object.entries(prices).map(([name, value]) => [name, value?.usd]),
  );
  const requests = f.requests * SECONDS;
  const batches = f.invocations * SECONDS;
  const ingestGbSeconds = gbSeconds(requests, o.ingestMs, o.ingestMemory);
  const batchMs = o.consumerMs + Math.ceil(f.partsPerBatch / PARTS_IN_FLIGHT) * o.putMs;
  const consumerGbSeconds = gbSeconds(batches, batchMs, o.consumerMemory);
  const logGib = (requests * LOG_BYTES_OF_REQUEST + batches * LOG_BYTES_OF_BATCH) / GIB;
  const storage = storageOf(o, f, price);
  const pageLoadUsd =
    price.lambdaRequest + PAGE_GB_SECONDS * price.lambdaGbSecond + PAGE_LISTS * price.s3Put;
  const lines = [
    line("ingest-requests", "Lambda ingest, requests", requests, price.lambdaRequest),
    line("ingest-compute", "Lambda ingest, GB-seconds", ingestGbSeconds, price.lambdaGbSecond),
    ...(o.frontDoor === "http-api"
      ? [line("http-api", "HTTP API, requests", requests, price.httpApiRequest)]
      : []),
    ...kinesisLines(o, f, price),
    line("consumer-requests", "Lambda consumer, batches", batches, price.lambdaRequest),
    line(
      "consumer-compute",
      "Lambda consumer, GB-seconds",
      consumerGbSeconds,
      price.lambdaGbSecond,
    ),
    line("s3-puts", "S3, objects written", f.objects * SECONDS, price.s3Put),
    {
      id: "s3-moves",
      label: "S3, moves by lifecycle",
      quantity: storage.moves,
      usd: storage.movesUsd,
    },
    { id: "s3-storage", label: "S3, GB kept", quantity: storage.gib, usd: storage.gibUsd },
    line("cloudwatch-logs", "CloudWatch, GB of function logs", logGib, price.cloudWatchGbIn),
    line("cloudwatch-metrics", "CloudWatch, own metrics", o.metrics, price.cloudWatchMetric),
    line("cloudwatch-alarms", "CloudWatch, alarms", o.alarms, price.cloudWatchAlarm),
    line("dashboard", "Dashboard, page loads", o.dashboardLoads, pageLoadUsd),
    line("athena", "Athena, GB scanned", o.athenaGb / f.ratio, price.athenaGb),
  ];
  return { options: o, flow: f, lines, usd: lines.reduce((sum, { usd }) => sum + usd, 0) };
};

const LEVERS = [
  ["--batch-window 60", { batchWindow: 60 }],
  ["--batch-window 1", { batchWindow: 1 }],
  ["--compression gzip", { compression: "gzip" }],
  ["--pack-bytes 0", { packBytes: 0 }],
  ["--request-logs 1", { requestLogs: 1 }],
  ["--mode on-demand", { mode: "on-demand" }],
  ["--services ×10", ({ services }) => ({ services: services * 10 })],
  ["--front-door http-api", { frontDoor: "http-api" }],
  ["--retention-days 90", { retentionDays: 90 }],
];

/** What the month costs where one thing is otherwise: `{ lever, usd, change }`. */
export const levers = (given, prices) => {
  const { options, usd } = estimate(given, prices);
  return LEVERS.map(([lever, change]) => {
    const changed = typeof change === "function" ? change(options) : change;
    const other = estimate({ ...given, ...changed }, prices).usd;
    return { lever, usd: other, change: other - usd };
  });
};

const count = (value) =>
  value >= 1000 || Number.isInteger(value)
    ? Math.round(value).toLocaleString("en-US")
    : value.toPrecision(3);
const money = (value) =>
  value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

const table = (head, rows) => {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at].length)));
  const render = (row) =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(" | ")} |`;
  const rule = widths.map((width, at) =>
    at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [render(head), `| ${rule.join(" | ")} |`, ...rows.map(render)].join("\n");
};

/** The estimate as Markdown: the flow, the bill, and what each lever does to it. */
export const report = (given, prices) => {
  const { options: o, flow: f, lines, usd } = estimate(given, prices);
  const rows = lines.map(({ label, quantity, usd: cost }) => [label, count(quantity), money(cost)]);
  const changes = levers(given, prices).map(({ lever, usd: cost, change }) => [
    `\`${lever}\``,
    money(cost),
    `${change < 0 ? "-" : "+"}${money(Math.abs(change))}`,
  ]);
  return [
    `${count(o.logsPerSecond)} logs/s of ${count(o.bytes)} bytes, services: ${count(o.services)}. ` +
      `Requests: ${count(f.requests)}/s. Records: ${count(f.records)}/s of ${count(f.recordBytes / KIB)} KB. ` +
      `Shards: ${count(f.shards)}. A batch of each every ${count(f.batchSeconds)} s. ` +
      `Objects: ${count(f.objects)}/s of ${count(f.objectBytes / KIB)} KB.`,
    "",
    table(["line", "a month", "USD"], [...rows, ["**total**", "", `**${money(usd)}**`]]),
    "",
    table(["with", "USD", "change"], changes),
  ].join("\n");
};

const camel = (flag) => flag.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

const main = () => {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        Object.keys(DEFAULTS).map((name) => [flagOf(name), { type: "string" }]),
      ),
      prices: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const { prices: file, json, ...flags } = values;
  const prices = JSON.parse(
    readFileSync(file ?? path.join(import.meta.dirname, "cost-prices.json"), "utf8"),
  );
  const given = Object.fromEntries(
    Object.entries(flags).map(([flag, value]) => {
      const name = camel(flag);
      return [name, CHOICES[name] ? value : Number(value)];
    }),
  );
  console.log(json ? JSON.stringify(estimate(given, prices), null, 2) : report(given, prices));
  if (!json)
    console.log(`\nPrices of ${prices.region}; look at their dates in scripts/cost-prices.json.`);
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    main();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
