import { appendFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { KinesisClient } from "@aws-sdk/client-kinesis";
import type { S3Client } from "@aws-sdk/client-s3";
import { createKinesisClient, createS3Client } from "../../shared/aws/clients.ts";
import { createRandom, type Random } from "../../shared/core/random.ts";
import { readBucket } from "./bucket.ts";
import { createClient, createPost } from "./client.ts";
import { createFaultInjector } from "./faults.ts";
import { createKiller } from "./killer.ts";
import { type LedgerEnd, readLedgerEnd } from "./ledger-end.ts";
import type { SentLog } from "./logs.ts";
import { type PartName, type Pipeline, startPipeline } from "./pipeline.ts";
import { waitForQuiet } from "./quiet.ts";
import { createResharder } from "./reshard.ts";
import { findInStream, tellStory } from "./story.ts";
import { createStranger } from "./stranger.ts";
import { createTraffic } from "./traffic.ts";
import { isKept, judge, type Verdict } from "./verdict.ts";

export type RunOptions = {
  readonly seed: number;
  readonly logs: number;
  /** Logs per second. */
  readonly rate: number;
  readonly buildFolder: string;
  readonly env: NodeJS.ProcessEnv;
};

export type RunProgress = {
  readonly phase: "trouble" | "healing" | "counting";
  readonly sent: number;
  readonly accepted: number;
  readonly kills: number;
  readonly faults: number;
  readonly reshards: number;
};

export type RunResult = {
  readonly seed: number;
  readonly verdict: Verdict;
  readonly kills: ReadonlyMap<PartName, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly reshards: number;
  readonly unexpectedEnds: readonly string[];
  /** What was still going on when the wait for quiet ended; undefined where all was at rest. */
  readonly unrest: string | undefined;
  readonly ledger: LedgerEnd;
  readonly seconds: number;
  /** Stories of the first logs that were lost, altered or doubled. */
  readonly stories: readonly string[];
  readonly isGood: boolean;
  readonly pipeline: Pick<Pipeline, "folder" | "remove">;
};

const STREAM = "chaos-logs";
const BUCKET = "chaos-raw-logs";
const SHARDS = 2;
/** At 50,000 logs: 25 kills. */
const LOGS_PER_KILL = 2_000;
const MIN_KILLS = 3;
const RESHARD_EVERY_MS = 9_000;
const SETTLE_DEADLINE_MS = 120_000;
const QUIET_DEADLINE_MS = 180_000;
/** What is missing may still be on its way: once more, before anybody is accused. */
const SECOND_LOOK_AFTER_MS = 20_000;
const STORIES = 20;
const POLL_MS = 20;
const PROGRESS_EVERY_MS = 250;

const PARTS: readonly PartName[] = ["local-aws", "ingest", "consumer", "dashboard"];

type World = {
  pipeline: Pipeline;
  kinesis: KinesisClient;
  s3: S3Client;
  stop: AbortSignal;
};

/** Everything that goes wrong, in step with the logs: neither is over while the other goes on. */
const createTrouble = ({ pipeline, kinesis, stop }: World, random: Random, total: number) => {
  const faults = createFaultInjector(pipeline.awsUrl, random.fork("faults"));
  const resharder = createResharder(kinesis, STREAM, random.fork("reshards"), RESHARD_EVERY_MS);
  const killCount = Math.max(MIN_KILLS, Math.ceil(total / LOGS_PER_KILL));
  const step = total / (killCount + 1);
  const events = path.join(pipeline.folder, "events.log");
  const killer = createKiller(pipeline, killCount, random.fork("kills"), async (part) => {
    appendFileSync(events, `${new Date().toISOString()} kill ${part}\n`);
    if (part === "local-aws") await faults.collect();
  });
  return {
    faults,
    killer,
    reshards: (): number => {
      const { splits, merges, updates } = resharder.counts;
      return splits + merges + updates;
    },
    /** False while the kill that belongs between this log and the next has not happened. */
    mayGoOn: (sent: number): boolean =>
      killer.done >= killCount || sent <= (killer.done + 1.5) * step,
    run: async (sent: () => number, traffic: Promise<void>): Promise<void> => {
      const over = new AbortController();
      const others = [faults.run(over.signal), resharder.run(over.signal)];
      const killing = killer.run(async (done) => {
        while (sent() < step * (done + 1) && !stop.aborted) await sleep(POLL_MS);
        return !stop.aborted;
      });
      try {
        await Promise.all([traffic, killing]);
      } finally {
        over.abort();
        await Promise.all(others);
      }
    },
  };
};

/** Reads the bucket; twice before it finds anything wanting. */
const count = async ({ s3 }: World, logs: readonly SentLog[]) => {
  const look = async () => {
    const found = await readBucket(s3, BUCKET, logs);
    return { found, verdict: judge(logs, found) };
  };
  const first = await look();
  if (isKept(first.verdict)) return first;
  await sleep(SECOND_LOOK_AFTER_MS);
  return await look();
};

const tellStories = async (
  { kinesis }: World,
  { verdict, found }: Awaited<ReturnType<typeof count>>,
): Promise<string[]> => {
  const suspects = new Set([...verdict.lost, ...verdict.doubled, ...verdict.altered]);
  const told = [...suspects].slice(0, STORIES);
  if (told.length === 0) return [];
  const places = await findInStream(kinesis, STREAM, new Set(told.map(({ id }) => id)));
  return told.flatMap((log) => tellStory(log, found, places));
};

/** Brings everybody back and lets the client finish; what was still going on at the deadline. */
const heal = async (
  { pipeline, s3 }: World,
  settle: () => Promise<void>,
  giveUp: () => void,
): Promise<string | undefined> => {
  for (const part of PARTS) await pipeline.waitUntilUp(part);
  const deadline = setTimeout(giveUp, SETTLE_DEADLINE_MS);
  await settle();
  clearTimeout(deadline);
  const deps = { s3, bucket: BUCKET, stream: STREAM, ingestUrl: pipeline.ingestUrl };
  return await waitForQuiet(deps, Date.now(), QUIET_DEADLINE_MS);
};

const runIn = async (
  world: World,
  options: RunOptions,
  onProgress: (progress: RunProgress) => void,
): Promise<Omit<RunResult, "seconds">> => {
  const { pipeline, kinesis, stop } = world;
  const { seed, logs: total, rate } = options;
  const random = createRandom(seed);
  const { post, close } = createPost(pipeline.ingestUrl);
  const givingUp = new AbortController();
  stop.addEventListener("abort", () => givingUp.abort(), { once: true });
  const client = createClient(post, random.fork("client"), givingUp.signal);
  const trouble = createTrouble(world, random, total);
  const traffic = createTraffic(
    {
      send: client.send,
      putStrange: createStranger(kinesis, STREAM),
      random: random.fork("logs"),
      mayGoOn: trouble.mayGoOn,
      stop,
    },
    { seed, total, rate },
  );
  const { logs } = traffic;
  let phase: RunProgress["phase"] = "trouble";
  const timer = setInterval(() => {
    onProgress({
      phase,
      sent: logs.length,
      accepted: client.totals.accepted,
      kills: trouble.killer.done,
      faults: trouble.faults.total(),
      reshards: trouble.reshards(),
    });
  }, PROGRESS_EVERY_MS);
  try {
    await trouble.run(() => logs.length, traffic.run());
    stop.throwIfAborted();
    phase = "healing";
    const unrest = await heal(world, traffic.settle, () => givingUp.abort());
    stop.throwIfAborted();
    phase = "counting";
    const counted = await count(world, logs);
    const { verdict } = counted;
    const ledger = await readLedgerEnd(pipeline.dashboardUrl);
    return {
      seed,
      verdict,
      kills: trouble.killer.byPart,
      faults: trouble.faults.hits,
      reshards: trouble.reshards(),
      unexpectedEnds: [...pipeline.unexpectedEnds],
      unrest,
      ledger,
      stories: await tellStories(world, counted),
      isGood:
        isKept(verdict) &&
        unrest === undefined &&
        ledger.state !== "open" &&
        (ledger.counted === undefined || ledger.counted >= verdict.answered),
      pipeline,
    };
  } finally {
    clearInterval(timer);
    close();
  }
};

/** One seed from start to verdict. Throws where the pipeline itself cannot be run, or when stopped. */
export const runSeed = async (
  options: RunOptions,
  onProgress: (progress: RunProgress) => void,
  stop: AbortSignal,
): Promise<RunResult> => {
  const startedAt = Date.now();
  const pipeline = await startPipeline(options.buildFolder, {
    ...options.env,
    KINESIS_STREAM_NAME: STREAM,
    TARGET_BUCKET: BUCKET,
    SHARD_COUNT: String(SHARDS),
    POLL_INTERVAL: "1",
    BATCH_SIZE: "50",
    LOCAL_AWS_FAULT_SEED: String(options.seed),
  });
  const clientOptions = { region: "us-east-1", endpoint: pipeline.awsUrl };
  // One attempt: what is sent again is sent again knowingly.
  const kinesis = createKinesisClient({ ...clientOptions, maxAttempts: 1 });
  const s3 = createS3Client(clientOptions);
  try {
    const result = await runIn({ pipeline, kinesis, s3, stop }, options, onProgress);
    return { ...result, seconds: (Date.now() - startedAt) / 1000 };
  } finally {
    kinesis.destroy();
    s3.destroy();
    await pipeline.stop();
    if (stop.aborted) pipeline.remove();
  }
};
