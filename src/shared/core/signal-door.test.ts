import { expect, test } from "vitest";
import type { AnsweredBatch } from "./accepted-ledger.ts";
import { createIdempotency } from "./idempotency.ts";
import { silentLogger } from "./logger.ts";
import type { KeyedBatch, PutRecordsEngine, SubmitResult } from "./put-records-engine.ts";
import type { OutgoingLog } from "./record-packer.ts";
import { createSignalDoor, type SignalItem } from "./signal-door.ts";
import type { Signal } from "./signals.ts";

type Verdict = (log: OutgoingLog) => string | undefined;

/** A stream whose engine refuses what it is told to, log by log or as a whole. */
const setUpStream = (name: string) => {
  const submitted: { service: string; open: number[] | undefined }[] = [];
  const counted: AnsweredBatch[] = [];
  const state: { verdict: Verdict; whole: Extract<SubmitResult, { ok: false }> | undefined } = {
    verdict: () => undefined,
    whole: undefined,
  };
  const submit = async (
    logs: readonly OutgoingLog[],
    batch?: KeyedBatch,
  ): Promise<SubmitResult> => {
    if (state.whole !== undefined) return state.whole;
    const isOpen = (position: number) => batch?.open === undefined || batch.open.has(position);
    const failures = logs.flatMap((log, position) => {
      if (!isOpen(position)) return [];
      submitted.push({ service: log.service, open: batch?.open && [...batch.open] });
      const code = state.verdict(log);
      return code === undefined ? [] : [{ position, code, reason: "planned" }];
    });
    return { ok: true, failures };
  };
  const engine = {
    submit,
    mark: () => ({ startedAt: 0, after: {} }),
    stats: () => ({ queueLogs: 0 }),
  } as unknown as PutRecordsEngine;
  const idempotency = createIdempotency(
    { now: () => 0, mark: engine.mark, log: silentLogger },
    { windowMs: 60_000, maxKeys: 2, packBytes: 1_000 },
  );
  const ledger = {
    record: async (batch: AnsweredBatch) => void counted.push(batch),
    settle: () => {},
  };
  return { intake: { name, engine, idempotency, ledger }, submitted, counted, state };
};

const setUp = () => {
  const logs = setUpStream("logs");
  const metrics = setUpStream("metrics");
  const door = createSignalDoor({ logs: logs.intake, metrics: metrics.intake });
  const submit = async (items: readonly SignalItem[], key?: string, digest = "d") => {
    const submission = await door.submit(
      items,
      "logs",
      key === undefined ? undefined : { key, digest },
    );
    if (!submission.ok) return { refusal: submission.kind };
    return { isReplay: submission.isReplay, ...(await submission.outcome) };
  };
  return { logs, metrics, submit };
};

const itemsOf = (...signals: readonly Signal[]): SignalItem[] =>
  signals.map((signal, index) => ({
    index: index * 10,
    signal,
    service: `s${index}`,
    bytes: new TextEncoder().encode("{}"),
  }));

const MIXED = itemsOf("logs", "apm", "metrics", "logs");

test("each item goes to its stream under its route, and is counted there under its service", async () => {
  const { logs, metrics, submit } = setUp();
  expect(await submit(MIXED)).toEqual({
    isReplay: false,
    accepted: 4,
    acceptedBySignal: { logs: 2, metrics: 1, apm: 1 },
    errors: [],
  });
  expect(logs.submitted.map(({ service }) => service)).toEqual(["s0", "s3"]);
  expect(metrics.submitted.map(({ service }) => service)).toEqual(["apm/s1", "metrics/s2"]);
  expect(logs.counted).toMatchObject([{ services: ["s0", "s3"], refused: [] }]);
  expect(metrics.counted).toMatchObject([{ services: ["s1", "s2"], refused: [] }]);
});

test("what one stream refuses is named by its index in the request, and costs the other nothing", async () => {
  const { logs, metrics, submit } = setUp();
  metrics.state.whole = { ok: false, code: "QUEUE_FULL", reason: "full" };
  logs.state.verdict = ({ service }) => (service === "s3" ? "UNAVAILABLE" : undefined);
  const { errors, ...rest } = (await submit(MIXED)) as Record<string, unknown>;
  expect(rest).toMatchObject({ accepted: 1, acceptedBySignal: { logs: 1, metrics: 0, apm: 0 } });
  expect(errors).toMatchObject([
    { index: 10, code: "QUEUE_FULL", retryable: true },
    { index: 20, code: "QUEUE_FULL", retryable: true },
    { index: 30, code: "UNAVAILABLE", retryable: true },
  ]);
});

test("under a key a mixed batch comes again only where it was refused, and then not at all", async () => {
  const { logs, metrics, submit } = setUp();
  metrics.state.verdict = ({ service }) => (service === "metrics/s2" ? "UNAVAILABLE" : undefined);
  expect(await submit(MIXED, "k")).toMatchObject({ isReplay: false, accepted: 3 });
  metrics.state.verdict = () => undefined;
  const sentBefore = [logs.submitted.length, metrics.submitted.length];
  expect(await submit(MIXED, "k")).toMatchObject({ isReplay: false, accepted: 4, errors: [] });
  expect([logs.submitted.length, metrics.submitted.length]).toEqual([
    sentBefore[0],
    (sentBefore[1] ?? 0) + 1,
  ]);
  expect(metrics.submitted.at(-1)).toEqual({ service: "metrics/s2", open: [1] });
  expect(await submit(MIXED, "k")).toMatchObject({ isReplay: true, accepted: 4 });
});

test("a key is one batch's over both streams, whichever of them the batches go to", async () => {
  const { metrics, submit } = setUp();
  expect(await submit(itemsOf("logs"), "k", "one")).toMatchObject({ accepted: 1 });
  expect(await submit(itemsOf("apm"), "k", "other")).toEqual({ refusal: "mismatch" });
  expect(metrics.submitted).toEqual([]);
});

test("while a batch is worked on its key is taken, on the stream it does not meet as well", async () => {
  const { logs, submit } = setUp();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  logs.intake.engine.submit = async () => {
    await released;
    return { ok: true, failures: [] };
  };
  const first = submit(itemsOf("logs"), "k");
  expect(await submit(itemsOf("apm"), "k")).toEqual({ refusal: "inProgress" });
  release();
  expect(await first).toMatchObject({ accepted: 1 });
});

test("where one stream has no room for the key, nothing is taken and the other lets go of it", async () => {
  const { logs, metrics, submit } = setUp();
  const releases: (() => void)[] = [];
  const submitNow = metrics.intake.engine.submit;
  metrics.intake.engine.submit = () =>
    new Promise((resolve) => {
      releases.push(() => resolve({ ok: true, failures: [] }));
    });
  const held = ["a", "b"].map((key) => submit(itemsOf("apm"), key));
  expect(await submit(MIXED, "k")).toEqual({ refusal: "tooMany" });
  expect(logs.submitted).toEqual([]);
  for (const release of releases) release();
  await Promise.all(held);
  metrics.intake.engine.submit = submitNow;
  expect(await submit(MIXED, "k")).toMatchObject({ accepted: 4 });
  expect(logs.submitted).toHaveLength(2);
});
