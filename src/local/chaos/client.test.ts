import { expect, test } from "vitest";
import { createRandom } from "../../shared/core/random.ts";
import { type Answer, createClient, type Post } from "./client.ts";
import { countUnclear, type SentLog, wasAccepted } from "./logs.ts";

const logOf = (id: string, key: string | undefined): SentLog => ({
  id,
  line: `{"id":"${id}"}`,
  service: "pay",
  key,
  sentAt: 0,
  tries: [],
});

const answer = (status: number, errors: object[]): Answer => ({
  status,
  retryAfterMs: 0,
  body: JSON.stringify({ errors }),
});

/** Answers one after another; what it was asked is noted. */
const script = (...answers: (Answer | Error)[]) => {
  const asked: { body: string; key: string | undefined }[] = [];
  const post: Post = async (body, key) => {
    asked.push({ body, key });
    const next = answers[asked.length - 1];
    if (next === undefined || next instanceof Error) throw next ?? new Error("No more answers.");
    return next;
  };
  return { asked, post };
};

const send = async (post: Post, logs: SentLog[]) => {
  const client = createClient(post, createRandom(1), new AbortController().signal);
  await client.send(logs);
  return client.totals;
};

const refusal = (index: number, code: string, retryable: boolean) => ({ index, code, retryable });
const reset = Object.assign(new Error("reset"), { code: "ECONNRESET" });
const refusedConnection = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

test("under a key the whole batch goes again, unchanged, until each log is settled", async () => {
  const logs = [logOf("a", "k"), logOf("b", "k")];
  const { asked, post } = script(
    answer(207, [refusal(1, "UNAVAILABLE", true)]),
    reset,
    answer(200, []),
  );
  const totals = await send(post, logs);
  expect(asked.map(({ key }) => key)).toEqual(["k", "k", "k"]);
  expect(new Set(asked.map(({ body }) => body)).size).toBe(1);
  expect(totals).toMatchObject({ accepted: 2, requests: 3 });
  expect(logs.map(countUnclear)).toEqual([0, 1]);
});

test("without a key only what was refused for now goes again", async () => {
  const logs = [logOf("a", undefined), logOf("b", undefined), logOf("c", undefined)];
  const { asked, post } = script(
    answer(207, [refusal(0, "THROTTLED", true), refusal(2, "TOO_LARGE", false)]),
    answer(200, []),
  );
  await send(post, logs);
  expect(asked[1]?.body).toBe('{"id":"a"}\n');
  expect(logs.map(wasAccepted)).toEqual([true, true, false]);
});

test("a connection that was never made is no repeat, an unconfirmed log is one", async () => {
  const log = logOf("a", undefined);
  const { post } = script(
    refusedConnection,
    answer(207, [refusal(0, "UNCONFIRMED", true)]),
    answer(200, []),
  );
  await send(post, [log]);
  expect(log.tries.map(({ outcome }) => outcome)).toEqual(["notSent", "unconfirmed", "accepted"]);
  expect(countUnclear(log)).toBe(1);
});

test("a batch that is in progress under its key is asked for again", async () => {
  const log = logOf("a", "k");
  const { asked, post } = script({ status: 409, retryAfterMs: 0, body: "{}" }, answer(200, []));
  await send(post, [log]);
  expect(asked).toHaveLength(2);
  expect(wasAccepted(log)).toBe(true);
});
