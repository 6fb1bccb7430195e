import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Random } from "../../shared/core/random.ts";

/** As the local AWS takes it at `/_faults`. */
type FaultRule = {
  service: "kinesis" | "s3";
  operation: string;
  probability: number;
  action: Record<string, string | number | boolean>;
};

type Fault = Omit<FaultRule, "probability"> & { name: string };

const kinesis = (name: string, operation: string, action: FaultRule["action"]): Fault => ({
  name: `Kinesis ${name}`,
  service: "kinesis",
  operation,
  action,
});
const s3 = (name: string, operation: string, action: FaultRule["action"]): Fault => ({
  name: `S3 ${name}`,
  service: "s3",
  operation,
  action,
});

const THROTTLED = { code: "ProvisionedThroughputExceededException", status: 400 };
const LIMITED = { code: "LimitExceededException", status: 400 };
const INTERNAL = { code: "InternalFailure", status: 500 };
const S3_INTERNAL = { code: "InternalError", status: 500 };
const SLOW_DOWN = { code: "SlowDown", status: 503 };
const RESET = { reset: true };
const COMMIT_THEN_DROP = { dropReply: true };

/**
 * Later than ingest waits for an answer, so that some calls are carried out after they were given
 * up, and within the grace after that. docs/guarantees.md says what holds beyond it.
 */
const SLOW_PUT_MS = 3_000;

const FAULTS: readonly Fault[] = [
  kinesis("entry throttled", "PutRecords.entry", { code: THROTTLED.code }),
  kinesis("entry failed", "PutRecords.entry", { code: INTERNAL.code }),
  kinesis("put throttled", "PutRecords", THROTTLED),
  kinesis("put 500", "PutRecords", INTERNAL),
  kinesis("put reset", "PutRecords", RESET),
  kinesis("put stored, answer dropped", "PutRecords", COMMIT_THEN_DROP),
  kinesis("put slow", "PutRecords", { delayMs: SLOW_PUT_MS }),
  kinesis("put slow, stored, answer dropped", "PutRecords", {
    delayMs: SLOW_PUT_MS,
    ...COMMIT_THEN_DROP,
  }),
  kinesis("read throttled", "GetRecords", THROTTLED),
  kinesis("read 500", "GetRecords", INTERNAL),
  kinesis("read reset", "GetRecords", RESET),
  kinesis("iterator expired", "GetRecords", { code: "ExpiredIteratorException", status: 400 }),
  kinesis("iterator throttled", "GetShardIterator", THROTTLED),
  kinesis("shard list limited", "ListShards", LIMITED),
  kinesis("describe limited", "DescribeStreamSummary", LIMITED),
  s3("put 500", "PutObject", S3_INTERNAL),
  s3("put SlowDown", "PutObject", SLOW_DOWN),
  s3("put reset", "PutObject", RESET),
  s3("put stored, answer dropped", "PutObject", COMMIT_THEN_DROP),
  s3("put slow", "PutObject", { delayMs: 800 }),
  s3("put slow, stored, answer dropped", "PutObject", { delayMs: 2_000, ...COMMIT_THEN_DROP }),
  s3("get 500", "GetObject", S3_INTERNAL),
  s3("get reset", "GetObject", RESET),
  s3("list SlowDown", "ListObjectsV2", SLOW_DOWN),
];

const answerSchema = z.object({ faults: z.array(z.object({ hits: z.number() })) });
const CALL_TIMEOUT_MS = 5_000;

/** The fault door of the local AWS. Every call throws where it does not answer. */
const createDoor = (awsUrl: string) => {
  const call = async (method: string, body?: unknown): Promise<number[]> => {
    const response = await fetch(`${awsUrl}/_faults`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    return answerSchema.parse(await response.json()).faults.map(({ hits }) => hits);
  };
  return {
    set: (rules: readonly FaultRule[]) => call("POST", rules),
    hits: () => call("GET"),
    clear: () => call("DELETE"),
  };
};

export type FaultInjector = {
  /** Injects spells of faults until the signal is aborted; then the faults are gone. */
  run(signal: AbortSignal): Promise<void>;
  /** Counts what was hit so far; to be called before the local AWS is killed. */
  collect(): Promise<void>;
  /** How often each kind hit. */
  readonly hits: ReadonlyMap<string, number>;
  total(): number;
};

/**
 * Spells of one to four kinds of faults, half a second to three seconds long, with pauses between
 * them. The local AWS forgets its rules when it is killed: then the spell is over.
 */
export const createFaultInjector = (awsUrl: string, random: Random): FaultInjector => {
  const door = createDoor(awsUrl);
  const hits = new Map<string, number>();
  let spell: { name: string; counted: number }[] = [];

  const collect = async (): Promise<void> => {
    const counted = await door.hits().catch(() => []);
    // Fewer rules than were set: it was started again since.
    if (counted.length !== spell.length) return;
    for (const [index, one] of spell.entries()) {
      const now = counted[index] ?? 0;
      hits.set(one.name, (hits.get(one.name) ?? 0) + Math.max(0, now - one.counted));
      one.counted = now;
    }
  };

  const begin = async (): Promise<void> => {
    const kinds = Array.from({ length: Math.ceil(random.between(0, 4)) }, () =>
      random.pick(FAULTS),
    );
    const rules = kinds.map(({ service, operation, action }) => ({
      service,
      operation,
      action,
      probability: random.between(0.05, 0.6),
    }));
    spell = kinds.map(({ name }) => ({ name, counted: 0 }));
    await door.set(rules);
  };

  const end = async (): Promise<void> => {
    await collect();
    spell = [];
    await door.clear();
  };

  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  };

  return {
    hits,
    collect,
    total: () => [...hits.values()].reduce((sum, count) => sum + count, 0),
    run: async (signal) => {
      while (!signal.aborted) {
        // Refused while the local AWS is down; the next spell is another one.
        await begin().catch(() => undefined);
        await pause(random.between(500, 3_000), signal);
        await end().catch(() => undefined);
        await pause(random.between(100, 600), signal);
      }
      for (let tries = 0; tries < 20; tries += 1) {
        try {
          await end();
          return;
        } catch {
          await sleep(500);
        }
      }
      throw new Error(`The faults of ${awsUrl} could not be cleared.`);
    },
  };
};
