import { expect, test } from "vitest";
import type { UpstreamLog } from "../logs/log.ts";
import { createDelivery } from "./delivery.ts";
import type { IngestAnswer, IngestClient } from "./ingest-client.ts";

const logsOf = (...names: string[]): UpstreamLog[] =>
  names.map((name) => ({ data: { message: name } }) as UpstreamLog);

const namesIn = (body: string): string[] =>
  (JSON.parse(body) as { logs: UpstreamLog[] }).logs.map(({ data }) => data.message);

type Item = { index: number; code: string; retryable: boolean };
type Script = (call: {
  names: string[];
  key: string;
}) => Partial<IngestAnswer> | Error | Promise<IngestAnswer>;

const took = (accepted: number, ...errors: Item[]): Partial<IngestAnswer> => ({
  status: errors.length === 0 ? 200 : accepted > 0 ? 207 : 503,
  items: { accepted, errors },
});
const later = (index: number, code = "THROTTLED"): Item => ({ index, code, retryable: true });
const never = (index: number): Item => ({ index, code: "TOO_LARGE", retryable: false });
const refusedConnection = () =>
  Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });

/** A server that answers by the script, in turn; time passes only in sleeps. */
const world = (script: Script[], windowMs = 600_000) => {
  const clock = { ms: 0 };
  const calls: { names: string[]; key: string; atMs: number }[] = [];
  const client: IngestClient = {
    post: async (body, key) => {
      const names = namesIn(body);
      const step = script[Math.min(calls.length, script.length - 1)];
      calls.push({ names, key, atMs: clock.ms });
      const answer = await step?.({ names, key });
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("no script");
      return {
        status: 200,
        retryAfterMs: undefined,
        key: windowMs === 0 ? undefined : key,
        items: undefined,
        ...answer,
      };
    },
    keyWindowMs: async () => windowMs,
  };
  let keys = 0;
  const delivery = createDelivery(
    {
      client,
      now: () => clock.ms,
      sleep: async (ms) => {
        clock.ms += ms;
      },
      random: () => 0.5,
      newKey: () => `key-${++keys}`,
    },
    { maxInFlight: 2, maxInFlightLogs: 10, giveUpAfterMs: 60_000 },
  );
  return { delivery, calls };
};

test("what was taken counts as acknowledged, what can never be taken as refused", async () => {
  const { delivery, calls } = world([() => took(2, never(1))]);
  const outcome = await delivery.send(logsOf("a", "b", "c"));
  expect(outcome).toEqual({ acknowledged: 2, refused: 1, unconfirmed: 0 });
  expect(calls).toHaveLength(1);
});

test("what is refused for now is sent again under the same key, as it was, after Retry-After", async () => {
  const { delivery, calls } = world([
    () => ({ status: 429, retryAfterMs: 3_000 }),
    () => ({ ...took(1, later(1)), retryAfterMs: 2_000 }),
    () => took(2),
  ]);
  const outcome = await delivery.send(logsOf("a", "b"));
  expect(outcome).toEqual({ acknowledged: 2, refused: 0, unconfirmed: 0 });
  expect(calls.map(({ key }) => key)).toEqual(["key-1", "key-1", "key-1"]);
  expect(calls.map(({ names }) => names)).toEqual([
    ["a", "b"],
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(calls.map(({ atMs }) => atMs)).toEqual([0, 3_000, 5_000]);
  expect(delivery.stats()).toMatchObject({ acknowledged: 2, retried: 3, requests: 3 });
});

test("a request without an answer is sent again under its key, and nothing counts twice", async () => {
  const { delivery, calls } = world([
    () => took(1, later(1)),
    () => new Error("timed out"),
    () => took(2),
  ]);
  expect(await delivery.send(logsOf("a", "b"))).toEqual({
    acknowledged: 2,
    refused: 0,
    unconfirmed: 0,
  });
  expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
});

test("where keys mean nothing only the refused logs are sent again, under another key", async () => {
  const { delivery, calls } = world([() => took(2, later(1), never(3)), () => took(1)], 0);
  expect(await delivery.send(logsOf("a", "b", "c", "d"))).toEqual({
    acknowledged: 3,
    refused: 1,
    unconfirmed: 0,
  });
  expect(calls.map(({ names }) => names)).toEqual([["a", "b", "c", "d"], ["b"]]);
  expect(calls[0]?.key).not.toBe(calls[1]?.key);
});

test("where keys mean nothing what may be stored is never sent again", async () => {
  const silent = world([() => new Error("timed out")], 0);
  expect(await silent.delivery.send(logsOf("a", "b"))).toEqual({
    acknowledged: 0,
    refused: 0,
    unconfirmed: 2,
  });
  expect(silent.calls).toHaveLength(1);
  const unsure = world([() => took(1, later(0, "UNCONFIRMED"), later(1)), () => took(1)], 0);
  expect(await unsure.delivery.send(logsOf("a", "b", "c"))).toEqual({
    acknowledged: 2,
    refused: 0,
    unconfirmed: 1,
  });
  expect(unsure.calls.map(({ names }) => names)).toEqual([["a", "b", "c"], ["b"]]);
});

test("a batch is given up after a minute: refused if it was never taken, else unconfirmed", async () => {
  const down = world([refusedConnection]);
  expect(await down.delivery.send(logsOf("a"))).toMatchObject({ refused: 1, unconfirmed: 0 });
  expect(down.calls.at(-1)?.atMs).toBeGreaterThan(50_000);
  const silent = world([() => new Error("timed out")]);
  expect(await silent.delivery.send(logsOf("a"))).toMatchObject({ refused: 0, unconfirmed: 1 });
});

test("a key is not used beyond the time for which the server remembers it", async () => {
  const { delivery, calls } = world([() => new Error("timed out")], 10_000);
  await delivery.send(logsOf("a"));
  expect(calls.at(-1)?.atMs).toBeLessThanOrEqual(9_000);
});

test("batches and logs under way are bounded, and room comes back", async () => {
  let resolve: (answer: IngestAnswer) => void = () => {};
  const answer = new Promise<IngestAnswer>((done) => {
    resolve = done;
  });
  const { delivery } = world([() => answer]);
  const first = delivery.send(logsOf("a", "b", "c"));
  expect(delivery.hasRoom(7)).toBe(true);
  expect(delivery.hasRoom(8)).toBe(false);
  const second = delivery.send(logsOf("d"));
  expect(delivery.hasRoom()).toBe(false);
  resolve({
    status: 200,
    retryAfterMs: undefined,
    key: "key-1",
    items: { accepted: 1, errors: [] },
  });
  await Promise.all([first, second]);
  expect(delivery.hasRoom(10)).toBe(true);
});
