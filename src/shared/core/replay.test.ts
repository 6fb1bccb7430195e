import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ARRIVED_AT_MS,
  SHARD_ID,
  sequenceNumberAt,
  toEvent,
} from "../../../tests/support/shard-batch.ts";
import { createCodec } from "../aws/codec.ts";
import { type ConsumerOptions, createConsumer } from "./consume.ts";
import { silentLogger } from "./logger.ts";
import type { PartSink, StateStore } from "./ports.ts";
import type { StoredEntry } from "./quarantine-entry.ts";
import {
  createReplay,
  parseReplayMarker,
  REPLAY_MARKER_PREFIX,
  replayMarkerKey,
} from "./replay.ts";

const codec = createCodec();
const options: ConsumerOptions = {
  compression: "none",
  maxFutureSkewMs: 86_400_000,
  bucket: "b",
};

const entryAt = (position: number, text: string): StoredEntry => ({
  reason: "not_json",
  detail: "",
  stream: "stage01-logs-stream",
  shardId: SHARD_ID,
  sequenceNumber: sequenceNumberAt(Math.floor(position / 2)),
  // Two pieces of one record.
  index: position % 2,
  partitionKey: "key",
  arrivedAt: new Date(ARRIVED_AT_MS).toISOString(),
  data: Buffer.from(text).toString("base64"),
});

type Hooks = {
  /** Before and after each effect; throwing is being killed there. */
  step?: () => Promise<void>;
  /** Whether an answer of a conditional write is lost, which its retry finds refused. */
  isAnswerLost?: () => boolean;
  pause?: () => Promise<void>;
};

/** A bucket in memory: conditional writes, plain puts and removals. */
const createBucket = () => {
  const objects = new Map<string, { text: string; version: number }>();
  let version = 0;
  const put = (key: string, text: string) => {
    version += 1;
    objects.set(key, { text, version });
    return String(version);
  };
  const open = ({ step = async () => undefined, isAnswerLost = () => false }: Hooks = {}) => {
    const store: StateStore = {
      read: async (key) => {
        await step();
        const found = objects.get(key);
        return found && { text: found.text, version: String(found.version) };
      },
      write: async (key, text, expected) => {
        await step();
        if ((objects.get(key)?.version.toString() ?? null) !== expected) return undefined;
        const written = put(key, text);
        await step();
        return isAnswerLost() ? undefined : written;
      },
      list: async () => [],
      remove: async (key) => {
        await step();
        objects.delete(key);
        await step();
      },
    };
    const sink: PartSink = {
      putPart: async ({ key, body }) => {
        await step();
        put(key, Buffer.from(body).toString());
        await step();
      },
    };
    return { store, sink };
  };
  const parts = () =>
    [...objects]
      .filter(([key]) => !key.startsWith(REPLAY_MARKER_PREFIX))
      .map(([key, { text }]) => [key.slice(0, key.lastIndexOf("/")), text])
      .sort();
  return { objects, open, parts };
};

let runs = 0;
const createRun = (bucket: ReturnType<typeof createBucket>, hooks?: Hooks) => {
  runs += 1;
  const deps = {
    ...bucket.open(hooks),
    codec,
    now: () => ARRIVED_AT_MS,
    pause: hooks?.pause ?? (async () => undefined),
    run: `run-${runs}`,
  };
  return createReplay(deps, options);
};

const fixedTo = (text: string) => async () => ({ ok: true, data: Buffer.from(text) }) as const;

test("a record is stored where the consumer would have put it, and its marker says when", async () => {
  const bucket = createBucket();
  const replay = createRun(bucket);
  const log = '{"service":"a","timestamp":"2025-11-13T07:00:00Z","id":9007199254740993}';
  const outcome = await replay(entryAt(0, log), {});
  const folder = "service=a/year=2025/month=11/day=13/hour=07";
  expect(bucket.parts()).toEqual([[folder, `${log}\n`]]);
  expect(outcome).toMatchObject({ status: "replayed", lines: 1 });
  const key = replayMarkerKey(entryAt(0, log));
  expect(parseReplayMarker(key, bucket.objects.get(key)?.text ?? "")).toMatchObject({
    keys: [expect.stringMatching(`^${folder}/part-[0-9a-f-]{36}\\.jsonl$`)],
    lines: 1,
    replayedAt: new Date(ARRIVED_AT_MS).toISOString(),
  });
});

test("names of replayed parts never change: a marker may be gone when a record is replayed again", async () => {
  const bucket = createBucket();
  const outcome = await createRun(bucket)(entryAt(1, '{"service":"a"}'), {});
  expect(outcome).toMatchObject({
    keys: [
      "service=a/year=2025/month=11/day=14/hour=01/part-9ae2b90c-e064-52fa-bf78-e137475295bc.jsonl",
    ],
  });
});

test("a replayed part has another name than any part of the stream, or of another piece", async () => {
  const bucket = createBucket();
  const log = '{"service":"a"}';
  await createConsumer(
    { sink: bucket.open().sink, codec, log: silentLogger },
    options,
  )(toEvent([{ data: log }]));
  const replay = createRun(bucket);
  for (const position of [0, 1, 2]) await replay(entryAt(position, log), {});
  expect(bucket.parts()).toHaveLength(4);
});

test("what is still no log stays, whole, with its new reason, and nothing is written", async () => {
  const bucket = createBucket();
  const replay = createRun(bucket);
  expect(await replay(entryAt(0, "not json"), {})).toMatchObject({
    status: "kept",
    reason: "not_json",
    detail: expect.stringContaining("not valid JSON"),
  });
  expect(await replay(entryAt(0, "x"), { repair: fixedTo('{"n":1}\n[2]') })).toEqual({
    status: "kept",
    reason: "not_an_object",
    detail: "A log must be a JSON object.",
  });
  const repair = async () => ({ ok: false, detail: "exit code 3" }) as const;
  expect(await replay(entryAt(0, "{}"), { repair })).toEqual({
    status: "kept",
    reason: "not_json",
    detail: "exit code 3",
  });
  expect(bucket.objects.size).toBe(0);
});

test("a dry run names the parts and writes none", async () => {
  const bucket = createBucket();
  const entry = entryAt(0, '{"service":"a"}\n{"service":"b"}');
  const planned = await createRun(bucket)(entry, { isDryRun: true });
  expect(bucket.objects.size).toBe(0);
  expect(await createRun(bucket)(entry, {})).toEqual({ ...planned, status: "replayed" });
  expect(bucket.parts()).toHaveLength(2);
});

test("what was replayed is left alone, and done over on request: the later result replaces", async () => {
  const bucket = createBucket();
  const replay = createRun(bucket);
  const entry = entryAt(0, "x");
  const keys = async (text: string, again = true) => {
    const { status } = await replay(entry, { repair: fixedTo(text), again });
    return [status, ...bucket.parts()];
  };
  const at = (service: string) => `service=${service}/year=2025/month=11/day=14/hour=01`;
  expect(await keys('{"service":"a"}')).toEqual(["replayed", [at("a"), '{"service":"a"}\n']]);
  expect(await keys('{"service":"b"}', false)).toEqual(["already", [at("a"), '{"service":"a"}\n']]);
  expect(await keys('{"service":"a","n":1}')).toEqual([
    "replayed",
    [at("a"), '{"service":"a","n":1}\n'],
  ]);
  expect(await keys('{"service":"b"}\n{"service":"c"}')).toEqual([
    "replayed",
    [at("b"), '{"service":"b"}\n'],
    [at("c"), '{"service":"c"}\n'],
  ]);
  // What does not come out a log this time changes nothing.
  expect(await keys("no")).toEqual([
    "kept",
    [at("b"), '{"service":"b"}\n'],
    [at("c"), '{"service":"c"}\n'],
  ]);
});

test("an unusable marker is an error, not a first time", async () => {
  const bucket = createBucket();
  const entry = entryAt(0, "{}");
  bucket.objects.set(replayMarkerKey(entry), { text: "{}", version: 0 });
  await expect(createRun(bucket)(entry, {})).rejects.toThrow(replayMarkerKey(entry));
});

class Killed extends Error {}

/** Ways in which a record may have been repaired: elsewhere, in several places, to the same place. */
const repairs = [
  '{"service":"a"}',
  '{"service":"a","n":1}',
  '{"service":"b"}\n{"service":"a"}',
  '{"service":"b","timestamp":0}\n{"service":"c"}',
];

const ENTRIES = [0, 1, 2].map((position) => entryAt(position, "x"));

const createRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0;
    state = Math.imul(state ^ (state >>> 12), 0x5bd1e995);
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
  };
};

const expectedParts = async (texts: readonly string[]) => {
  const bucket = createBucket();
  for (const [at, entry] of ENTRIES.entries())
    await createRun(bucket)(entry, { repair: fixedTo(texts[at] ?? "") });
  return bucket.parts();
};

test("killed anywhere, any number of times, with any repairs: the last whole run is what is stored", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = createRandom(seed);
      const pick = () => repairs[Math.floor(random() * repairs.length)] ?? "";
      const bucket = createBucket();
      for (let run = 0; run < 6; run += 1) {
        let stepsLeft = Math.floor(random() * 30);
        const replay = createRun(bucket, {
          step: async () => {
            stepsLeft -= 1;
            if (stepsLeft < 0) throw new Killed();
          },
          isAnswerLost: () => random() < 0.2,
        });
        const order = ENTRIES.toSorted(() => random() - 0.5);
        try {
          for (const entry of order)
            await replay(entry, { repair: fixedTo(pick()), again: random() < 0.7 });
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
      }
      const texts = ENTRIES.map(pick);
      const last = createRun(bucket, { isAnswerLost: () => random() < 0.2 });
      for (const [at, entry] of ENTRIES.entries())
        await last(entry, { repair: fixedTo(texts[at] ?? ""), again: true });
      expect(bucket.parts()).toEqual(await expectedParts(texts));
    }),
    { numRuns: 500 },
  );
});

test("two runs at the same time leave the result of one of them, never of both", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = createRandom(seed);
      const wait = async (maxTurns: number) => {
        for (let turns = random() * maxTurns; turns > 0; turns -= 1) await Promise.resolve();
      };
      const step = () => wait(4);
      const pause = () => wait(200);
      const bucket = createBucket();
      const entry = entryAt(0, "x");
      const [one = "", , other = ""] = repairs;
      await Promise.all(
        [one, other].map((text) =>
          createRun(bucket, { step, pause })(entry, { repair: fixedTo(text), again: true }),
        ),
      );
      const alone = await Promise.all(
        [one, other].map(async (text) => {
          const of = createBucket();
          await createRun(of)(entry, { repair: fixedTo(text) });
          return of.parts();
        }),
      );
      expect(alone).toContainEqual(bucket.parts());
    }),
    { numRuns: 500 },
  );
});
