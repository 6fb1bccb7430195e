import { expect } from "vitest";
import { dataOf, type World } from "../../src/local/event-source-mapping/world.testing.ts";
import { failurePolicy } from "../../src/shared/core/event-source/failure-policy.ts";
import type { KinesisEvent } from "../../src/shared/core/kinesis-event.ts";
import { callsOf, pass, putMany, rule, SHARD, START, startIn, worldOf } from "./rule.ts";

const REPORTING = "services-kinesis-batchfailurereporting";
const RETAINING = "kinesis-on-failure-destination";

/** Four records in one batch; the first answer of the handler is this. */
const afterAnswer = async (answer: (numbers: readonly string[]) => unknown) => {
  const world = worldOf({ batchSize: 4 });
  const numbers = putMany(world, 4);
  // Undefined would let the world's own consumer answer.
  let isFirst = true;
  world.afterBatch = () => {
    if (!isFirst) return undefined;
    isFirst = false;
    return answer(numbers);
  };
  startIn(world);
  await pass(5_000);
  return callsOf(world);
};
const ALL = ["0", "1", "2", "3"];

for (const [name, answer] of [
  ["an empty batchItemFailures list", { batchItemFailures: [] }],
  ["a null batchItemFailures list", { batchItemFailures: null }],
  ["an empty EventResponse", {}],
] as const)
  rule(REPORTING, `${name} is a complete success`, async () => {
    expect(await afterAnswer(() => answer)).toEqual([ALL]);
  });
rule(REPORTING, "a null EventResponse is a complete success", async () => {
  const world = worldOf({ batchSize: 4 });
  putMany(world, 4);
  world.beforeBatch = () => null;
  startIn(world);
  await pass(5_000);
  expect(callsOf(world)).toEqual([ALL]);
});

for (const [name, failures] of [
  ["an empty string itemIdentifier", [{ itemIdentifier: "" }]],
  ["a null itemIdentifier", [{ itemIdentifier: null }]],
  ["an itemIdentifier with a bad key name", [{ itemIdentifer: "1" }]],
] as const)
  rule(REPORTING, `${name} is a complete failure`, async () => {
    expect(await afterAnswer(() => ({ batchItemFailures: failures }))).toEqual([ALL, ALL]);
  });
rule(REPORTING, "an itemIdentifier that is not of the batch is a complete failure", async () => {
  const calls = await afterAnswer(() => ({ batchItemFailures: [{ itemIdentifier: "1" }] }));
  expect(calls).toEqual([ALL, ALL]);
});
rule(REPORTING, "an error is a complete failure", async () => {
  const calls = await afterAnswer(() => {
    throw new Error("no");
  });
  expect(calls).toEqual([ALL, ALL]);
});
rule(REPORTING, "a reported record is the checkpoint: all from it on are retried", async () => {
  const calls = await afterAnswer(([, , third]) => ({
    batchItemFailures: [{ itemIdentifier: third }],
  }));
  expect(calls).toEqual([ALL, ["2", "3"]]);
});
rule(
  REPORTING,
  "of several reported records the lowest sequence number is the checkpoint",
  async () => {
    const calls = await afterAnswer(([, second, third, fourth]) => ({
      batchItemFailures: [fourth, second, third].map((itemIdentifier) => ({ itemIdentifier })),
    }));
    expect(calls).toEqual([ALL, ["1", "2", "3"]]);
  },
);
rule(REPORTING, "when the first record is reported all are retried", async () => {
  const calls = await afterAnswer(([first]) => ({
    batchItemFailures: [{ itemIdentifier: first }],
  }));
  expect(calls).toEqual([ALL, ALL]);
});

/** A handler that fails whenever one of these records is in its batch. */
const failOn =
  (...bad: string[]) =>
  (event: KinesisEvent): undefined => {
    if (dataOf(event).some((data) => bad.includes(data))) throw new Error("bad record");
  };
/** A handler that reports the first of these records. */
const reportOn =
  (...bad: string[]) =>
  (event: KinesisEvent): unknown => {
    const index = dataOf(event).findIndex((data) => bad.includes(data));
    const itemIdentifier = event.Records[index]?.kinesis.sequenceNumber;
    return itemIdentifier && { batchItemFailures: [{ itemIdentifier }] };
  };
const runWith = async (
  policy: Parameters<typeof failurePolicy>,
  beforeBatch: World["beforeBatch"],
  count = 4,
  batchSize = 4,
): Promise<World> => {
  const world = worldOf({ batchSize });
  putMany(world, count);
  world.beforeBatch = beforeBatch;
  startIn(world, { failurePolicy: failurePolicy(...policy) });
  await pass(50_000);
  return world;
};
const recordsOf = (world: World) => [...world.givenUp.values()].map((body) => JSON.parse(body));
const givenUpOf = (world: World): string[][] =>
  recordsOf(world).map(({ payload }) => dataOf(JSON.parse(payload)));

rule(
  RETAINING,
  "unless told otherwise a failed batch is retried without end and holds its shard",
  async () => {
    const world = await runWith([-1, -1, false], failOn("1"), 8);
    await pass(3_600_000);
    expect(new Set(callsOf(world).map(String))).toEqual(new Set(["0,1,2,3"]));
    expect(world.events.length).toBeGreaterThan(100);
  },
);
rule(
  RETAINING,
  "with n retries the handler is called n + 1 times, and then processing goes on",
  async () => {
    const world = await runWith([3, -1, false], failOn("1"), 8);
    expect(callsOf(world)).toEqual([ALL, ALL, ALL, ALL, ["4", "5", "6", "7"]]);
    expect(givenUpOf(world)).toEqual([ALL]);
  },
);
rule(RETAINING, "with 0 retries the handler is called once", async () => {
  const world = await runWith([0, -1, false], failOn("1"), 8);
  expect(callsOf(world)).toEqual([ALL, ["4", "5", "6", "7"]]);
});
rule(
  REPORTING,
  "a partly failed batch is retried by the retry policy: its rest is given up",
  async () => {
    const world = await runWith([2, -1, false], reportOn("2"), 8);
    expect(callsOf(world)).toEqual([ALL, ["2", "3"], ["2", "3"], ["4", "5", "6", "7"]]);
    expect(givenUpOf(world)).toEqual([["2", "3"]]);
  },
);
rule(
  RETAINING,
  "on an error a batch is split in two halves, each handed over by itself",
  async () => {
    let isFirst = true;
    const world = await runWith([-1, -1, true], () => {
      if (!isFirst) return;
      isFirst = false;
      throw new Error("no");
    });
    expect(callsOf(world)).toEqual([ALL, ["0", "1"], ["2", "3"]]);
  },
);
rule(RETAINING, "splitting isolates the bad record, and all others are processed", async () => {
  const world = await runWith([1, -1, true], failOn("5"), 8, 8);
  expect(world.stored()).toEqual(["0", "1", "2", "3", "4", "6", "7"]);
  expect(givenUpOf(world)).toEqual([["5"]]);
});
rule(RETAINING, "splitting does not consume the retry quota", async () => {
  const world = await runWith([0, -1, true], failOn("2"));
  expect(callsOf(world)).toEqual([ALL, ["0", "1"], ["2", "3"], ["2"], ["3"]]);
  expect(givenUpOf(world)).toEqual([["2"]]);
});
rule(RETAINING, "a record that cannot be split any more uses the retries", async () => {
  const world = await runWith([2, -1, true], failOn("0"), 2, 2);
  expect(callsOf(world)).toEqual([["0", "1"], ["0"], ["0"], ["0"], ["1"]]);
});
rule(
  "API_CreateEventSourceMapping",
  "after a split later batches have the batch size again",
  async () => {
    const world = await runWith([0, -1, true], failOn("1"), 12);
    expect(
      callsOf(world)
        .slice(-2)
        .map((call) => call.length),
    ).toEqual([4, 4]);
  },
);
rule(
  REPORTING,
  "with splitting a partly failed batch is split at the returned sequence number, and only the rest is retried",
  async () => {
    const world = await runWith([0, -1, true], reportOn("1"));
    expect(callsOf(world)).toEqual([ALL, ["1", "2", "3"], ["1", "2"], ["1"], ["2"], ["3"]]);
    expect(givenUpOf(world)).toEqual([["1"]]);
  },
);
rule(
  REPORTING,
  "an invocation that fails is split although item failures could be reported",
  async () => {
    const world = await runWith([0, -1, true], failOn("3"));
    expect(callsOf(world).slice(0, 3)).toEqual([ALL, ["0", "1"], ["2", "3"]]);
  },
);
rule(
  "API_CreateEventSourceMapping",
  "records older than the maximum age are not handed over",
  async () => {
    const world = worldOf({ batchSize: 10 });
    putMany(world, 2);
    await pass(61_000);
    putMany(world, 2, SHARD, 2);
    startIn(world, { failurePolicy: failurePolicy(-1, 60, false) });
    await pass(5_000);
    expect(callsOf(world)).toEqual([["2", "3"]]);
    expect(givenUpOf(world)).toEqual([["0", "1"]]);
  },
);
rule(
  RETAINING,
  "a failing batch is retried until it exceeds the maximum age, then processing goes on",
  async () => {
    const world = await runWith([-1, 60, false], failOn("1"));
    expect(givenUpOf(world)).toEqual([]);
    await pass(60_000);
    expect(givenUpOf(world)).toEqual([ALL]);
    putMany(world, 1, SHARD, 8);
    await pass(5_000);
    expect(callsOf(world).at(-1)).toEqual(["8"]);
  },
);
rule("services-kinesis-parameters", "with -1 no record is too old", async () => {
  const world = worldOf({});
  putMany(world, 2);
  await pass(700_000_000);
  startIn(world);
  await pass(5_000);
  expect(callsOf(world)).toEqual([["0", "1"]]);
});

rule(
  RETAINING,
  "the object is named aws/lambda/<UUID>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<UUID>",
  async () => {
    const world = await runWith([0, -1, false], failOn("1"));
    const [key = ""] = [...world.givenUp.keys()];
    expect(key).toMatch(
      /^aws\/lambda\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/shardId-000000000000\/2025\/11\/14\/2025-11-14T01\.00\.\d\d-id-\d+$/,
    );
  },
);
rule(RETAINING, "the invocation record has Lambda's fields and no others", async () => {
  const world = await runWith([1, -1, false], failOn("1"));
  expect(recordsOf(world)).toEqual([
    {
      requestContext: {
        requestId: expect.any(String),
        functionArn: expect.stringMatching(/^arn:aws:lambda:us-east-1:\d{12}:function:/),
        condition: "RetryAttemptsExhausted",
        approximateInvokeCount: 2,
      },
      responseContext: {
        statusCode: 200,
        executedVersion: "$LATEST",
        functionError: "Unhandled",
      },
      version: "1.0",
      timestamp: expect.stringMatching(/^2025-11-14T01:00:0\d\.\d{3}Z$/),
      KinesisBatchInfo: expect.any(Object),
      payload: expect.any(String),
    },
  ]);
});
rule(RETAINING, "KinesisBatchInfo tells which records they were", async () => {
  const world = worldOf({ batchSize: 10 });
  startIn(world, { failurePolicy: failurePolicy(0, -1, false), batchWindowMs: 20_000 });
  world.beforeBatch = failOn("0");
  await pass(1_000);
  const [first] = putMany(world, 1);
  await pass(5_000);
  const [last] = putMany(world, 1, SHARD, 1);
  await pass(20_000);
  expect(recordsOf(world)[0].KinesisBatchInfo).toEqual({
    shardId: SHARD,
    startSequenceNumber: first,
    endSequenceNumber: last,
    approximateArrivalOfFirstRecord: new Date(START + 1_000).toISOString(),
    approximateArrivalOfLastRecord: new Date(START + 6_000).toISOString(),
    batchSize: 2,
    streamArn: "arn:aws:kinesis:us-east-1:000000000000:stream/logs",
  });
});
rule(RETAINING, "the payload is the whole event as an escaped JSON string", async () => {
  const world = await runWith([0, -1, false], failOn("1"));
  expect(JSON.parse(recordsOf(world)[0].payload)).toEqual(world.events[0]);
});
rule(RETAINING, "records given up for their age say so", async () => {
  const world = worldOf({});
  putMany(world, 1);
  await pass(61_000);
  startIn(world, { failurePolicy: failurePolicy(-1, 60, false) });
  await pass(5_000);
  expect(recordsOf(world)[0].requestContext).toMatchObject({
    condition: "RecordAgeExceeded",
    approximateInvokeCount: 0,
  });
});
rule(
  RETAINING,
  "functionError is null when the handler answered and reported failures",
  async () => {
    const world = await runWith([0, -1, false], reportOn("0"));
    expect(recordsOf(world)[0].responseContext.functionError).toBeNull();
  },
);
