import fc from "fast-check";
import { expect, test } from "vitest";
import { aggregate } from "../../../tests/support/kpl.ts";
import {
  createMemoryBucket,
  type ShardRecord,
  sequenceNumberAt,
  textOf,
  toEvent,
} from "../../../tests/support/shard-batch.ts";
import { createCodec } from "../aws/codec.ts";
import { createConsumer } from "./consume.ts";
import { silentLogger } from "./logger.ts";
import type { PartObject, PartSink } from "./ports.ts";

/** Ways to do it that look right; the simulation must find each of them wanting. */
type Mutant =
  | "random names"
  | "If-None-Match counted as success"
  | "mid-batch checkpoint"
  | "checkpoint every third batch";

const RECORDS = 120;
const MAX_BATCH_RECORDS = 40;
/** Before and again after each put; brutal, so that few seeds suffice. */
const FAILURE_RATE = 0.06;
const DEATH_RATE = 0.3;

const createRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A shard of logs in four services and two hours, a few of them packed, a few of them not logs. */
const makeShard = (random: () => number) => {
  const pieces: string[] = [];
  const piece = (): string => {
    const number = pieces.length;
    const service = "abcd"[Math.floor(random() * 4)];
    const hour = random() < 0.5 ? "01" : "02";
    const text =
      random() < 0.05
        ? `not json ${number}`
        : `{"n":${number},"service":"${service}","timestamp":"2025-11-14T${hour}:00:00"}`;
    pieces.push(text);
    return text;
  };
  const packed = (luck: number, log: string): string | Uint8Array => {
    if (luck >= 0.3) return piece();
    pieces.push(log);
    const others = [piece(), piece()];
    return luck < 0.15 ? [log, ...others].join("\n") : aggregate(log, ...others);
  };
  const records: ShardRecord[] = Array.from({ length: RECORDS }, (_, position) => ({
    data: packed(random(), `{"n":-${position}}`),
    sequenceNumber: sequenceNumberAt(position),
  }));
  return { records, pieces };
};

const piecesOf = (object: PartObject): string[] => {
  const lines = textOf(object).split("\n").slice(0, -1);
  if (!object.key.startsWith("_quarantine/")) return lines;
  return lines.map((line) => Buffer.from(JSON.parse(line).data, "base64").toString());
};

/**
 * One shard read to its end by a poller that dies, splits failed batches, and reads on in batches
 * of any length, into a bucket whose puts fail before or after they take effect.
 */
const simulate = async (seed: number, mutant?: Mutant) => {
  const random = createRandom(seed);
  const { records, pieces } = makeShard(random);
  const { objects, sink } = createMemoryBucket();
  const failedFrom: string[] = [];
  const flaky: PartSink = {
    putPart: async (part) => {
      const luck = random();
      const fail = () => {
        failedFrom.push(part.metadata["first-sequence-number"] ?? "");
        throw new Error("put failed");
      };
      if (luck < FAILURE_RATE) fail();
      const key =
        mutant === "random names" ? `${part.key}-${Math.floor(random() * 1e12)}` : part.key;
      if (mutant !== "If-None-Match counted as success" || !objects.has(key))
        await sink.putPart({ ...part, key });
      if (luck < 2 * FAILURE_RATE) fail();
    },
  };
  const consume = createConsumer(
    { sink: flaky, codec: createCodec(), log: silentLogger },
    {
      compression: "none",
      maxFutureSkewMs: 86_400_000,
      bucket: "b",
      maxPartsInFlight: 1 + Math.floor(random() * 4),
    },
  );

  const lastKeys = new Set<string>();
  let keysSinceCheckpoint: string[] = [];
  let checkpoint = 0;
  let position = 0;
  let batches = 0;
  let retrySize: number | undefined;
  for (let calls = 0; position < RECORDS; calls += 1) {
    if (calls > 20_000) throw new Error("The shard was never read to its end.");
    const size = retrySize ?? 1 + Math.floor(random() * MAX_BATCH_RECORDS);
    const batch = records.slice(position, position + size);
    failedFrom.length = 0;
    const { response, summary } = await consume(toEvent(batch));
    if (random() < DEATH_RATE) {
      position = checkpoint;
      keysSinceCheckpoint = [];
      retrySize = undefined;
      continue;
    }
    if (summary === null) {
      expect(response.batchItemFailures).toEqual([{ itemIdentifier: batch[0]?.sequenceNumber }]);
      if (mutant === "mid-batch checkpoint") {
        const lowest = failedFrom.sort()[0];
        position += batch.findIndex(({ sequenceNumber }) => sequenceNumber === lowest);
        checkpoint = position;
        retrySize = undefined;
      } else {
        // Again as it was, or its first half: the second then comes as a batch of its own.
        retrySize = random() < 0.5 ? batch.length : Math.ceil(batch.length / 2);
      }
      continue;
    }
    retrySize = undefined;
    position += batch.length;
    batches += 1;
    keysSinceCheckpoint.push(
      ...[...summary.parts, ...summary.quarantineParts].map(({ key }) => key),
    );
    if (mutant === "checkpoint every third batch" && batches % 3 !== 0) continue;
    checkpoint = position;
    for (const key of keysSinceCheckpoint) lastKeys.add(key);
    keysSinceCheckpoint = [];
  }
  return {
    stored: [...objects.values()].flatMap(piecesOf).sort(),
    sent: pieces.sort(),
    keys: [...objects.keys()].sort(),
    lastKeys: [...lastKeys].sort(),
  };
};

test("whatever fails, every line is stored exactly once, under the keys of the last pass alone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const { stored, sent, keys, lastKeys } = await simulate(seed);
      expect(stored).toEqual(sent);
      expect(keys).toEqual(lastKeys);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test.each<Mutant>([
  "random names",
  "If-None-Match counted as success",
  "mid-batch checkpoint",
  "checkpoint every third batch",
])("the simulation finds the fault in: %s", async (mutant) => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { stored, sent } = await simulate(seed, mutant);
    if (stored.join("\n") !== sent.join("\n")) return;
  }
  throw new Error("Ten seeds passed.");
});
